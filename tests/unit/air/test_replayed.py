"""A replayed exchange ends like the full simulation, and only a whole read can be recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.air.channel import Noise
from harness.air.motion import MOTIONS
from harness.air.recording import Question, Recording
from harness.air.replayed import Replay
from harness.errors import UsageError

if TYPE_CHECKING:
    from conftest import Bench


@pytest.mark.parametrize("name", MOTIONS)
def test_same_as_the_full_simulation(bench: Bench, name: str) -> None:
    """Same outcome, hold time (to the nanosecond) and retransmissions, tears included."""
    replay = Replay(Recording.of(bench.read().frames))
    for seed in range(12):
        hold = bench.hold(name, seed, bursts=(2e-3, 2e-2, 0.1)[seed % 3])
        full = bench.read(hold, seed)
        fast = replay.run(hold, Noise(hold, seed))
        assert fast.finished is full.finished
        assert fast.end == pytest.approx(full.end, abs=1e-9)
        assert fast.retransmissions == full.retransmissions


def test_undisturbed(bench: Bench) -> None:
    """In the hold it was recorded in, the replay is the recording."""
    read, hold = bench.read(), bench.quiet()
    recording = Recording.of(read.frames)
    outcome = Replay(recording).run(hold, Noise(hold, 1))
    assert outcome.finished
    assert outcome.end == pytest.approx(read.end, abs=1e-9)
    assert outcome.steps == len(recording.steps)
    assert {step.question for step in recording.steps} == set(Question) - {Question.DESELECT}


def test_runs_follow_each_other(bench: Bench) -> None:
    """Two runs one after the other in one hold share its noise and do not overlap."""
    replay, hold = Replay(Recording.of(bench.read().frames)), bench.hold("tremor", 3, 0.1)
    noise = Noise(hold, 7)
    first = replay.run(hold, noise)
    second = replay.run(hold, noise, start=first.end)
    assert second.end > first.end


def test_only_a_whole_read_is_recorded(bench: Bench) -> None:
    """A read with a damaged or unanswered frame, or none at all, is refused."""
    damaged = bench.read(None, 0, "bit-error@frame=9").frames
    for frames in (damaged, bench.read().frames[:-1], []):
        with pytest.raises(UsageError, match="record an undisturbed read"):
            Recording.of(frames)
