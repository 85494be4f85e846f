"""The data of a report refuses what would contradict itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from amalgamics.errors import InputError
from amalgamics.reports.model import Report


def test_records_must_match_the_hull(examples):
    system = examples.li_hg.systems[0]
    with pytest.raises(InputError, match="no record for the hull phase 'Li'"):
        replace(system, records=tuple(r for r in system.records if r.name != "Li"))
    with pytest.raises(InputError, match="names must be unique, repeated: Li"):
        replace(system, records=(*system.records, system.record("Li")))
    wrong = tuple(replace(r, e_above_hull=0.1) if r.name == "LiHg" else r for r in system.records)
    with pytest.raises(InputError, match=r"'LiHg' has e_above_hull 0\.100000, its hull 0\.000000"):
        replace(system, records=wrong)
    not_a_number = tuple(replace(r, energy_per_atom=float("nan")) for r in system.records)
    with pytest.raises(InputError, match="energy_per_atom nan"):
        replace(system, records=not_a_number)


def test_a_report_needs_systems_each_once(examples):
    with pytest.raises(InputError, match="at least one system"):
        Report(title="empty", systems=(), potential="emt")
    with pytest.raises(InputError, match="each system once"):
        replace(examples.li_hg, systems=examples.li_hg.systems * 2)


def test_deviation_and_symmetry(examples):
    record = examples.li_hg.systems[0].record("Li3Hg")
    assert record.volume_deviation_percent == pytest.approx(100 * (14.78 - 17.652) / 17.652)
    assert replace(record, measured_volume_per_atom=None).volume_deviation_percent is None
    assert not record.symmetry_changed
    assert replace(record, space_group="P1").symmetry_changed
    assert not replace(record, space_group_expected=None).symmetry_changed
