"""What a report shows, as plain frozen data.

The workflow fills these from the structure database; `write_report` only reads them. Energies are in eV/atom,
volumes in Å^3/atom, lattices are ``(a, b, c, alpha, beta, gamma)`` in Å and degrees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .sections import Lead, ReportSection

if TYPE_CHECKING:
    from ..thermodynamics.hulls.hull import Hull, HullPhase
    from ..thermodynamics.hulls.voltage import VoltageProfile

Lattice = tuple[float, float, float, float, float, float]

ENERGY_TOLERANCE = 1e-5
"""Largest disagreement (eV/atom) between a record and its phase in the hull that is put down to rounding."""


@dataclass(frozen=True)
class PhaseRecord:
    """One relaxed phase and what is known about it.

    Attributes
    ----------
    name
        Unique within its system, and the name of the phase in the hull.
    formula
        Reduced formula, e.g. ``Li3Hg``.
    kind
        ``library`` for an observed phase of the library, ``prototype`` for a decorated prototype, ``file`` for a
        structure of the user's own.
    space_group, space_group_expected
        Hermann-Mauguin symbol found after relaxation, and the one the phase is listed with.
    energy_per_atom, formation_energy_per_atom, e_above_hull
        eV/atom; formation energies refer to the lowest-energy phase of each element in the same hull.
    volume_per_atom, measured_volume_per_atom
        Å^3/atom.
    lattice, measured_lattice
        Conventional cells, computed and measured.
    n_steps, wall_time_s
        Of the relaxation.
    row_id
        Row in the structure database.
    reused
        True when the calculation was already in the database.
    """

    name: str
    formula: str
    kind: str
    space_group: str
    energy_per_atom: float
    formation_energy_per_atom: float
    e_above_hull: float
    volume_per_atom: float
    prototype: str | None = None
    space_group_expected: str | None = None
    measured_volume_per_atom: float | None = None
    lattice: Lattice | None = None
    measured_lattice: Lattice | None = None
    source: str | None = None
    confidence: str | None = None
    note: str | None = None
    n_steps: int | None = None
    wall_time_s: float | None = None
    row_id: int | None = None
    reused: bool = False

    @property
    def volume_deviation_percent(self) -> float | None:
        """Computed minus measured volume, in % of the measured one; None when nothing was measured."""
        if not self.measured_volume_per_atom:
            return None
        return 100.0 * (self.volume_per_atom / self.measured_volume_per_atom - 1.0)

    @property
    def symmetry_changed(self) -> bool:
        """True when the relaxed cell has another space group than the phase is listed with."""
        return self.space_group_expected is not None and self.space_group_expected != self.space_group


@dataclass(frozen=True)
class SystemReport:
    """One chemical system: its hull, the records behind it, and what did not make it there.

    ``not_built`` and ``failed`` pair a name with the reason; ``merged`` pairs a structure that relaxed into another
    one with the name of that one.

    Raises
    ------
    InputError
        If the names of the records are not unique, the hull holds a phase without a record, or the two disagree
        about its energies.
    """

    hull: Hull
    voltage: VoltageProfile | None
    records: tuple[PhaseRecord, ...]
    not_built: tuple[tuple[str, str], ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    merged: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        names = [record.name for record in self.records]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise InputError(f"records of {self.hull.system}: names must be unique, repeated: {', '.join(repeated)}")
        known = set(names)
        for phase in self.hull.phases:
            if phase.name not in known:
                raise InputError(f"records of {self.hull.system}: no record for the hull phase {phase.name!r}")
            self._check_energies(phase)

    def _check_energies(self, phase: HullPhase) -> None:
        record = self.record(phase.name)
        for key in ("energy_per_atom", "formation_energy_per_atom", "e_above_hull"):
            recorded, computed = getattr(record, key), getattr(phase, key)
            if not abs(recorded - computed) <= ENERGY_TOLERANCE:
                raise InputError(
                    f"records of {self.hull.system}: {phase.name!r} has {key} {recorded:.6f}, its hull {computed:.6f}"
                )

    def record(self, name: str) -> PhaseRecord:
        """Return the record called ``name``; KeyError when there is none."""
        for record in self.records:
            if record.name == name:
                return record
        raise KeyError(name)


@dataclass(frozen=True)
class Report:
    """Everything one report shows: hulls, what studies add to them, or one of both alone.

    ``potential``, ``provenance`` and ``settings`` are those of the hulls; the latter two are JSON-able and shown as
    they are. ``created`` is an ISO 8601 time.
    """

    title: str
    systems: tuple[SystemReport, ...] = ()
    potential: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
    warnings: tuple[str, ...] = ()
    sections: tuple[ReportSection, ...] = ()
    """What studies beyond the hull add; each anchor and each file's name once."""

    def __post_init__(self) -> None:
        if not (self.systems or self.sections):
            raise InputError("a report needs at least one system or section")
        names = [system.hull.system for system in self.systems]
        if len(set(names)) != len(names):
            raise InputError(f"a report shows each system once; given: {', '.join(names)}")
        anchors = [section.anchor for section in self.sections]
        for what, used in (("anchors", anchors), ("files and pictures", [name for name, _ in self.section_files])):
            if repeated := sorted({name for name in used if used.count(name) > 1}):
                raise InputError(f"the sections of a report need different {what}; repeated: {', '.join(repeated)}")

    @property
    def leads(self) -> list[Lead]:
        """What its leading sections say for the whole of it."""
        return [section.lead for section in self.sections if section.lead]

    @property
    def section_files(self) -> list[tuple[str, bytes]]:
        """What its sections write beside the page, by name."""
        pictures = [(one.file_name, one.png) for section in self.sections for one in section.all_pictures]
        return [*pictures, *(named for section in self.sections for named in section.files.items())]
