"""A study of liquid films on one plane of one solid: what names its cells, and with which potentials they are made."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from ....calculators.potentials.names import get_potential
from ...database.candidates import Candidate, Kind
from ...database.fingerprint import digest, potential_identity
from ...database.rows import miller_text
from ..base import Study
from .cells import Role
from .sampling import lowest_sampling_temperature_K, melt_temperature_K
from .settings import PRESET_SINGLE_POINTS, FilmOnSolidSettings
from .surface_states import Carried, elements_of

if TYPE_CHECKING:
    from enum import StrEnum

    from ase import Atoms
    from ase.db.row import AtomsRow

F = TypeVar("F", bound=FilmOnSolidSettings)
R = TypeVar("R")

COMPENSATED = "-compensated"
"""After the plane in names of studies whose faces lack the ions they have too many of."""


class FilmStudy(Study[F, R]):
    """Cells of one liquid on one surface, and the names under which the database keeps them.

    The key leaves out what only adds to the study: seeds, frames, terminations, potentials, and the temperature of the
    drop as long as its film is sampled at the same one.
    """

    identifying: ClassVar[tuple[str, ...]] = (
        "substrate",
        "solvent",
        "min_slab_size",
        "min_film_size",
        "min_width",
        "fmax",
        "sampling",
    )
    """Settings that fix the cells."""

    @property
    def liquid_name(self) -> str:
        """Of what the films are: ``Hg``."""
        return self.settings.solvent

    @property
    def liquid_elements(self) -> set[str]:
        """Elements besides those of the solid."""
        return {self.settings.solvent}

    @cached_property
    def key(self) -> str:
        """Name of the study, the same for all inputs whose cells are the same."""
        content = self.settings.model_dump(mode="json", include=set(self.identifying))
        content["substrate"].pop("termination")
        if self.settings.substrate.file is not None:
            crystal = self.settings.substrate.crystal()
            lengths = [np.round(item, 4) + 0.0 for item in (crystal.cell.array, crystal.positions)]
            content["substrate"]["file"] = [crystal.numbers.tolist(), *(item.tolist() for item in lengths)]
            content["substrate"]["name"] = None  # as before files had names
        for key in ("order", "max_atoms"):  # what they made is told by the crystal
            content["substrate"].pop(key)
        later = {"amorphous": False, "surface": Carried.CLEAN, "compensated": False}  # keys that came later
        for key, usual in later.items():
            if content["substrate"][key] == usual:
                content["substrate"].pop(key)
        # A hotter drop has its film sampled hotter, unless that temperature was given.
        given = self.settings.sampling.sampling_temperature_K
        if given is None and self.settings.temperature_K > self._lowest_sampling_temperature_K:
            content["temperature_K"] = self.sampling_temperature_K
        content["potential"] = self.potential
        return f"{self.surface_name}-{self.liquid_name}-{digest(content, 8)}"

    @property
    def surface_name(self) -> str:
        """Substrate and plane, and what it carries or lacks: ``LLTO(001)``, ``LLTO(001)-water``."""
        substrate = self.settings.substrate
        carried = "" if substrate.surface is Carried.CLEAN else f"-{substrate.surface}"
        lacking = COMPENSATED if substrate.compensated else ""
        return f"{substrate.label}({miller_text(substrate.miller_index)}){lacking}{carried}"

    @cached_property
    def identities(self) -> dict[str, str]:
        """Identity of each of its potentials, as rows hold it, by name; those of single points included."""
        return {name: potential_identity(get_potential(name)) for name in self.all_potentials}

    @property
    def potentials(self) -> tuple[str, ...]:
        """The potentials that quench, the sampling one first."""
        return tuple(dict.fromkeys((self.potential, *self.settings.more_potentials)))

    @property
    def repeating_potentials(self) -> tuple[str, ...]:
        """The potentials that give single points on quenched structures: dispersion models of each, then others."""
        methods, others = self.settings.dispersion_models, self.settings.single_points
        names = [name for base in self.potentials for name in dispersion_variants(base, methods)]
        names += others if others is not None else self._single_points_of_preset()
        return tuple(name for name in dict.fromkeys(names) if name not in self.potentials)

    @property
    def all_potentials(self) -> tuple[str, ...]:
        """Those that quench, then those of single points."""
        return (*self.potentials, *self.repeating_potentials)

    def _single_points_of_preset(self) -> list[str]:
        """Return second opinions on a potential fitted to a density functional, where they cover all elements."""
        if get_potential(self.potential).functional is None:
            return []
        substrate = self.settings.substrate
        elements = self.liquid_elements | elements_of(substrate.surface)
        elements |= set(substrate.crystal().get_chemical_symbols())
        known = map(get_potential, PRESET_SINGLE_POINTS[self.settings.preset])
        return [one.name for one in known if one.elements is None or elements <= one.elements]

    def base_of(self, single_point: str) -> str:
        """Return the potential whose structures the single points take: one of the same model, or the sampling one."""
        model = get_potential(single_point).model
        return next((name for name in self.potentials if get_potential(name).model == model), self.potential)

    def owns(self, row: AtomsRow) -> bool:
        """Return whether a row is within what this input asks for; another may have added to the same study."""
        settings = self.settings
        return (
            super().owns(row)
            and row.get("seed", 0) < settings.seeds
            and row.get("frame", 0) < settings.frames
            and row.get("windows", self.windows_key) == self.windows_key
        )

    @cached_property
    def windows_key(self) -> str:
        """Name of how films are taken off: what was asked for, at which temperature."""
        return "windows-" + digest([self.settings.detachment.model_dump(), self.sampling_temperature_K], 8)

    def rows(self, role: StrEnum, **labels: str | int) -> list[AtomsRow]:
        """Return the rows of a role, oldest first; no single points on another potential's structures."""
        return [row for row in super().rows(role, **labels) if "geometry" not in row]

    def labels(self) -> dict[str, str | int]:
        """Return the labels of all its rows."""
        substrate = self.settings.substrate
        found: dict[str, str | int] = {
            "study": self.key,
            "substrate": substrate.label,
            "miller": f"({miller_text(substrate.miller_index)})",
            "solvent": self.settings.solvent,
        }
        return found if substrate.surface is Carried.CLEAN else {**found, "surface": substrate.surface.value}

    def candidate(self, kind: Kind, role: Role, atoms: Atoms, what: str, **more: str | int) -> Candidate:
        """Return a structure of the study, ready to be computed and stored."""
        labels: dict[str, str | int] = {**self.labels(), "role": role.value, **more}
        solid = self.settings.substrate
        return Candidate(
            f"{self.surface_name} {what}",
            kind,
            atoms,
            f"built for the study {self.key}",
            note="; ".join(solid.notes),
            plane=None if solid.plane == solid.miller_index else solid.plane,
            labels=labels,
        )

    @property
    def melt_temperature_K(self) -> float:
        """Temperature at which films are melted: well above the melting point."""
        return melt_temperature_K(self.settings.solvent, self.settings.sampling)

    @property
    def sampling_temperature_K(self) -> float:
        """Temperature at which frames are taken: above the melting point, so that the film stays liquid."""
        chosen = self.settings.sampling.sampling_temperature_K
        return chosen or max(self.settings.temperature_K, self._lowest_sampling_temperature_K)

    @property
    def _lowest_sampling_temperature_K(self) -> float:
        return lowest_sampling_temperature_K(self.settings.solvent)


def dispersion_variants(potential: str, methods: Sequence[str]) -> list[str]:
    """Return the same model with other dispersion models; nothing for a potential without dispersion."""
    known = get_potential(potential)
    if known.dispersion is None:
        return []
    return [known.with_dispersion(method).name for method in methods if method != known.dispersion]


AnyFilmStudy = FilmStudy[Any, Any]
