"""Finished calculations of other programs into the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..arguments import choice, flag, items, text
from ..arguments import path as path_of
from ..errors import InputError
from .display import html_table, with_version

if TYPE_CHECKING:
    from ..workflows.database.structure_database import StructureDatabase

_MOST_REASONS = 5


@dataclass(frozen=True)
class TakenCalculation:
    """A calculation that was taken into the database.

    Attributes
    ----------
    file
        Where it was read from.
    name, formula
        Of its row.
    energy_per_atom
        eV/atom, with corrections.
    is_new
        False where it was there already.
    calculation
        Program, version, functional, cutoff and so on, as far as the file tells.
    """

    file: str
    name: str
    formula: str
    energy_per_atom: float
    is_new: bool
    calculation: Mapping[str, Any] = field(repr=False, hash=False)


@dataclass(frozen=True)
class ImportResult:
    """What became of the files of an import.

    Attributes
    ----------
    potential
        By what name the energies are asked for, such as ``dft:pbe``.
    rows
        What was taken.
    refused
        Why other files were not, by file.
    notes
        What to know of it.
    """

    potential: str
    rows: tuple[TakenCalculation, ...]
    refused: Mapping[str, str] = field(hash=False)
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        own = {"potential": self.potential, "refused": dict(self.refused), "notes": list(self.notes)}
        return with_version({**own, "rows": [vars(row) for row in self.rows]})

    def _repr_html_(self) -> str:
        rows = [
            (row.name, row.formula, row.energy_per_atom, row.calculation["functional"], row.is_new, row.file)
            for row in self.rows
        ]
        refused = [f"refused: {file}: {reason}" for file, reason in self.refused.items()]
        headings = ("name", "formula", "E (eV/atom)", "functional", "new", "file")
        return html_table(self.potential, headings, rows, [*self.notes, *refused])


def import_calculations(
    files: str | Path | Sequence[str | Path] = (),
    label: str | None = None,
    *,
    database: StructureDatabase | str | Path | None = None,
    manifest: str | Path | None = None,
    system: str | None = None,
    corrections: str | None = None,
    allow_mixed: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    dry_run: bool = False,
) -> ImportResult:
    """Read finished calculations of other programs into the database, as ``amalgamics import`` does.

    VASP, Quantum ESPRESSO, GPAW, ASE and pymatgen; which of their files, tells ``docs/own-dft.md``.

    Parameters
    ----------
    files
        Files, folders (with all below them) and patterns such as ``runs/**/vasprun.xml``.
    label
        Name of the energies: ``pbe`` makes them the potential ``dft:pbe``. That of the manifest unless given.
    database
        A `Database`, its path or its URL; ``results/structures.db`` unless given.
    manifest
        YAML that says which file is which surface, film or interface.
    system
        Take crystals of these elements only, such as ``Li-Hg``.
    corrections
        ``none`` or ``mp2020``, those of the Materials Project.
    allow_mixed
        Settings that may differ within the label, such as ``cutoff_eV``.
    settings
        What the files do not tell of themselves, such as ``{"functional": "PBE"}``.
    dry_run
        Read and check all, and store nothing.

    Returns
    -------
    ImportResult
        What was taken, and why the rest was not.

    Raises
    ------
    InputError
        No file was taken, or an argument is not allowed.

    Examples
    --------
    >>> import amalgamics
    >>> from ase.build import bulk
    >>> from ase.calculators.emt import EMT
    >>> copper = bulk("Cu", a=3.6)
    >>> copper.calc = EMT()
    >>> _ = copper.get_potential_energy(), copper.write("Cu.extxyz")
    >>> found = amalgamics.import_calculations("Cu.extxyz", "mine", database="mine.db", settings={"functional": "EMT"})
    >>> found.potential, [(row.name, row.is_new) for row in found.rows], dict(found.refused)
    ('dft:mine', [('Cu_fcc', True)], {})
    """
    from ..workflows.imports.importing import import_calculations as import_all
    from ..workflows.imports.request import requested

    given = [files] if isinstance(files, str | Path) else items("files", files, "paths of files")
    wanted, options = requested(
        [str(path_of("files", one)) for one in given],
        None if manifest is None else path_of("manifest", manifest),
        label=None if label is None else text("label", label),
        system=None if system is None else text("system", system),
        corrections=None if corrections is None else choice("corrections", corrections, ("none", "mp2020")),
        allow_mixed=[text("allow_mixed", one) for one in items("allow_mixed", allow_mixed, "names of settings")],
        settings=settings,
        dry_run=flag("dry_run", dry_run),
    )
    report = import_all(_database(database), wanted, options)
    if not report.rows:
        raise InputError(_none_taken([(one.file, one.reason) for one in report.refused]))
    rows = [
        TakenCalculation(
            row.file, row.name, row.formula, row.energy_per_atom, row.is_new, calculation=row.calculation.record()
        )
        for row in report.rows
    ]
    refused = {one.file: one.reason for one in report.refused}
    return ImportResult(report.potential, tuple(rows), refused, report.notes)


def _database(given: StructureDatabase | str | Path | None) -> StructureDatabase:
    from ..workflows.database.address import is_server
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.defaults import default_database

    if isinstance(given, StructureDatabase):
        return given
    if given is not None and not (isinstance(given, str) and is_server(given)):
        given = path_of("database", given, "a Database, its path or its URL")
    store = StructureDatabase(given if given is not None else default_database())
    store.backend.check_usable()
    return store


def _none_taken(refused: Sequence[tuple[str, str]]) -> str:
    told = "; ".join(f"{file}: {reason}" for file, reason in refused[:_MOST_REASONS])
    more = f"; and {len(refused) - _MOST_REASONS} more" if len(refused) > _MOST_REASONS else ""
    return f"none of {len(refused)} calculations was taken: {told}{more}" if len(refused) > 1 else told
