"""A wetting study: the cells of one liquid on one surface, and the names under which the database keeps them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.constraints import FixAtoms

from ..calculators.registry import get_potential
from ..structures.parts import SOLID
from .candidates import Candidate, Kind
from .film_sampling import lowest_sampling_temperature_K, melt_temperature_K
from .wetting_spec import PRESET_SINGLE_POINTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ase import Atoms
    from ase.db.row import AtomsRow

    from .database import StructureDatabase
    from .spec import WorkflowSpec
    from .wetting_spec import WettingSection


@dataclass(frozen=True)
class WettingStudy:
    """What several tasks share: the section of the input and the potential that samples.

    The study's key leaves out what only adds to it: seeds, frames, terminations, potentials, and the temperature of the
    drop as long as its film is sampled at the same one.
    """

    section: WettingSection
    potential: str

    @classmethod
    def of(cls, spec: WorkflowSpec) -> WettingStudy:
        """Return the study of a workflow input that has a ``wetting`` section."""
        if spec.wetting is None:
            raise ValueError(f"{spec.name} has no wetting section")
        return cls(spec.wetting, spec.potential)

    @property
    def key(self) -> str:
        """Name of the study, the same for all inputs whose cells are the same."""
        fixed = ("substrate", "solvent", "solute", "min_slab_size", "min_film_size", "min_width", "fmax", "sampling")
        content = self.section.model_dump(mode="json", include=set(fixed))
        content["substrate"].pop("termination")
        if self.section.substrate.file is not None:
            crystal = self.section.substrate.crystal()
            lengths = [np.round(item, 4) + 0.0 for item in (crystal.cell.array, crystal.positions)]
            content["substrate"]["file"] = [crystal.numbers.tolist(), *(item.tolist() for item in lengths)]
        if not self.section.substrate.amorphous:
            content["substrate"].pop("amorphous")
        # A hotter drop has its film sampled hotter, unless that temperature was given.
        given = self.section.sampling.sampling_temperature_K
        if given is None and self.section.temperature_K > self._lowest_sampling_temperature_K:
            content["temperature_K"] = self.sampling_temperature_K
        content["potential"] = self.potential
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]
        return f"{self.surface_name}-{self.section.solute}-{self.section.solvent}-{digest}"

    @property
    def surface_name(self) -> str:
        """Substrate and plane: ``LLTO(001)``."""
        return f"{self.section.substrate.label}({miller_text(self.section.substrate.miller_index)})"

    @property
    def potentials(self) -> tuple[str, ...]:
        """The potentials that quench, the sampling one first."""
        return tuple(dict.fromkeys((self.potential, *self.section.more_potentials)))

    @property
    def single_points(self) -> tuple[str, ...]:
        """The potentials that give single points on quenched structures: dispersion models of each, then others."""
        methods, others = self.section.dispersion_models, self.section.single_points
        names = [name for base in self.potentials for name in dispersion_variants(base, methods)]
        names += others if others is not None else self._single_points_of_preset()
        return tuple(name for name in dict.fromkeys(names) if name not in self.potentials)

    def _single_points_of_preset(self) -> list[str]:
        """Return second opinions on a potential fitted to a density functional, where they cover all elements."""
        if get_potential(self.potential).functional is None:
            return []
        elements = {self.section.solvent, self.section.solute, *self.section.substrate.crystal().get_chemical_symbols()}
        known = map(get_potential, PRESET_SINGLE_POINTS[self.section.preset])
        return [one.name for one in known if one.elements is None or elements <= one.elements]

    def base_of(self, single_point: str) -> str:
        """Return the potential whose structures the single points take: one of the same model, or the sampling one."""
        model = get_potential(single_point).model
        return next((name for name in self.potentials if get_potential(name).model == model), self.potential)

    def labels(self, role: str, **more: str | int) -> dict[str, str | int]:
        """Return the keys of a row of this study."""
        section = self.section
        return {
            "study": self.key,
            "substrate": section.substrate.label,
            "miller": f"({miller_text(section.substrate.miller_index)})",
            "solvent": section.solvent,
            "solute": section.solute,
            "role": role,
            **more,
        }

    def candidate(self, kind: Kind, role: str, atoms: Atoms, what: str, **more: str | int) -> Candidate:
        """Return a structure of the study, ready to be computed and stored."""
        return Candidate(
            name=f"{self.surface_name} {what}",
            kind=kind,
            atoms=atoms,
            source=f"built for the study {self.key}",
            labels=self.labels(role, **more),
        )

    def rows(self, database: StructureDatabase, role: str, **more: str | int) -> list[AtomsRow]:
        """Return the converged rows of a role, oldest first; no single points on another potential's structures."""
        terms = [f"study={self.key}", f"role={role}", *(f"{key}={value}" for key, value in more.items())]
        return [row for row in database.select(",".join(terms), sort="id") if "geometry" not in row]

    @property
    def melt_temperature_K(self) -> float:
        """Temperature at which films are melted: well above the melting point."""
        return melt_temperature_K(self.section.solvent, self.section.sampling)

    @property
    def sampling_temperature_K(self) -> float:
        """Temperature at which frames are taken: above the melting point, so that the film stays liquid."""
        chosen = self.section.sampling.sampling_temperature_K
        return chosen or max(self.section.temperature_K, self._lowest_sampling_temperature_K)

    @property
    def _lowest_sampling_temperature_K(self) -> float:
        return lowest_sampling_temperature_K(self.section.solvent)


def dispersion_variants(potential: str, methods: Sequence[str]) -> list[str]:
    """Return the same model with other dispersion models; nothing for a potential without dispersion."""
    known = get_potential(potential)
    if known.dispersion is None:
        return []
    _, _, suffix = potential.partition("+")
    of_functional = suffix.removeprefix(known.dispersion)  # "@pbe" of module:attribute
    return [f"{known.model}+{method}{of_functional}" for method in methods if method != known.dispersion]


def miller_text(miller_index: tuple[int, int, int]) -> str:
    """Return ``001`` for (0, 0, 1) and ``1.-1.0`` where an index has a sign or two digits."""
    separator = "" if all(0 <= index < 10 for index in miller_index) else "."
    return separator.join(map(str, miller_index))


def hold_bottom(atoms: Atoms) -> Atoms:
    """Return a copy in which the lower half of the solid is held fixed: there the solid is bulk."""
    held = atoms.copy()
    solid = held.get_tags() == SOLID
    heights = held.positions[:, 2]
    middle = (heights[solid].min() + heights[solid].max()) / 2
    # The middle layer itself is free.
    held.set_constraint(FixAtoms(indices=np.flatnonzero(solid & (heights < middle - 0.5))))
    return held


def hold_solid(atoms: Atoms) -> Atoms:
    """Return a copy in which the whole solid is held fixed, as while the film is melted on it."""
    held = atoms.copy()
    held.set_constraint(FixAtoms(indices=np.flatnonzero(held.get_tags() == SOLID)))
    return held


def atoms_of(row: AtomsRow) -> Atoms:
    """Return the structure of a row with its tags and constraints, without its calculator."""
    atoms: Any = row.toatoms()
    atoms.calc = None
    return atoms
