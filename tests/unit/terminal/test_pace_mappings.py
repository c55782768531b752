"""The terminal's PACE with each mapping, APDU by APDU, and what it makes of strange cards."""

from __future__ import annotations

import pytest

from fixtures.cards import AnsweringCard, ScriptedCard, scalars
from fixtures.pace_runs import apdus
from fixtures.pace_vectors import (
    DH_GM,
    DH_IM,
    ECDH_CAM,
    ECDH_IM,
    G2_AUTHORITY,
    G2_MRZ,
    I1_CHIP_DATA,
    I1_MRZ,
    MAPPING_EXAMPLES,
    MappingExample,
)
from harness import tlv
from harness.apdu import CommandApdu
from harness.crypto.chip_mapping import ChipEvidence
from harness.crypto.group import STANDARDIZED
from harness.crypto.standardized import DOMAINS
from harness.errors import ApduError, ProtocolViolation, UsageError
from harness.mrz import Mrz
from harness.secret import Secret
from harness.security_info import PaceInfo
from harness.terminal.channel import CardChannel
from harness.terminal.pace import Established, PaceTerminal

P = STANDARDIZED[0].parameters.p


def terminal(example: MappingExample) -> PaceTerminal:
    """A terminal that draws what the worked example drew, and leaves tag 84 out."""
    info = PaceInfo(example.oid, 2, example.parameter_id)
    return PaceTerminal(info, 0, scalars(*example.terminal.drawn), names_domain=False)


def run(
    example: MappingExample, script: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> Established:
    """Run the terminal of an example against a script, with the example's own K_pi."""
    monkeypatch.setattr(
        "harness.terminal.pace.password_key", lambda *_: Secret(example.password_key)
    )
    card = ScriptedCard(script)
    established = terminal(example).run(CardChannel(card), Mrz(*G2_MRZ))
    assert card.is_finished
    return established


@pytest.mark.parametrize("example", MAPPING_EXAMPLES, ids=lambda e: e.name)
def test_every_command(example: MappingExample, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given what it drew, the terminal sends every command of the worked examples."""
    established = run(example, apdus(example), monkeypatch)
    assert established.channel.is_secured
    assert established.authorities == ()
    proof = ChipEvidence(
        DOMAINS[13], 13, ECDH_CAM.chip.mapping, I1_CHIP_DATA, "0.4.0.127.0.7.2.2.4.6.2"
    )
    assert established.chip == (proof if example is ECDH_CAM else None)


@pytest.mark.parametrize(("example", "mrz"), [(DH_GM, G2_MRZ), (ECDH_CAM, I1_MRZ)])
def test_from_the_mrz_on(example: MappingExample, mrz: tuple[str, str, str]) -> None:
    """The examples that tell their MRZ are reproduced from it."""
    card = ScriptedCard(apdus(example))
    assert terminal(example).establish(CardChannel(card), Mrz(*mrz)).is_secured


def test_certification_authorities_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """References behind the card's token, as appendix G.2 has one, are kept newest first."""
    for count in (1, 2):
        names = [tlv.encode(tag, G2_AUTHORITY) for tag in (0x87, 0x88)[:count]]
        answer = tlv.encode(0x7C, tlv.encode(0x86, DH_GM.chip.token), *names)
        script = [*apdus(DH_GM)[:-1], (apdus(DH_GM)[-1][0], f"{answer.hex()}9000")]
        assert run(DH_GM, script, monkeypatch).authorities == (G2_AUTHORITY,) * count


TOKEN = {each: each.chip.token.hex() for each in MAPPING_EXAMPLES}
CHIP_DATA = ECDH_CAM.last_answer[-50:].hex()


@pytest.mark.parametrize(
    ("example", "objects", "said"),
    [
        (DH_GM, f"8608{TOKEN[DH_GM]}{CHIP_DATA}", "belongs to its own mapping only"),
        (ECDH_CAM, f"8608{TOKEN[ECDH_CAM]}", r"\(8A\) is missing"),
        (ECDH_CAM, f"8608{TOKEN[ECDH_CAM]}8A00", "not padded whole blocks"),
        (ECDH_CAM, f"8608{TOKEN[ECDH_CAM]}8A10{bytes(16).hex()}", "not padded whole blocks"),
        (ECDH_CAM, f"8608{TOKEN[ECDH_CAM]}{CHIP_DATA}00", "malformed"),
        (ECDH_CAM, f"{CHIP_DATA}8608{TOKEN[ECDH_CAM]}", "expected 7C with 86"),
        (ECDH_CAM, CHIP_DATA, "expected 7C with 86"),
        (DH_GM, f"8608{TOKEN[DH_GM]}8801418701 41", "expected 7C with 86"),
        (DH_GM, f"8608{TOKEN[DH_GM]}87014187 0141", "expected 7C with 86"),
        (DH_GM, f"8608{TOKEN[DH_GM]}890141", "expected 7C with 86"),
    ],
)
def test_strange_last_answers(
    example: MappingExample, objects: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Objects that are missing, doubled, disordered, or not of this mapping break the protocol."""
    answer = tlv.encode(0x7C, bytes.fromhex(objects)).hex()
    script = [*apdus(example)[:-1], (apdus(example)[-1][0], f"{answer}9000")]
    with pytest.raises(ProtocolViolation, match=said):
        run(example, script, monkeypatch)


def wrap(tag: int, value: bytes) -> str:
    """Dynamic authentication data with one object, and 9000."""
    return tlv.encode(0x7C, tlv.encode(tag, value)).hex() + "9000"


def number(value: int) -> bytes:
    """A number as an ephemeral key, in the fewest bytes."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


BAD_NUMBERS = {
    "zero": b"\0",
    "nothing": b"",
    "one": number(1),
    "p-1": number(P - 1),
    "p": number(P),
    "more than p": number(P + 5),
    "another subgroup": number(2),
    "too long": b"\x01" + bytes(128),
    "leading zero": b"\0" + DH_GM.chip.ephemeral,
}


@pytest.mark.parametrize("step", [2, 3])
@pytest.mark.parametrize("bad", BAD_NUMBERS)
def test_unusable_numbers(step: int, bad: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers that are no elements of the subgroup are refused as mapping and ephemeral keys."""
    script = apdus(DH_GM)[: step + 1]
    script[step] = (script[step][0], wrap(0x80 + 2 * step - 2, BAD_NUMBERS[bad]))
    with pytest.raises(ProtocolViolation, match="public key"):
        run(DH_GM, script, monkeypatch)


@pytest.mark.parametrize("example", [DH_GM, DH_IM, ECDH_IM, ECDH_CAM], ids=lambda e: e.name)
def test_our_own_keys_come_back(example: MappingExample, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that reflects an ephemeral key is found out."""
    script = apdus(example)[:4]
    script[3] = (script[3][0], wrap(0x84, example.terminal.ephemeral))
    with pytest.raises(ProtocolViolation, match="our own public key"):
        run(example, script, monkeypatch)


@pytest.mark.parametrize(
    ("nonce", "mapped", "said"),
    [
        (bytes(16), b"\x01", "must be empty"),
        (bytes(32), b"", "16 and 16 bytes long"),
    ],
)
def test_strange_integrated_mappings(
    nonce: bytes, mapped: bytes, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mapping data where there is none, and a nonce of another size, are refused."""
    script = apdus(ECDH_IM)[:3]
    script[1] = (script[1][0], wrap(0x80, nonce))
    script[2] = (script[2][0], wrap(0x82, mapped))
    with pytest.raises(ProtocolViolation, match=said):
        run(ECDH_IM, script, monkeypatch)


@pytest.mark.parametrize(
    ("oid", "parameter_id", "said"),
    [
        ("0.4.0.127.0.7.2.2.4.4.2", 10, "supported are 8, 9, 11"),
        ("0.4.0.127.0.7.2.2.4.1.2", 12, "supported are 0, 1, 2$"),
        ("0.4.0.127.0.7.2.2.4.2.2", 19, "supported are 8, 9, 10"),
    ],
)
def test_groups_that_do_not_suit(oid: str, parameter_id: int, said: str) -> None:
    """A group of the other kind, P-224 for the integrated mapping, and no group are refused."""
    with pytest.raises(UsageError, match=said):
        PaceTerminal(PaceInfo(oid, 2, parameter_id))
    if parameter_id in DOMAINS:
        with pytest.raises(UsageError, match=said):
            PaceTerminal(PaceInfo(oid, 2, 40), domain=DOMAINS[parameter_id])


def test_long_keys_travel_in_extended_length() -> None:
    """Keys of 2048 bits ask for extended length, all other steps stay short."""
    sent = CommandApdu(0x10, 0x86, 0, 0, tlv.encode(0x7C), 256).encode()
    answers = {sent: bytes.fromhex(wrap(0x80, bytes(16)))}
    card = AnsweringCard(
        lambda raw: b"\x90\x00" if raw[1] == 0x22 else answers.get(raw, b"\x6f\x00")
    )
    with pytest.raises(ApduError, match="6F00"):
        PaceTerminal(PaceInfo("0.4.0.127.0.7.2.2.4.1.4", 2, 2)).establish(
            CardChannel(card), Mrz(*G2_MRZ)
        )
    assert [each[:18] for each in card.sent[1:]] == ["10860000027C0000", "108600000001087C82"]
    assert card.sent[2].endswith("0000")
    assert CommandApdu.decode(bytes.fromhex(card.sent[2])).ne == 65536
