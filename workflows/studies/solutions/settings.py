"""The ``solutions`` section of a workflow input: what one atom of each metal gains in a film of a liquid metal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field

from ....calculators.potentials.names import get_potential
from ....calculators.relaxation.relax import RelaxationSettings
from ....errors import InputError
from ....structures.compositions import parse_system
from ....structures.library.liquids import get_liquid
from ..films.sampling import SamplingSettings
from ..settings import StudySettings

if TYPE_CHECKING:
    from ...spec import WorkflowSpec


def _known_liquid(symbol: str) -> str:
    return get_liquid(symbol).symbol


class SolutionsSettings(StudySettings):
    """Metals dissolved in a liquid one, one atom at a time.

    Attributes
    ----------
    solutes
        Elements; empty for all that share a system of the job with the solvent.
    solvent
        The liquid metal.
    n_atoms, width
        Of the free film: its atoms, and the edge of its square cell, Å.
    frames
        How many are taken from its molecular dynamics.
    places
        Voids in the middle of the film that are tried in each frame; the lowest counts.
    fmax, max_steps
        Of the quenches; eV/Å.
    sampling
        Molecular dynamics of the film.
    """

    solutes: Annotated[tuple[str, ...], Field(examples=[["Li", "Na"]])] = ()
    solvent: Annotated[str, AfterValidator(_known_liquid)] = "Hg"
    n_atoms: Annotated[int, Field(ge=8, le=500)] = 32
    width: Annotated[float, Field(ge=5, le=40, allow_inf_nan=False)] = 8.5
    frames: Annotated[int, Field(ge=1, le=100)] = 4
    places: Annotated[int, Field(ge=1, le=20)] = 2
    fmax: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 0.05
    max_steps: Annotated[int, Field(ge=1, le=100_000)] = 500
    sampling: SamplingSettings = SamplingSettings()

    def identity(self) -> Any:
        """Return all but what only adds to the same films."""
        return self.model_dump(mode="json", exclude={"solutes", "frames", "places"})

    def relaxation(self) -> RelaxationSettings:
        """Return how films are relaxed: positions only."""
        return RelaxationSettings(fmax=self.fmax, max_steps=self.max_steps, relax_cell=False)

    def solutes_of(self, systems: tuple[str, ...]) -> tuple[str, ...]:
        """Return the solutes that were named, or those of the systems of the job."""
        pairs = [set(parse_system(system)) for system in systems]
        found = [symbol for pair in pairs if self.solvent in pair for symbol in sorted(pair - {self.solvent})]
        return self.solutes or tuple(dict.fromkeys(found))

    def check(self, spec: WorkflowSpec) -> None:
        """Refuse what the fields alone cannot tell.

        Raises
        ------
        InputError
            There is no solute, one has no system with the solvent, from which its own crystal would come, or the
            potential does not cover one.
        """
        solutes = self.solutes_of(spec.systems)
        if not solutes:
            raise InputError(
                f"solutions: no system of the job contains {self.solvent}; name one, e.g. Li-{self.solvent}"
            )
        for solute in solutes:
            if solute == self.solvent:
                raise InputError(f"solutions.solutes: {solute} is the solvent; give another element")
            if not any({solute, self.solvent} <= set(parse_system(system)) for system in spec.systems):
                raise InputError(
                    f"solutions.solutes: {solute} needs a system with {self.solvent}; add {solute}-{self.solvent}"
                )
        get_potential(spec.potential).check_elements([*solutes, self.solvent])
