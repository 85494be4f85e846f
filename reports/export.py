"""The report as machine-readable files: one CSV row per phase, and a JSON summary."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from typing import Any

from .benchmarks.reference import compare_with_reference
from .hulls.findings import headline, remarks, report_headline
from .model import PhaseRecord, Report, SystemReport
from .notation import csv_cell, finite_json

UNITS = {
    "energy": "eV/atom",
    "volume": "Å^3/atom",
    "lattice": "Å and degrees",
    "voltage_V": "V",
    "capacity": "mAh/g",
}

CSV_COLUMNS = (
    "system",
    "name",
    "formula",
    "kind",
    "prototype",
    "space_group",
    "space_group_expected",
    "stable",
    "energy_per_atom",
    "formation_energy_per_atom",
    "e_above_hull",
    "volume_per_atom",
    "measured_volume_per_atom",
    "volume_deviation_percent",
    "a",
    "b",
    "c",
    "alpha",
    "beta",
    "gamma",
    "measured_a",
    "measured_b",
    "measured_c",
    "measured_alpha",
    "measured_beta",
    "measured_gamma",
    "source",
    "confidence",
    "note",
    "n_steps",
    "wall_time_s",
    "row_id",
    "reused",
)
"""Columns of ``hull.csv``; energies in eV/atom, volumes in Å^3/atom, cells in Å and degrees."""


def hull_csv(report: Report) -> str:
    """All phases of all systems, in the order of the records; empty cells where nothing is known."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=CSV_COLUMNS, lineterminator="\n")
    writer.writeheader()
    for system in report.systems:
        stable = {phase.name for phase in system.hull.stable}
        for record in system.records:
            row = _csv_row(system.hull.system, record, record.name in stable)
            writer.writerow({key: csv_cell(value) for key, value in row.items()})
    return buffer.getvalue()


def _csv_row(system: str, record: PhaseRecord, stable: bool) -> dict[str, Any]:
    row = asdict(record)
    row.update(system=system, stable=stable, volume_deviation_percent=record.volume_deviation_percent)
    for prefix, lattice in (("", row.pop("lattice")), ("measured_", row.pop("measured_lattice"))):
        for axis, length in zip(("a", "b", "c", "alpha", "beta", "gamma"), lattice or (), strict=False):
            row[prefix + axis] = length
    return row


def summary(report: Report) -> dict[str, Any]:
    """Everything in the report as JSON-able data; ``systems`` has one object per system.

    What leads the report comes first in the headline and in the warnings; entries of sections follow at the end.
    """
    leads = report.leads
    data: dict[str, Any] = {
        "title": report.title,
        "created": report.created,
        "potential": report.potential,
        "headline": " ".join(
            [*(lead.headline for lead in leads), *([report_headline(report)] if report.systems else [])]
        ),
        "units": dict(UNITS),
        "systems": [_system_summary(system, report.potential) for system in report.systems],
        "warnings": list(dict.fromkeys([*(said for lead in leads for said in lead.warnings), *report.warnings])),
        "settings": dict(report.settings),
        "provenance": dict(report.provenance),
    }
    for section in report.sections:
        data |= section.summary
    return data


def summary_json(report: Report) -> str:
    """`summary` as text; a value JSON does not know (a path, a date) is written as its string, NaN as null."""
    return json.dumps(finite_json(summary(report)), indent=2, ensure_ascii=False, default=str) + "\n"


def _system_summary(system: SystemReport, potential: str) -> dict[str, Any]:
    hull, profile = system.hull, system.voltage
    stable = {phase.name for phase in hull.stable}
    return {
        "system": hull.system,
        "potential": potential,
        "temperature_K": hull.temperature_K,
        "headline": headline(system),
        "remarks": remarks(system),
        "stable": [phase.name for phase in hull.stable],
        "tie_lines": [list(line) for line in hull.tie_lines],
        "phases": [
            {
                **asdict(record),
                "stable": record.name in stable,
                "volume_deviation_percent": record.volume_deviation_percent,
            }
            for record in system.records
        ],
        "working_ion": profile.working_ion if profile else None,
        "host": profile.host if profile else None,
        "voltage_steps": [_step(step) for step in profile.steps] if profile else [],
        "mean_voltage_V": profile.mean_voltage_V if profile else None,
        "comparison": [asdict(row) for row in compare_with_reference(system)],
        "not_built": [{"phase": key, "reason": reason} for key, reason in system.not_built],
        "failed": [{"phase": name, "reason": reason} for name, reason in system.failed],
        "merged": [{"phase": name, "into": kept} for name, kept in system.merged],
    }


def _step(step: Any) -> dict[str, Any]:
    row = asdict(step)
    row["from"] = row.pop("from_formula")
    row["to"] = row.pop("to_formula")
    return row
