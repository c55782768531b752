"""PACE step by step: its sums are those of the standard's worked examples."""

from __future__ import annotations

import pytest

from fixtures.cards import image_of
from fixtures.pace_vectors import MAPPING_EXAMPLES, MappingExample
from harness import tlv
from harness.apdu import CommandApdu, ResponseApdu
from harness.conformance.acts import pace_steps
from harness.conformance.acts.pace_steps import PaceSteps, Step
from harness.conformance.judgement import Failure
from harness.conformance.source import EmulatedSource
from harness.conformance.subject import Subject
from harness.emulator.person import Person
from harness.profile import PaceOffer
from harness.secret import Secret

IDEMIA = "est-idemia-2018"


def subject(offer: PaceOffer | None = None) -> Subject:
    """An emulated card under test, with the protocol of an example where one is given."""
    return Subject(EmulatedSource(image_of(IDEMIA), Person()), offer)


def answer(tag: int, value: bytes) -> ResponseApdu:
    """Dynamic authentication data with one object."""
    return ResponseApdu(tlv.encode(0x7C, tlv.encode(tag, value)))


@pytest.fixture
def example(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> tuple[MappingExample, PaceSteps]:
    """A worked example, and a run in which the terminal drew what it draws there."""
    given: MappingExample = request.param
    monkeypatch.setattr(pace_steps, "password_key", lambda *_: Secret(given.password_key))
    steps = PaceSteps(subject(PaceOffer(oid=given.oid, parameter_id=given.parameter_id)))
    *mapping, steps.private = given.terminal.drawn
    if steps.suite.mapping == "IM":
        steps.map_nonce = given.terminal.mapping
    else:
        (steps.map_private,) = mapping
    return given, steps


each_example = pytest.mark.parametrize(
    "example", MAPPING_EXAMPLES, indirect=True, ids=lambda given: given.name
)


@each_example
def test_worked_examples(example: tuple[MappingExample, PaceSteps]) -> None:
    """From the chip's published answers follow the published keys and tokens of the terminal."""
    given, steps = example
    steps.take(Step.SET_AT, ResponseApdu())
    steps.take(Step.NONCE, answer(0x80, given.encrypted_nonce))
    assert steps.mapping_data == given.terminal.mapping
    steps.take(Step.MAP, answer(0x82, given.chip.mapping))
    assert steps.domain.encode(steps.generator) == given.mapped
    assert steps.public == given.terminal.ephemeral
    steps.take(Step.AGREE, answer(0x84, given.chip.ephemeral))
    assert steps.keys.enc.reveal() == given.key_enc
    assert steps.keys.mac.reveal() == given.key_mac
    assert steps.token == given.terminal.token
    steps.take(Step.TOKEN, ResponseApdu(given.last_answer))


@each_example
def test_a_wrong_token_of_the_card_is_a_failure(
    example: tuple[MappingExample, PaceSteps],
) -> None:
    """The card proves that it has the same keys, or it fails."""
    given, steps = example
    for step, tag, value in (
        (Step.NONCE, 0x80, given.encrypted_nonce),
        (Step.MAP, 0x82, given.chip.mapping),
        (Step.AGREE, 0x84, given.chip.ephemeral),
    ):
        steps.take(step, answer(tag, value))
    with pytest.raises(Failure, match="the token of the same keys"):
        steps.take(Step.TOKEN, answer(0x86, bytes(8)))


def test_a_whole_run_opens_a_channel() -> None:
    """All steps with a card lead to a channel that carries a command both ways."""
    card = subject()
    channel = PaceSteps(card).go(Step.TOKEN).secured
    assert channel.transmit(CommandApdu(0x00, 0xB0, 0x9C, 0x00, ne=8)).data[:1] == b"\x31"


def test_the_same_run_for_the_same_seed() -> None:
    """What is drawn comes from the seed of the case."""
    assert PaceSteps(subject()).map_private == PaceSteps(subject()).map_private


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        ("6A80", "expected 9000, got 6A80"),
        ("9000", "expected 7C with 80"),
        ("7C0082009000", "expected 7C with 80"),
        ("7C02820090009000", "expected 7C with 80, got"),
        ("7C1182109000000000000000000000000000009000", "expected 7C with 80"),
        ("7C04800212349000", "expected a usable value"),
    ],
)
def test_wrong_answers_are_failures(answered: str, said: str) -> None:
    """Whatever is not the answer to a step is told as a failure of the card."""
    steps = PaceSteps(subject()).go(Step.SET_AT)
    with pytest.raises(Failure, match=said):
        steps.take(Step.NONCE, ResponseApdu.decode(bytes.fromhex(answered)))


def test_each_command_is_the_one_that_is_asked_for() -> None:
    """A step has its tag and its class byte, both of which can be replaced."""
    steps = PaceSteps(subject())
    assert steps.command(Step.NONCE).encode().hex() == "10860000027c0000"
    assert steps.authenticate(Step.TOKEN, b"\x01").encode().hex() == "00860000057c0385010100"
    assert steps.dynamic(Step.TOKEN, b"\x7c\x00", 0x10).encode().hex() == "10860000027c0000"
    assert steps.template(reference=5).hex() == "800a04007f0007020204020483010584010c"
