"""What inputs of studies with liquid films share: which liquid, how large a film on which solid, how sampled."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from ase import Atoms
from pydantic import AfterValidator, Field, model_validator

from ....calculators.potentials.dispersion_methods import DISPERSION_METHODS
from ....calculators.potentials.names import get_potential
from ....calculators.relaxation.relax import RelaxationSettings
from ....errors import InputError, unknown_name
from ....structures.library.liquids import get_liquid
from ....structures.symmetry import MillerIndex
from ..settings import PotentialField, StudySettings
from ..solids import SolidSettings
from ..surfaces.phase_surfaces import SLAB_SYMPREC
from .free_energy import DetachmentOptions
from .sampling import SamplingSettings
from .surface_states import Carried, build_state, elements_of


def _known_liquid(symbol: str) -> str:
    return get_liquid(symbol).symbol


def _known_dispersion(method: str) -> str:
    if method not in DISPERSION_METHODS:
        raise ValueError(unknown_name("dispersion model", method, DISPERSION_METHODS))
    return method


class SubstrateSettings(SolidSettings):
    """The solid: an electrolyte by name, or any crystal in a file, and which of its surfaces.

    An ``amorphous`` solid, such as a glass from melt and quench, keeps its cell, and is cut open where that breaks the
    least; it has neither planes nor terminations. ``surface`` says what the face carries. ``compensated`` takes the
    ions that a polar face has too many of from both sides of its slab. The plane is one of the cell of the file.
    """

    miller_index: MillerIndex = (0, 0, 1)
    termination: str | tuple[str, ...] | None = None
    amorphous: bool = False
    surface: Carried = Carried.CLEAN
    compensated: bool = False

    @model_validator(mode="after")
    def _one_face(self) -> SubstrateSettings:
        if self.termination is not None and not self.terminations:
            raise ValueError("termination: the list is empty; name one, or leave it out")
        if len(set(self.terminations)) < len(self.terminations):
            raise ValueError(f"termination: {list(self.terminations)} names one twice")
        if self.amorphous and self.termination is not None:
            raise ValueError("an amorphous substrate has no terminations; leave out termination")
        if self.amorphous and self.surface is not Carried.CLEAN:
            raise ValueError(f"surface: {self.surface} is built on faces of crystals; an amorphous substrate is clean")
        if self.compensated and not self.terminations:
            raise ValueError("compensated: name the polar face, as termination, that is to lose its ions")
        if self.miller_index == (0, 0, 0):
            raise ValueError("miller_index: (0, 0, 0) is not a plane")
        return self

    @property
    def plane(self) -> MillerIndex:
        """The plane in the axes of the crystal: an ordered cell may hold several cells of the file."""
        if self.file is None or self.order is None:
            return self.miller_index
        turned = np.array(self.read().vectors) @ self.miller_index
        # Primitive cells have halves and thirds of the edges of their file.
        h, k, i = (round(float(index) * 12) for index in turned)
        divisor = math.gcd(h, k, i)
        return h // divisor, k // divisor, i // divisor

    @property
    def terminations(self) -> tuple[str, ...]:
        """The terminations that were named; none means that the workflow chooses."""
        if self.termination is None:
            return ()
        return (self.termination,) if isinstance(self.termination, str) else self.termination


# What a preset sets; anything given in the input goes first.
FILM_PRESETS: dict[str, dict[str, Any]] = {
    "quick": {"seeds": 1, "frames": 3},
    "standard": {
        "seeds": 3,
        # Films scatter more than the frames of one, so their number comes first.
        "frames": 2,
        "more_potentials": ("7net-0+d3",),
        "sampling": {"melt_steps": 400, "equilibration_steps": 200},
    },
    "production": {
        "seeds": 5,
        "frames": 8,
        "more_potentials": ("7net-0+d3", "7net-l3i5+d3"),
        "min_width": 10.5,
        "min_film_size": 18.0,
        "sampling": {"melt_steps": 2000, "equilibration_steps": 1000, "steps_between_frames": 800},
    },
}

# Single points that each preset takes where the sampling potential is fitted to a density functional, unless some are
# named: another functional, and where there is time another network.
PRESET_SINGLE_POINTS = {
    "quick": ("chgnet-r2scan+d4",),
    "standard": ("chgnet-r2scan+d4", "7net-mf-r2scan+d4"),
    "production": ("chgnet-r2scan+d4", "7net-mf-r2scan+d4"),
}


class FilmSettings(StudySettings):
    """How liquid films are made, sampled and quenched.

    Attributes
    ----------
    preset
        How often and how long; every other key overrides what it sets.
    seeds, frames
        Independent liquid films, and frames quenched of each.
    all_terminations
        All of the terminations that are named, or there, and not only the first.
    more_potentials
        Potentials besides that of the job. They relax what it found lowest, in the same cell.
    dispersion_models
        Dispersion models whose energies replace that of each potential, as single points on the structures of the first
        frame; each is a parameter set of its own.
    single_points
        Further potentials, such as ``gpaw+d3``, that give energies of these structures; None for those of the preset.
    min_slab_size, min_film_size, min_width
        Thickness of solid and film, and width of the cell, Å.
    treatment
        ``free-energy`` also takes one film of each face off reversibly, with the sampling potential: its reversible
        work of adhesion, and that from averages of potential energies, stand beside the quenched one.
    detachment
        How long the dynamics of that are.
    allow_thin_slab
        Accept a slab thinner than two cutoffs of the potential, for cells small enough for density functional theory.
    """

    presets: ClassVar[dict[str, dict[str, Any]]] = FILM_PRESETS

    preset: Literal["quick", "standard", "production"] = "quick"
    solvent: Annotated[str, AfterValidator(_known_liquid)] = "Hg"
    temperature_K: Annotated[float, Field(gt=0, le=3000)] = 298.15
    seeds: Annotated[int, Field(ge=1, le=100)]
    frames: Annotated[int, Field(ge=1, le=100)]
    all_terminations: bool = False
    more_potentials: Annotated[tuple[PotentialField, ...], Field(examples=[["7net-0+d3"]])] = ()
    dispersion_models: tuple[Annotated[str, AfterValidator(_known_dispersion)], ...] = ("d3atm", "d4")
    single_points: Annotated[tuple[PotentialField, ...] | None, Field(examples=[["chgnet-r2scan+d4"]])] = None
    min_slab_size: Annotated[float, Field(gt=0, le=60)] = 12.0
    allow_thin_slab: bool = False
    min_film_size: Annotated[float, Field(gt=0, le=60)] = 12.0
    min_width: Annotated[float, Field(ge=0, le=60)] = 7.0
    fmax: Annotated[float, Field(gt=0, le=1)] = 0.05
    max_steps: Annotated[int, Field(ge=1, le=100_000)] = 500
    sampling: SamplingSettings = SamplingSettings()
    treatment: Literal["quenched", "free-energy"] = "quenched"
    detachment: DetachmentOptions = DetachmentOptions()

    @model_validator(mode="before")
    @classmethod
    def _fill_from_preset(cls, content: Any) -> Any:
        if not isinstance(content, dict):
            return content
        content = dict(content)
        for key in ("more_potentials", "dispersion_models", "single_points"):
            if isinstance(content.get(key), str | Mapping):  # one needs no list
                content[key] = [content[key]]
        name = content.get("preset", "quick")
        for key, value in cls.presets.get(name, {}).items() if isinstance(name, str) else ():
            given = content.setdefault(key, value)
            if isinstance(value, dict) and isinstance(given, dict):
                content[key] = value | given
        return content

    def relaxation(self) -> RelaxationSettings:
        """Return how slabs, films and interfaces are relaxed: positions only."""
        return RelaxationSettings(fmax=self.fmax, max_steps=self.max_steps, relax_cell=False)

    def check_liquid(self, section: str) -> None:
        """Refuse a solvent that is solid at the temperature; ``section`` is the key that the message names.

        Raises
        ------
        InputError
            Naming the temperature and the melting point.
        """
        melting_point_K = get_liquid(self.solvent).melting_point_K
        if self.temperature_K < melting_point_K:
            raise InputError(
                f"{section}.temperature_K: {self.solvent} is solid at {self.temperature_K:g} K, it melts at"
                f" {melting_point_K:g} K"
            )

    def check_substrate(
        self, substrate: SubstrateSettings, potential: str, more_elements: set[str], section: str
    ) -> None:
        """Refuse a solid that a potential does not cover, terminations that do not exist, and slabs that are too thin.

        Parameters
        ----------
        substrate
            The solid.
        potential
            Of the job.
        more_elements
            Those besides its own, such as the solute.
        section
            Key that messages name.

        Raises
        ------
        InputError
            Naming the element, or the terminations that there are, or the two thicknesses.
        """
        crystal = substrate.crystal()
        carried = elements_of(substrate.surface)
        elements = sorted({self.solvent} | more_elements | carried | set(crystal.get_chemical_symbols()))
        known = [get_potential(name) for name in (potential, *self.more_potentials, *(self.single_points or ()))]
        for one in known:
            one.check_elements(elements)
            one.check_available()
        if self.treatment == "free-energy" and known[0].dispersion is None:
            raise InputError(
                f"{section.split('.')[0]}.treatment: free-energy turns down the dispersion between solid and film, and"
                f" {potential} has none; take one that has, such as chgnet+d3"
            )
        if not substrate.amorphous:
            self._check_slabs(substrate, crystal, max(one.cutoff or 0.0 for one in known), section)

    def _check_slabs(self, substrate: SubstrateSettings, crystal: Atoms, cutoff: float, section: str) -> None:
        """Refuse planes of large cells or without a neutral face, unknown terminations, slabs below two cutoffs (Å)."""
        from ....structures.interfaces.checks import check_substrate_thickness
        from ....structures.slabs.lattice_planes import check_slab_size
        from ....structures.slabs.slab import enumerate_slabs

        check_slab_size(crystal, substrate.plane, min_slab_size=self.min_slab_size, name=f"{section}.miller_index")
        slabs = enumerate_slabs(crystal, substrate.plane, min_slab_size=self.min_slab_size, symprec=SLAB_SYMPREC)
        available = [slab.termination for slab in slabs]
        chosen = self._check_terminations(substrate, available, crystal, section)
        if substrate.compensated:
            for termination in substrate.terminations:
                self._check_compensated(substrate, termination, crystal, section)
        if substrate.surface is not Carried.CLEAN:
            for termination in substrate.terminations or available[:1]:
                self._check_surface(substrate, termination, crystal, section)
        if self.allow_thin_slab:
            return
        for slab in slabs:
            if slab.termination in chosen:
                name = f"{section.split('.')[0]}: {substrate.label} {slab.termination}"
                check_substrate_thickness(slab.atoms, cutoff, name)

    def _check_terminations(
        self, substrate: SubstrateSettings, available: list[str], crystal: Atoms, section: str
    ) -> Sequence[str]:
        """Return the terminations that are taken: those named, or those without formal charge."""
        for termination in substrate.terminations:
            if termination not in available:
                raise InputError(
                    f"{section}.termination: {termination!r} does not exist on"
                    f" {substrate.label} {substrate.miller_index}; there are {', '.join(available)}"
                )
        try:
            return substrate.terminations or self.default_terminations(substrate, crystal)
        except InputError as error:
            raise InputError(f"{section}: {substrate.label}: {error} ({section}.termination)") from None

    def default_terminations(self, substrate: SubstrateSettings, crystal: Atoms) -> list[str]:
        """Return the terminations of a plane that are taken where none is named: those without formal charge.

        Raises
        ------
        InputError
            All are polar; the message names them, and planes that have others.
        """
        from ....structures.slabs.neutral_faces import neutral_terminations

        return neutral_terminations(crystal, substrate.plane, min_slab_size=self.min_slab_size, symprec=SLAB_SYMPREC)

    def cut_slab(self, substrate: SubstrateSettings, crystal: Atoms, termination: str) -> Atoms:
        """Cut the slab that carries films, wide enough in both directions, without surplus ions where asked.

        Raises
        ------
        InputError
            The plane has no such termination, or its ions cannot be taken from both faces.
        """
        from ....structures.slabs.neutral_faces import compensated
        from ....structures.slabs.slab import get_slab

        slab = get_slab(
            crystal,
            substrate.plane,
            termination=termination,
            min_slab_size=self.min_slab_size,
            min_width=self.min_width,
            symprec=SLAB_SYMPREC,
        )
        return compensated(slab) if substrate.compensated else slab.atoms

    def _check_compensated(self, substrate: SubstrateSettings, termination: str, crystal: Atoms, section: str) -> None:
        """Refuse a face whose surplus ions cannot be taken: it is cut once, not relaxed."""
        try:
            self.cut_slab(substrate, crystal, termination)
        except InputError as error:
            raise InputError(f"{section}.compensated: {substrate.label}: {error}") from None

    def _check_surface(self, substrate: SubstrateSettings, termination: str, crystal: Atoms, section: str) -> None:
        """Refuse what a face cannot carry, such as hydroxyl on a metal: it is built once, not relaxed."""
        slab = self.cut_slab(substrate, crystal, termination)
        try:
            build_state(substrate.surface, slab, crystal)
        except InputError as error:
            raise InputError(
                f"{section}.surface: {substrate.label} {termination} cannot carry {substrate.surface}: {error}"
            ) from None


class FilmOnSolidSettings(FilmSettings):
    """Films on one solid.

    Attributes
    ----------
    substrate
        Name of an electrolyte, or a section with a name or file, a plane and terminations.
    """

    substrate: Annotated[SubstrateSettings, Field(examples=["LLTO"])]
