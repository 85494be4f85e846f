"""A comparison of potentials as tables, and as plain data for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ..benchmarks.published import PROPERTIES
from ..benchmarks.table import benchmark_records
from ..flags.survey import shown
from ..notation import MEV, enumeration
from ..sections import Cell, SectionTable
from .model import MIN_RANKED, ComparedPhase, Comparison, Ranking

_KINDS = {"library": "observed", "substrate": "electrolyte"}
_OF_POTENTIAL = ("id", "formation_energy_per_atom", "e_above_hull", "volume_per_atom")


def comparison_tables(comparison: Comparison) -> list[SectionTable]:
    """Return the tables of the screen and the page; those without a row are left out."""
    tables = (
        _potentials(comparison),
        _energies(comparison),
        _distances(comparison),
        _volumes(comparison),
        _steps(comparison),
        _published(comparison),
        _ranking(comparison),
    )
    return [table for table in tables if table.rows]


def _potentials(comparison: Comparison) -> SectionTable:
    rows: list[tuple[Cell, ...]] = [
        (
            one.potential,
            len(one.report.records),
            enumeration([shown(formula) for formula in one.stable]) or "none",
            min((record.formation_energy_per_atom for record in one.report.records), default=None),
        )
        for one in comparison.hulls
    ]
    columns = ("potential", "phases", "stable compounds", "deepest (eV/atom)")
    return SectionTable("Stable compounds", columns, tuple(rows))


def _energies(comparison: Comparison) -> SectionTable:
    rows = tuple(
        (
            *_head(phase),
            *_each(comparison, phase, "formation_energy_per_atom"),
            phase.formation_energy_spread,
            phase.formation_energy.value if phase.formation_energy else None,
            phase.formation_energy.uncertainty if phase.formation_energy else None,
        )
        for phase in comparison.phases
    )
    return SectionTable(
        "Formation energies (eV/atom)",
        ("phase", "kind", *comparison.potentials, "spread", "published", "±"),
        rows,
        note="Published values belong to the composition, at 298 K, and are referred to solid mercury.",
    )


def _distances(comparison: Comparison) -> SectionTable:
    rows = tuple(
        (
            *_head(phase),
            *(None if value is None else MEV * float(value) for value in _each(comparison, phase, "e_above_hull")),
        )
        for phase in comparison.phases
    )
    return SectionTable(
        "Distances to the hull (meV/atom)",
        ("phase", "kind", *comparison.potentials),
        rows,
        digits=1,
        note="0 is on the hull.",
    )


def _volumes(comparison: Comparison) -> SectionTable:
    rows = tuple(
        (
            *_head(phase),
            *_each(comparison, phase, "volume_per_atom"),
            phase.volume_spread,
            phase.volume.value if phase.volume else None,
        )
        for phase in comparison.phases
    )
    columns = ("phase", "kind", *comparison.potentials, "spread", "measured")
    return SectionTable("Volumes (Å³/atom)", columns, rows, digits=2)


def _steps(comparison: Comparison) -> SectionTable:
    rows: list[tuple[Cell, ...]] = [
        (f"{shown(step.from_formula)} → {shown(step.to_formula)}", *map(step.voltages_V.get, comparison.potentials))
        for step in comparison.steps
    ]
    if rows:
        rows.append(("mean of all", *map(comparison.mean_voltages_V.get, comparison.potentials)))
    return SectionTable(
        "Voltage steps (V against the metal)",
        ("step", *comparison.potentials),
        tuple(rows),
        note="A dash: with this potential another compound is stable at one end, or between.",
    )


def _published(comparison: Comparison) -> SectionTable:
    rows: list[tuple[Cell, ...]] = []
    for row in comparison.published:
        item = row.benchmark
        name = " ".join(part for part in (item.subject, item.label) if part)
        basis = "measured" if item.basis == "experiment" else item.basis
        computed = map(row.computed.get, comparison.potentials)
        rows.append(
            (
                name,
                PROPERTIES[item.quantity].title,
                item.unit,
                *computed,
                item.value,
                basis,
                item.confidence,
                item.source,
            )
        )
    columns = ("of", "quantity", "unit", *comparison.potentials, "published", "basis", "confidence", "source")
    return SectionTable("Beside published values", columns, tuple(rows))


def _ranking(comparison: Comparison) -> SectionTable:
    rows: list[tuple[Cell, ...]] = []
    for ranking in comparison.rankings:
        errors = [ranking.errors[name] for name in comparison.potentials]
        order = _order(ranking) or f"fewer than {MIN_RANKED} values"
        title = PROPERTIES[ranking.quantity].title
        rows.append((title, errors[0].unit, ranking.count, *(one.mean_absolute for one in errors), order))
    return SectionTable(
        "Mean absolute deviations from published values",
        ("quantity", "unit", "values", *comparison.potentials, "ranking"),
        tuple(rows),
        note="Over the measured values that every potential gives; derived ones are left out.",
    )


def _order(ranking: Ranking) -> str:
    """Best first; ``a = b`` where two share a place."""
    shared: dict[int, list[str]] = {}
    for name, place in ranking.places.items():
        shared.setdefault(place, []).append(name)
    return " < ".join(" = ".join(names) for names in shared.values())


def _head(phase: ComparedPhase) -> tuple[str, str]:
    return phase.name, _KINDS.get(phase.kind, phase.kind)


def _each(comparison: Comparison, phase: ComparedPhase, key: str) -> list[Cell]:
    return [getattr(phase.records.get(name), key, None) for name in comparison.potentials]


def comparison_data(comparison: Comparison, notes: Sequence[str] = ()) -> dict[str, Any]:
    """Return it as plain JSON (eV/atom, Å³/atom, V); what a potential does not have is not among its entries."""
    return {
        "system": comparison.system,
        "temperature_K": comparison.hulls[0].report.hull.temperature_K,
        "potentials": [
            {
                "potential": one.potential,
                "potential_identity": one.identity,
                "phases": len(one.report.records),
                "stable": [phase.name for phase in one.report.hull.stable],
                "mean_voltage_V": comparison.mean_voltages_V.get(one.potential),
            }
            for one in comparison.hulls
        ],
        "phases": [_phase_data(phase) for phase in comparison.phases],
        "voltage_steps": [
            {"from": step.from_formula, "to": step.to_formula, "voltage_V": dict(step.voltages_V)}
            for step in comparison.steps
        ],
        "published": benchmark_records(comparison.published),
        "deviations": [
            {
                "quantity": ranking.quantity,
                "count": ranking.count,
                "errors": [asdict(error) for error in ranking.errors.values()],
                "ranking": list(ranking.best_first),
            }
            for ranking in comparison.rankings
        ],
        "notes": [*comparison.notes, *notes],
    }


def _phase_data(phase: ComparedPhase) -> dict[str, Any]:
    return {
        "name": phase.name,
        "formula": phase.formula,
        "kind": phase.kind,
        "computed": {
            name: {
                "id": record.row_id,
                "space_group": record.space_group,
                "formation_energy_per_atom": record.formation_energy_per_atom,
                "e_above_hull": record.e_above_hull,
                "volume_per_atom": record.volume_per_atom,
            }
            for name, record in phase.records.items()
        },
        "formation_energy_spread": phase.formation_energy_spread,
        "volume_spread": phase.volume_spread,
        "measured_formation_energy": phase.formation_energy.value if phase.formation_energy else None,
        "measured_volume_per_atom": phase.volume.value if phase.volume else None,
    }


def comparison_columns(comparison: Comparison) -> tuple[str, ...]:
    """Columns of `comparison_rows`: of each potential the row in the database, energies (eV/atom), volume (Å³/atom)."""
    own = (f"{key} {name}" for name in comparison.potentials for key in _OF_POTENTIAL)
    return ("name", "formula", "kind", *own, "formation_energy_spread", "measured_formation_energy",
            "volume_spread", "measured_volume_per_atom")  # fmt: skip


def comparison_rows(comparison: Comparison) -> list[tuple[Cell, ...]]:
    """Return a row for each phase."""
    rows: list[tuple[Cell, ...]] = []
    for phase in comparison.phases:
        data = _phase_data(phase)
        own = (data["computed"].get(name, {}).get(key) for name in comparison.potentials for key in _OF_POTENTIAL)
        rows.append(
            (phase.name, phase.formula, phase.kind, *own, data["formation_energy_spread"],
             data["measured_formation_energy"], data["volume_spread"], data["measured_volume_per_atom"])
        )  # fmt: skip
    return rows
