"""Relaxation of many structures; one that fails never stops the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from ase import Atoms

from .relaxation import RelaxationError, RelaxationResult, RelaxationSettings, relax

Outcome = RelaxationResult | RelaxationError


def relax_many(
    structures: Sequence[Atoms],
    potential: str,
    settings: RelaxationSettings | None = None,
    *,
    on_result: Callable[[int, Outcome], None] | None = None,
    evaluator: Literal["auto", "stock"] = "auto",
    max_atoms: int = 150,
) -> list[Outcome]:
    """Relax ``structures``; return one result or error for each, in their order."""
    settings = settings or RelaxationSettings()
    outcomes: list[Outcome] = []
    for index, atoms in enumerate(structures):
        outcome: Outcome
        try:
            outcome = relax(atoms, potential, settings)
        except RelaxationError as error:
            outcome = error
        outcomes.append(outcome)
        if on_result:
            on_result(index, outcome)
    return outcomes
