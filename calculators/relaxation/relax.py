"""Relaxation of one structure, with ASE's own optimisers, until the forces are below ``fmax`` or it is an error."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import (
    BaseCalculator,
    Calculator,
    PropertyNotImplementedError,
    all_changes,
)

from ...arguments import choice, flag, number, whole_number
from ...errors import InputError
from ...structures.finite import is_finite
from ..changes import ComparesExactly
from ..potentials.names import Potential, get_calculator, get_potential
from .cell_filter import FastFrechetCellFilter
from .results import NotConvergedError, RelaxationError, RelaxationResult, add_three_body, make_result

if TYPE_CHECKING:
    from ase.optimize.optimize import Optimizer

logger = logging.getLogger(__name__)

OPTIMIZERS = ("FIRE", "BFGS", "LBFGS", "BFGSLineSearch")
"""Names of those of ``ase.optimize`` that may be chosen."""

# Outside these bounds the potential has left the physics it was trained on: no crystal of ours changes its volume by
# a factor of three, and no two nuclei come closer than 0.5 Å (the shortest bond, H-H, is 0.74 Å).
MIN_VOLUME_RATIO = 0.3
MAX_VOLUME_RATIO = 3.0
MIN_DISTANCE = 0.5


def make_optimizer(name: str, target: Any) -> Optimizer:
    """Return the optimiser of a name for atoms or a filter of them; ``ase.optimize`` takes half a second to import."""
    from ase import optimize

    optimizer: Optimizer = getattr(optimize, name)(target, logfile=None)
    return optimizer


@dataclass(frozen=True)
class RelaxationSettings:
    """How a structure is relaxed.

    Parameters
    ----------
    fmax
        Largest force allowed at the end, eV/Å, on atoms and (with ``relax_cell``) on the cell of the filtered system.
    relax_cell
        Relax the cell with the positions; else the positions only.
    max_steps
        Most steps of the optimiser; a structure not converged by then is an error.
    keep_symmetry
        Keep the space group of the starting structure.
    optimizer
        One of ``FIRE``, ``BFGS``, ``LBFGS``, ``BFGSLineSearch``; or ``auto``: FIRE where the cell relaxes, because the
        others sometimes end in another minimum there, and BFGSLineSearch where only positions do, because it asks for
        the forces half as often.

    Raises
    ------
    InputError
        A value is out of range.
    """

    fmax: float = 0.02
    relax_cell: bool = True
    max_steps: int = 500
    keep_symmetry: bool = False
    optimizer: str = "auto"

    def __post_init__(self) -> None:
        # NumPy scalars would not go into JSON, and 1 and 1.0 are one setting.
        object.__setattr__(self, "fmax", number("fmax", self.fmax, above=0.0, unit="eV/Å"))
        object.__setattr__(self, "max_steps", whole_number("max_steps", self.max_steps))
        flag("relax_cell", self.relax_cell)
        flag("keep_symmetry", self.keep_symmetry)
        choice("optimizer", self.optimizer, ("auto", *OPTIMIZERS))

    @property
    def optimizer_name(self) -> str:
        """The optimiser that is used: the chosen one, or what ``auto`` stands for."""
        if self.optimizer != "auto":
            return self.optimizer
        return "FIRE" if self.relax_cell else "BFGSLineSearch"

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain JSON; ``RelaxationSettings(**settings.as_dict())`` gives them back."""
        return asdict(self)


def check_relaxable(atoms: Atoms, settings: RelaxationSettings) -> None:
    """Refuse what cannot be relaxed, before any compute.

    Raises
    ------
    InputError
        There are no atoms, a position or cell vector is not finite, or the cell is to be relaxed of something that is
        not periodic in three directions.
    """
    if len(atoms) == 0:
        raise InputError("atoms: there are none; a relaxation needs at least one atom")
    if not is_finite(atoms):
        raise InputError(f"atoms: {atoms.symbols} has a position or cell vector that is not a finite number")
    if settings.relax_cell and not (atoms.pbc.all() and atoms.cell.rank == 3):
        raise InputError(
            f"relax_cell: true needs a cell periodic in three directions, {atoms.symbols} has pbc {atoms.pbc.tolist()};"
            " set relax_cell to false"
        )


def check_plausible(atoms: Atoms, initial_volume: float | None) -> None:
    """Stop a relaxation that has left the physics: exploded, collapsed, or with atoms on top of each other.

    Parameters
    ----------
    atoms
        The current structure.
    initial_volume
        Volume of the cell at the start, Å³; None for what has no cell.

    Raises
    ------
    RelaxationError
        The volume is outside 0.3 to 3 times the initial one, or two atoms are closer than 0.5 Å.
    """
    if not np.isfinite(atoms.positions).all():
        raise RelaxationError("the positions became non-finite", atoms.copy())
    if initial_volume:
        ratio = atoms.cell.volume / initial_volume
        if not MIN_VOLUME_RATIO <= ratio <= MAX_VOLUME_RATIO:
            verb = "collapsed" if ratio < MIN_VOLUME_RATIO else "exploded"
            raise RelaxationError(f"the cell {verb} to {ratio:.3g} times its initial volume", atoms.copy())
    distance = shortest_distance(atoms, MIN_DISTANCE)
    if distance < MIN_DISTANCE:
        raise RelaxationError(f"two atoms fused: they are {distance:.2f} Å apart", atoms.copy())


def shortest_distance(atoms: Atoms, cutoff: float) -> float:
    """Return the shortest distance between two atoms, Å, periodic images included, if below ``cutoff``; else infinity.

    Rounding fractional differences finds every pair closer than half the smallest height of the cell; in thinner
    cells ASE's neighbour list, fifty times slower, does it.
    """
    if atoms.cell.rank == 3:
        inverse = np.linalg.inv(atoms.cell.array)
        heights = 1.0 / np.linalg.norm(inverse, axis=0)
        if heights[atoms.pbc].min(initial=np.inf) > 2 * cutoff:
            scaled = atoms.positions @ inverse
            first, second = _pairs(len(atoms))
            for axis in range(3):  # two atoms are at least as far apart as along the normal of a face
                apart = _between(scaled[:, axis], first, second, atoms.pbc[axis])
                near = np.abs(apart) * heights[axis] < cutoff
                first, second = first[near], second[near]
            apart = _between(scaled, first, second, atoms.pbc)
            distances = np.linalg.norm(apart @ atoms.cell.array, axis=1)
            return float(distances[distances < cutoff].min(initial=np.inf))
    from ase.neighborlist import neighbor_list

    return float(neighbor_list("d", atoms, cutoff).min(initial=np.inf))


@functools.lru_cache(maxsize=2)
def _pairs(n_atoms: int) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.triu_indices(n_atoms, k=1)
    return first, second


def _between(scaled: np.ndarray, first: np.ndarray, second: np.ndarray, pbc: np.ndarray) -> np.ndarray:
    """Return fractional differences, to the nearest image where there are some."""
    difference: np.ndarray = scaled[first] - scaled[second]
    difference -= np.rint(difference) * pbc
    return difference


class _CheckedCalculator(ComparesExactly, Calculator):
    """Passes on another calculator: in double precision, counting evaluations, refusing numbers that are not finite."""

    atoms: Atoms

    def __init__(self, inner: BaseCalculator) -> None:
        self.inner = inner
        super().__init__()
        # Forces and stress come first: asked for the energy, some potentials leave out the gradient, and repeat later.
        self.implemented_properties = [
            key for key in ("stress", "forces", "free_energy", "energy") if key in inner.implemented_properties
        ]
        self.n_force_calls = 0

    def _get_name(self) -> str:
        return str(getattr(self.inner, "name", type(self.inner).__name__.lower()))

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        self.atoms.set_constraint()  # ours to change: a copy; the energy does not depend on constraints
        self.n_force_calls += bool(system_changes)
        wanted = {"forces", "energy", *(properties or ())}
        for key in (key for key in self.implemented_properties if key in wanted):
            value = np.array(self.inner.get_property(key, self.atoms), dtype=np.float64)
            if not np.isfinite(value).all():
                raise RelaxationError(f"the potential gives a non-finite {key}", self.atoms.copy())
            self.results[key] = value if value.ndim else float(value)


def relax(
    atoms: Atoms,
    potential: str | BaseCalculator,
    settings: RelaxationSettings | None = None,
    *,
    trajectory: str | Path | None = None,
) -> RelaxationResult:
    """Relax ``atoms`` until every force is below ``settings.fmax``.

    Parameters
    ----------
    atoms
        Structure to start from; it is not modified. Its constraints are kept.
    potential
        Name of a potential (see :func:`~amalgamics.calculators.potentials.names.get_potential`) or an ASE calculator.
        Named with a dispersion that has a three-body term, the potential relaxes with the pair terms and gives the
        energy of the end with all terms; a calculator is used as it is.
    settings
        How to relax; the defaults of :class:`RelaxationSettings` when left out.
    trajectory
        File for every step of the relaxation, in ASE's format; replaced when it exists. Its energies are those that
        belong to the forces.

    Returns
    -------
    RelaxationResult
        The converged structure.

    Raises
    ------
    InputError
        The potential is unknown or does not cover an element, the structure cannot be relaxed so, or the folder of
        ``trajectory`` does not exist. Nothing was computed.
    NotConvergedError
        A force was still above ``fmax`` after ``max_steps``.
    RelaxationError
        The structure left the physics (see :func:`check_plausible`), or the potential failed on it.
    """
    settings = settings or RelaxationSettings()
    check_relaxable(atoms, settings)
    if trajectory is not None and not Path(trajectory).parent.is_dir():
        raise InputError(f"trajectory: the folder of {str(trajectory)!r} does not exist")
    known: Potential | None = None
    if isinstance(potential, str):
        known = get_potential(potential)
        known.check_elements(atoms.get_chemical_symbols())
        potential = get_calculator(known.relaxation_name)
    work = atoms.copy()
    work.calc = _CheckedCalculator(potential)
    start = time.perf_counter()
    try:
        max_force, n_steps = _optimize(work, settings, trajectory)
        energy = work.get_potential_energy()
        forces = work.get_forces(apply_constraint=False)
        stress = _stress(work)
    except (RelaxationError, InputError, OSError, MemoryError):
        raise
    except Exception as error:  # what a potential raises on a structure it cannot handle is its own affair
        reason = f"{type(error).__name__}: {error}"
        raise RelaxationError(f"the potential or optimiser failed: {reason}", work.copy()) from error
    elapsed = time.perf_counter() - start
    calls = work.calc.n_force_calls
    logger.debug("relaxed %s in %d steps, %.2f s", work.symbols, n_steps, elapsed)
    result = make_result(
        work,
        energy,
        forces,
        stress,
        max_force=max_force,
        n_steps=n_steps,
        n_force_calls=calls,
        wall_time_s=elapsed,
    )
    return add_three_body(result, known) if known else result


def _optimize(work: Atoms, settings: RelaxationSettings, trajectory: str | Path | None) -> tuple[float, int]:
    """Run the optimiser on ``work`` in place; return the largest force left (eV/Å) and the steps taken."""
    if settings.keep_symmetry:
        from ase.constraints import FixSymmetry

        work.set_constraint([*work.constraints, FixSymmetry(work)])
    target: Any = work
    if settings.relax_cell:
        target = FastFrechetCellFilter(work)
    initial_volume = work.cell.volume if work.cell.rank == 3 else None
    check_plausible(work, initial_volume)
    optimizer = make_optimizer(settings.optimizer_name, target)
    optimizer.attach(lambda: check_plausible(work, initial_volume))
    close: Callable[[], None] | None = None
    if trajectory is not None:
        from ase.io.trajectory import Trajectory

        writer = Trajectory(trajectory, "w", work)
        optimizer.attach(writer)
        close = writer.close
    try:
        converged = optimizer.run(fmax=settings.fmax, steps=settings.max_steps)
    finally:
        if close:
            close()
    max_force = float(np.linalg.norm(target.get_forces(), axis=1).max())
    if not converged:
        raise NotConvergedError(
            f"not converged after {settings.max_steps} steps: the largest force is {max_force:.3g} eV/Å,"
            f" fmax is {settings.fmax:g}",
            work.copy(),
        )
    return max_force, int(optimizer.nsteps)


def _stress(work: Atoms) -> np.ndarray | None:
    if not work.pbc.all() or "stress" not in work.calc.implemented_properties:
        return None
    try:
        found: np.ndarray | None = work.get_stress(apply_constraint=False)
        return found
    except PropertyNotImplementedError:
        return None
