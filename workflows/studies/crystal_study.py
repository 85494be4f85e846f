"""Studies that relax crystals in batches: the hulls of a job, and the reactions of its electrolytes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, TypeVar

from ...calculators.potentials.names import get_potential
from ...calculators.relaxation.batch import relax_many
from ...calculators.relaxation.relax import RelaxationSettings
from ...calculators.relaxation.results import RelaxationError, RelaxationResult
from ..database.candidates import Candidate
from ..database.fingerprint import fingerprint
from .base import Step, Study, step
from .batches import split_batches
from .settings import StudySettings

S = TypeVar("S", bound=StudySettings)
R = TypeVar("R")

Crystals = Sequence[tuple[Candidate, RelaxationSettings]]
"""Crystals, each with how it is relaxed."""


class CrystalStudy(Study[S, R]):
    """A study whose steps relax crystals, many of them together; each is kept once, whoever asks for it."""

    def relaxations(self, crystals: Crystals) -> list[Step]:
        """Return a step for each batch of those that are not in the database yet."""
        missing = self._missing(crystals)
        model = get_potential(self.potential).model
        return [
            self._relaxation(batch, settings)
            for settings, group in groupby(missing, key=lambda pair: pair[1])
            for batch in split_batches([candidate for candidate, _ in group], model)
        ]

    def keys_of(self, crystals: Crystals) -> list[str]:
        """Return the fingerprint of each relaxation."""
        potential = get_potential(self.potential)
        return [fingerprint(candidate.atoms, potential, settings) for candidate, settings in crystals]

    @step
    def relax(self, candidates: Sequence[dict[str, Any]], settings: dict[str, Any]) -> None:
        """Relax a batch of crystals; each result is in the database the moment it is there."""
        potential, how = get_potential(self.potential), RelaxationSettings(**settings)
        # A batch that was interrupted has some of its results already.
        todo = [item for item, _ in self._missing([(Candidate.from_dict(item), how) for item in candidates])]

        def store(index: int, outcome: RelaxationResult | RelaxationError) -> None:
            self.database.add(todo[index], outcome, potential, how)

        evaluator = self.job.spec.relaxation.evaluator
        relax_many([item.atoms for item in todo], potential.name, how, on_result=store, evaluator=evaluator)

    def _missing(self, crystals: Crystals) -> Crystals:
        """Return those that the database does not have."""
        keys = self.keys_of(crystals)
        stored = self.database.find_all(keys)
        return [crystal for crystal, key in zip(crystals, keys, strict=True) if key not in stored]

    def _relaxation(self, batch: Sequence[Candidate], settings: RelaxationSettings) -> Step:
        return Step(
            method="relax",
            title=f"relax {batch[0].name}" + (f" and {len(batch) - 1} more" if len(batch) > 1 else ""),
            results=[item.name for item in batch],
            arguments={"candidates": [item.as_dict() for item in batch], "settings": settings.as_dict()},
        )
