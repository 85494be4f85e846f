"""The ``cycling`` section of a workflow input: how amalgam films are made and cycled."""

from __future__ import annotations

from collections.abc import Collection
from importlib.util import find_spec
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, ValidationError, field_validator, model_validator

from ....errors import InputError
from ....reference.metals import symbols_with
from ....thermodynamics.cycling.conditions import LEAST_THICKNESS_M, MOST_THICKNESS_M, check_temperature
from ....thermodynamics.cycling.contact import RoughFace
from ....thermodynamics.cycling.diffusivities import LEAST_SOLID_M2_S, Diffusivities
from ....thermodynamics.cycling.transport import MISSING
from ...spec_messages import describe
from ..settings import Settings, StudySettings

if TYPE_CHECKING:
    from ...spec import WorkflowSpec

HOST = "Hg"
NEEDED_FACTS = ("solubility_in_mercury", "heat_of_solution_in_mercury", "diffusivity_in_mercury")
"""What must be known of a metal before its films can be cycled."""
UM, MA_CM2, MAH_CM2, OHM_CM2, HOUR_S, MV = 1e-6, 10.0, 36000.0, 1e-4, 3600.0, 1e-3
"""In SI units."""

Thickness = Annotated[float, Field(ge=LEAST_THICKNESS_M / UM, le=MOST_THICKNESS_M / UM, allow_inf_nan=False)]
"""From 10 nm, below which phases and diffusion are not those of the bulk, to 1 cm."""
Current = Annotated[float, Field(ge=1e-6, le=1e4, allow_inf_nan=False)]
"""From one with which a half cycle of 1 mAh/cm² takes a hundred years."""
Kelvin = Annotated[float, Field(gt=0, le=2000, allow_inf_nan=False)]
Diffusivity = Annotated[float, Field(ge=LEAST_SOLID_M2_S, le=1e-9, allow_inf_nan=False)]
"""From what is as good as standing still, 19 nm in ten hours, to that of a metal in a liquid."""


class FaceSettings(Settings):
    """The face of the electrolyte, and what presses the film against it."""

    pore_share: Annotated[float, Field(ge=0, le=1)] = 0.3
    pore_radius_um: Annotated[float, Field(gt=0, le=1e4)] = 1.0
    spread: Annotated[float, Field(gt=0, le=5)] = 1.0
    pressure_MPa: Annotated[float, Field(ge=0, le=1e4)] = 0.1

    def face(self) -> RoughFace:
        """Return it as the model of contact takes it."""
        return RoughFace(self.pore_share, self.pore_radius_um * UM, self.spread, self.pressure_MPa * 1e6)


class MapSettings(Settings):
    """Films of which the report says where they stay liquid at the electrolyte."""

    thicknesses_um: Annotated[tuple[Thickness, ...], Field(min_length=2, max_length=40)] = (10, 20, 40, 70, 120, 200)
    currents_mA_cm2: Annotated[tuple[Current, ...], Field(min_length=2, max_length=40)] = (0.2, 0.5, 1, 2, 5, 10, 20)
    temperatures_K: Annotated[tuple[Kelvin, ...], Field(min_length=1, max_length=6)] = (298.15, 333.15)

    @field_validator("thicknesses_um", "currents_mA_cm2", "temperatures_K")
    @classmethod
    def _rising(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if any(b <= a for a, b in pairwise(values)):
            raise ValueError(f"the values {list(values)} must rise")
        return values


class CyclingSettings(StudySettings):
    """Films of amalgam between a metal and an electrolyte, stripped and plated in turn.

    Attributes
    ----------
    metals
        Whose films; None: every metal that a system of the job has with mercury and of which enough is known.
    thickness_um, x
        Of the film as it is made, and its overall mole fraction of the metal; None: saturated liquid.
    metal_um
        Thickness of the metal behind the film; None for a wall, from which no metal comes.
    currents_mA_cm2, capacity_mAh_cm2, cycles
        Current densities, what each half cycle passes, and how many cycles there are.
    rest_h
        From making the film to the first cycle.
    temperature_K
        Of the cycles.
    solid_diffusivities_m2_s
        Of the metal in its compounds with mercury at 25 °C, rising: none is known, so the answer is given for each.
    solid_activation_eV
        How they change with temperature.
    nucleation_mV
        How far the voltage falls below a front before a richer phase begins at the electrolyte; the limit without any
        barrier is computed beside it.
    charge_transfer_ohm_cm2, electrolyte_ohm_cm2
        Of a face that is touched everywhere, and of the electrolyte between two films.
    contact_angles_deg
        Of the saturated liquid on the electrolyte: lowest and highest. None: those of the job's ``wetting``, or else
        the liquid touches everything.
    solid_contact
        Share of the face that a solid film still touches where its contact is at its worst.
    face
        Roughness of the electrolyte, and pressure.
    map
        Films of the map; None for no map.
    cells
        Finite volumes of the liquid.
    """

    metals: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    thickness_um: Thickness = 70.0
    x: Annotated[float, Field(gt=0, lt=1)] | None = None
    metal_um: Thickness | None = 450.0
    currents_mA_cm2: Annotated[tuple[Current, ...], Field(min_length=1, max_length=8)] = (2.0, 5.0)
    capacity_mAh_cm2: Annotated[float, Field(ge=1e-6, le=1e3)] = 1.0
    cycles: Annotated[int, Field(ge=1, le=50)] = 3
    rest_h: Annotated[float, Field(ge=0, le=1e5)] = 10.0
    temperature_K: Kelvin = 298.15
    solid_diffusivities_m2_s: Annotated[tuple[Diffusivity, ...], Field(min_length=1, max_length=5)] = (
        1e-16,
        1e-14,
        1e-12,
    )
    solid_activation_eV: Annotated[float, Field(ge=0, le=3)] = 0.4
    nucleation_mV: Annotated[float, Field(gt=0, le=1e4)] = 10.0
    charge_transfer_ohm_cm2: Annotated[float, Field(ge=0, le=1e6)] = 5.0
    electrolyte_ohm_cm2: Annotated[float, Field(ge=0, le=1e6)] = 0.0
    contact_angles_deg: tuple[Annotated[float, Field(ge=0, le=180)], Annotated[float, Field(ge=0, le=180)]] | None = (
        None
    )
    solid_contact: Annotated[float, Field(gt=0, le=1)] = 0.1
    face: FaceSettings = FaceSettings()
    map: MapSettings | None = MapSettings()
    cells: Annotated[int, Field(ge=4, le=200)] = 16

    @field_validator("solid_diffusivities_m2_s", "currents_mA_cm2")
    @classmethod
    def _rising(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if any(b <= a for a, b in pairwise(values)):
            raise ValueError(f"the values {list(values)} must rise")
        return values

    @field_validator("metals")
    @classmethod
    def _known(cls, values: tuple[str, ...] | None) -> tuple[str, ...] | None:
        known = symbols_with(*NEEDED_FACTS)
        for value in values or ():
            if value not in known:
                raise ValueError(f"{value!r}: solubility and diffusivity in mercury are known of {', '.join(known)}")
        return values

    @model_validator(mode="after")
    def _angles_rise(self) -> CyclingSettings:
        if self.contact_angles_deg is not None and self.contact_angles_deg[0] > self.contact_angles_deg[1]:
            raise ValueError(f"contact_angles_deg: {list(self.contact_angles_deg)} must be the lowest and the highest")
        return self

    def identity(self) -> Any:
        """Return all: nothing is stored under it."""
        return self.model_dump(mode="json")

    def check(self, spec: WorkflowSpec) -> None:
        """Refuse what the fields alone cannot tell.

        Raises
        ------
        InputError
            PyBaMM is not installed, no system of the job is of mercury and a metal that is asked for or known, or what
            :meth:`check_films` refuses.
        """
        _check_installed()
        systems = metals_with_mercury(spec.systems)
        for metal in self.metals or ():
            if metal not in systems:
                raise InputError(f"cycling.metals: {metal} needs {metal}-{HOST} among the systems of the job")
        if not known_metals(systems):
            known = ", ".join(f"{metal}-{HOST}" for metal in symbols_with(*NEEDED_FACTS))
            raise InputError(f"cycling: it needs a system of mercury and a metal of which enough is known: {known}")
        try:
            self.check_films(self.metals or systems)
        except InputError as error:
            raise InputError(f"cycling.{error}") from None

    def check_films(self, metals: Collection[str]) -> None:
        """Refuse what measured data refuse without a hull: temperatures, and diffusivities at these.

        Of metals that are asked for by name each must have films; of others one is enough, and the report says why the
        rest has none.

        Parameters
        ----------
        metals
            Of the systems.

        Raises
        ------
        InputError
            Its text begins with the key.
        """
        known = known_metals(metals)
        if not known:
            listed = ", ".join(symbols_with(*NEEDED_FACTS))
            raise InputError(
                f"metals: solubility and diffusivity in mercury are not known of {', '.join(metals)}, but of {listed}"
            )
        places = [("temperature_K", self.temperature_K)]
        places += [("map.temperatures_K", kelvin) for kelvin in (self.map.temperatures_K if self.map else ())]
        for key, kelvin in places:
            refused = [text for metal in known if (text := _refusal(metal, kelvin))]
            if refused and (self.metals or len(refused) == len(known)):
                raise InputError(f"{key}: {refused[0]}")
            for value in self.solid_diffusivities_m2_s:
                try:
                    Diffusivities.measured(known[0], value, self.solid_activation_eV).solid("", kelvin)
                except InputError as error:
                    raise InputError(f"solid_diffusivities_m2_s: {error}") from None


def known_metals(metals: Collection[str]) -> list[str]:
    """Return those of which enough is known for films."""
    known = symbols_with(*NEEDED_FACTS)
    return [metal for metal in metals if metal in known]


def _refusal(metal: str, kelvin: float) -> str:
    """Why there is no film of a metal at a temperature; empty where there is one."""
    try:
        check_temperature(metal, HOST, kelvin)
    except InputError as error:
        return str(error)
    return ""


def read_settings(**given: Any) -> CyclingSettings:
    """Return settings of these values.

    Raises
    ------
    InputError
        A value is out of its range, its text begins with the key; or PyBaMM is not installed.
    """
    try:
        settings = CyclingSettings(**given)
    except ValidationError as error:
        raise InputError(describe(error, CyclingSettings)) from None
    _check_installed()
    return settings


def _check_installed() -> None:
    if find_spec("pybamm") is None:
        raise InputError(MISSING)


def metals_with_mercury(systems: tuple[str, ...]) -> dict[str, str]:
    """Return the systems of one metal and mercury by that metal."""
    found = {}
    for system in systems:
        symbols = system.split("-")
        if len(symbols) == 2 and HOST in symbols:
            found[next(symbol for symbol in symbols if symbol != HOST)] = system
    return found
