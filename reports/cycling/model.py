"""What the report says of amalgam films in time: plain data, filled by the workflow from hulls."""

from __future__ import annotations

from dataclasses import dataclass

from ...reference.measured import Measured
from ...thermodynamics.cycling.cell import Contact, SymmetricCell
from ...thermodynamics.cycling.contact import RoughFace
from ...thermodynamics.cycling.healing import CurrentLimit, HealingPoint, worst_outcome
from ...thermodynamics.cycling.phases import PhaseChain

NO_RESISTANCE = Contact()


@dataclass(frozen=True)
class CyclingConditions:
    """How films were made and cycled, in SI units; see the settings of the study."""

    thickness_m: float
    x: float | None
    metal_m: float | None
    capacity_C_m2: float
    cycles: int
    rest_s: float
    temperature_K: float
    solid_activation_eV: float
    nucleation_V: float
    face: RoughFace


@dataclass(frozen=True)
class ContactBand:
    """Contact at its best and at its worst.

    Attributes
    ----------
    best, worst
        Shares of the electrolyte that are touched, and resistances.
    angles_deg
        Lowest and highest contact angle behind them; None where contact is assumed to be complete.
    source
        Of the angles.
    is_computed
        Whether they are those of a wetting study.
    """

    best: Contact
    worst: Contact
    angles_deg: tuple[float, float] | None
    source: str
    is_computed: bool = False


@dataclass(frozen=True)
class FilmCase:
    """One film in a symmetric cell.

    Attributes
    ----------
    diffusivity_m2_s
        Of the metal in the compounds at 25 °C.
    current_A_m2
        Current density.
    nucleation_V
        How far the voltage falls before a richer phase begins at the electrolyte; 0 is the limit without a barrier.
    cell
        What it did.
    """

    diffusivity_m2_s: float
    current_A_m2: float
    nucleation_V: float
    cell: SymmetricCell

    @property
    def outcome(self) -> str:
        """Of the film that fares worse, the one stripped first or the one plated first."""
        return worst_outcome(self.cell.first, self.cell.second)

    @property
    def ended(self) -> str | None:
        """What ended either film before its time."""
        return self.cell.first.ended or self.cell.second.ended

    @property
    def least_liquid_m(self) -> float:
        """Thinnest liquid at the electrolyte of either film in its last cycle."""
        runs = (self.cell.first, self.cell.second)
        return min(run.last_liquid_m for run in runs)

    @property
    def swelling_m(self) -> float:
        """How far the thickness of film and metal goes up and down in its last cycle."""
        run = self.cell.first
        stack = run.stack_m[run.in_last_cycle]
        return float(stack.max() - stack.min())

    @property
    def last_phases(self) -> tuple[str, ...]:
        """Formulas in the film at its end, from the metal to the electrolyte."""
        run = self.cell.first
        return tuple(run.chain.phases[layer.phase].formula for layer in run.films[-1].layers)

    def polarisation_V(self, contact: Contact = NO_RESISTANCE) -> float:
        """Return the mean voltage of the cell over the last cycle; without a contact that of the films alone."""
        return self.cell.polarisation_V(contact)


@dataclass(frozen=True)
class MapPart:
    """Films over thickness and current at one diffusivity, temperature and barrier; ``reason``: why there are none."""

    diffusivity_m2_s: float
    temperature_K: float
    nucleation_V: float
    points: tuple[HealingPoint, ...]
    reason: str = ""


@dataclass(frozen=True)
class FilmLimit:
    """The largest current with a liquid skin, of the film that was cycled, at one diffusivity and barrier."""

    diffusivity_m2_s: float
    nucleation_V: float
    limit: CurrentLimit


@dataclass(frozen=True)
class LargestDiffusivity:
    """In the compounds at 25 °C, with which a film stays liquid; None where the lowest that was tried is too high.

    ``is_bound``: it is the highest that was tried, so that the limit lies there or above.
    """

    value_m2_s: float | None
    is_bound: bool


@dataclass(frozen=True)
class FilmResults:
    """The films of one metal.

    Attributes
    ----------
    system, metal, potential
        E.g. ``Li-Hg`` and ``Li``, and what the hull was computed with.
    chain
        Its phases, at the last diffusivity.
    cases
        By diffusivity, current and barrier; each barrier has its limit without one after it.
    least
        Diffusivity, and the thinnest film that keeps a liquid skin at the first current; None where none does.
    limits
        The largest current with a liquid skin, by diffusivity and barrier.
    parts
        Of the map.
    largest
        Up to which diffusivity the film stays liquid at the electrolyte at the first current, with a barrier; None
        where no compound matters or it is not known.
    energies
        Whether the hull is one of static or of free energies.
    problems
        Which of these could not be had, and why.
    diffusivity
        Measured in mercury.
    solubility_source
        Of the liquidus.
    """

    system: str
    metal: str
    potential: str
    chain: PhaseChain
    cases: tuple[FilmCase, ...]
    least: tuple[tuple[float, float | None], ...]
    limits: tuple[FilmLimit, ...]
    parts: tuple[MapPart, ...]
    diffusivity: Measured
    solubility_source: str
    largest: LargestDiffusivity | None = None
    energies: str = "static energies"
    problems: tuple[str, ...] = ()

    def with_barrier(self) -> list[FilmCase]:
        """Return the cases in which a new phase needs an overpotential."""
        return [case for case in self.cases if case.nucleation_V > 0.0]

    def case(self, diffusivity_m2_s: float, current_A_m2: float, barrier: bool) -> FilmCase:
        """Return one case."""
        return next(
            case
            for case in self.cases
            if (case.diffusivity_m2_s, case.current_A_m2) == (diffusivity_m2_s, current_A_m2)
            and (case.nucleation_V > 0.0) == barrier
        )

    @property
    def diffusivities_m2_s(self) -> list[float]:
        """Those of the compounds, rising."""
        return list(dict.fromkeys(case.diffusivity_m2_s for case in self.cases))

    @property
    def currents_A_m2(self) -> list[float]:
        """Current densities, rising."""
        return list(dict.fromkeys(case.current_A_m2 for case in self.cases))


@dataclass(frozen=True)
class CyclingReport:
    """The films of a job; ``problems`` says which metals have none, or lack a part, and why."""

    conditions: CyclingConditions
    contact: ContactBand
    films: tuple[FilmResults, ...]
    problems: tuple[str, ...] = ()
