"""The chip's PACE with each mapping: worked examples, choice of protocols, and bad numbers."""

from __future__ import annotations

import pytest

from fixtures.cards import scalars
from fixtures.pace_runs import apdus, chip_key, front_of, rules_of
from fixtures.pace_vectors import DH_GM, ECDH_CAM, I1_CHIP_DATA, MAPPING_EXAMPLES, MappingExample
from harness import tlv
from harness.apdu import CommandApdu
from harness.crypto.group import STANDARDIZED
from harness.crypto.standardized import DOMAINS
from harness.emulator.front import SecureFront
from harness.errors import UsageError
from harness.mrz import Mrz
from harness.secret import Secret
from harness.security_info import encode_oid

P = STANDARDIZED[0].parameters.p
ID_PACE = "0.4.0.127.0.7.2.2.4."


def static_private() -> int:
    """The chip's static private key of appendix I.1, which follows from its proof."""
    order = DOMAINS[13].order
    proof = int.from_bytes(I1_CHIP_DATA, "big")
    return ECDH_CAM.chip.drawn[0] * pow(proof, -1, order) % order


def chip(example: MappingExample, monkeypatch: pytest.MonkeyPatch) -> SecureFront:
    """A chip that draws what the worked example drew, with the example's own K_pi."""
    monkeypatch.setattr(
        "harness.emulator.pace.password_key", lambda *_: Secret(example.password_key)
    )
    draws = scalars(int.from_bytes(example.nonce, "big") + 1, *example.chip.drawn)
    mrz = {"MRZ": Mrz("T22000129", "640812", "101031")}
    keys = {13: chip_key(13, static_private())}
    return front_of(rules_of(example.oid, example.parameter_id), mrz, draws, keys)


def talk(front: SecureFront, command: str) -> str:
    """One command and its answer in hexadecimal."""
    return front(CommandApdu.decode(bytes.fromhex(command))).encode().hex().upper()


@pytest.mark.parametrize("example", MAPPING_EXAMPLES, ids=lambda e: e.name)
def test_every_answer(example: MappingExample, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given what it drew, the chip answers every command of the worked examples."""
    front = chip(example, monkeypatch)
    for command, answer in apdus(example):
        assert talk(front, command) == answer


@pytest.mark.parametrize("step", [2, 3])
@pytest.mark.parametrize(
    "bad", ["", "00", "01", f"{P - 1:X}", f"{P:X}", f"{P + 5:X}", "02", "01" + "00" * 128]
)
def test_unusable_numbers(step: int, bad: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A number that is no element of the subgroup ends the run as a wrong password does."""
    front = chip(DH_GM, monkeypatch)
    for command, _ in apdus(DH_GM)[:step]:
        talk(front, command)
    data = tlv.encode(0x7C, tlv.encode(0x80 + 2 * step - 3, bytes.fromhex(bad)))
    assert talk(front, CommandApdu(0x10, 0x86, 0, 0, data, 256).encode().hex()) == "6300"
    assert talk(front, apdus(DH_GM)[step][0]) == "6985"


def test_a_terminal_nonce_of_another_size() -> None:
    """The integrated mapping takes only a nonce as long as its key."""
    front = front_of(rules_of(f"{ID_PACE}4.4", 12))
    assert set_at(front, f"{ID_PACE}4.4") == "9000"
    assert talk(front, "10860000027C0000").startswith("7C228020")
    data = tlv.encode(0x7C, tlv.encode(0x81, bytes(16)))
    assert talk(front, CommandApdu(0x10, 0x86, 0, 0, data, 256).encode().hex()) == "6300"


def set_at(front: SecureFront, oid: str, number: str = "") -> str:
    """MSE:Set AT with the CAN; the status word."""
    data = tlv.encode(0x80, encode_oid(oid)) + bytes.fromhex(f"830102{number}")
    return talk(front, CommandApdu(0x00, 0x22, 0xC1, 0xA4, data).encode().hex())


def test_a_card_with_several_protocols() -> None:
    """One group of a protocol needs no number, one of two does, and none but its own is taken."""
    others = [
        {"oid": f"{ID_PACE}2.4", "parameter_id": 16},
        {"oid": f"{ID_PACE}4.2", "parameter_id": 13, "explicit_id": 40},
    ]
    front = front_of(rules_of(f"{ID_PACE}2.4", 12, others=others))
    expected = {
        (f"{ID_PACE}2.4", ""): "6A87",
        (f"{ID_PACE}2.4", "84010C"): "9000",
        (f"{ID_PACE}2.4", "840110"): "9000",
        (f"{ID_PACE}2.4", "84010D"): "6A80",
        (f"{ID_PACE}2.4", "840128"): "6A80",
        (f"{ID_PACE}4.2", ""): "9000",
        (f"{ID_PACE}4.2", "840128"): "9000",
        (f"{ID_PACE}4.2", "84010D"): "6A80",
        (f"{ID_PACE}4.3", "840128"): "6A80",
    }
    assert {(oid, number): set_at(front, oid, number) for oid, number in expected} == expected


@pytest.mark.parametrize(
    ("last", "parameter_id"), [("1.2", 12), ("2.2", 0), ("4.2", 10), ("6.2", 12), ("6.1", 12)]
)
def test_cards_that_cannot_be(last: str, parameter_id: int) -> None:
    """A protocol over the wrong group, without its static key, or that does not exist is told."""
    with pytest.raises(UsageError, match=r"cannot run|not supported"):
        front_of(rules_of(f"{ID_PACE}{last}", parameter_id))
