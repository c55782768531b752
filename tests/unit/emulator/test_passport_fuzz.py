"""Whatever comes, an emulated passport answers with a status word and stays closed."""

from __future__ import annotations

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fixtures.cards import Talk
from fixtures.passports import (
    BAC_PASSPORT,
    PASSPORT,
    READ,
    SELECT_DG1,
    SELECT_LDS,
    by_bac,
    by_pace,
    card_of,
)
from harness.apdu import CommandApdu

BEGINNINGS = (
    "0084000008",
    "0082000028" + "AA" * 40 + "28",
    "0022C1A412800A04007F0007020204060283010184010D",
    "002241A40C800A04007F00070202030202",
    "002241A643914104" + "05" * 64,
    "10860000027C0000",
    "00860000457C43804104" + "05" * 64 + "00",
    "0088000008112233445566778800",
    "00B1000003540100FF",
    "00A4040C07A0000002471001",
    "00A4020C02011E",
    "00B0810000",
    "0CB000000D9701048E08000000000000000000",
)
few = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
spoilt = st.builds(
    lambda command, at, byte: (
        command[: at % len(command)] + bytes((byte,)) + command[at % len(command) + 1 :]
    ),
    st.sampled_from([bytes.fromhex(each) for each in BEGINNINGS]),
    st.integers(0, 80),
    st.integers(0, 255),
)
commands = st.lists(st.one_of(st.binary(max_size=90), spoilt), min_size=1, max_size=6)


@few
@given(commands, st.sampled_from([PASSPORT, BAC_PASSPORT]))
@example([bytes.fromhex("10000000000000")], PASSPORT)
def test_in_the_clear(sent: list[bytes], name: str) -> None:
    """No row of commands, right ones with a byte changed among them, opens anything."""
    card = card_of(name)
    for command in sent:
        assert is_answer(card.card.transmit(command))
    card(SELECT_LDS)  # it may end a chain that the last command began, and is refused then: 6883
    card.all(SELECT_LDS, SELECT_DG1)
    assert card(READ) == "6982"


@few
@given(commands, st.sampled_from([by_bac, by_pace]))
def test_inside_a_channel(sent: list[bytes], open_card: object) -> None:
    """Under secure messaging each command has an answer, and the channel outlives it."""
    assert callable(open_card)
    card: Talk = open_card()
    card.all(SELECT_LDS)
    for command in sent:
        if (decoded := decode(command)) is not None:
            card.channel.transmit(decoded)
    card.all(SELECT_LDS, SELECT_DG1, READ)


def decode(command: bytes) -> CommandApdu | None:
    """A plain command of the interindustry class, or None; chains are left out."""
    if len(command) < 4 or command[0]:
        return None
    try:
        return CommandApdu.decode(command)
    except ValueError:
        return None


def is_answer(answer: bytes) -> bool:
    """Whether it ends in a status word of ISO/IEC 7816-4."""
    return len(answer) >= 2 and (answer[-2] in range(0x61, 0x70) or answer[-2:] == b"\x90\x00")
