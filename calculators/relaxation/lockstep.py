"""Relaxations that advance together: one step each, then all of them evaluated as one batch.

Every structure has an optimiser and a cell filter of its own, which are ASE's and know nothing of the others. Their
calculator is a letter box: the batch's results are put in, the optimiser takes them out and moves the atoms. Structures
that are done leave, and the next ones enter at once, so that the batch stays full.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, CalculatorError

from .cell_filter import FastFrechetCellFilter
from .relax import RelaxationSettings, check_plausible, make_optimizer
from .results import NotConvergedError, RelaxationError, RelaxationResult, make_result

logger = logging.getLogger(__name__)

Outcome = RelaxationResult | RelaxationError
Results = dict[str, Any]

# Optimisers that look at the forces once a step, and so can wait for the others.
LOCKSTEP_OPTIMIZERS = frozenset({"FIRE", "BFGS", "LBFGS"})


class BatchEvaluator(Protocol):
    """Evaluates several structures at once."""

    def evaluate_batch(self, structures: Sequence[Atoms]) -> list[Results]:
        """Return ``energy``, ``forces`` and, for crystals, ``stress`` of each, in eV, eV/Å and eV/Å³ (Voigt)."""
        ...


class _LetterBox(Calculator):
    """Holds the results that a batch evaluation brought for one structure."""

    implemented_properties = ["energy", "free_energy", "forces", "stress"]  # noqa: RUF012 - as ASE has it

    def deposit(self, atoms: Atoms, results: Results) -> None:
        """Take in the results for ``atoms`` as they are now."""
        self._positions, self._cell = atoms.positions.copy(), atoms.cell.array.copy()
        self.results = results

    def check_state(self, atoms: Atoms, tol: float = 1e-15) -> list[str]:  # noqa: ARG002 - the ASE signature
        # ASE compares everything about the atoms, every time; here only the optimiser touches them.
        same = np.array_equal(atoms.positions, self._positions) and np.array_equal(atoms.cell.array, self._cell)
        return [] if same else ["positions"]

    def calculate(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - the ASE signature
        raise CalculatorError("the optimiser asks for a structure that was not evaluated")


class _Filter(FastFrechetCellFilter):
    """The cell filter with its forces worked out once per evaluation, although optimisers ask several times."""

    _forces_of: Results | None = None

    def get_forces(self, **kwargs: Any) -> np.ndarray:
        calculator = self.atoms.calc
        if self._forces_of is not calculator.results or calculator.check_state(self.atoms):
            self._forces, self._forces_of = super().get_forces(**kwargs), calculator.results
        return self._forces.copy()


class _Relaxation:
    """One structure on its way."""

    def __init__(self, index: int, atoms: Atoms, settings: RelaxationSettings) -> None:
        self.index, self.settings = index, settings
        self.start = time.perf_counter()
        self.n_force_calls = 0
        self.atoms = atoms.copy()
        self.atoms.calc = self._box = _LetterBox()
        self._initial_volume = self.atoms.cell.volume if self.atoms.cell.rank == 3 else None
        check_plausible(self.atoms, self._initial_volume)
        if settings.keep_symmetry:
            from ase.constraints import FixSymmetry

            self.atoms.set_constraint([*self.atoms.constraints, FixSymmetry(self.atoms)])
        self._target: Any = _Filter(self.atoms) if settings.relax_cell else self.atoms
        self._optimizer = make_optimizer(settings.optimizer_name, self._target)

    def advance(self, results: Results) -> RelaxationResult | None:
        """Take in the results of an evaluation; return the final result, or move the atoms and return None."""
        self.n_force_calls += 1
        for key, value in results.items():
            if not np.isfinite(value).all():
                raise RelaxationError(f"the potential gives a non-finite {key}", self.atoms.copy())
        self._box.deposit(self.atoms, results)
        optimizer = self._optimizer
        gradient = optimizer.optimizable.get_gradient()
        if optimizer.optimizable.converged(gradient, self.settings.fmax):
            return self._result(results, gradient)
        if optimizer.nsteps >= self.settings.max_steps:
            raise NotConvergedError(
                f"not converged after {optimizer.nsteps} steps: the largest force is {_largest(gradient):.3g} eV/Å,"
                f" fmax is {self.settings.fmax:g}",
                self.atoms.copy(),
            )
        optimizer.step()
        optimizer.nsteps += 1
        check_plausible(self.atoms, self._initial_volume)
        return None

    def _result(self, results: Results, gradient: np.ndarray) -> RelaxationResult:
        stress = results.get("stress") if self.atoms.pbc.all() else None
        return make_result(
            self.atoms,
            results["energy"],
            results["forces"],
            stress,
            max_force=_largest(gradient),
            n_steps=self._optimizer.nsteps,
            n_force_calls=self.n_force_calls,
            wall_time_s=time.perf_counter() - self.start,
        )


def _largest(gradient: np.ndarray) -> float:
    return float(np.linalg.norm(gradient.reshape(-1, 3), axis=1).max())


def relax_in_lockstep(
    structures: Iterable[tuple[int, Atoms]],
    evaluator: BatchEvaluator,
    settings: RelaxationSettings,
    *,
    max_atoms: int,
    done: Callable[[int, Outcome], None],
) -> None:
    """Relax structures together, and hand over each result or error as soon as it is there.

    Parameters
    ----------
    structures
        Numbers and structures; the structures are not modified.
    evaluator
        What evaluates the batches.
    settings
        How to relax, with an optimiser of :data:`LOCKSTEP_OPTIMIZERS`.
    max_atoms
        Most atoms in a batch; a larger structure makes a batch of its own.
    done
        Called with the number of a structure and its outcome.
    """
    waiting = deque(structures)
    active: list[_Relaxation] = []
    while waiting or active:
        _admit(waiting, active, settings, max_atoms, done)
        remaining = []
        for relaxation, results in zip(active, _evaluate(evaluator, active), strict=True):
            outcome: Outcome | None
            try:
                if isinstance(results, Exception):
                    raise results
                outcome = relaxation.advance(results)
            except Exception as error:
                outcome = _as_relaxation_error(error, relaxation.atoms)
            if outcome is None:
                remaining.append(relaxation)
            else:
                done(relaxation.index, outcome)
        active = remaining


def _admit(
    waiting: deque[tuple[int, Atoms]],
    active: list[_Relaxation],
    settings: RelaxationSettings,
    max_atoms: int,
    done: Callable[[int, Outcome], None],
) -> None:
    """Fill up the batch, in the order in which the structures wait."""
    n_atoms = sum(len(item.atoms) for item in active)
    while waiting and (not active or n_atoms + len(waiting[0][1]) <= max_atoms):
        index, atoms = waiting.popleft()
        try:
            active.append(_Relaxation(index, atoms, settings))
        except Exception as error:
            done(index, _as_relaxation_error(error, atoms))
        else:
            n_atoms += len(atoms)


def _evaluate(evaluator: BatchEvaluator, active: Sequence[_Relaxation]) -> Sequence[Results | Exception]:
    """Evaluate the batch; when that fails, each structure alone, to find the one it fails for."""
    try:
        return evaluator.evaluate_batch([item.atoms for item in active])
    except Exception as error:
        if len(active) == 1:
            return [error]
        logger.debug("a batch of %d structures failed (%s); evaluating them one by one", len(active), error)
    outcomes: list[Results | Exception] = []
    for item in active:
        try:
            outcomes += evaluator.evaluate_batch([item.atoms])
        except Exception as error:
            outcomes.append(error)
    return outcomes


def _as_relaxation_error(error: Exception, atoms: Atoms) -> RelaxationError:
    if isinstance(error, RelaxationError):
        return error
    converted = RelaxationError(f"the potential or optimiser failed: {type(error).__name__}: {error}", atoms.copy())
    converted.__cause__ = error
    return converted
