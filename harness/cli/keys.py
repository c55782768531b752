"""`eidrig keys`: key pairs that seal reports."""

from __future__ import annotations

from pathlib import Path

import click

from harness.errors import UsageError
from harness.report.manifest import checking_key, fingerprint, new_keys
from harness.transport.storage import write_atomic


@click.group("keys")
def command() -> None:
    """Make the keys that seal reports and check them."""


@command.command("new")
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder; default: .")
def new(*, name: str, out: Path | None) -> None:
    """Write NAME.key, which seals and is its owner's alone, and NAME.pub, for everybody."""
    folder = out or Path()
    private, public = folder / f"{name}.key", folder / f"{name}.pub"
    for path in (private, public):
        if path.exists():
            message = f"{path} is there already; a key is never replaced"
            raise UsageError(message)
    private_pem, public_pem = new_keys()
    write_atomic(private, private_pem)
    write_atomic(public, public_pem)
    public.chmod(0o644)
    click.echo(f"{private} seals (keep it to yourself), {public} checks")
    click.echo(f"fingerprint {fingerprint(checking_key(public))}")
