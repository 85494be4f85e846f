"""Finished calculations into the structure database: what is stored, what was there, and why the rest is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.calculators.singlepoint import SinglePointCalculator

from ...calculators.imported.calculation import AS_GIVEN, CalculationFileError
from ...calculators.imported.corrections import Correction, correction_of
from ...calculators.imported.reader import read_calculations
from ...calculators.potentials.imported import LABEL_RULE, PREFIX, is_label
from ...calculators.potentials.names import Potential, imported_potential
from ...calculators.relaxation.results import RelaxationResult
from ...errors import InputError, shown
from ...structures.compositions import parse_system
from ...structures.input.checks import WIDEST_GAP, StructureFileError, check_crystal, widest_gap
from ...structures.input.names import plain_name
from ...structures.tags import LIQUID, SOLUTE
from ..database.candidates import OF_USER, Candidate
from ..database.fingerprint import fingerprint
from ..database.label_settings import LabelSettings, check_mixable, usual_first
from ..database.measures import reduced_formula
from .balance import imbalances
from .recognition import KnownCrystals, known_of, library_phase

if TYPE_CHECKING:
    from ase import Atoms
    from ase.db.row import AtomsRow

    from ...calculators.imported.calculation import ImportedCalculation
    from ..database.structure_database import StructureDatabase
    from .wanted import Wanted

SAME_ENERGY = 1e-4
"""eV/atom within which two files tell of one calculation."""
SAME_CRYSTAL_ENERGY = 1e-3
"""The same of one crystal in two cells, whose k-points are not quite the same."""
LARGE_FORCE = 0.1
"""eV/Å; a crystal with larger ones is not relaxed."""


@dataclass(frozen=True)
class ImportSettings:
    """Stands where relaxations here have their settings: this one was done elsewhere."""

    relax_cell: bool
    fmax: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {"imported": True, "relax_cell": self.relax_cell}


@dataclass(frozen=True)
class ImportOptions:
    """What an import is told.

    Attributes
    ----------
    label
        Name of the energies, without ``dft:``.
    system
        Elements that files must lie within; None for any.
    corrections
        One of ``none`` and ``mp2020``.
    allow_mixed
        Settings that may differ within the label.
    settings
        What files do not tell of themselves.
    dry_run
        Store nothing.

    Raises
    ------
    InputError
        The label, the system or a setting is not allowed.
    """

    label: str
    system: str | None = None
    corrections: str = "none"
    allow_mixed: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)
    dry_run: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", self.label.removeprefix(PREFIX))
        if not is_label(self.label):
            raise InputError(f"--label: {shown(self.label)} is not allowed; {LABEL_RULE}")
        object.__setattr__(self, "allow_mixed", check_mixable(self.allow_mixed))
        if self.system is not None:
            parse_system(self.system)


@dataclass(frozen=True, eq=False)
class ImportedRow:
    """A calculation that is in the database now, or would be; energies in eV/atom."""

    file: str
    name: str
    formula: str
    energy_per_atom: float
    correction_per_atom: float
    calculation: ImportedCalculation
    is_new: bool


@dataclass(frozen=True)
class Refusal:
    """A file that was not taken, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class ImportReport:
    """What became of the files of an import."""

    potential: str
    rows: tuple[ImportedRow, ...]
    refused: tuple[Refusal, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Item:
    """A calculation with what it is and what is added to its energy."""

    wanted: Wanted
    name: str
    calculation: ImportedCalculation
    correction: Correction

    @property
    def energy(self) -> float:
        return self.calculation.energy + self.correction.energy

    @property
    def record(self) -> dict[str, Any]:
        elements = sorted(set(self.calculation.atoms.get_chemical_symbols()))
        return {
            **self.calculation.record(),
            "elements": elements,
            "corrections": self.correction.scheme,
            "correction": self.correction.record(),
            "energy_used": self.energy,
        }


def import_calculations(database: StructureDatabase, wanted: Sequence[Wanted], options: ImportOptions) -> ImportReport:
    """Read finished calculations and store them as rows of the potential ``dft:label``.

    Each file is taken or refused by itself. The same calculation is stored once, however often it is imported.

    Parameters
    ----------
    database
        Where rows go.
    wanted
        The files.
    options
        Label, corrections, and what may differ.
    """
    name = PREFIX + options.label
    stored = database.select(where={"potential": name}, sort="id")
    newest = stored[-1].potential_identity if stored else None
    own = [row for row in stored if row.potential_identity == newest]
    settings = LabelSettings(name, options.allow_mixed)
    for row in own:
        settings.take(row.data["calculation"])
    items, refused = _balanced(*_read(wanted, options))
    accepted: list[_Item] = []
    for number in usual_first([item.record for item in items]):
        item = items[number]
        problem = settings.conflict(item.record)
        if problem is None:
            settings.take(item.record)
            accepted.append(item)
        else:
            refused.append(Refusal(item.wanted.path, problem))
    shared = own[-1].data["provenance"]["imported"] if own else settings.shared()
    store = _Store(database, imported_potential(options.label, shared), own, dry_run=options.dry_run)
    rows = []
    places = {id(item): place for place, item in enumerate(items)}
    # Crystals first: slabs are called by them.
    for item in sorted(accepted, key=lambda one: (not one.wanted.is_crystal, places[id(one)])):
        try:
            rows.append(store.add(item))
        except CalculationFileError as error:
            refused.append(Refusal(item.wanted.path, str(error)))
    order = {one.path: number for number, one in enumerate(wanted)}
    refused.sort(key=lambda one: order.get(one.file, order.get(one.file.rpartition("@")[0], 0)))
    return ImportReport(name, tuple(rows), tuple(refused), (*settings.mixed(), *_notes(rows)))


def _read(wanted: Sequence[Wanted], options: ImportOptions) -> tuple[list[_Item], list[Refusal]]:
    items: list[_Item] = []
    refused: list[Refusal] = []
    for one in wanted:
        try:
            found = read_calculations(one.path)
        except InputError as error:
            refused.append(Refusal(one.path, str(error)))
            continue
        for number, calculation in enumerate(found):
            suffix = "" if len(found) == 1 else f"-{number}"
            try:
                items.append(_item(one, plain_name(one.name[:72] + suffix), calculation, options))
            except InputError as error:
                refused.append(Refusal(f"{one.path}{suffix and f'@{number}'}", str(error)))
    return items, refused


def _balanced(items: list[_Item], refused: list[Refusal]) -> tuple[list[_Item], list[Refusal]]:
    """Leave out the cells of wetting studies that do not belong to the others of theirs."""
    studies: dict[str, list[_Item]] = {}
    for item in items:
        if "solvent" in item.wanted.labels:
            studies.setdefault(str(item.wanted.labels["study"]), []).append(item)
    for own in studies.values():
        problems = imbalances([(item.wanted.labels, item.calculation.atoms) for item in own])
        refused += [Refusal(own[number].wanted.path, problem) for number, problem in problems.items()]
        wrong = [own[number] for number in problems]
        items = [item for item in items if item not in wrong]
    return items, refused


def _item(wanted: Wanted, name: str, calculation: ImportedCalculation, options: ImportOptions) -> _Item:
    untold = {key: value for key, value in options.settings.items() if _is_untold(calculation, key)}
    calculation = replace(calculation, **untold)
    _check_fits(wanted, calculation.atoms, options.system)
    return _Item(wanted, name, calculation, correction_of(calculation, options.corrections))


def _is_untold(calculation: ImportedCalculation, key: str) -> bool:
    value = getattr(calculation, key)
    return value is None or (key == "energy_kind" and value == AS_GIVEN)


def _check_fits(wanted: Wanted, atoms: Atoms, system: str | None) -> None:
    """Refuse a crystal that is none, or that lies outside the system."""
    if not wanted.is_crystal:
        return
    symbols = set(atoms.get_chemical_symbols())
    if system is not None and not symbols <= set(parse_system(system)):
        raise CalculationFileError(f"it holds {'-'.join(sorted(symbols))}, outside {system}")
    gap = widest_gap(atoms)
    if gap > WIDEST_GAP:
        raise CalculationFileError(
            f"it has {gap:.1f} Å without atoms, as a slab or a molecule has; hulls are made of crystals, and a manifest"
            " tells what a slab is"
        )
    from pymatgen.io.ase import AseAtomsAdaptor

    bare = atoms.copy()
    bare.set_constraint()
    try:
        check_crystal(AseAtomsAdaptor.get_structure(bare), "its structure")
    except StructureFileError as error:
        raise CalculationFileError(str(error)) from None


class _Store:
    """Rows of one label: each calculation once, each name for one structure."""

    def __init__(
        self, database: StructureDatabase, potential: Potential, own: Sequence[AtomsRow], *, dry_run: bool
    ) -> None:
        self.database, self.potential, self.dry_run = database, potential, dry_run
        self._known = {str(row.fingerprint): _known(row) for row in own}
        self._crystals = KnownCrystals(row for row in own if row.get("relax_cell"))
        self._names = {str(row.name) for row in own}
        self._stored_as: dict[str, str] = {}
        self._formulas = {str(row.reduced_formula): str(row.name) for row in reversed(own) if row.relax_cell}

    def add(self, item: _Item) -> ImportedRow:
        """Store a calculation, unless it is there.

        Raises
        ------
        CalculationFileError
            The structure, or its crystal in another cell, is there with another energy.
        """
        atoms, count = item.calculation.atoms.copy(), len(item.calculation.atoms)
        _set_tags(atoms, item.wanted.labels)
        settings = ImportSettings(relax_cell=item.wanted.is_crystal)
        labels = dict(item.wanted.labels)
        if item.wanted.kind == "slab":
            labels |= {"n_layers": count_layers(atoms), "substrate": self.crystal_named(str(labels["substrate"]))}
        key = fingerprint(atoms, self.potential, settings, labels)
        per_atom = item.energy / count
        if key in self._known:
            energy, file, name = self._known[key]
            if abs(energy - per_atom) > SAME_ENERGY:
                raise CalculationFileError(
                    f"its structure is there with {energy:.4f} eV/atom ({file}), and here it has {per_atom:.4f}; give"
                    " another --label"
                )
            self._stored_as.setdefault(item.name, name)
            return self._row(item, name, per_atom, is_new=False)
        if item.wanted.is_crystal and (same := self._crystals.find(atoms)):
            energy, file, name = self._known[same]
            if abs(energy - per_atom) > SAME_CRYSTAL_ENERGY:
                raise CalculationFileError(
                    f"its crystal is there in another cell, {name} with {energy:.4f} eV/atom ({file}), and here it has"
                    f" {per_atom:.4f}; give another --label"
                )
            self._stored_as.setdefault(item.name, name)
            return self._row(item, name, per_atom, is_new=False)
        phase = library_phase(atoms) if item.wanted.is_crystal and not item.wanted.is_named else None
        name = self._free(phase.key if phase else item.name)
        if not self.dry_run:
            known = known_of(phase, atoms) if phase else {}
            self._write(item, replace(_candidate(item, name, atoms, labels), **known), settings)
        self._known[key] = (per_atom, item.calculation.file, name)
        self._names.add(name)
        self._stored_as.setdefault(item.name, name)
        if item.wanted.is_crystal:
            self._crystals.add(key, atoms)
            self._formulas.setdefault(reduced_formula(atoms), name)
        return self._row(item, name, per_atom, is_new=True)

    def crystal_named(self, name: str) -> str:
        """Return under which name a crystal is stored that a manifest calls by its file, its phase or its formula."""
        if name in self._names:
            return name
        return self._stored_as.get(name) or self._formulas.get(name) or name

    def _free(self, name: str) -> str:
        numbered = (name if number == 1 else f"{name[:75]}-{number}" for number in range(1, 10_000))
        return next(one for one in numbered if one not in self._names)

    def _write(self, item: _Item, candidate: Candidate, settings: ImportSettings) -> None:
        found = item.calculation
        final = candidate.atoms.copy()
        forces = {} if found.forces is None else {"forces": np.array(found.forces)}
        final.calc = SinglePointCalculator(final, energy=item.energy, **forces)
        largest = found.max_force if found.max_force is not None else float("nan")
        result = RelaxationResult(final, item.energy, largest, found.n_steps, found.n_steps, 0.0)
        more_data = {"calculation": item.record}
        self.database.add(
            candidate, result, self.potential, settings, more_data=more_data, **dict(item.wanted.measured)
        )

    def _row(self, item: _Item, name: str, per_atom: float, *, is_new: bool) -> ImportedRow:
        atoms = item.calculation.atoms
        correction = item.correction.energy / len(atoms)
        formula = reduced_formula(atoms)
        return ImportedRow(item.wanted.path, name, formula, per_atom, correction, item.calculation, is_new)


def _known(row: AtomsRow) -> tuple[float, str, str]:
    """Energy (eV/atom), file and name of a calculation that is there."""
    return float(row.energy_per_atom), str(row.data["calculation"]["file"]), str(row.name)


def _candidate(item: _Item, name: str, atoms: Atoms, labels: Mapping[str, str | int]) -> Candidate:
    """Return the candidate of a calculation under a name that is free."""
    note = "; ".join(item.calculation.notes)
    source = item.calculation.described()
    return Candidate(name, item.wanted.kind, atoms, source, confidence=OF_USER, note=note, labels=labels)


def _set_tags(atoms: Atoms, labels: Mapping[str, str | int]) -> None:
    """Mark what is liquid in the cells of a wetting study, which pictures are made from."""
    solvent, solute = labels.get("solvent"), labels.get("solute")
    if solvent is None:
        return
    symbols = np.array(atoms.get_chemical_symbols())
    tags = np.where(symbols == solvent, LIQUID, 0)
    n_solute = int(labels.get("n_solute", 0))
    if n_solute and int((symbols == solute).sum()) == n_solute:
        tags[symbols == solute] = SOLUTE
    atoms.set_tags(tags)


def count_layers(atoms: Atoms, apart: float = 0.3) -> int:
    """Return how many layers of atoms a slab has: heights that lie less than ``apart`` Å from the next are one."""
    heights = np.sort(atoms.positions[:, 2])
    return 1 + int((np.diff(heights) > apart).sum())


def _notes(rows: Sequence[ImportedRow]) -> list[str]:
    """What to know of what was taken."""
    notes = []
    forced = [row for row in rows if (row.calculation.max_force or 0.0) > LARGE_FORCE]
    if forced:
        worst = max(forced, key=lambda row: row.calculation.max_force or 0.0)
        notes.append(
            f"{len(forced)} of the structures have forces above {LARGE_FORCE:g} eV/Å, the largest {worst.name} with"
            f" {worst.calculation.max_force:.2f}: they are taken as they are, and are not relaxed"
        )
    silent = sum(row.calculation.converged is None for row in rows)
    if silent:
        notes.append(f"{silent} of the files do not tell whether the calculation converged")
    return notes
