"""The structures of a job: library phases, prototype candidates and the user's own files, as one list."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ...errors import InputError
from ...structures.compositions import parse_system
from ...structures.input.checks import WIDEST_GAP, widest_gap
from ...structures.input.crystals import InputCrystal, read_crystals
from ...structures.input.names import names_of_files
from ...structures.input.reader import split_index
from ...structures.library.phases import Phase, get_phase, list_phases
from ...structures.library.prototypes import enumerate_prototypes
from ...structures.symmetry import Axes, primitive_structure

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray
    from pymatgen.core import Structure

    from ..spec import WorkflowSpec
    from ..studies.hulls.settings import FileSettings


Kind = Literal["library", "prototype", "file", "substrate", "slab", "frame", "solid", "film", "interface", "atom"]


OF_USER = "user"
"""Confidence of what a user's file says."""
_TUPLES = {"measured_lattice", "plane"}


@dataclass(frozen=True)
class Candidate:
    """One structure to compute, with what the report needs to know about where it comes from.

    ``measured_lattice`` is (a, b, c, alpha, beta, gamma) in Å and degrees, ``measured_volume_per_atom`` in Å³;
    ``plane`` is the Miller index of a face in the axes of the atoms, where that differs from the one in its labels.
    ``labels`` say which part of a larger study it is; they become keys of its row and part of its identity.
    """

    name: str
    kind: Kind
    atoms: Atoms
    source: str
    confidence: str = ""
    prototype: str = ""
    note: str = ""
    space_group: str = ""
    measured_volume_per_atom: float | None = None
    measured_lattice: tuple[float, float, float, float, float, float] | None = None
    plane: tuple[int, int, int] | None = None
    labels: Mapping[str, str | int] = field(default_factory=dict, hash=False)

    @property
    def axes(self) -> Axes | NDArray[np.int_]:
        """The axes that its planes and lattice constants are given in, as `conventional_cell` takes them.

        Those of its file, or of the cell that the phase library lists, of which the cell here is a primitive one; of a
        prototype the standard ones. A phase of the library that was imported from a user's file has those of the file.
        """
        if self.kind == "library" and self.confidence != OF_USER:
            return _listed_axes(self.name, self.atoms)
        return "standard" if self.kind == "prototype" else "given"

    def metadata(self) -> dict[str, Any]:
        """Return everything but the atoms, as plain JSON."""
        fields = {key: value for key, value in vars(self).items() if key != "atoms" and value not in ("", None, {})}
        for key in _TUPLES & fields.keys():
            fields[key] = list(fields[key])
        return fields

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON from which :meth:`from_dict` makes an equal candidate."""
        content = {
            **self.metadata(),
            "numbers": self.atoms.numbers.tolist(),
            "cell": self.atoms.cell.array.tolist(),
            "positions": self.atoms.positions.tolist(),
        }
        if self.atoms.constraints:
            content["constraints"] = [plain_constraint(item) for item in self.atoms.constraints]
        return content

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Candidate:
        """Rebuild a candidate from :meth:`as_dict`."""
        from ase import Atoms
        from ase.constraints import dict2constraint

        fields = dict(content)
        atoms = Atoms(fields.pop("numbers"), cell=fields.pop("cell"), positions=fields.pop("positions"), pbc=True)
        atoms.set_constraint([dict2constraint(item) for item in fields.pop("constraints", ())])
        for key in _TUPLES & fields.keys():
            fields[key] = tuple(fields[key])
        return cls(atoms=atoms, **fields)


def _listed_axes(key: str, atoms: Atoms) -> Axes | NDArray[np.int_]:
    """What makes the cell that the library lists of one of its crystal; standard where the library lists another."""
    phase = next((phase for phase in list_phases(buildable=True) if phase.key == key), None)
    if phase is None or phase.lattice is None:
        return "standard"
    from pymatgen.core import Lattice

    exact = Lattice.from_parameters(*phase.lattice).matrix @ np.linalg.inv(atoms.cell.array)
    matrix = np.round(exact).astype(int)
    return matrix if np.allclose(exact, matrix, atol=1e-3) else "standard"


def gather_candidates(spec: WorkflowSpec) -> tuple[list[Candidate], dict[str, str]]:
    """Return every structure the job asks for, and why the other library phases of its systems cannot be built.

    Each candidate appears once even if several systems share it. Cells are primitive.

    Raises
    ------
    InputError
        A file cannot be read or has elements outside all systems, or two candidates have the same name.
    """
    phases: dict[str, Phase] = {}
    refused: dict[str, str] = {}
    for phase in library_phases(spec):
        if phase.buildable:
            phases[phase.key] = phase
        else:
            refused[phase.key] = phase.why_not_buildable or "cannot be built"
    candidates = [_from_phase(phase) for phase in phases.values()]
    candidates += file_candidates(spec.structures.files, spec.systems, taken=phases)
    options = spec.structures.prototype_options
    if options is not None:
        known = [phase.structure() for phase in phases.values()]
        for system in spec.systems:
            found = enumerate_prototypes(
                system,
                stoichiometries=options.stoichiometries,
                max_atoms=options.max_atoms,
                max_candidates=options.max_candidates,
                known=known,
            )
            candidates += [
                Candidate(
                    name=item.name,
                    kind="prototype",
                    atoms=primitive_atoms(item.structure),
                    source=item.source,
                    prototype=item.description or item.prototype,
                )
                for item in found
            ]
    names = [candidate.name for candidate in candidates]
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InputError(
            f"structures: two structures are called {twice[0]!r}; give the file a name of its own, as in"
            " {file: a/CONTCAR, name: LiHg-a}"
        )
    return candidates, refused


def library_phases(spec: WorkflowSpec) -> list[Phase]:
    """Return the phases of the library that a job asks for, those that cannot be built included."""
    chosen = spec.structures.library
    if chosen is False:
        return []
    if chosen is True:
        return [phase for system in spec.systems for phase in list_phases(system)]
    return [get_phase(key) for key in chosen]


def primitive_atoms(structure: Structure) -> Atoms:
    """Return the primitive cell of a crystal."""
    from pymatgen.io.ase import AseAtomsAdaptor

    atoms = AseAtomsAdaptor.get_atoms(primitive_structure(structure), msonable=False)
    atoms.info.clear()
    return atoms


def _from_phase(phase: Phase) -> Candidate:
    return Candidate(
        name=phase.key,
        kind="library",
        atoms=primitive_atoms(phase.structure()),
        source=phase.source,
        confidence=phase.confidence,
        prototype=phase.prototype or "",
        note=phase.note or "",
        space_group=phase.space_group_symbol or "",
        measured_volume_per_atom=phase.measured_volume_per_atom,
        measured_lattice=phase.lattice,
    )


def file_candidates(
    files: Sequence[FileSettings], systems: Sequence[str], *, taken: Container[str] = ()
) -> list[Candidate]:
    """Return the crystals of users' files, each with a name of its own.

    A file that is called like a phase of the job, such as ``LiHg3.cif``, becomes ``file-LiHg3``.

    Parameters
    ----------
    files
        As the input names them.
    systems
        Chemical systems, one of which each must belong to.
    taken
        Names of other structures of the job.

    Raises
    ------
    InputError
        A file cannot be read or ordered (see :func:`~amalgamics.structures.input.crystals.read_crystals`), holds
        elements outside all systems, or a slab, or two names are the same.
    """
    unnamed = [entry for entry in files if entry.name is None]
    plain = iter(names_of_files([split_index(entry.file)[0] for entry in unnamed]))
    found: dict[str, str] = {}
    candidates = []
    for entry in files:
        name = entry.name or next(plain)
        crystals = read_crystals(
            entry.file,
            "structures.files:",
            order=entry.order,
            orderings=entry.orderings,
            max_atoms=entry.max_atoms,
        )
        for crystal in crystals:
            _check_fits(crystal, entry.file, systems)
            # What stands behind the name of the file tells its structures and orderings apart.
            own = entry.name if entry.name is not None and len(crystals) == 1 else name + crystal.suffix
            if own in taken and entry.name is None:
                own = f"file-{own}"
            if own in taken:
                raise InputError(f"structures.files: the job has a phase {own!r}; give {entry.file} another name")
            if own in found:
                raise InputError(
                    f"structures.files: {found[own]} and {entry.file} are both called {own!r}; give one a name, as in"
                    " {file: a/CONTCAR, name: LiHg-a}"
                )
            found[own] = entry.file
            candidates.append(_from_crystal(crystal, own))
    return candidates


def _from_crystal(crystal: InputCrystal, name: str) -> Candidate:
    note = "; ".join(crystal.notes)
    return Candidate(
        name=name,
        kind="file",
        atoms=crystal.atoms,
        source=crystal.source,
        confidence=OF_USER,
        note=note[:1].upper() + note[1:],
    )


def _check_fits(crystal: InputCrystal, file: str, systems: Sequence[str]) -> None:
    symbols = set(crystal.atoms.get_chemical_symbols())
    if not any(symbols <= set(parse_system(system)) for system in systems):
        where = f"outside {', '.join(systems)}" if systems else "and the job has no systems"
        raise InputError(f"structures.files: {file} holds {'-'.join(sorted(symbols))}, {where}")
    gap = widest_gap(crystal.atoms)
    if gap > WIDEST_GAP:
        raise InputError(
            f"structures.files: {file} has {gap:.1f} Å without atoms, as a slab or a molecule has; hulls are made of"
            " crystals"
        )


def plain_constraint(constraint: Any) -> dict[str, Any]:
    """Return a constraint of ASE as plain JSON, from which ``dict2constraint`` makes it again."""
    import json

    content: dict[str, Any] = json.loads(json.dumps(constraint.todict(), default=lambda array: array.tolist()))
    return content
