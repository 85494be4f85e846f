"""The structures of a job: library phases, prototype candidates and the user's own files, as one list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from ...errors import InputError
from ...structures.compositions import parse_system
from ...structures.library.phases import Phase, get_phase, list_phases
from ...structures.library.prototypes import enumerate_prototypes
from ...structures.symmetry import Axes, primitive_structure

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray
    from pymatgen.core import Structure

    from ..spec import WorkflowSpec


Kind = Literal["library", "prototype", "file", "substrate", "slab", "frame", "solid", "film", "interface", "atom"]


@dataclass(frozen=True)
class Candidate:
    """One structure to compute, with what the report needs to know about where it comes from.

    ``measured_lattice`` is (a, b, c, alpha, beta, gamma) in Å and degrees, ``measured_volume_per_atom`` in Å³.
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
    labels: Mapping[str, str | int] = field(default_factory=dict, hash=False)

    @property
    def axes(self) -> Axes | NDArray[np.int_]:
        """The axes that its planes and lattice constants are given in, as `conventional_cell` takes them.

        Those of its file, or of the cell that the phase library lists, of which the cell here is a primitive one; of a
        prototype the standard ones.
        """
        if self.kind == "library":
            return _listed_axes(self.name, self.atoms)
        return "standard" if self.kind == "prototype" else "given"

    def metadata(self) -> dict[str, Any]:
        """Return everything but the atoms, as plain JSON."""
        fields = {key: value for key, value in vars(self).items() if key != "atoms" and value not in ("", None, {})}
        if self.measured_lattice is not None:
            fields["measured_lattice"] = list(self.measured_lattice)
        return fields

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON from which :meth:`from_dict` makes an equal candidate."""
        return {
            **self.metadata(),
            "numbers": self.atoms.numbers.tolist(),
            "cell": self.atoms.cell.array.tolist(),
            "positions": self.atoms.positions.tolist(),
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Candidate:
        """Rebuild a candidate from :meth:`as_dict`."""
        from ase import Atoms

        fields = dict(content)
        atoms = Atoms(fields.pop("numbers"), cell=fields.pop("cell"), positions=fields.pop("positions"), pbc=True)
        if "measured_lattice" in fields:
            fields["measured_lattice"] = tuple(fields["measured_lattice"])
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
    for phase in _library_phases(spec):
        if phase.buildable:
            phases[phase.key] = phase
        else:
            refused[phase.key] = phase.why_not_buildable or "cannot be built"
    candidates = [_from_phase(phase) for phase in phases.values()]
    candidates += [_from_file(path, spec) for path in spec.structures.files]
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
        raise InputError(f"structures: two structures are called {twice[0]!r}; rename the file")
    return candidates, refused


def _library_phases(spec: WorkflowSpec) -> list[Phase]:
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


def _from_file(path: Path, spec: WorkflowSpec) -> Candidate:
    from ase.io import read

    try:
        atoms = cast("Atoms", read(path))
    except Exception as error:
        raise InputError(f"structures.files: cannot read {path}: {error}") from None
    symbols = set(atoms.get_chemical_symbols())
    if not any(symbols <= set(parse_system(system)) for system in spec.systems):
        raise InputError(
            f"structures.files: {path} holds {'-'.join(sorted(symbols))}, outside {', '.join(spec.systems)}"
        )
    if not atoms.pbc.all():
        raise InputError(f"structures.files: {path} is not a crystal (it has no periodic cell)")
    return Candidate(name=path.stem, kind="file", atoms=atoms, source=path.name, confidence="user")
