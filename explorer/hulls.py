"""Convex hulls of what is stored now: which systems there are, and one of them as figure and table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import NotStoredError
from ..reports.hulls.drawn import hull_diagram, interactive_hull
from ..reports.hulls.findings import headline, remarks
from ..reports.hulls.interactive import voltage_figure
from ..structures.compositions import parse_system
from ..workflows.database.query import chemical_system, subsystems
from ..workflows.studies.hulls.analysis import rows_for_system, system_report
from .odd import shown_or_refused

if TYPE_CHECKING:
    from .asked import Asked
    from .sources import Sources


def systems(sources: Sources) -> dict[str, Any]:
    """Return the systems of several elements that have relaxed cells, the number of these included."""
    counts = sources.database.count_values("chemical_system", "relax_cell=True")
    found = [system for system in counts if "-" in system]
    return {
        "systems": [
            {"system": system, "rows": sum(counts.get(part, 0) for part in subsystems(system.split("-")))}
            for system in sorted(found)
        ]
    }


def hull(sources: Sources, asked: Asked) -> dict[str, Any]:
    """Return the hull of a system with one potential, by default that of most rows.

    Raises
    ------
    InputError
        There is no such system, or an element of it has no crystal.
    """
    elements = parse_system(asked.required("system", "Li-Hg"))
    system = "-".join(elements)
    potentials = sources.database.count_values("potential", f"{_query(elements)},relax_cell=True")
    if not potentials:
        raise NotStoredError(f"the database has no relaxed structure of {system}")
    potential = asked.text("potential") or max(potentials, key=lambda name: potentials[name])
    notes: list[str] = []
    with sources.computing, shown_or_refused(f"system {system}: its hull"):
        report = system_report(system, rows_for_system(sources.database, system, potential, notes))
        diagram, voltages = hull_diagram(report), voltage_figure(report)
    records = sorted(report.records, key=lambda record: record.e_above_hull)
    return {
        "system": chemical_system(elements),
        "potential": potential,
        "potentials": potentials,
        "headline": headline(report),
        "remarks": remarks(report),
        "notes": notes,
        "figure": None if diagram is None else interactive_hull(diagram),
        "voltages": voltages,
        "phases": [
            {
                "id": record.row_id,
                "name": record.name,
                "formula": record.formula,
                "space_group": record.space_group,
                "kind": record.kind,
                "formation_energy_per_atom": record.formation_energy_per_atom,
                "e_above_hull": record.e_above_hull,
                "volume_per_atom": record.volume_per_atom,
            }
            for record in records
        ],
        "failed": [{"name": name, "reason": reason} for name, reason in report.failed],
    }


def _query(elements: tuple[str, ...]) -> str:
    """Return the term of a query for the rows within some elements; one alone would be a row that has it."""
    return "-".join(elements) if len(elements) > 1 else f"chemical_system={elements[0]}"
