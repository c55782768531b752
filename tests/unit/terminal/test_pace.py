"""The terminal's PACE, APDU by APDU."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.cards import CAN, AnsweringCard, ScriptedCard, scalars
from fixtures.vectors import G1_SET_AT_WITH_PARAMETERS, ICAO_G1, ICAO_G1_SELECT
from harness.apdu import CommandApdu
from harness.errors import ApduError, ProtocolViolation, UsageError, WrongPinError
from harness.mrz import Mrz
from harness.secret import Pin, Puk, Secret
from harness.security_info import PaceInfo
from harness.terminal.channel import CardChannel
from harness.terminal.pace import PaceTerminal
from harness.trace import Journal

INFO = PaceInfo(ICAO_G1.oid, 2, ICAO_G1.parameter_id)
MRZ = Mrz(*ICAO_G1.mrz)
SCRIPT = [(G1_SET_AT_WITH_PARAMETERS, "9000"), *ICAO_G1.apdus]


def terminal(set_at_ne: int = 0) -> PaceTerminal:
    """A terminal with the private keys of the worked example."""
    draws = scalars(ICAO_G1.terminal_mapping[0], ICAO_G1.terminal_ephemeral[0])
    return PaceTerminal(INFO, set_at_ne, draws)


def test_appendix_g1() -> None:
    """Given its private keys, the terminal sends every command of the worked example."""
    select = ICAO_G1_SELECT.exchanges[0]
    card = ScriptedCard([*SCRIPT, (select.protected, select.protected_answer)])
    journal = Journal()
    channel = terminal().establish(CardChannel(card, journal), MRZ)
    assert channel.is_secured
    assert channel.transmit(CommandApdu.decode(bytes.fromhex(select.command))).ok
    assert card.is_finished
    assert [phase.name for phase in journal.phases] == [
        "MSE:Set AT",
        "get nonce",
        "map nonce",
        "key agreement",
        "mutual authentication",
    ]


@pytest.mark.parametrize(
    ("password", "reference"),
    [(MRZ, "01"), (CAN, "02"), (Pin("123456"), "03"), (Puk("12345678"), "04")],
)
@pytest.mark.parametrize(("ne", "le"), [(0, ""), (256, "00")])
def test_set_at(password: Secret, reference: str, ne: int, le: str) -> None:
    """MSE:Set AT names protocol, password and parameters, with the Le that the card is used to."""
    card = AnsweringCard(lambda _: bytes.fromhex("6A88"))
    with pytest.raises(ApduError, match="6A88"):
        terminal(ne).establish(CardChannel(card), password)
    assert card.sent == [f"0022C1A412800A04007F000702020402028301{reference}84010D{le}"]


@pytest.mark.parametrize("password", [Secret(b"123456"), Secret(b"")])
def test_other_secrets_are_no_password(password: Secret) -> None:
    """A secret that is none of the four passwords is refused before anything is sent."""
    card = AnsweringCard(lambda _: b"\x90\x00")
    with pytest.raises(UsageError, match="PACE takes one of MRZ, CAN, PIN, PUK"):
        terminal().establish(CardChannel(card), password)
    assert card.sent == []


@pytest.mark.parametrize(
    "info",
    [
        PaceInfo("0.4.0.127.0.7.2.2.4.6.1", 2, 13),
        PaceInfo(ICAO_G1.oid, 2, None),
        PaceInfo(ICAO_G1.oid, 2, 2),
    ],
)
def test_protocols_we_do_not_speak(info: PaceInfo) -> None:
    """An unknown suite or parameters are refused with what is supported."""
    with pytest.raises(UsageError, match="supported are"):
        PaceTerminal(info)


@pytest.mark.parametrize(("sw", "tries"), [("6300", None), ("63C2", 2), ("63C0", 0)])
def test_a_refused_token_is_a_wrong_password(sw: str, tries: int | None) -> None:
    """6300 or 63Cx for the token means that the password is wrong, with the tries if told."""
    card = ScriptedCard([*SCRIPT[:-1], (SCRIPT[-1][0], sw)])
    with pytest.raises(WrongPinError, match="the card refused the MRZ") as caught:
        terminal().establish(CardChannel(card), MRZ)
    assert (caught.value.name, caught.value.tries_left) == ("MRZ", tries)


@pytest.mark.parametrize("step", range(5))
@pytest.mark.parametrize("sw", ["6982", "6A80", "6F00"])
def test_any_other_refusal(step: int, sw: str) -> None:
    """A refusal at any step is an ApduError with its status word, and nothing more is sent."""
    card = ScriptedCard([*SCRIPT[:step], (SCRIPT[step][0], sw)])
    with pytest.raises(ApduError) as caught:
        terminal().establish(CardChannel(card), MRZ)
    assert (caught.value.sw, card.is_finished) == (int(sw, 16), True)


def test_6300_before_the_token_is_no_wrong_password() -> None:
    """Only the last step can tell about the password."""
    card = ScriptedCard([*SCRIPT[:2], (SCRIPT[2][0], "6300")])
    with pytest.raises(ApduError, match="6300"):
        terminal().establish(CardChannel(card), MRZ)


def test_a_wrong_token_of_the_card() -> None:
    """A card that does not hold the same keys is found out, though it said 9000."""
    card = ScriptedCard([*SCRIPT[:-1], (SCRIPT[-1][0], "7C0A86083ABB9674BCE93C099000")])
    with pytest.raises(ProtocolViolation, match="authentication token is wrong"):
        terminal().establish(CardChannel(card), MRZ)


def wrap(tag: str, value: bytes) -> str:
    """Dynamic authentication data with one object, and 9000."""
    inner = f"{tag}{len(value):02X}{value.hex()}"
    return f"7C{len(inner) // 2:02X}{inner}9000"


BAD: dict[str, tuple[int, Callable[[], str]]] = {
    "no nonce": (1, lambda: "7C009000"),
    "empty nonce": (1, lambda: "7C0280009000"),
    "nonce of nine bytes": (1, lambda: wrap("80", bytes(9))),
    "other object": (1, lambda: wrap("81", bytes(16))),
    "two objects": (1, lambda: "7C04800081009000"),
    "other template": (1, lambda: "7D0280009000"),
    "nothing": (1, lambda: "9000"),
    "malformed": (1, lambda: "7C059000"),
    "something behind": (1, lambda: "7C009000009000"),
    "mapping point off the curve": (2, lambda: wrap("82", b"\x04" + bytes(64))),
    "mapping point at infinity": (2, lambda: wrap("82", b"\x00")),
    "mapping point of another curve": (2, lambda: wrap("82", b"\x04" + bytes(96))),
    "our own mapping point": (2, lambda: wrap("82", ICAO_G1.terminal_mapping[1])),
    "ephemeral point off the curve": (3, lambda: wrap("84", b"\x04" + bytes(64))),
    "our own ephemeral point": (3, lambda: wrap("84", ICAO_G1.terminal_ephemeral[1])),
    "short token": (4, lambda: wrap("86", ICAO_G1.chip_token[:-1])),
    "empty token": (4, lambda: wrap("86", b"")),
    "our own token": (4, lambda: wrap("86", ICAO_G1.terminal_token)),
}


@pytest.mark.parametrize("case", BAD)
def test_a_card_that_breaks_the_protocol(case: str) -> None:
    """Malformed data, unusable points and wrong tokens are violations that name their clause."""
    step, answer = BAD[case]
    card = ScriptedCard([*SCRIPT[:step], (SCRIPT[step][0], answer())])
    with pytest.raises(ProtocolViolation, match=r"ICAO 9303-11, 4\.4") as caught:
        terminal().establish(CardChannel(card), MRZ)
    assert caught.value.outcome == "protocol-violation"
