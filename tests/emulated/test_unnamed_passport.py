"""A passport in a reader, of which nobody said what it is: its zone is all that is needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fixtures.cards import image_of
from fixtures.command import Eidrig
from fixtures.passports import BAC_PASSPORT, ID_CARD, PASSPORT
from harness.emulator.card import EmulatedCard

if TYPE_CHECKING:
    from tests.emulated.conftest import Served


@pytest.mark.parametrize("name", [PASSPORT, BAC_PASSPORT, ID_CARD])
def test_the_zone_is_enough(eidrig: Eidrig, served: Served, tmp_path: Path, name: str) -> None:
    """Whoever gives the zone and names no profile is asked for no PIN, and reads the document."""
    image = image_of(name)
    assert image.travel is not None
    (tmp_path / "zone").write_text("\n".join(image.travel.zone))
    (tmp_path / "csca.der").write_bytes(image.travel.pki.authority)
    options = ("--mrz-from", f"file:{tmp_path / 'zone'}", "--trust", tmp_path / "csca.der")
    with served(EmulatedCard(image)) as place:
        document = eidrig("read", "--card", place, *options, "--json").document
    assert (document["outcome"], document["profile"]) == ("ok", name)
    assert document["authentication"] == {"signature_verified": None}
