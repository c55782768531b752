"""The command line: `eidrig read` and its sisters, each in a module of its own."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

import click

from harness import __version__
from harness.cli.exit_code import INTERRUPTED, OUTPUT_GONE, USAGE, exit_code
from harness.cli.streams import accept_every_character, complain, give_output_up
from harness.errors import EidrigError

_COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "read": "Read a card: PACE, PIN1, certificates, personal data.",
        "bench": "Time many taps: how long a card must be held, how often it works.",
        "emulate": "Serve an emulated card to a reader.",
        "certify": "Run the conformance catalogue on a card and write its report.",
        "history": "Show the verdicts and latencies of earlier runs.",
        "compare": "Compare two runs side by side.",
        "ics": "Show what a profile declares, as a form.",
        "keys": "Make the keys that seal reports.",
        "inspect": "Describe whatever card is there; spends no try.",
        "profile": "Write, check, show and compare card profiles.",
        "profiles": "List the card profiles, or show one.",
        "personalise": "Make a card of a profile as files.",
        "readers": "List the readers of this machine.",
        "doctor": "Say what this machine has and lacks.",
        "trace": "Show a recorded trace as commands and answers.",
    }
)


class _LateGroup(click.Group):
    """Imports a command's module when the command is used, so that --help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command = import_module(f"harness.cli.{cmd_name}").command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=_LateGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 success, 1 the card refused or a check failed, 2 wrong usage or profile, "
    "3 no reader, no card or card lost, 4 CAN or PIN wrong or not offered.",
)
@click.version_option(__version__, prog_name="eidrig")
def cli() -> None:
    """Test contactless ID cards, the readers and apps that read them, and the time it takes."""


def main() -> None:
    """Run the command line; every failure is one sentence on stderr and a documented exit code."""
    accept_every_character()
    try:
        status = cli.main(prog_name="eidrig", standalone_mode=False)
        sys.stdout.flush()
    except EidrigError as error:
        complain(error)
        status = exit_code(error)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("eidrig: interrupted", err=True)
        status = INTERRUPTED
    except OSError as error:
        # Of all files and devices only the standard output is written without a net.
        give_output_up()
        click.echo(f"eidrig: the output cannot be written: {error.strerror}", err=True)
        status = USAGE
    except SystemExit:
        # click and rich leave like this, with code 1, when whoever read our output has left.
        status = OUTPUT_GONE
    sys.exit(status if isinstance(status, int) else 0)
