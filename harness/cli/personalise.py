"""`eidrig personalise`: make a card as files."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cardfiles import write_card
from harness.cli.options import FILE
from harness.station import CardOptions, card_image


@click.command("personalise")
@click.argument("profile")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Where to."
)
@click.option("--person", type=FILE, help="TOML file with the person it is made for.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of its keys.")
def command(*, profile: str, out: Path, person: Path | None, seed: int) -> None:
    """Write the card of PROFILE into a folder: certificates and keys as PEM, files as bytes.

    The card is an invented one, and its keys are there to be known; card.json has its codes, unless
    they are those of a person file. `openssl verify -CAfile certificates/authorities.pem` with one
    of the certificates checks the chain. A travel document has its CSCA, document signer, EF.SOD as
    CMS, and the drawn face beside them.
    """
    image, holder = card_image(CardOptions(profile, person, seed))
    written = write_card(image, holder, out, tells_codes=person is None)
    click.echo(f"{image.profile.name}: {len(written)} files in {out}")
