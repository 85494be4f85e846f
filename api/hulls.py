"""Convex hulls from the library, from given structures or energies, or from a structure database."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..arguments import flag, items, refusal, text
from ..errors import InputError
from ..structures.compositions import parse_formula, parse_system
from ..thermodynamics.hulls.entries import energy_of_atoms, is_pymatgen_entry, phase_entries
from ..thermodynamics.hulls.hull import PhaseEntry, build_hull
from ..workflows.progress_bar import progress_bar
from .energies import DEFAULT_POTENTIAL, Potential, Relaxed, as_potential, same_potential
from .hull_results import HullResult, hull_result
from .quantities import FORCE, Quantity
from .structures import as_crystal, name_of

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ..calculators.potentials.names import Potential as NamedPotential
    from ..thermodynamics.hulls.entries import EntryLike
    from ..workflows.database.candidates import Candidate
    from ..workflows.database.structure_database import StructureDatabase
    from .structures import StructureLike

_PER_ATOM = Quantity("eV/atom")
_UNKNOWN_VOLUME = 1.0
"""Stands in a `PhaseEntry` where energies alone were given; never shown."""


def hull(
    system: str,
    phases: Sequence[StructureLike | EntryLike] | Mapping[str, float] | None = None,
    *,
    potential: str | NamedPotential | None = None,
    database: StructureDatabase | str | Path | None = None,
    fmax: float = 0.02,
    max_steps: int = 500,
    progress: bool = True,
) -> HullResult:
    """Return the convex hull of a system: what is stable, and how far from it everything else is.

    All energies of a hull come from one potential, with one dispersion model and one set of weights.

    Parameters
    ----------
    system
        Element symbols joined by hyphens.
    phases
        None for every phase of the library that can be built. Or structures (names, files, Atoms, pymatgen Structures,
        or `Relaxed` ones of the same potential, whose energies are taken as they are). Or energies: a mapping from
        formula to eV/atom, ``PhaseEntry`` objects, entries of pymatgen (with their corrections), or, without
        ``potential``, Atoms that carry energies of one calculator. Every element needs a phase of its own.
    potential
        For structures, by default ``chgnet+d3``. With ``database``: which one, if it has several.
    database
        Take all relaxed structures of the system from there and compute nothing: a `Database` or its path.
    fmax, max_steps
        Of the relaxations, cell and all; many advance together where the potential can.
    progress
        Show a bar.

    Returns
    -------
    HullResult
        Phases with formation energies and distances to the hull, voltage steps, and what is missing.

    Raises
    ------
    InputError
        Anything that is not allowed, such as an element without a phase of its own; nothing was computed.

    Examples
    --------
    Energies from anywhere (eV/atom):

    >>> import amalgamics
    >>> found = amalgamics.hull("Li-Hg", {"Li": -1.90, "LiHg": -1.54, "LiHg3": -0.94, "LiHg2": -1.10, "Hg": -0.30})
    >>> found.stable
    ('Hg', 'LiHg3', 'LiHg', 'Li')
    >>> print(f"{found.phase('LiHg2').e_above_hull:.3f} eV/atom, {found.voltage_steps[0].voltage_V:.2f} V")
    0.040 eV/atom, 0.96 V

    Entries of pymatgen, or Atoms with energies of your own calculations:

    >>> from pymatgen.entries.computed_entries import ComputedEntry
    >>> own = [ComputedEntry("Li", -1.90), ComputedEntry("Hg2", -0.60), ComputedEntry("Li2Hg2", -6.16)]
    >>> print(f"{amalgamics.hull('Li-Hg', own).phase('LiHg').formation_energy_per_atom:.2f} eV/atom")
    -0.44 eV/atom

    Structures of the library, relaxed; a real one takes ``potential="chgnet+d3"`` and finds compounds, too:

    >>> amalgamics.hull("Cu-Au", potential="emt").stable
    ('Au_fcc', 'Cu_fcc')

    Everything that a database holds, which is what ``amalgamics run`` fills:

    >>> amalgamics.hull("Cu-Au", database="results/structures.db").potential
    'emt'
    """
    elements = parse_system(system)
    if len(elements) < 2:
        raise InputError(f"system: {system!r} is not allowed; a hull needs at least two elements, e.g. Li-Hg")
    FORCE.check("fmax", fmax)
    flag("progress", progress)
    if database is not None:
        if phases is not None:
            raise InputError("phases: give either phases or a database")
        return _from_database(system, database, potential)
    known_phases: Sequence[Any] | None = None
    if phases is not None:
        allowed = "a list of structures, or energies by formula"
        if not isinstance(phases, Mapping):
            phases = items("phases", phases, allowed)
        if not phases:
            raise refusal("phases", phases, allowed)
        entries = _entries(phases, relaxing=potential is not None)
        if entries is not None:
            if potential is not None:
                raise InputError("potential: energies were given, there is nothing to compute")
            return _from_entries(system, entries, has_volumes=_have_volumes(phases))
        known_phases = list(phases)
    known = as_potential(potential if potential is not None else DEFAULT_POTENTIAL)
    known.check_elements(elements)
    return _computed(system, known_phases, known, fmax, max_steps, progress)


def _entries(phases: Sequence[Any] | Mapping[str, float], *, relaxing: bool) -> list[PhaseEntry] | None:
    """Return what energies were given; None for structures, also with energies of their own where they are relaxed."""
    if isinstance(phases, Mapping):
        return [
            PhaseEntry(
                formula,
                formula,
                parse_formula(text("phases", formula, "energies by formula")),
                _PER_ATOM.check(f"phases[{formula!r}]", energy),
                _UNKNOWN_VOLUME,
            )
            for formula, energy in phases.items()
        ]
    given = [isinstance(item, PhaseEntry) or is_pymatgen_entry(item) for item in phases]
    if any(given) and not all(given):
        raise InputError("phases: energies and structures are mixed; their energies have no common zero")
    if not any(given):
        carrying = [not relaxing and energy_of_atoms(item) is not None for item in phases]
        if any(carrying) and not all(carrying):
            raise InputError(
                f"phases: {sum(carrying)} of {len(carrying)} structures carry energies; give a potential to relax all"
                " of them, or an energy for each"
            )
        given = carrying
    return phase_entries(phases, unknown_volume=_UNKNOWN_VOLUME) if all(given) else None


def _have_volumes(phases: Sequence[Any] | Mapping[str, float]) -> bool:
    """Return whether all energies that were given belong to structures."""
    if isinstance(phases, Mapping):
        return False
    return all(getattr(item, "structure", None) is not None for item in phases if is_pymatgen_entry(item))


def _from_entries(system: str, entries: Sequence[PhaseEntry], *, has_volumes: bool) -> HullResult:
    from ..reports.model import PhaseRecord, SystemReport
    from ..workflows.studies.hulls.analysis import profile_of_hull

    found = build_hull(system, entries)
    records = [
        PhaseRecord(
            name=phase.name,
            formula=phase.formula,
            kind="given",
            space_group=phase.space_group,
            energy_per_atom=phase.energy_per_atom,
            formation_energy_per_atom=phase.formation_energy_per_atom,
            e_above_hull=phase.e_above_hull,
            volume_per_atom=phase.volume_per_atom,
        )
        for phase in found.phases
    ]
    report = SystemReport(found, profile_of_hull(found), tuple(records))
    return hull_result(report, None, {}, {}, has_volumes=has_volumes)


def _from_database(
    system: str, database: StructureDatabase | str | Path, potential: str | NamedPotential | None
) -> HullResult:
    from ..workflows.studies.hulls.analysis import rows_for_system
    from .database import as_database

    name = potential if potential is None or isinstance(potential, str) else potential.name
    notes: list[str] = []
    return _from_rows(system, rows_for_system(as_database(database), system, name, notes), notes)


def _computed(
    system: str, phases: Sequence[Any] | None, potential: Potential, fmax: float, max_steps: int, progress: bool
) -> HullResult:
    """Relax, keep the outcomes in a database that lasts as long as this call, and take the hull from its rows."""
    from ..calculators.relaxation.batch import relax_many
    from ..calculators.relaxation.relax import RelaxationSettings
    from ..workflows.database.structure_database import StructureDatabase

    settings = RelaxationSettings(fmax=fmax, max_steps=max_steps)
    candidates, relaxed_before = _candidates(system, phases, potential)
    with tempfile.TemporaryDirectory(prefix="amalgamics-") as folder:
        database = StructureDatabase(Path(folder) / "structures.db")
        for candidate, relaxed in relaxed_before:
            database.add(candidate, relaxed.result, potential, RelaxationSettings(**relaxed.settings))
        with progress_bar(f"relaxing {system}", len(candidates), wanted=progress) as show:
            done = count(1)

            def keep(index: int, outcome: Any) -> None:
                database.add(candidates[index], outcome, potential, settings)
                show(next(done))

            relax_many([item.atoms for item in candidates], potential.name, settings, on_result=keep)
        return _from_rows(system, list(database.rows_after(0)))


def _candidates(
    system: str, phases: Sequence[Any] | None, potential: Potential
) -> tuple[list[Candidate], list[tuple[Candidate, Relaxed]]]:
    """Return the structures to relax, and those that are relaxed already."""
    from ..workflows.database.candidates import Candidate, gather_candidates
    from ..workflows.spec import WorkflowSpec

    if phases is None:
        content = {"name": "hull", "systems": [system], "structures": {"prototypes": False}}
        found = gather_candidates(WorkflowSpec.model_validate(content))[0]
        _check_elements(system, [item.atoms.get_chemical_symbols() for item in found])
        return found, []
    todo, done, names = [], [], []
    for phase in phases:
        atoms = as_crystal(phase, "hull")
        name = name_of(phase, atoms)
        candidate = Candidate(name, "file", atoms, "given", confidence="user")
        if isinstance(phase, Relaxed):
            done.append((candidate, same_potential(phase, potential, name)))
        else:
            todo.append(candidate)
        names.append(name)
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"phases: two structures are called {name!r}; give a file, or a relaxed structure by name")
    _check_elements(system, [item.atoms.get_chemical_symbols() for item in [*todo, *(one for one, _ in done)]])
    return todo, done


def _check_elements(system: str, symbols: Sequence[Sequence[str]]) -> None:
    """Refuse, before anything is relaxed, what has no hull."""
    elements = parse_system(system)
    outside = sorted({symbol for group in symbols for symbol in group} - set(elements))
    if outside:
        raise InputError(f"phases: {', '.join(outside)} is not in the system {system}")
    pure = {group[0] for group in symbols if len(set(group)) == 1}
    missing = [element for element in elements if element not in pure]
    if missing:
        raise InputError(
            f"phases: there is no phase of pure {', '.join(missing)}; every element needs one, to refer the others to"
        )


def _from_rows(system: str, rows: Sequence[AtomsRow], notes: Sequence[str] = ()) -> HullResult:
    from ..workflows.studies.hulls.analysis import system_report

    newest = max(rows, key=lambda row: row.id)
    provenance = {**newest.data["provenance"], "identity": newest.potential_identity}
    report = system_report(system, rows)
    return hull_result(report, newest.potential, newest.data["settings"], provenance, has_volumes=True, notes=notes)
