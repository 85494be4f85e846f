"""What a relaxation ends in: a converged structure with its energy, or an error that says what went wrong."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculatorError
from ase.calculators.singlepoint import SinglePointCalculator

from ..potentials.dispersion import three_body_energy
from ..potentials.dispersion_methods import has_three_body

if TYPE_CHECKING:
    from ..potentials.names import Potential


class RelaxationError(RuntimeError):
    """A relaxation has no result.

    Attributes
    ----------
    reason
        What went wrong, in one line.
    atoms
        The structure where it went wrong, or None when there is none.
    """

    def __init__(self, reason: str, atoms: Atoms | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.atoms = atoms


class NotConvergedError(RelaxationError):
    """The forces were still above ``fmax`` after ``max_steps``."""


@dataclass(frozen=True)
class RelaxationResult:
    """A converged relaxation.

    Attributes
    ----------
    atoms
        The final structure; its calculator holds energy (eV), forces (eV/Å, shape (N, 3)) and, for crystals, stress
        (eV/Å³, Voigt order, shape (6,)), all in double precision.
    energy
        Total energy, eV. Of a potential whose dispersion has a three-body term, with that term, while forces and stress
        are those of the pair terms, with which it was relaxed.
    max_force
        Largest force of what was relaxed (atoms, or atoms and cell), eV/Å.
    n_steps
        Steps of the optimiser.
    n_force_calls
        Evaluations of the potential.
    wall_time_s
        Time it took, s.
    """

    atoms: Atoms
    energy: float
    max_force: float
    n_steps: int
    n_force_calls: int
    wall_time_s: float


def make_result(
    atoms: Atoms,
    energy: float,
    forces: np.ndarray,
    stress: np.ndarray | None,
    *,
    max_force: float,
    n_steps: int,
    n_force_calls: int,
    wall_time_s: float,
) -> RelaxationResult:
    """Return the result for the final ``atoms``: a copy, without the symmetry constraint of the relaxation.

    Parameters
    ----------
    atoms
        Final structure; left as it is.
    energy
        Total energy, eV.
    forces
        Forces of the potential, eV/Å, shape (N, 3), before any constraint.
    stress
        Stress, eV/Å³, Voigt order, shape (6,); None for what has no cell.
    max_force, n_steps, n_force_calls, wall_time_s
        See :class:`RelaxationResult`.
    """
    from ase.constraints import FixSymmetry

    final = atoms.copy()
    final.set_constraint([item for item in atoms.constraints if not isinstance(item, FixSymmetry)])
    values: dict[str, Any] = {"energy": float(energy), "forces": np.array(forces, dtype=np.float64)}
    if stress is not None:
        values["stress"] = np.array(stress, dtype=np.float64)
    final.calc = SinglePointCalculator(final, **values)
    return RelaxationResult(final, float(energy), float(max_force), int(n_steps), int(n_force_calls), wall_time_s)


def add_three_body(result: RelaxationResult, potential: Potential) -> RelaxationResult:
    """Return the result with the three-body term of the potential's dispersion in its energy, as a single point.

    Forces and stress stay those of the pair terms. Where the potential has no such term, the result is returned as it
    is.

    Parameters
    ----------
    result
        What was relaxed with ``potential.relaxation_name``; left as it is.
    potential
        The potential that was asked for.

    Raises
    ------
    RelaxationError
        The term cannot be computed.
    """
    if potential.dispersion is None or not has_three_body(potential.dispersion):
        return result
    start = time.perf_counter()
    atoms = result.atoms.copy()
    try:
        energy = result.energy + three_body_energy(atoms, potential.dispersion, potential.functional or "")
    except CalculatorError as error:
        raise RelaxationError(f"the three-body dispersion failed: {error}", atoms) from error
    if not isfinite(energy):
        raise RelaxationError("the potential gives a non-finite energy", atoms)
    known = {key: value for key, value in result.atoms.calc.results.items() if value is not None}
    atoms.calc = SinglePointCalculator(atoms, **{**known, "energy": energy})
    elapsed = result.wall_time_s + time.perf_counter() - start
    return replace(result, atoms=atoms, energy=energy, wall_time_s=elapsed)
