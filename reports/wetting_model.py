"""What a wetting report shows: plain data, filled by the workflow from the structure database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ase import Atoms

    from ..thermodynamics.adhesion import WorkOfAdhesion
    from ..thermodynamics.contact_angle import SurfaceTension
    from ..thermodynamics.lattice_gas import LatticeGas
    from ..thermodynamics.sensitivity import Sensitivity
    from ..thermodynamics.uncertainty import Estimate
    from ..thermodynamics.wetting import WettingParameters
    from ..thermodynamics.wetting_curve import AngleDifference, WettingCurve


@dataclass(frozen=True)
class SurfaceRecord:
    """Surface energy of one solid surface.

    ``surface_energy_J_m2`` is that of the thickness fit over ``n_slabs`` slabs; for a non-stoichiometric termination
    it is the mean with its complement, and ``note`` says so.
    """

    phase: str
    miller_index: tuple[int, int, int]
    termination: str
    surface_energy_J_m2: float
    standard_error_J_m2: float | None
    n_slabs: int
    potential: str
    note: str = ""


@dataclass(frozen=True)
class InterfacePicture:
    """A relaxed interface to draw; ``atoms`` carries the tags of :mod:`amalgamics.structures.parts`."""

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
class WettingMember:
    """One consistent set of energies and its own curve."""

    termination: str
    potential: str
    parameters: WettingParameters
    curve: WettingCurve
    seed_curves: tuple[WettingCurve, ...] = ()


@dataclass(frozen=True)
class WettingReport:
    """Everything the wetting page shows.

    Attributes
    ----------
    curve
        The combined prediction with its band; its first parameter set is the default one, ``members[0]``.
    members
        Every parameter set: terminations, potentials, dispersion models, corrections.
    falls
        Difference of the angle between pairs of compositions, with its band: ((x_from, x_to), difference).
    observed
        What the paper reports, by mole fraction: ``{0.0: "does not wet", 3e-5: "wets better", 0.0133: "wets fully"}``;
        empty for other substrates or solutes.
    sensitivity
        How the default angle answers to errors of the usual size.
    vapour
        Lattice gas of the free surface of the default member; None when it was not computed.
    film_surface_energy
        Computed surface energy of the free liquid film (J/m²), to compare with ``gamma_LV.internal_energy_J_m2``.
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
    curve: WettingCurve
    members: tuple[WettingMember, ...]
    adhesion: tuple[AdhesionRecord, ...]
    falls: tuple[tuple[tuple[float, float], AngleDifference], ...]
    surfaces: tuple[SurfaceRecord, ...]
    dilute: tuple[DiluteRecord, ...]
    pictures: tuple[InterfacePicture, ...]
    sensitivity: tuple[Sensitivity, ...] = ()
    vapour: LatticeGas | None = None
    film_surface_energy: Estimate | None = None
    observed: Mapping[float, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
    electrons_per_ion: int = 1

    @property
    def default(self) -> WettingMember:
        """The parameter set whose angle is the headline."""
        return self.members[0]
