"""All units of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.conformance.case import Case, Unit
from harness.conformance.units import (
    eac2_data_a,
    eac2_data_b,
    eac2_iso7816_h,
    eac2_iso7816_p,
    eac2_iso7816_t,
    eid_a,
    eid_b,
    eid_c,
    eid_d,
    eid_e,
    eid_f,
    eid_g,
    eid_h,
    eid_i,
    eid_j,
    eid_k,
    eid_t,
    esign_iso7816_s,
    iso7816_a,
    iso7816_b,
    iso7816_c,
    iso7816_c_terminal,
    iso7816_d,
    iso7816_e,
    iso7816_i,
    iso7816_o,
    iso7816_p,
    iso7816_q,
    iso7816_r,
    iso7816_s,
    iso7816_t,
    iso7816_u,
    lds_a,
    lds_b,
    lds_c,
    lds_d,
    lds_e,
    lds_f,
    lds_g,
    lds_h,
    lds_i,
    lds_j,
    lds_k,
    lds_l,
    lds_n,
    lds_o,
    pace,
    r_pace,
    sm,
)
from harness.errors import UsageError

UNITS: tuple[Unit, ...] = (
    iso7816_a.UNIT,
    iso7816_b.UNIT,
    iso7816_c.UNIT,
    iso7816_c_terminal.UNIT,
    iso7816_d.UNIT,
    iso7816_e.UNIT,
    iso7816_i.UNIT,
    iso7816_o.UNIT,
    iso7816_p.UNIT,
    iso7816_q.UNIT,
    iso7816_r.UNIT,
    iso7816_s.UNIT,
    iso7816_t.UNIT,
    iso7816_u.UNIT,
    lds_a.UNIT,
    lds_b.UNIT,
    lds_c.UNIT,
    lds_d.UNIT,
    lds_e.UNIT,
    lds_f.UNIT,
    lds_g.UNIT,
    lds_h.UNIT,
    lds_i.UNIT,
    lds_j.UNIT,
    lds_k.UNIT,
    lds_l.UNIT,
    lds_n.UNIT,
    lds_o.UNIT,
    eac2_iso7816_h.UNIT,
    eac2_iso7816_p.UNIT,
    eac2_iso7816_t.UNIT,
    eac2_data_a.UNIT,
    eac2_data_b.UNIT,
    esign_iso7816_s.UNIT,
    eid_a.UNIT,
    eid_b.UNIT,
    eid_c.UNIT,
    eid_d.UNIT,
    eid_e.UNIT,
    eid_f.UNIT,
    eid_g.UNIT,
    eid_h.UNIT,
    eid_i.UNIT,
    eid_j.UNIT,
    eid_k.UNIT,
    eid_t.UNIT,
    r_pace.UNIT,
    pace.UNIT,
    sm.UNIT,
)


def chosen(units: Sequence[str] = (), cases: Sequence[str] = ()) -> tuple[Unit, ...]:
    """The units, and within them the cases, with these names; all where none are named.

    Raises:
        UsageError: there is no unit or case of a name; the message lists what there is.
    """
    _refuse_unknown("unit", units, _names(), "there are")
    ids = [each.id for unit in UNITS for each in unit.cases]
    _refuse_unknown("case", cases, ids, "cases begin with the name of a unit:")
    return tuple(_narrowed(units, cases))


def _narrowed(units: Sequence[str], cases: Sequence[str]) -> Iterator[Unit]:
    for unit in UNITS:
        if units and unit.name not in units:
            continue
        kept: tuple[Case, ...] = tuple(e for e in unit.cases if not cases or e.id in cases)
        if kept:
            yield Unit(unit.name, unit.title, unit.source, kept)


def _names() -> list[str]:
    return [unit.name for unit in UNITS]


def _refuse_unknown(kind: str, named: Sequence[str], known: Sequence[str], but: str) -> None:
    """Tell of what is unknown which names of its unit there are, else which units."""
    if unknown := [name for name in named if name not in known]:
        near = [name for name in known if f"{name.rpartition('_')[0]}_" in unknown[0]]
        said = f"there are {', '.join(near)}" if near else f"{but} {', '.join(_names())}"
        message = f"there is no {kind} {', '.join(unknown)}; {said}"
        raise UsageError(message)
