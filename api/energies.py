"""Potentials by name, and structures relaxed with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from ..calculators.potentials.names import Potential as NamedPotential
from ..calculators.potentials.names import get_calculator, get_potential
from ..errors import InputError
from .display import drawn, html_table, with_version
from .quantities import FORCE
from .structures import as_atoms, check_room, name_of

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from ase import Atoms
    from ase.calculators.calculator import BaseCalculator

    from ..calculators.relaxation.relax import RelaxationSettings
    from ..calculators.relaxation.results import RelaxationResult
    from .structures import StructureLike

DEFAULT_POTENTIAL = "chgnet+d3"
"""What the command line takes, too: the fastest that covers every metal of the library together with mercury."""


@dataclass(frozen=True)
class Potential(NamedPotential):
    """A potential that is known to be usable here; every function that takes the name of one takes this as well."""

    @property
    def identity(self) -> str:
        """A short key of what fixes its energies: name, weights, dispersion and settings."""
        from ..workflows.database.fingerprint import potential_identity

        return potential_identity(self)

    def calculator(self, **options: Any) -> BaseCalculator:
        """Return a new ASE calculator; options are those of the model, such as ``device``."""
        return get_calculator(self.name, **options)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON: weights with their SHA-256, dispersion, versions, and the identity."""
        return with_version({**self.provenance(), "identity": self.identity})

    def _repr_html_(self) -> str:
        content = self.provenance()
        rows = [
            ("functional", self.functional),
            ("dispersion", self.dispersion),
            ("elements", content["elements"]),
            ("weights", (content["weights"] or {}).get("file")),
            ("identity", self.identity),
        ]
        return html_table(f"Potential {self.name}", (), rows)


def potential(name: str | Mapping[str, Any] = DEFAULT_POTENTIAL) -> Potential:
    """Return a potential by its name, once it is sure that it can be used on this machine.

    Parameters
    ----------
    name
        A model, alone or with a dispersion correction: ``emt``, ``chgnet``, ``chgnet+d3``, ``7net-l3i5+d3``, ...; or
        ``module:attribute`` or ``file.py:attribute`` for any ASE calculator; or a mapping, as a job takes it, with
        ``calculator`` and perhaps ``kwargs``, ``functional``, ``dispersion``, ``device`` and ``name``.

    Returns
    -------
    Potential
        With ``elements``, ``functional``, ``provenance()``, ``calculator()``.

    Raises
    ------
    InputError
        There is no such potential (the nearest is named), or a package or weight file is missing.

    Examples
    --------
    >>> import amalgamics
    >>> emt = amalgamics.potential("emt")
    >>> sorted(emt.elements)[:3]
    ['Ag', 'Al', 'Au']
    >>> amalgamics.potential("chgnet+d4").functional
    'pbe'
    >>> soft = {"calculator": "ase.calculators.lj:LennardJones", "kwargs": {"epsilon": 0.1}, "name": "soft"}
    >>> amalgamics.potential(soft).calculator().parameters.epsilon
    0.1
    >>> amalgamics.potential("chgnet+d5")
    Traceback (most recent call last):
    amalgamics.calculators.potentials.targets.UnknownPotentialError: unknown potential 'chgnet+d5'. Did you mean ...
    """
    return _usable(get_potential(name))


def _usable(known: NamedPotential) -> Potential:
    known.check_available()
    return Potential(**{item.name: getattr(known, item.name) for item in fields(NamedPotential)})


def as_potential(given: str | Mapping[str, Any] | NamedPotential, atoms: Atoms | None = None) -> Potential:
    """Return the potential, usable and known to cover ``atoms``.

    Raises
    ------
    InputError
        As for `potential`; or it does not cover an element; or a calculator was given where a name is needed.
    """
    known = given if isinstance(given, NamedPotential) else get_potential(given)
    if atoms is not None:
        known.check_elements(atoms.get_chemical_symbols())
    return _usable(known)


def origin(
    given: str | Mapping[str, Any] | NamedPotential | BaseCalculator, atoms: Atoms
) -> tuple[Any, str, dict[str, Any]]:
    """Return what evaluates (a name or a calculator), what it is called, and its provenance with its identity.

    A calculator has no identity: nothing is known of what fixes its energies.

    Raises
    ------
    InputError
        As for `as_potential`, or it is no calculator.
    """
    if isinstance(given, str | Mapping | NamedPotential):
        known = as_potential(given, atoms)
        return known.name, known.name, {**known.provenance(), "identity": known.identity}
    if not hasattr(given, "get_property"):
        raise InputError(f"potential: {given!r} is not allowed; give the name of a potential or an ASE calculator")
    kind = type(given)
    name = str(getattr(given, "name", None) or kind.__name__.lower())
    return given, name, {"name": name, "calculator": f"{kind.__module__}.{kind.__qualname__}", "identity": None}


@dataclass(frozen=True, eq=False)
class Relaxed:
    """A relaxed structure.

    Attributes
    ----------
    name, formula
        What it was called, and its reduced formula.
    atoms
        The final structure; its calculator holds energy, forces and stress.
    energy, energy_per_atom
        eV, and eV/atom.
    volume_per_atom
        Å³/atom; None without a cell.
    space_group
        Hermann-Mauguin symbol within 0.05 Å; None for what is no crystal.
    max_force
        Largest force that is left, eV/Å.
    n_steps, n_force_calls
        Steps of the optimiser, and evaluations of the potential.
    wall_time_s
        Time it took.
    potential
        Name of the potential.
    settings, provenance
        How it was relaxed, and what fixes the energies.
    """

    name: str
    formula: str
    atoms: Atoms = field(repr=False)
    energy: float
    energy_per_atom: float
    volume_per_atom: float | None
    space_group: str | None
    max_force: float
    n_steps: int
    n_force_calls: int = field(repr=False)
    wall_time_s: float = field(repr=False)
    potential: str
    settings: Mapping[str, Any] = field(repr=False)
    provenance: Mapping[str, Any] = field(repr=False)

    @property
    def result(self) -> RelaxationResult:
        """The same as :class:`~amalgamics.calculators.relaxation.results.RelaxationResult`."""
        from ..calculators.relaxation.results import RelaxationResult

        return RelaxationResult(**{item.name: getattr(self, item.name) for item in fields(RelaxationResult)})

    def plot(self) -> go.Figure:
        """Return the cell and its atoms in three dimensions, as a plotly figure."""
        from .structure_figure import structure_figure

        return drawn(structure_figure(self.atoms), f"{self.name}, relaxed with {self.potential}", height=420)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON: the numbers, the structure, settings and provenance."""
        content = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "atoms"}
        atoms = self.atoms
        structure = {
            "symbols": atoms.get_chemical_symbols(),
            "cell": atoms.cell.array,
            "positions": atoms.positions,
            "pbc": atoms.pbc,
        }
        return with_version({**content, "structure": structure})

    def _repr_html_(self) -> str:
        rows = [
            ("formula", self.formula),
            ("space group", self.space_group),
            ("atoms in the cell", len(self.atoms)),
            ("energy (eV/atom)", self.energy_per_atom),
            ("volume (Å³/atom)", self.volume_per_atom),
            ("largest force (eV/Å)", self.max_force),
            ("steps", self.n_steps),
        ]
        return html_table(f"{self.name}, relaxed with {self.potential}", (), rows)


def relax(
    structure: StructureLike,
    potential: str | NamedPotential | BaseCalculator = DEFAULT_POTENTIAL,
    *,
    fmax: float = 0.02,
    relax_cell: bool = True,
    max_steps: int = 500,
    keep_symmetry: bool = False,
    optimizer: str = "auto",
) -> Relaxed:
    """Relax a structure until every force is below ``fmax``.

    Parameters
    ----------
    structure
        Name of a phase, file, ase.Atoms, or pymatgen Structure; left as it is.
    potential
        Name of a potential, what `potential` returned, or an ASE calculator.
    fmax
        Largest force allowed at the end, eV/Å.
    relax_cell
        Relax the cell with the positions; False for molecules and slabs.
    max_steps
        Most steps; not converged by then is an error, never a result.
    keep_symmetry
        Keep the space group of the start.
    optimizer
        ``auto``, or the name of one of ASE's.

    Returns
    -------
    Relaxed
        The converged structure with its energy.

    Raises
    ------
    InputError
        Anything that is not allowed; nothing was computed.
    RelaxationError
        It did not converge, or left the physics.

    Examples
    --------
    >>> import amalgamics
    >>> copper = amalgamics.relax("Cu_fcc", potential="emt")
    >>> print(f"{copper.energy_per_atom:.3f} eV/atom, {copper.volume_per_atom:.2f} Å³/atom, {copper.space_group}")
    -0.007 eV/atom, 11.59 Å³/atom, Fm-3m
    >>> copper.to_dict()["provenance"]["name"]
    'emt'
    """
    from ..calculators.relaxation.relax import RelaxationSettings, check_relaxable
    from ..calculators.relaxation.relax import relax as relax_one

    atoms = as_atoms(structure)
    FORCE.check("fmax", fmax)
    settings = RelaxationSettings(fmax, relax_cell, max_steps, keep_symmetry, optimizer)
    check_relaxable(atoms, settings)
    if relax_cell:
        check_room(atoms, "structure")
    evaluator, _, _ = origin(potential, atoms)
    return describe(relax_one(atoms, evaluator, settings), name_of(structure, atoms), potential, settings)


def describe(
    result: RelaxationResult,
    name: str,
    potential: str | NamedPotential | BaseCalculator,
    settings: RelaxationSettings,
) -> Relaxed:
    """Return the result of a relaxation with all that is to be known of it."""
    from ..workflows.database.measures import find_symmetry, reduced_formula

    atoms = result.atoms
    _, called, provenance = origin(potential, atoms)
    crystal = bool(atoms.pbc.all()) and atoms.cell.rank == 3
    return Relaxed(
        name=name,
        formula=reduced_formula(atoms),
        atoms=atoms,
        energy=result.energy,
        energy_per_atom=result.energy / len(atoms),
        volume_per_atom=float(atoms.get_volume()) / len(atoms) if crystal else None,
        space_group=find_symmetry(atoms).symbol if crystal else None,
        max_force=result.max_force,
        n_steps=result.n_steps,
        n_force_calls=result.n_force_calls,
        wall_time_s=result.wall_time_s,
        potential=called,
        settings=settings.as_dict(),
        provenance=provenance,
    )


def same_potential(relaxed: Relaxed, potential: NamedPotential, name: str) -> Relaxed:
    """Return ``relaxed`` if its energy belongs with those of the potential.

    Raises
    ------
    InputError
        It was relaxed with another potential, or with other weights or dispersion behind the same name; or its cell
        was not relaxed.
    """
    from ..workflows.database.fingerprint import potential_identity

    if relaxed.provenance["identity"] != potential_identity(potential):
        raise InputError(
            f"{name}: it was relaxed with {relaxed.potential!r} and the potential is {potential.name!r}; energies of"
            " two potentials cannot be mixed"
        )
    if not relaxed.settings["relax_cell"]:
        raise InputError(f"{name}: its cell was not relaxed; relax it with relax_cell=True")
    return relaxed
