"""Harmonic phonons of a crystal by finite displacements, with any potential."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from ...arguments import number
from ...errors import InputError
from ..groups import consecutive_groups
from ..potentials.names import get_calculator, get_potential
from ..relaxation.batch import DEFAULT_MAX_ATOMS, get_batch_evaluator
from .force_constants import ForceConstants, make_phonopy
from .results import BandSegment, Phonons
from .supercell import Supercell, choose_supercell

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from phonopy import Phonopy


class PhononError(RuntimeError):
    """A phonon calculation has no result."""


@dataclass(frozen=True)
class PhononSettings:
    """How phonons are computed.

    Parameters
    ----------
    min_supercell_length
        Smallest distance between an atom and its periodic image in the supercell, Å: about twice the reach of forces.
    displacement
        How far an atom is displaced, Å; to both sides where symmetry does not do it, which cancels the cubic term.
        Forces in single precision are exact enough for 0.005 Å and more. Some potentials are rough: with CHGNet the
        frequencies of LiHg fall by 3 % from 0.01 to 0.03 Å, with 7net-0 by less than 0.1 %.
    mesh_length
        Length R that sets the mesh of wave vectors: R |b_i| points along the reciprocal vector b_i, Å.
    path_spacing
        Distance between points of the band structure, 1/Å (without 2 pi).
    symprec
        Distance up to which atoms count as equivalent, Å.
    stability_tolerance_THz
        Imaginary modes weaker than this count as noise, THz.
    max_residual_force
        Largest force allowed on an atom of the undisplaced crystal, eV/Å: phonons belong to relaxed structures.

    Raises
    ------
    InputError
        A value is not a finite number above 0.
    """

    min_supercell_length: float = 11.0
    displacement: float = 0.01
    mesh_length: float = 50.0
    path_spacing: float = 0.005
    symprec: float = 0.01
    stability_tolerance_THz: float = 0.1
    max_residual_force: float = 0.05

    def __post_init__(self) -> None:
        for key, value in asdict(self).items():
            object.__setattr__(self, key, number(key, value, above=0.0))

    def as_dict(self) -> dict[str, float]:
        """Return the settings as plain JSON; ``PhononSettings(**settings.as_dict())`` gives them back."""
        return asdict(self)


@dataclass(frozen=True)
class PhononPlan:
    """What a phonon calculation will take.

    Attributes
    ----------
    supercell
        The chosen supercell.
    n_displacements
        Supercells to evaluate.
    """

    supercell: Supercell
    n_displacements: int


def plan_phonons(atoms: Atoms, settings: PhononSettings | None = None) -> PhononPlan:
    """Return the supercell and the number of displacements, without evaluating anything.

    Parameters
    ----------
    atoms
        The crystal, in any cell.
    settings
        By default :class:`PhononSettings` as they are.

    Raises
    ------
    InputError
        ``atoms`` is not a crystal.
    """
    settings = settings or PhononSettings()
    supercell = choose_supercell(atoms, settings.min_supercell_length, symprec=settings.symprec)
    return PhononPlan(supercell, len(_displaced(_phonopy(supercell, settings))))


def run_phonons(
    atoms: Atoms,
    potential: str | BaseCalculator,
    settings: PhononSettings | None = None,
    *,
    on_evaluation: Callable[[int, int], None] | None = None,
) -> Phonons:
    """Compute the harmonic phonons of a relaxed crystal.

    The crystal is idealised to its space group; symmetry-distinct displacements of its supercell are evaluated, as one
    batch where the potential can; and the force constants are projected onto those that obey translation, permutation
    and the space group, so that the three translations have frequency 0.

    Parameters
    ----------
    atoms
        A relaxed crystal; not modified. Constraints, tags and calculator are ignored.
    potential
        Name of a potential (see :func:`~amalgamics.calculators.potentials.names.get_potential`) or an ASE calculator.
        Named with a dispersion that has a three-body term, forces are those of the pair terms, as in its relaxations.
    settings
        The defaults of :class:`PhononSettings` when left out.
    on_evaluation
        Called with the number of supercells evaluated so far, and of all.

    Returns
    -------
    Phonons
        Also for a crystal that is not stable: its ``imaginary`` modes are part of the result.

    Raises
    ------
    InputError
        Not a crystal, or the potential is unknown or does not cover an element. Nothing was computed.
    PhononError
        The crystal is not relaxed, or the potential failed.

    References
    ----------
    A. Togo, L. Chaput, T. Tadano and I. Tanaka, J. Phys. Condens. Matter 35, 353001 (2023),
    doi:10.1088/1361-648X/acd831
    """
    settings = settings or PhononSettings()
    supercell = choose_supercell(atoms, settings.min_supercell_length, symprec=settings.symprec)
    evaluate = _force_evaluator(potential, atoms.get_chemical_symbols())
    residual = _residual_force(evaluate, supercell.unit_cell, settings)
    phonopy = _phonopy(supercell, settings)
    displaced = _displaced(phonopy)
    forces: list[NDArray[np.float64]] = []
    for group in consecutive_groups([len(item) for item in displaced], DEFAULT_MAX_ATOMS):
        forces += _checked(evaluate, displaced[group])
        if on_evaluation:
            on_evaluation(len(forces), len(displaced))
    phonopy.forces = np.array(forces)
    phonopy.produce_force_constants(show_drift=False)
    phonopy.symmetrize_force_constants(use_symfc_projector=True, show_drift=False)
    name = potential if isinstance(potential, str) else type(potential).__name__.lower()
    return _collect(phonopy, supercell, settings, name, len(displaced), residual)


Evaluate = Callable[[Sequence[Atoms]], list[Any]]


def _force_evaluator(potential: str | BaseCalculator, symbols: Sequence[str]) -> Evaluate:
    """Return what gives the forces (eV/Å) of several structures: a batch evaluator, or a loop over a calculator."""
    if isinstance(potential, str):
        known = get_potential(potential)
        known.check_elements(symbols)
        batched = get_batch_evaluator(known.relaxation_name)
        if batched:
            return lambda structures: [result["forces"] for result in batched.evaluate_batch(structures)]
        calculator = get_calculator(known.relaxation_name)
    else:
        calculator = potential
    return lambda structures: [calculator.get_property("forces", item) for item in structures]


def _checked(evaluate: Evaluate, structures: Sequence[Atoms]) -> list[NDArray[np.float64]]:
    try:
        forces = [np.array(item, dtype=np.float64) for item in evaluate(structures)]
    except (InputError, MemoryError):
        raise
    except Exception as error:  # what a potential raises on a structure it cannot handle is its own affair
        raise PhononError(
            f"the potential failed on a supercell of {structures[0].symbols}: {type(error).__name__}: {error}"
        ) from error
    if not all(np.isfinite(item).all() for item in forces):
        raise PhononError(f"the potential gives a non-finite force in a supercell of {structures[0].symbols}")
    return forces


def _residual_force(evaluate: Evaluate, unit_cell: Atoms, settings: PhononSettings) -> float:
    (forces,) = _checked(evaluate, [unit_cell])
    residual = float(np.linalg.norm(forces, axis=1).max())
    if residual > settings.max_residual_force:
        raise PhononError(
            f"{unit_cell.symbols} is not relaxed: the largest force is {residual:.3g} eV/Å, max_residual_force is"
            f" {settings.max_residual_force:g}; relax it with the same potential first"
        )
    return residual


def _phonopy(supercell: Supercell, settings: PhononSettings) -> Phonopy:
    """Return phonopy's object with its displacements made."""
    phonopy = make_phonopy(supercell.unit_cell, supercell.repeats)
    phonopy.generate_displacements(distance=settings.displacement)
    return phonopy


def _displaced(phonopy: Phonopy) -> list[Atoms]:
    return [_to_ase(item) for item in phonopy.supercells_with_displacements or []]


def _to_ase(cell: Any) -> Atoms:
    return Atoms(cell.symbols, cell=cell.cell, scaled_positions=cell.scaled_positions, pbc=True)


def _collect(
    phonopy: Phonopy, supercell: Supercell, settings: PhononSettings, name: str, n_displacements: int, residual: float
) -> Phonons:
    primitive = _to_ase(phonopy.primitive)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it takes a generalised grid where symmetry asks for it
        mesh = phonopy.run_mesh(settings.mesh_length, is_gamma_center=True)
    dos = phonopy.run_total_dos()
    numbers = [int(number) for number in mesh.mesh_numbers]
    return Phonons(
        potential=name,
        primitive=primitive,
        space_group=supercell.space_group,
        n_supercell_atoms=supercell.n_atoms,
        n_displacements=n_displacements,
        shortest_image=supercell.shortest_image,
        displacement=settings.displacement,
        max_residual_force=residual,
        stability_tolerance_THz=settings.stability_tolerance_THz,
        mesh=(numbers[0], numbers[1], numbers[2]),
        qpoints=np.array(mesh.qpoints, dtype=np.float64),
        qpoint_weights=np.array(mesh.weights, dtype=np.int64),
        frequencies_THz=np.array(mesh.frequencies, dtype=np.float64),
        dos_frequencies_THz=np.array(dos.frequency_points, dtype=np.float64),
        dos=np.array(dos.dos, dtype=np.float64) / len(primitive),
        bands=_bands(phonopy, primitive, settings.path_spacing),
        force_constants=ForceConstants.from_phonopy(phonopy, supercell.unit_cell, supercell.repeats),
    )


def _bands(phonopy: Phonopy, primitive: Atoms, spacing: float) -> tuple[BandSegment, ...]:
    """Frequencies along the path of the Bravais lattice, as ASE has it for the cell as it is.

    The lattice alone decides: a crystal whose atoms lower its symmetry may have further distinct lines.
    """
    from ase.dft.kpoints import parse_path_string

    path = primitive.cell.bandpath(npoints=0, eps=1e-3)
    reciprocal = primitive.cell.reciprocal().array
    ends = [pair for part in parse_path_string(path.path) for pair in pairwise(part)]
    lines = []
    for start, stop in ends:
        first, last = path.special_points[start], path.special_points[stop]
        n_points = max(2, int(np.ceil(np.linalg.norm((last - first) @ reciprocal) / spacing)) + 1)
        lines.append(first + np.linspace(0.0, 1.0, n_points)[:, None] * (last - first))
    found = phonopy.run_band_structure(lines)
    return tuple(
        BandSegment(
            pair,
            np.asarray(line, dtype=np.float64),
            np.array(distances, dtype=np.float64),
            np.sort(np.array(frequencies, dtype=np.float64), axis=1),
        )
        for pair, line, distances, frequencies in zip(ends, lines, found.distances, found.frequencies, strict=True)
    )
