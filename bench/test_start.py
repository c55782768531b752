"""What it takes to start: `import harness`, `eidrig --help`, and the memory of a whole read."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

PROGRAM = "import sys; sys.argv[0] = 'eidrig'; from harness.cli import main; main()"
MOST_MEGABYTES = 80
# A child's peak counts the memory of whoever started it, up to its exec: so a small one starts it.
SMALL_PARENT = """
import os, sys
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def _run(code: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.benchmark(group="start")
@pytest.mark.parametrize("code", ["pass", "import harness"])
def test_import(benchmark: BenchmarkFixture, code: str) -> None:
    """`import harness` against an interpreter that does nothing; aim: 50 ms between the two."""
    benchmark.pedantic(_run, args=(code,), rounds=15, warmup_rounds=2)


@pytest.mark.benchmark(group="start")
def test_help(benchmark: BenchmarkFixture) -> None:
    """`eidrig --help`; aim: 300 ms."""
    benchmark.pedantic(_run, args=(PROGRAM, "--help"), rounds=10, warmup_rounds=2)


@pytest.mark.benchmark(group="start")
def test_read(benchmark: BenchmarkFixture) -> None:
    """`eidrig read` as a program, from its start to its end; aim: 3 s."""
    benchmark.pedantic(_run, args=(PROGRAM, "read"), rounds=5, warmup_rounds=1)


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="the peak memory of a child needs wait4")
@pytest.mark.parametrize("profile", ["est-idemia-2018", "est-thales-2025"])
def test_memory(profile: str) -> None:
    """A whole read with a signature, trace and recording apart, stays under 80 MB."""
    command = [sys.executable, "-c", PROGRAM, "read", "--sign", "--json", "--profile", profile]
    measured = subprocess.run(
        [sys.executable, "-c", SMALL_PARENT, *command], capture_output=True, text=True, check=True
    )
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(measured.stdout) * unit < MOST_MEGABYTES * 1_000_000
