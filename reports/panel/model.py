"""What the panel of solids shows, as plain data: works of adhesion by solid and method, and measured angles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...thermodynamics.uncertainty import Estimate
from ...thermodynamics.wetting.adhesion import WorkOfAdhesion
from ...thermodynamics.wetting.cleaning import CarriedLayer
from ...thermodynamics.wetting.contact_angle import work_from_angle_J_m2, young_dupre_angle_deg
from ...thermodynamics.wetting.panel_errors import AdhesionErrors, Comparison, adhesion_errors
from ..film_motion import FilmMotion


@dataclass(frozen=True)
class MeasuredAngle:
    """A range of measured angles on a solid, degrees, with how and where it was measured."""

    low_deg: float
    high_deg: float
    conditions: str
    source: str
    confidence: str

    @property
    def text(self) -> str:
        """``150`` or ``135–140``."""
        return f"{self.low_deg:g}" if self.low_deg == self.high_deg else f"{self.low_deg:g}–{self.high_deg:g}"

    def work_J_m2(self, gamma_LV_J_m2: float) -> float:
        """Return gamma (1 + cos theta) of the middle of the range."""
        return float(work_from_angle_J_m2(0.5 * (self.low_deg + self.high_deg), gamma_LV_J_m2))


@dataclass(frozen=True)
class PanelSolid:
    """One face of one solid.

    Attributes
    ----------
    solid, formula, plane, termination
        Its name, reduced formula, Miller indices as text, and what ends the face.
    work_of_adhesion_J_m2
        Of the pure liquid, by the name of the potential.
    dispersion_J_m2
        What the dispersion correction brings of it, by the name of the potential, where that is known.
    measured
        Angle of the pure liquid; None where no measurement is known.
    surface
        What the face carries, ``clean`` for nothing.
    treatments_J_m2
        Work of adhesion at finite temperature, ``nvt`` and ``free-energy``, of the sampling potential; empty where it
        was not computed.
    carried
        How what the face carries is bound to it; None for a clean face and where it was not computed.
    """

    solid: str
    formula: str
    plane: str
    termination: str
    work_of_adhesion_J_m2: Mapping[str, Estimate]
    dispersion_J_m2: Mapping[str, float] = field(default_factory=dict)
    measured: MeasuredAngle | None = None
    surface: str = "clean"
    treatments_J_m2: Mapping[str, WorkOfAdhesion] = field(default_factory=dict)
    carried: CarriedLayer | None = None

    @property
    def face(self) -> str:
        """Solid, termination and what it carries: ``LLTO, TiO2, hydroxylated``."""
        return ", ".join((self.solid, self.termination, *(() if self.surface == "clean" else (self.surface,))))


@dataclass(frozen=True)
class PanelReport:
    """All solids with all methods.

    Attributes
    ----------
    solvent, temperature_K, gamma_LV_J_m2
        The liquid, and its measured surface tension at that temperature.
    solids
        In the order of the input.
    structures_from
        For potentials that gave single points, by whose structures.
    surface_energies_J_m2
        u of the liquid by the name of the potential, computed.
    problems
        Which solids or methods are missing, and why.
    methods
        Names of potentials in the order in which they are shown.
    motions
        How the films moved while their frames were taken.
    provenance, settings
        What made the numbers, by potential, and what was asked for; plain JSON.
    """

    solvent: str
    temperature_K: float
    gamma_LV_J_m2: float
    solids: tuple[PanelSolid, ...]
    structures_from: Mapping[str, str] = field(default_factory=dict)
    surface_energies_J_m2: Mapping[str, float] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    motions: tuple[FilmMotion, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def potentials(self) -> tuple[str, ...]:
        """Every method of any solid, in the order of ``methods``, others after them."""
        found = dict.fromkeys(name for one in self.solids for name in one.work_of_adhesion_J_m2)
        return tuple(dict.fromkeys([*(name for name in self.methods if name in found), *found]))

    def angle_deg(self, solid: PanelSolid, potential: str, gamma_J_m2: float | None = None) -> float | None:
        """Return the angle of a method on a solid, with the measured tension unless another is given."""
        work = solid.work_of_adhesion_J_m2.get(potential)
        return None if work is None else float(young_dupre_angle_deg(work.mean, gamma_J_m2 or self.gamma_LV_J_m2))

    def errors(self, potential: str, gamma_J_m2: float | None = None) -> AdhesionErrors | None:
        """Return the errors of a method over the solids with a measured angle; None where there are none.

        With ``gamma_J_m2`` computed works are read with that surface energy: each is scaled by measured over given, so
        that it stands for the angle arccos(W/gamma - 1).
        """
        scale = 1.0 if gamma_J_m2 is None else self.gamma_LV_J_m2 / gamma_J_m2
        compared = [
            Comparison(one.solid, scale * work.mean, one.measured.low_deg, one.measured.high_deg)
            for one in self.solids
            if one.measured is not None and (work := one.work_of_adhesion_J_m2.get(potential)) is not None
        ]
        return adhesion_errors(compared, self.gamma_LV_J_m2) if compared else None
