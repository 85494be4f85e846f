"""What a wetting report shows: plain data, filled by the workflow from the structure database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ase import Atoms

    from ...thermodynamics.uncertainty import Estimate
    from ...thermodynamics.wetting.adhesion import WorkOfAdhesion
    from ...thermodynamics.wetting.contact_angle import SurfaceTension
    from ...thermodynamics.wetting.curve import AngleDifference, Limit, WettingCurve
    from ...thermodynamics.wetting.lattice_gas import LatticeGas
    from ...thermodynamics.wetting.model import WettingParameters
    from ...thermodynamics.wetting.sensitivity import Sensitivity
    from ..film_motion import FilmMotion


@dataclass(frozen=True)
class SurfaceRecord:
    """Surface energy of one solid surface.

    ``surface_energy_J_m2`` is that of the thickness fit over ``n_slabs`` slabs; for a non-stoichiometric termination
    it is the mean with its complement, and ``note`` says so. ``polar`` tells faces whose formal charges leave a dipole
    that grows with the slab (Tasker type 3); None where there are no formal charges or they are not known.
    """

    phase: str
    miller_index: tuple[int, int, int]
    termination: str
    surface_energy_J_m2: float
    standard_error_J_m2: float | None
    n_slabs: int
    potential: str
    note: str = ""
    polar: bool | None = None


@dataclass(frozen=True)
class InterfacePicture:
    """A relaxed interface to draw; ``atoms`` carries the tags of :mod:`amalgamics.structures.tags`."""

    title: str
    atoms: Atoms
    n_solute: int
    potential: str


@dataclass(frozen=True)
class AdhesionRecord:
    """Work of adhesion of the pure liquid for one termination and potential, per treatment (``relaxed``, ``rigid``)."""

    termination: str
    potential: str
    treatment: str
    work: WorkOfAdhesion
    per_seed_J_m2: tuple[float, ...]


@dataclass(frozen=True)
class DiluteRecord:
    """The solute in the bulk liquid, computed with one potential beside what was measured.

    ``mu_infinity`` is referred to the solid metal, eV; the solubilities are mole fractions. None where not measured.
    """

    potential: str
    mu_infinity: Estimate
    measured_mu_infinity: float | None
    solubility: float
    measured_solubility: float | None
    saturating_phase: str


@dataclass(frozen=True)
class DispersionRecord:
    """W_ad(0) of one model with one dispersion model on one face, J/m².

    Attributes
    ----------
    model, dispersion
        ``chgnet`` and ``d3``; an empty dispersion is the model alone.
    three_body
        Whether the dispersion model has its three-body (Axilrod-Teller-Muto) term.
    standard_error_J_m2
        Between films; None where unknown.
    structures_from
        Potential that relaxed the structures on which this one gave single points; "" where it relaxed them itself.
    """

    termination: str
    model: str
    dispersion: str
    three_body: bool
    work_of_adhesion_J_m2: float
    standard_error_J_m2: float | None = None
    structures_from: str = ""


@dataclass(frozen=True)
class CoverageRecord:
    """W with the same number of solute atoms on the dry face and under the liquid; neither limit, no mu."""

    termination: str
    potential: str
    n_solute: int
    coverage_per_nm2: float
    work_of_adhesion_J_m2: float
    theta_deg: float


@dataclass(frozen=True)
class ConsistencyRecord:
    """Angles with three choices of the liquid's tension: measured, or from the film of the same potential.

    The hybrid, W computed over gamma measured, is right where the energy that the potential misses at the free surface
    of the liquid it misses at the interface with the solid, too, so that it cancels in W.

    Attributes
    ----------
    surface_energy_J_m2
        u of the free film, computed.
    gamma_film_J_m2
        u + T dgamma/dT with the measured slope: the tension that goes with it.
    x
        Compositions of the angles.
    hybrid_deg, from_energy_deg, from_tension_deg
        Angles with the measured gamma, with u, and with ``gamma_film_J_m2``, by limit, one for each x.
    """

    termination: str
    potential: str
    surface_energy_J_m2: float
    gamma_film_J_m2: float
    x: tuple[float, ...]
    hybrid_deg: Mapping[Limit, tuple[float, ...]]
    from_energy_deg: Mapping[Limit, tuple[float, ...]]
    from_tension_deg: Mapping[Limit, tuple[float, ...]]


@dataclass(frozen=True)
class ReductionPoint:
    """One composition of the liquid against the stability of the solid.

    ``energy_per_nm_J_m2`` is what a reacted layer of 1 nm gains (negative), None where no energy is known, and
    ``solute_per_nm2`` the atoms that such a layer takes up.
    """

    x: float
    voltage_V: float
    energy_per_nm_J_m2: float | None = None
    solute_per_nm2: float | None = None


@dataclass(frozen=True)
class ReductionRecord:
    """The solid against the voltage of the amalgam: whether it is reduced before it is wetted.

    Attributes
    ----------
    onset_V
        Reduction onset of the solid, V against the solute's metal.
    source
        Where it comes from, in words.
    computed
        Whether from this database.
    points
        By composition; those below the onset react at equilibrium.
    """

    onset_V: float
    source: str
    computed: bool
    points: tuple[ReductionPoint, ...]

    @property
    def reacts(self) -> tuple[ReductionPoint, ...]:
        """The compositions at which the solid is reduced."""
        return tuple(point for point in self.points if point.voltage_V < self.onset_V)


@dataclass(frozen=True)
class FallRecord:
    """By how much the angle falls between two compositions in one limit."""

    x_from: float
    x_to: float
    limit: Limit
    difference: AngleDifference


@dataclass(frozen=True)
class WettingMember:
    """One consistent set of energies and its own curve.

    ``structures_from`` names the potential that relaxed the structures on which this one gave single points; "" where
    it relaxed them itself.
    """

    termination: str
    potential: str
    parameters: WettingParameters
    curve: WettingCurve
    seed_curves: tuple[WettingCurve, ...] = ()
    structures_from: str = ""


@dataclass(frozen=True)
class WettingFace:
    """One termination: its parameter sets, and the curve of the first with the band of all."""

    termination: str
    members: tuple[WettingMember, ...]
    curve: WettingCurve


@dataclass(frozen=True)
class FiniteDrop:
    """The headline's set in a drop of ``radius_mm``, which runs out of solute; its bands are not meant to be shown."""

    radius_mm: float
    curve: WettingCurve

    @property
    def label(self) -> str:
        """``in a drop of 0.5 mm``; the length is the radius."""
        return f"in a drop of {self.radius_mm:g} mm"


@dataclass(frozen=True)
class WettingReport:
    """Everything the wetting page shows.

    Attributes
    ----------
    faces
        The terminations, that of the headline first.
    falls
        Differences of the angle between pairs of compositions, with their bands, on the first face.
    observed
        What the paper reports, by mole fraction: ``{0.0: "does not wet", 3e-5: "wets better", 0.0133: "wets fully"}``;
        empty for other substrates or solutes.
    key_x
        Compositions worth naming, from the pure solvent to the saturated liquid.
    sensitivity
        How the default angle answers to errors of the usual size, in each limit.
    dispersion, coverage, consistency
        W_ad(0) by model and dispersion model, W at fixed coverage, and angles with other tensions of the liquid.
    reduction
        The solid against the voltage of the liquid; None where nothing is known of it.
    finite_drop
        The same energies in a drop, beside an endless supply; None where the curve itself is that of a drop.
    vapour
        Lattice gas of the free surface of the default member; None when it was not computed.
    film_surface_energy
        Computed surface energy of the free liquid film (J/m²), to compare with ``gamma_LV.internal_energy_J_m2``.
    motions
        How the films moved while their frames were taken.
    conditions, conditions_text
        Drop, roughness, calibration, temperature and tension, for programs and in words ("" where all are the usual).
    electrons_per_ion
        Of the solute's couple, e.g. 1 for Li/Li⁺; names the axis of voltages.
    """

    title: str
    substrate: str
    substrate_formula: str
    miller_index: tuple[int, int, int]
    solvent: str
    solute: str
    preset: str
    temperature_K: float
    gamma_LV: SurfaceTension
    faces: tuple[WettingFace, ...]
    adhesion: tuple[AdhesionRecord, ...]
    falls: tuple[FallRecord, ...]
    surfaces: tuple[SurfaceRecord, ...]
    dilute: tuple[DiluteRecord, ...]
    pictures: tuple[InterfacePicture, ...]
    key_x: tuple[float, ...] = (0.0,)
    sensitivity: tuple[Sensitivity, ...] = ()
    dispersion: tuple[DispersionRecord, ...] = ()
    coverage: tuple[CoverageRecord, ...] = ()
    consistency: tuple[ConsistencyRecord, ...] = ()
    reduction: ReductionRecord | None = None
    finite_drop: FiniteDrop | None = None
    vapour: LatticeGas | None = None
    film_surface_energy: Estimate | None = None
    observed: Mapping[float, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    motions: tuple[FilmMotion, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, float | None] = field(default_factory=dict)
    conditions_text: str = ""
    created: str = ""
    electrons_per_ion: int = 1

    @property
    def curve(self) -> WettingCurve:
        """The curve of the first face: its first parameter set, with the band of all sets of that face."""
        return self.faces[0].curve

    @property
    def members(self) -> tuple[WettingMember, ...]:
        """Every parameter set of every face."""
        return tuple(member for face in self.faces for member in face.members)

    @property
    def default(self) -> WettingMember:
        """The parameter set whose angles are the headline."""
        return self.faces[0].members[0]
