"""The standard streams: characters they cannot write, and the one place for complaints."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper

import click

from harness.errors import EidrigError
from harness.report.printable import printable


def accept_every_character() -> None:
    """Write what the terminal's encoding lacks as an escape instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def give_output_up() -> None:
    """Let nothing more go to a standard output that cannot be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(error: EidrigError) -> None:
    """Say on stderr, in one line, what went wrong."""
    click.echo(f"eidrig: {printable(str(error))}", err=True)
