"""The ``surfaces`` section of a workflow input: whose surface energies, of which planes, and which crystals to join."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from ....calculators.relaxation.relax import RelaxationSettings
from ....errors import InputError, shown
from ..settings import Settings, StudySettings, one_or_more

if TYPE_CHECKING:
    from ...spec import WorkflowSpec


def _three_indices(value: Any) -> Any:
    """Turn the four indices of a hexagonal plane (h k i l), with i = -(h + k), into (h k l)."""
    if not isinstance(value, list | tuple) or len(value) not in (3, 4):
        return value
    if not all(isinstance(index, int) and not isinstance(index, bool) for index in value):
        raise ValueError(f"{shown(list(value))} is not allowed; indices are whole numbers, e.g. [1, 1, 1]")
    if not any(value):
        raise ValueError(f"{list(value)} is not a plane")
    if len(value) == 3:
        return value
    h, k, i, last = value
    if h + k + i != 0:
        raise ValueError(f"{list(value)} is no hexagonal plane: its first three indices must add up to 0")
    return (h, k, last)


Plane = Annotated[tuple[int, int, int], BeforeValidator(_three_indices)]
Phases = Annotated[Literal["stable", "elements"] | tuple[str, ...], one_or_more("stable", "elements")]

DEFAULT_PLANES = 3


class AdhesionSettings(Settings):
    """Two crystals joined along a plane: how much work pulls them apart.

    Attributes
    ----------
    film, substrate
        Names as in ``phases``. The film is strained to fit the substrate.
    miller_index
        Plane of the substrate.
    film_miller_index
        Plane of the film; that of the substrate unless given.
    max_strain
        Largest relative change of a length of the film.
    max_area
        Largest area of the common cell, Å².
    """

    film: Annotated[str, Field(examples=["LiHg"])]
    substrate: Annotated[str, Field(examples=["Li_bcc"])]
    miller_index: Plane = (1, 1, 1)
    film_miller_index: Annotated[Plane | None, Field(examples=[[1, 1, 0]])] = None
    max_strain: Annotated[float, Field(gt=0, le=0.2)] = 0.05
    max_area: Annotated[float, Field(gt=0, le=1000)] = 100.0

    @property
    def film_plane(self) -> tuple[int, int, int]:
        """Plane of the film that faces the substrate."""
        return self.film_miller_index or self.miller_index


class SurfacesSettings(StudySettings):
    """Surface energies, equilibrium shapes and work of adhesion of crystals.

    Attributes
    ----------
    phases
        ``stable`` (all phases on the hulls of the job), ``elements`` (the lowest phase of each element), or a list of
        names: of structures of the job, formulas or elements (the lowest structure of that composition), or keys of
        the phase library. A phase of the library that the job does not hold is relaxed for this.
    miller_indices
        Planes, in the standard conventional cell of each phase; equivalent ones are computed once.
    planes
        Instead of ``miller_indices``: how many planes, those with the widest spacing of layers. 3 without either.
    adhesion
        Pairs of crystals to join.
    min_slab_size
        Least thickness of slabs and of either side of an interface, Å.
    registries
        How many ways of placing the film on the substrate are relaxed; the lowest counts.
    """

    phases: Annotated[Phases, Field(examples=[["LiHg", "Li_bcc"]])] = "stable"
    miller_indices: Annotated[tuple[Plane, ...], Field(examples=[[[1, 1, 1], [1, 0, 0]]])] = ()
    planes: Annotated[int | None, Field(ge=1, le=20)] = None
    adhesion: tuple[AdhesionSettings, ...] = ()
    min_slab_size: Annotated[float, Field(gt=0, le=60)] = 9.0
    registries: Annotated[int, Field(ge=1, le=10)] = 2
    fmax: Annotated[float, Field(gt=0, le=1)] = 0.05
    max_steps: Annotated[int, Field(ge=1, le=100_000)] = 500

    @model_validator(mode="after")
    def _one_choice_of_planes(self) -> SurfacesSettings:
        if self.phases == ():
            raise ValueError("phases: the list is empty; name one, or leave it out for the stable phases")
        if self.miller_indices and self.planes is not None:
            raise ValueError("give either miller_indices or planes, not both")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every phase that is asked for by name, those of the pairs included."""
        chosen = self.phases if isinstance(self.phases, tuple) else ()
        return tuple(
            dict.fromkeys([*chosen, *(name for pair in self.adhesion for name in (pair.film, pair.substrate))])
        )

    def relaxation(self) -> RelaxationSettings:
        """Return how slabs and interfaces are relaxed: positions only."""
        return RelaxationSettings(fmax=self.fmax, max_steps=self.max_steps, relax_cell=False)

    def check(self, spec: WorkflowSpec) -> None:
        """Refuse names that are not known, and phases that the potential does not cover.

        Raises
        ------
        InputError
            Naming the phase, with the nearest name there is.
        """
        from ....calculators.potentials.names import get_potential
        from ..phase_names import check_name

        for name in self.names:
            elements = check_name(spec, name)
            try:
                get_potential(spec.potential).check_elements(elements)
            except InputError as error:
                raise InputError(f"surfaces: {name}: {error}") from None
