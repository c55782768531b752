"""Answers changed on their way: the read stops at once, and nothing changed is ever believed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.cards import PROFILES
from fixtures.command import Eidrig
from fixtures.trouble import Change, CountingCard, TamperedCard, tampered

FIRST_PROTECTED = 7


def at(number: int, change: Callable[[bytes], bytes]) -> Change:
    """Change the answer to one command only."""
    return lambda seen, _, answer: change(answer) if seen == number else answer


def replayed(number: int) -> Change:
    """Answer one command with the answer to the one before it."""
    heard: list[bytes] = []

    def change(seen: int, _: bytes, answer: bytes) -> bytes:
        heard.append(answer)
        return heard[-2] if seen == number else answer

    return change


def flipped(position: int) -> Callable[[bytes], bytes]:
    """Turn one bit of the byte at a position."""

    def flip(answer: bytes) -> bytes:
        changed = bytearray(answer)
        changed[position] ^= 0x01
        return bytes(changed)

    return flip


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "naked 9000": lambda _: b"\x90\x00",
    "naked data": lambda _: b"JOEORG\x90\x00",
    "flipped MAC": flipped(-3),
    "flipped protected status": flipped(-13),
    "flipped outer status": flipped(-1),
    "first data object gone": lambda answer: answer[4:],
    "MAC gone": lambda answer: answer[:-12] + answer[-2:],
    "MAC cut short": lambda answer: answer[:-3] + answer[-2:],
    "data appended": lambda answer: answer[:-2] + b"\x80\x01\x00" + answer[-2:],
    "cut to its status": lambda answer: answer[-2:],
    "one byte": lambda answer: answer[:1],
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("number", [FIRST_PROTECTED, 15, 30])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("profile", PROFILES)
def test_of_one_protected_answer(
    eidrig: Eidrig, profile: str, change: Callable[[bytes], bytes], number: int
) -> None:
    """Whatever is done to a protected answer, the read ends there with 1 as a violation."""
    counted: list[CountingCard] = []

    def wrap(card: object) -> CountingCard:
        counted.append(CountingCard(TamperedCard(card, at(number, change))))  # type: ignore[arg-type]
        return counted[0]

    ran = eidrig("read", "--profile", profile, "--json", wrap=wrap)
    ran.refused(1)
    assert ran.document["outcome"] == "protocol-violation"
    assert len(counted[0].commands) == number


@pytest.mark.parametrize("number", [FIRST_PROTECTED + 1, 15, 30])
@pytest.mark.parametrize("profile", PROFILES)
def test_of_a_replayed_answer(eidrig: Eidrig, profile: str, number: int) -> None:
    """An authentic answer given a second time is refused: each counts."""
    ran = eidrig(
        "read",
        "--profile",
        profile,
        "--json",
        wrap=tampered(replayed(number)),
    )
    assert "wrong MAC" in ran.refused(1)
    assert ran.document["outcome"] == "protocol-violation"
    assert ran.document["apdus"] == number


@pytest.mark.parametrize("profile", PROFILES)
def test_of_a_naked_error(eidrig: Eidrig, profile: str) -> None:
    """An error without protection is told as the card's, and ends the read."""
    ran = eidrig(
        "read", "--profile", profile, "--json",
        wrap=tampered(at(15, lambda _: b"\x69\x88")),
    )  # fmt: skip
    assert "6988 (sm data objects incorrect, unprotected: the channel is closed)" in ran.refused(1)
    assert ran.document["outcome"] == "card-refused"
    assert ran.document["apdus"] == 15


@pytest.mark.parametrize("profile", PROFILES)
def test_of_every_byte_before_the_channel(eidrig: Eidrig, profile: str) -> None:
    """A wrong bit anywhere in PACE never opens a channel and is never taken for a wrong PIN."""
    for number in range(2, 7):
        for position in (0, 1, 2, 3, 4, 10, -3, -2, -1):

            def change(answer: bytes, position: int = position) -> bytes:
                return flipped(position)(answer) if len(answer) > 4 else flipped(-2)(answer)

            ran = eidrig(
                "read", "--profile", profile, "--json",
                wrap=tampered(at(number, change)),
            )  # fmt: skip
            assert ran.code in (1, 4), (number, position)
            ran.refused(ran.code)
            assert ran.document["pace"] is None
            assert ran.document["outcome"] in ("protocol-violation", "card-refused", "can-wrong")
            assert ran.document["pin1"]["verified"] is None


@pytest.mark.parametrize("profile", PROFILES)
def test_of_the_answer_to_verify(eidrig: Eidrig, offered: list[int], profile: str) -> None:
    """Where nobody can tell what became of PIN1, its tries are unknown and it is not sent again."""
    for number in range(FIRST_PROTECTED, 60):
        offered.clear()
        ran = eidrig(
            "read", "--profile", profile, "--json",
            wrap=tampered(at(number, flipped(-3))),
        )  # fmt: skip
        if ran.document["time"]["phases"][-1]["name"] == "verify PIN1" and offered:
            break
    else:
        pytest.fail("no read stopped at VERIFY")
    ran.refused(1)
    assert ran.document["pin1"] == {"verified": None, "tries_left": None}
    assert len(offered) == 1
