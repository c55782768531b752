"""What is kept of a run, how often it is made, and what a declared deviation makes of it."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.apdu import INS, CommandApdu
from harness.conformance.campaign.examination import Examiner, Rules, file_name, within
from harness.conformance.campaign.in_field import in_field
from harness.conformance.case import Case, Verdict
from harness.conformance.execution import Result, Run
from harness.conformance.judgement import demand_sw
from harness.conformance.source import EmulatedSource
from harness.conformance.subject import Subject
from harness.errors import LinkError
from harness.profile import Deviation
from harness.report.trace import annotated

MakeCase = Callable[..., Case]


def opens(subject: Subject) -> None:
    """A case that opens the channel."""
    subject.pace()


def demands_too_much(subject: Subject) -> None:
    """A case that this card fails at its second command."""
    subject.power_up()
    subject.transmit(CommandApdu(0x00, INS.SELECT, 0x00, 0x0C, b"\x3f\x00"))
    command = CommandApdu(0x00, INS.SELECT, 0x04, 0x0C, b"\xf0\x00\x00\x00\x01")
    demand_sw(subject.transmit(command), "7816-4, 7.1.1", 0x9000)


def deviating(source: EmulatedSource, case: str) -> EmulatedSource:
    """The same card, its profile with a deviation from a case."""
    deviation = Deviation(case=case, reason="known since 2019", source="a lab")
    profile = source.profile.model_copy(update={"deviations": (deviation,)})
    return EmulatedSource(replace(source.image, profile=profile), source.person)


def test_a_fail_names_its_command(source: EmulatedSource, make_case: MakeCase) -> None:
    """A record says at which command it failed, by number and in hexadecimal."""
    record = Examiner(source, Rules()).examine(Run(make_case(demands_too_much)))
    assert (record.verdict, record.apdu) == (Verdict.FAIL, 2)
    assert record.command == "00A4040C05F000000001"
    assert record.got == "6A82 (file not found)"


def test_samples_are_timed_one_by_one(source: EmulatedSource, make_case: MakeCase) -> None:
    """In the field each sample has a time of its own, by phase, the same for the same seed."""
    examiner = Examiner(in_field(source), Rules(seed=5, samples=3))
    record = examiner.examine(Run(make_case(opens)))
    assert len(record.samples) == 3
    assert min(record.samples) > 0.3
    assert all(len(each) == 3 for each in record.phases.values())
    whole = sum(seconds[0] for seconds in record.phases.values())
    assert whole == pytest.approx(record.samples[0], abs=0.01)
    assert examiner.examine(Run(make_case(opens))).samples == record.samples


def test_sampling_ends_with_the_first_that_does_not_pass(
    source: EmulatedSource, make_case: MakeCase
) -> None:
    """A fail is told with its own evidence, not covered by samples that pass."""
    seen: list[int] = []

    def fails_second(subject: Subject) -> None:
        seen.append(1)
        if len(seen) == 2:
            demands_too_much(subject)

    record = Examiner(source, Rules(samples=5)).examine(Run(make_case(fails_second)))
    assert (len(seen), record.verdict) == (2, Verdict.FAIL)


def test_a_declared_deviation_is_no_fail(source: EmulatedSource, make_case: MakeCase) -> None:
    """It keeps what was expected and got, and carries the reason of the profile."""
    case = make_case(demands_too_much)
    record = Examiner(deviating(source, "X_1"), Rules()).examine(Run(case))
    assert (record.verdict, record.deviation) == (Verdict.DEVIATION, "known since 2019")
    assert record.got == "6A82 (file not found)"


def test_a_deviation_that_no_longer_fails_is_one(
    source: EmulatedSource, make_case: MakeCase
) -> None:
    """A profile that excuses what the card does right is wrong, and that is a fail."""
    record = Examiner(deviating(source, "X_1"), Rules()).examine(Run(make_case(opens)))
    assert record.verdict is Verdict.FAIL
    assert record.reason == "the profile declares a deviation here that the card does not show"
    assert record.expected == "the declared deviation: known since 2019"


def test_a_link_that_fails_is_no_deviation(source: EmulatedSource, make_case: MakeCase) -> None:
    """What tells nothing about the card neither confirms nor refutes a deviation."""

    def lost(_: Subject) -> None:
        message = "gone"
        raise LinkError(message)

    record = Examiner(deviating(source, "X_1"), Rules()).examine(Run(make_case(lost)))
    assert record.verdict is Verdict.INCONCLUSIVE


def test_traces_are_kept_as_eidrig_trace_shows_them(
    source: EmulatedSource, make_case: MakeCase
) -> None:
    """Both files of a run are named in its record; the one in text can be annotated."""
    kept: dict[str, bytes] = {}
    examiner = Examiner(in_field(source), Rules(), keep=kept.__setitem__)
    record = examiner.examine(Run(make_case(opens)))
    assert record.traces == ("traces/X_1.jsonl", "traces/X_1.pcapng") == tuple(kept)
    lines = kept["traces/X_1.jsonl"].decode()
    assert "Set AT" in "\n".join(str(line) for line in annotated(lines, "the trace"))
    assert kept["traces/X_1.pcapng"][:4] == b"\x0a\x0d\x0d\x0a"


def test_only_who_asks_sees_the_holders_data(source: EmulatedSource, make_case: MakeCase) -> None:
    """What is read in the clear is hidden unless it is asked for; a PIN is hidden even then."""

    def reads(subject: Subject) -> None:
        subject.power_up()
        subject.transmit(CommandApdu(0x00, INS.READ_BINARY, 0x9C, 0x00, ne=8))
        subject.transmit(CommandApdu(0x00, INS.VERIFY, 0x00, 0x01, b"1234" + 8 * b"\xff"))

    def steps(*, shows_data: bool) -> list[dict[str, str]]:
        kept: dict[str, bytes] = {}
        examiner = Examiner(source, Rules(shows_data=shows_data), keep=kept.__setitem__)
        examiner.examine(Run(make_case(reads)))
        return [json.loads(line) for line in kept["traces/X_1.jsonl"].splitlines()]

    hidden, shown = steps(shows_data=False)[0], steps(shows_data=True)
    assert hidden["response"].startswith("****")
    assert shown[0]["response"].startswith("31")
    assert all("31323334" not in step["command"] for step in shown)


def test_a_broken_test_tells_nothing_about_the_card(
    source: EmulatedSource, make_case: MakeCase
) -> None:
    """A fault of this program is inconclusive, told by kind and place and without its text."""

    def broken(_: Subject) -> None:
        raise KeyError("123456")

    record = Examiner(source, Rules()).examine(Run(make_case(broken)))
    assert record.verdict is Verdict.INCONCLUSIVE
    assert "KeyError at test_examination.py:" in record.reason
    assert "123456" not in record.model_dump_json()


def test_a_reader_that_hangs_is_given_up(make_case: MakeCase) -> None:
    """A case that never ends is inconclusive after its time; what it raises in time is raised."""
    run, never = Run(make_case(opens)), threading.Event()

    def hang() -> Result:
        never.wait()
        return Result(run.id, Verdict.PASS)

    try:
        assert within(0.05, run, hang).verdict is Verdict.INCONCLUSIVE
    finally:
        never.set()
    assert within(5, run, hang).verdict is Verdict.PASS
    with pytest.raises(ZeroDivisionError):
        within(5, run, lambda: Result(run.id, Verdict.PASS, str(1 / 0)))


def test_an_interruption_waits_for_the_case(make_case: MakeCase) -> None:
    """Ctrl-C lets a case on a real card come to its end, so that it gives back what it took."""
    run, ended = Run(make_case(opens)), threading.Event()

    def work() -> Result:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        time.sleep(0.2)
        ended.set()
        return Result(run.id, Verdict.PASS)

    with pytest.raises(KeyboardInterrupt):
        within(5, run, work)
    assert ended.is_set()


def test_file_names_are_plain() -> None:
    """A run's identifier becomes a name that every file system takes."""
    assert file_name("X_1[ECDH-GM/12]") == "X_1_ECDH-GM_12"
