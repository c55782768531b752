"""Basic Access Control from the terminal, held against the worked example."""

from __future__ import annotations

import pytest

from fixtures.cards import ScriptedCard
from fixtures.emrtd_vectors import IcaoD3
from fixtures.triple_des_vectors import ICAO_D4
from harness.apdu import CommandApdu
from harness.errors import ApduError, ProtocolViolation, WrongPinError
from harness.mrz import Mrz
from harness.terminal.bac import BacTerminal
from harness.terminal.channel import CardChannel

MRZ = Mrz(*IcaoD3.MRZ)
CHALLENGE = ("0084000008", IcaoD3.RND_IC.hex() + "9000")
COMMAND = f"0082000028{IcaoD3.TERMINAL.hex().upper()}28"
ANSWER = IcaoD3.CHIP.hex() + "9000"


def drawn() -> BacTerminal:
    """A terminal that draws what the worked example did."""
    left = iter((IcaoD3.RND_IFD, IcaoD3.K_IFD))
    return BacTerminal(lambda size: next(left)[:size])


def test_the_worked_example() -> None:
    """Each command is the published one, and so is the secured reading behind it."""
    script = [CHALLENGE, (COMMAND, ANSWER)]
    script += [(each.protected, each.protected_answer) for each in ICAO_D4.exchanges]
    card = ScriptedCard(script)
    channel = drawn().establish(CardChannel(card), MRZ)
    for each in ICAO_D4.exchanges:
        answer = channel.transmit(CommandApdu.decode(bytes.fromhex(each.command)))
        assert answer.encode().hex().upper() == each.answer
    assert card.is_finished


@pytest.mark.parametrize("sw", ["6300", "63C2"])
def test_a_wrong_zone(sw: str) -> None:
    """A card that refuses the cryptogram says that the MRZ is wrong; no tries are counted."""
    card = ScriptedCard([CHALLENGE, (COMMAND, sw)])
    with pytest.raises(WrongPinError) as caught:
        drawn().establish(CardChannel(card), MRZ)
    assert (caught.value.code, caught.value.tries_left) == ("mrz-wrong", None)


def test_another_refusal() -> None:
    """Any other status word is told as it is."""
    for script in ([("0084000008", "6D00")], [CHALLENGE, (COMMAND, "6985")]):
        with pytest.raises(ApduError):
            drawn().establish(CardChannel(ScriptedCard(script)), MRZ)


@pytest.mark.parametrize(
    "answer",
    ["", IcaoD3.CHIP.hex()[:-2], IcaoD3.CHIP.hex()[:-2] + "48", IcaoD3.TERMINAL.hex()],
    ids=["empty", "short", "MAC", "reflected"],
)
def test_a_cryptogram_that_does_not_hold(answer: str) -> None:
    """A card that does not prove the keys is refused: nothing goes out under them."""
    card = ScriptedCard([CHALLENGE, (COMMAND, answer + "9000")])
    with pytest.raises(ProtocolViolation):
        drawn().establish(CardChannel(card), MRZ)
    assert card.is_finished


@pytest.mark.parametrize("challenge", ["", "00" * 7, "00" * 9])
def test_a_challenge_of_another_size(challenge: str) -> None:
    """A challenge that is not eight bytes long is not answered."""
    card = ScriptedCard([("0084000008", challenge + "9000")])
    with pytest.raises(ProtocolViolation, match="challenge"):
        drawn().establish(CardChannel(card), MRZ)
