"""The ``wetting`` section of a workflow input: which liquid with which solute on which solid, how large, how often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from ....errors import InputError
from ..films.settings import FILM_PRESETS, FilmOnSolidSettings

if TYPE_CHECKING:
    from ...spec import WorkflowSpec

# What a preset sets besides the films; anything given in the input goes first.
PRESETS: dict[str, dict[str, Any]] = {
    "quick": FILM_PRESETS["quick"] | {"max_solute": 5, "all_terminations": False, "surfaces": 1},
    "standard": FILM_PRESETS["standard"] | {"max_solute": 5, "all_terminations": True, "surfaces": 3},
    "production": FILM_PRESETS["production"] | {"max_solute": 8, "all_terminations": True, "surfaces": 6},
}


class WettingSettings(FilmOnSolidSettings):
    """How the contact angle is computed.

    ``quick`` takes one termination and one seed, ``standard`` three seeds, all terminations and two potentials.

    Attributes
    ----------
    solute
        What is dissolved in the solvent.
    max_solute
        Most solute atoms per interface cell.
    relaxed_occupations
        How many of the best-looking occupations of the interface are relaxed for each number of solute atoms.
    surfaces
        Planes of each stable phase whose surface energy is computed.
    """

    presets: ClassVar[dict[str, dict[str, Any]]] = PRESETS

    solute: str = "Li"
    max_solute: Annotated[int, Field(ge=1, le=12)]
    relaxed_occupations: Annotated[int, Field(ge=1, le=20)] = 2
    surfaces: Annotated[int, Field(ge=0, le=20)]

    @property
    def system(self) -> str:
        """The chemical system of solute and solvent, whose hull the angle needs."""
        return f"{self.solute}-{self.solvent}"

    def check(self, spec: WorkflowSpec) -> None:
        """Refuse what the fields alone cannot tell.

        Raises
        ------
        InputError
            The hull of solute and solvent is not among the job's systems, a potential does not cover an element or is
            not installed, the solvent is solid, the substrate has no such termination, or its slab is thinner than two
            cutoffs.
        """
        if self.solute == self.solvent:
            raise InputError(f"wetting.solute: {self.solute} is the solvent; give another element")
        self.check_liquid("wetting")
        wanted = {self.solute, self.solvent}
        if not any(wanted <= set(system.split("-")) for system in spec.systems):
            raise InputError(
                f"wetting: {self.solute} in {self.solvent} needs the hull of {self.system}; add it to systems"
            )
        self.check_substrate(self.substrate, spec.potential, {self.solute}, "wetting.substrate")
