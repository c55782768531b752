"""Which files and tables of a travel document belong together."""

from __future__ import annotations

from collections.abc import Mapping

from harness.profile.facts import File, Pace
from harness.profile.travel import Lds
from harness.profile.words import LDS_FILES, Content


def document_fault(
    files: Mapping[str, File], lds: Lds | None, pace: Pace | None, protocols: Mapping[str, object]
) -> str | None:
    """What is missing, or None; `protocols` are BAC and those that prove the chip, by table.

    BAC takes its keys from the zone in DG1; DG14 and DG15 tell of the chip's keys.
    """
    there = [name for name, table in protocols.items() if table]
    made = [name for name, file in files.items() if file.content in LDS_FILES]
    contents = {file.content for file in files.values()}
    unmade = {file.content for file in files.values() if file.value is None}
    if made and lds is None:
        return f"lds: Field required where there are files of it: {', '.join(made)}"
    if Content.CARD_SECURITY in unmade and (lds is None or pace is None):
        return "lds and pace: Field required where there is a file with card-security"
    if there and lds is None:
        return f"lds: Field required where there is {', '.join(there)}"
    if lds is not None and Content.DG1 not in contents:
        return "files: one with the content dg1 is required where there is lds"
    if Content.DG15 in unmade and not protocols["active_authentication"]:
        return "active_authentication: Field required where there is a file with dg15"
    return None
