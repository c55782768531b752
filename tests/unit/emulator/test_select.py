"""SELECT on the emulated cards, form by form."""

from __future__ import annotations

import pytest

from fixtures.cards import IDEMIA, PROFILES, THALES, opened, powered, profile_of
from harness.profile import Interface

IDEMIA_AID = "10A000000077010800070000FE00000100"
AWP, QSCD = "0DE828BD080FF2504F5420415750", "1051534344204170706C69636174696F6E"
THALES_AID = "0CA000000063504B43532D3135"


@pytest.mark.parametrize(
    ("name", "command", "answer"),
    [
        (IDEMIA, f"00A4040C{IDEMIA_AID}", "9000"),
        (IDEMIA, f"00A4040C{AWP}", "9000"),
        (IDEMIA, f"00A4040C{QSCD}", "9000"),
        (IDEMIA, "00A4040C05A000000077", "6A82"),
        (IDEMIA, "00A4040C", "6A82"),
        (IDEMIA, "00A4000C", "9000"),
        (IDEMIA, "00A4000C023F00", "9000"),
        (IDEMIA, "00A4020C02011C", "9000"),
        (IDEMIA, "00A40204025001", "6A82"),
        (IDEMIA, "00A4010C025000", "9000"),
        (IDEMIA, "00A4080C045000 5001", "9000"),
        (IDEMIA, "00A4080C063F00ADF13401", "9000"),
        (IDEMIA, "00A4080404ADF13401", "6204800204059000"),
        (IDEMIA, "00A4090C04ADF2341F", "9000"),
        (IDEMIA, "00A4090C063F00ADF13401", "9000"),
        (IDEMIA, "00A4090404ADF23401", "6A82"),
        (IDEMIA, "00A4020402D003", "62048002000B9000"),
        (IDEMIA, "00A4020002D00300", "6F048002000B9000"),
        (THALES, f"00A4040C{THALES_AID}", "9000"),
        (THALES, f"00A40404{THALES_AID}", "621582013883023F00840CA000000063504B43532D31359000"),
        (THALES, f"00A40400{THALES_AID}00", "6F1582013883023F00840CA000000063504B43532D31359000"),
        (THALES, "00A4020C02011C", "9000"),
        (THALES, "00A4080C02DFDD", "9000"),
        (THALES, "00A40804 04 ADF13411", "621481020405820101830234118A01058C0443F1F1009000"),
        (THALES, "00A40804 04 DFDD5001", "621381020007820101830250018A01058C0303FF009000"),
        (THALES, "00A4080402DFDD", "6207820138 8302DFDD9000"),
        (IDEMIA, "00A4050C02011C", "6A86"),
        (IDEMIA, "00A40A0C02011C", "6A86"),
        (IDEMIA, "00A4021C02011C", "6A86"),
        (IDEMIA, "00A4020803011C00", "6A86"),
        (IDEMIA, "00A4020C03011C00", "6A87"),
        (IDEMIA, "00A4020C04011C011C", "6A87"),
        (IDEMIA, "00A4020C", "6A87"),
        (IDEMIA, "00A4080C", "6A87"),
    ],
)
def test_forms(name: str, command: str, answer: str) -> None:
    """Each form of SELECT, right behind PACE, is answered as the generation does."""
    assert opened(name)(command.replace(" ", "")) == answer.replace(" ", "")


@pytest.mark.parametrize("name", PROFILES)
def test_recorded_file_control_parameters(name: str) -> None:
    """The FCP has the recorded fields in the recorded order: size alone, or size to access."""
    fields = profile_of(name).select.fcp
    full = ("size", "descriptor", "file-id", "life-cycle", "access")
    assert fields == (full if name == THALES else ("size",))
    assert profile_of(name).select.size_tag == (0x81 if name == THALES else 0x80)


def test_parent_and_back() -> None:
    """P1=03 goes up one directory, and the parent of the MF is the MF."""
    card = opened(IDEMIA)
    card.all(
        "00A4010C025000", "00A4020C025001", "00A4030C", "00A4010C025000", "00A4030C", "00A4030C"
    )
    assert card("00A4020C025001") == "6A82"
    assert card("00A4020C02D003") == "9000"


def test_a_failed_select_changes_nothing() -> None:
    """After a SELECT that was refused the file before it is still the current one."""
    card = opened(IDEMIA)
    card.all("00A4010C025000", "00A4020C025001")
    assert card("00A4020C025099") == "6A82"
    assert card("00B0000000") == "4AC395454F52479000"


def test_a_selected_directory_has_no_file() -> None:
    """Selecting a directory leaves no file selected: reading is answered 6986."""
    card = opened(IDEMIA)
    card.all("00A4010C025000", "00A4020C025001", "00A4000C")
    assert card("00B0000000") == "6986"


@pytest.mark.parametrize("p2", ["00", "04"])
def test_contactless_idemia_takes_applications_only_without_answer(p2: str) -> None:
    """Without contact only P2=0C selects by AID; over contact every P2 does."""
    command = f"00A404{p2}{IDEMIA_AID}00"
    assert powered(IDEMIA)(command) == "6A86"
    assert powered(IDEMIA, Interface.CONTACT)(command)[-4:] == "9000"
    assert powered(THALES)(f"00A404{p2}{THALES_AID}00")[-4:] == "9000"
