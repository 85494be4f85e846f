"""Relaxation of many structures: together where the potential can be batched, else one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator, Calculator

from ...arguments import choice, whole_number
from ...errors import InputError
from ..potentials.chgnet.evaluator import LEAN_MODELS, LeanCHGNet
from ..potentials.dispersion import get_dispersion_calculator
from ..potentials.loading import usable_device
from ..potentials.names import EVALUATORS, Potential, get_calculator, get_potential
from ..potentials.sevennet.evaluator import LEAN_SEVENNET, LeanSevenNet
from .lockstep import LOCKSTEP_OPTIMIZERS, BatchEvaluator, Outcome, Results, relax_in_lockstep
from .relax import RelaxationSettings, check_relaxable, relax
from .results import RelaxationError, RelaxationResult, add_three_body

# Enough to keep the batch worth its while to the end; evaluators split it further where memory or caches ask for it.
DEFAULT_MAX_ATOMS = 128


def relax_many(
    structures: Sequence[Atoms],
    potential: str | BaseCalculator,
    settings: RelaxationSettings | None = None,
    *,
    on_result: Callable[[int, Outcome], None] | None = None,
    evaluator: Literal["auto", "stock"] = "auto",
    max_atoms: int = DEFAULT_MAX_ATOMS,
) -> list[Outcome]:
    """Relax structures; one that fails never stops the others.

    CHGNet and SevenNet (with or without dispersion) evaluate many structures at once, and all of them take their steps
    together. Each goes through the same steps as alone. Other potentials, and optimisers that look at the forces more
    than once a step (``BFGSLineSearch``), take one structure after the other. The three-body term of the dispersion,
    where the named potential has one, is added at the end (see :func:`~amalgamics.calculators.relaxation.relax`).

    Parameters
    ----------
    structures
        Structures to start from; they are not modified. Their constraints are kept.
    potential
        Name of a potential (see :func:`~amalgamics.calculators.potentials.names.get_potential`) or an ASE calculator.
    settings
        How to relax; the defaults of :class:`RelaxationSettings` when left out.
    on_result
        Called with the number of a structure and its outcome as soon as it is there, not in the order of
        ``structures``. What it raises ends the whole.
    evaluator
        ``auto``: the fastest there is, equal to the potential's own calculator to 1e-6 eV/atom and 1e-4 eV/Å; or
        ``stock``: that calculator, one structure after the other.
    max_atoms
        Most atoms evaluated at once; a larger structure is evaluated alone.

    Returns
    -------
    list of RelaxationResult or RelaxationError
        What became of each structure, in their order; for those that were refused before any compute, an error with
        the reason.

    Raises
    ------
    InputError
        The potential is unknown or not available, or ``evaluator`` or ``max_atoms`` is not allowed.
    """
    settings = settings or RelaxationSettings()
    choice("evaluator", evaluator, EVALUATORS)
    max_atoms = whole_number("max_atoms", max_atoms)
    known = get_potential(potential) if isinstance(potential, str) else None
    outcomes: list[Outcome | None] = [None] * len(structures)

    def done(index: int, outcome: Outcome) -> None:
        if known and isinstance(outcome, RelaxationResult):
            outcome = _with_three_body(outcome, known)
        outcomes[index] = outcome
        if on_result:
            on_result(index, outcome)

    allowed = []
    for index, atoms in enumerate(structures):
        reason = _why_not(atoms, known, settings)
        if reason is None:
            allowed.append((index, atoms))
        else:
            done(index, RelaxationError(reason, atoms.copy()))
    together = evaluator == "auto" and settings.optimizer_name in LOCKSTEP_OPTIMIZERS
    batched = get_batch_evaluator(known.relaxation_name) if allowed and known and together else None
    if batched:
        relax_in_lockstep(allowed, batched, settings, max_atoms=max_atoms, done=done)
    elif allowed:
        calculator = _calculator(known.relaxation_name if known else potential, evaluator)
        _relax_one_by_one(allowed, calculator, settings, done)
    return [outcome for outcome in outcomes if outcome is not None]


def get_batch_evaluator(name: str) -> BatchEvaluator | None:
    """Return what evaluates batches of structures with a potential; None for potentials that cannot.

    Raises
    ------
    UnknownPotentialError
        There is no such potential.
    """
    potential = get_potential(name)
    model: BatchEvaluator
    bare, device = str(potential.model), usable_device(potential.device or "cpu")
    if bare in LEAN_MODELS:
        model = LeanCHGNet(bare, device=device)
    elif bare in LEAN_SEVENNET:
        model = LeanSevenNet(bare, device=device)
    else:
        return None
    if potential.dispersion:
        return WithDispersion(model, potential.dispersion, potential.functional or "")
    return model


class WithDispersion:
    """A batch evaluator with a dispersion correction added to each structure.

    The corrections are computed one structure after the other, in a thread beside the model where torch uses more than
    one; the library lets go of Python meanwhile.

    Parameters
    ----------
    model
        Evaluates batches without dispersion.
    method, functional
        See :func:`~amalgamics.calculators.potentials.dispersion.get_dispersion_calculator`.
    """

    def __init__(self, model: BatchEvaluator, method: str, functional: str) -> None:
        self._model = model
        self._dispersion: Calculator = get_dispersion_calculator(method, functional)

    def evaluate_batch(self, structures: Sequence[Atoms]) -> list[Results]:
        """Return the sums of both for each structure; see :class:`~.lockstep.BatchEvaluator`."""
        import torch

        if torch.get_num_threads() > 1:
            with ThreadPoolExecutor(max_workers=1) as pool:
                waiting = pool.submit(self._corrections, structures)
                results = self._model.evaluate_batch(structures)
                corrections = waiting.result()
        else:
            results = self._model.evaluate_batch(structures)
            corrections = self._corrections(structures)
        return [_add(result, extra) for result, extra in zip(results, corrections, strict=True)]

    def _corrections(self, structures: Sequence[Atoms]) -> list[Results]:
        corrections = []
        for atoms in structures:
            properties = ["energy", "forces", *(["stress"] if atoms.pbc.any() else [])]
            self._dispersion.calculate(atoms, properties)
            corrections.append(dict(self._dispersion.results))
        return corrections


def _add(results: Results, extra: Results) -> Results:
    both = results.keys() & extra.keys()
    return {
        key: np.add(results[key], extra[key]) if np.ndim(results[key]) else results[key] + extra[key] for key in both
    }


def _why_not(atoms: Atoms, potential: Potential | None, settings: RelaxationSettings) -> str | None:
    """Return why a structure cannot be relaxed so, or None."""
    try:
        check_relaxable(atoms, settings)
        if potential:
            potential.check_elements(atoms.get_chemical_symbols())
    except InputError as error:
        return str(error)
    return None


def _with_three_body(result: RelaxationResult, potential: Potential) -> Outcome:
    try:
        return add_three_body(result, potential)
    except RelaxationError as error:
        return error


def _calculator(potential: str | BaseCalculator, evaluator: str) -> BaseCalculator:
    if not isinstance(potential, str):
        return potential
    return get_calculator(potential, evaluator=evaluator)


def _relax_one_by_one(
    structures: Sequence[tuple[int, Atoms]],
    calculator: Any,
    settings: RelaxationSettings,
    done: Callable[[int, Outcome], None],
) -> None:
    for index, atoms in structures:
        outcome: Outcome
        try:
            outcome = relax(atoms, calculator, settings)
        except RelaxationError as error:
            outcome = error
        except Exception as error:  # whatever a foreign calculator does, the others go on
            outcome = RelaxationError(
                f"the potential or optimiser failed: {type(error).__name__}: {error}", atoms.copy()
            )
        done(index, outcome)
