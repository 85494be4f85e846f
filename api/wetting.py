"""Contact angle of a solution against its composition, from given energies, in both limits of the dry face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..arguments import refusal, text
from ..errors import InputError, unknown_name
from ..structures.compositions import ELEMENTS
from ..thermodynamics.amalgams.choose_solution import (
    MEASURED,
    key_compositions,
    measured_solubility,
    shown_compositions,
    solution_for,
    solution_warning,
)
from ..thermodynamics.wetting.contact_angle import Drop, SurfaceTension
from ..thermodynamics.wetting.curve import Limit, composition_grid
from ..thermodynamics.wetting.lattice_gas import LatticeGas
from ..thermodynamics.wetting.model import WettingModel
from ..thermodynamics.wetting.parameters import WettingParameters
from .adhesion import Adhesion
from .display import drawn, html_table, with_version
from .quantities import (
    AREA,
    DROP_RADIUS,
    INTERFACE_ENERGY,
    INTERFACE_ERROR,
    LIQUID_TEMPERATURE,
    MOLE_FRACTION,
    ROUGHNESS,
    SATURATION,
    SOLUTE_ENERGY,
    SOLUTE_ERROR,
    SURFACE_TENSION,
    check,
    check_given,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from ..thermodynamics.amalgams.dilute import Solution
    from ..thermodynamics.wetting.curve import WettingCurve, WettingPoint

NOT_COMPUTED = (
    "the energies of the solute on the dry face were not given, so only the fresh limit is known: a lower bound of the"
    " angle, not the angle"
)
NO_ERRORS = "no standard errors were given, so there is no band: 0.1 eV can move an angle by tens of degrees"
_N_DRAWS = 1000
DEFINITIONS = {
    Limit.FRESH: "fresh: the solute reaches the solid only under the liquid; a lower bound of the angle",
    Limit.EQUILIBRATED: "equilibrated: the solute is on the dry face beside the drop as well",
}


@dataclass(frozen=True, eq=False)
class WettingResult:
    """Contact angles against composition, in both limits of the dry face.

    Attributes
    ----------
    solute, solvent, substrate
        The liquid, and what the solid is called.
    temperature_K
        Of the drop.
    key_compositions
        The few mole fractions worth naming: the pure solvent first, the saturated liquid last.
    curve
        All points; each has a ``fresh`` and an ``equilibrated`` limit.
    warnings
        What to know before an angle is believed, such as a limit that was not computed.
    provenance
        What the numbers come from: the sources of solution and tension, and of W_ad(0) where it was computed.
    """

    solute: str
    solvent: str
    substrate: str
    temperature_K: float
    key_compositions: tuple[float, ...]
    curve: WettingCurve = field(repr=False)
    warnings: tuple[str, ...]
    provenance: Mapping[str, Any] = field(repr=False)
    _model: WettingModel = field(repr=False)

    @property
    def limits(self) -> tuple[str, ...]:
        """Names of the limits that are known: ``fresh``, and ``equilibrated`` where the dry face was given."""
        return tuple(map(str, self.curve.limits))

    def at(self, x: float) -> WettingPoint:
        """Return everything at a mole fraction, in both limits: angles, bands, adhesion, coverages, voltage.

        Raises
        ------
        InputError
            A mole fraction outside [0, 1).
        """
        MOLE_FRACTION.check("x", x)
        return self._model.curve([x]).at(x)

    def contact_angle_deg(self, x: float) -> dict[str, float | None]:
        """Return the angle at a mole fraction by limit: a number each, None for one that is not known.

        Raises
        ------
        InputError
            A mole fraction outside [0, 1).
        """
        return {str(limit): angle for limit, angle in _angles(self.at(x)).items()}

    def plot(self) -> go.Figure:
        """Return the report's figure: angles in both limits, W_ad, interface energies and coverages, in plotly."""
        from ..reports.wetting.interactive import wetting_figure

        figure = wetting_figure(self._report())
        if not _has_errors(self._model.members[0]):
            figure["data"] = [trace for trace in figure["data"] if "fill" not in trace]
        title = f"{self.solvent} with {self.solute} on {self.substrate}"
        if Limit.EQUILIBRATED not in self.curve.limits:
            title += ": fresh limit only, the equilibrated one is not computed"
        return drawn(figure, title, height=860)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON: every point in both limits, what they mean, warnings and provenance."""
        return with_version(
            {
                "solute": self.solute,
                "solvent": self.solvent,
                "substrate": self.substrate,
                "limits": self.limits,
                "definitions": {str(limit): text for limit, text in DEFINITIONS.items()},
                **self.curve.as_dict(),
                "warnings": self.warnings,
                "provenance": self.provenance,
            }
        )

    def _repr_html_(self) -> str:
        rows = []
        for x in self.key_compositions:
            point = self.curve.at(x)
            angles = [_degrees(angle) for angle in _angles(point).values()]
            rows.append([f"{100 * x:.3g} at.%", *angles, point.fresh.voltage_V])
        headings = [f"{self.solute} in {self.solvent}", "θ fresh", "θ equilibrated", "V"]
        notes = [*(DEFINITIONS[limit] for limit in Limit), *self.warnings]
        title = f"Contact angle on {self.substrate} at {self.temperature_K:g} K"
        return html_table(title, headings, rows, notes)

    def _report(self) -> Any:
        """Return the little of a report that its figure asks for."""
        from ..reports.wetting.model import WettingFace, WettingMember, WettingReport

        (parameters,) = self._model.members
        face = WettingFace("", (WettingMember("", "given", parameters, self.curve),), self.curve)
        return WettingReport(
            title="",
            substrate=self.substrate,
            substrate_formula=self.substrate,
            miller_index=(0, 0, 1),
            solvent=self.solvent,
            solute=self.solute,
            preset="",
            temperature_K=self.temperature_K,
            gamma_LV=self._model.surface_tension,
            faces=(face,),
            adhesion=(),
            falls=(),
            surfaces=(),
            dilute=(),
            pictures=(),
            key_x=self.key_compositions,
            electrons_per_ion=self._model.solution.electrons_per_ion,
        )


def _angles(point: WettingPoint) -> dict[Limit, float | None]:
    """The angle in each limit; without solute both limits are one, whether the dry face was given or not."""
    if point.x == 0.0:
        return dict.fromkeys(Limit, point.fresh.theta_deg)
    return {limit: None if (drop := point.of(limit)) is None else drop.theta_deg for limit in Limit}


def _degrees(angle: float | None) -> str:
    return "not computed" if angle is None else f"{angle:.0f}°"


def wetting_curve(  # noqa: PLR0913 - what a curve depends on, all but the first by name
    work_of_adhesion: float | Adhesion,
    interface_energies: Sequence[float] | LatticeGas,
    dry_face_energies: Sequence[float] | LatticeGas | None = None,
    free_surface_energies: Sequence[float] | LatticeGas | None = None,
    *,
    area: float | None = None,
    solute: str = "Li",
    solvent: str = "Hg",
    substrate: str = "the solid",
    temperature_K: float = 298.15,
    x: Sequence[float] = (),
    work_of_adhesion_standard_error_J_m2: float = 0.0,
    standard_error_per_solute: float = 0.0,
    surface_tension_J_m2: float | None = None,
    mu_infinity: float | None = None,
    x_saturation: float | None = None,
    drop_radius_mm: float | None = None,
    roughness: float = 1.0,
) -> WettingResult:
    """Return the contact angle of a solution against its composition, in both limits of the dry face.

    cos θ = W_ad(μ) / γ_LV(μ) - 1, with W_ad changed by the solute at the interface, at the free surface and, in the
    equilibrated limit, on the dry face beside the drop. The truth lies between the limits, so both are always named;
    without ``dry_face_energies`` only the fresh one is known, and the result says so.

    Parameters
    ----------
    work_of_adhesion
        W_ad(0) of the pure solvent, J/m², or what `work_of_adhesion` returned.
    interface_energies
        ΔE_1, ΔE_2, ... (eV) of 1, 2, ... solute atoms in one cell of the solid-liquid interface, relative to as many in
        the bulk liquid; or a ``LatticeGas``.
    dry_face_energies, free_surface_energies
        The same on the solid without liquid, and at the liquid's surface to the vapour.
    area
        Å² of that cell; a ``LatticeGas`` and an `Adhesion` have it.
    solute, solvent, substrate
        Element symbols; what the solid is called.
    temperature_K
        Of the drop.
    x
        Mole fractions to show besides a scale up to saturation.
    work_of_adhesion_standard_error_J_m2, standard_error_per_solute
        Of W_ad(0), J/m², and of the energy of one solute atom in the liquid, eV; they make the band.
    surface_tension_J_m2
        Of the pure solvent; None for the measured one.
    mu_infinity, x_saturation
        Where the solution was not measured: energy of one solute atom in the liquid relative to the pure solid, eV,
        and its solubility, by default the measured one if it is known.
    drop_radius_mm
        Radius of the sphere of the drop's volume, which has only so much solute; None for an endless supply.
    roughness
        Wenzel's ratio of true to projected area.

    Returns
    -------
    WettingResult
        Angles by limit, at any composition.

    Raises
    ------
    InputError
        A number out of range (such as one in mN/m where J/m² are meant), no area, or a solution of which nothing is
        known.

    Examples
    --------
    Lithium in mercury, with illustrative energies in a cell of 59 Å²:

    >>> import amalgamics
    >>> angles = amalgamics.wetting_curve(0.35, [-1.3, -1.8], [-1.4, -1.9], [-0.04], area=59.0)
    >>> {limit: round(angle) for limit, angle in angles.contact_angle_deg(0.0133).items()}
    {'fresh': 52, 'equilibrated': 110}
    >>> lower_bound = amalgamics.wetting_curve(0.35, [-1.3, -1.8], area=59.0)
    >>> lower_bound.limits
    ('fresh',)
    """
    from ..workflows.studies.wetting.analysis import surface_tension
    from ..workflows.studies.wetting.options import WettingOptions

    computed = work_of_adhesion if isinstance(work_of_adhesion, Adhesion) else None
    if computed is None:
        INTERFACE_ENERGY.check("work_of_adhesion", work_of_adhesion)
    check(
        temperature_K=(LIQUID_TEMPERATURE, temperature_K),
        work_of_adhesion_standard_error_J_m2=(INTERFACE_ERROR, work_of_adhesion_standard_error_J_m2),
        standard_error_per_solute=(SOLUTE_ERROR, standard_error_per_solute),
        roughness=(ROUGHNESS, roughness),
    )
    check_given(
        area=(AREA, area),
        surface_tension_J_m2=(SURFACE_TENSION, surface_tension_J_m2),
        mu_infinity=(SOLUTE_ENERGY, mu_infinity),
        x_saturation=(SATURATION, x_saturation),
        drop_radius_mm=(DROP_RADIUS, drop_radius_mm),
    )
    _check_names(solute, solvent, substrate)
    shown = MOLE_FRACTION.check_each("x", x, "a list of mole fractions")
    gases = [
        _gas(name, given, area, computed, standard_error_per_solute)
        for name, given in (
            ("interface_energies", interface_energies),
            ("dry_face_energies", dry_face_energies),
            ("free_surface_energies", free_surface_energies),
        )
    ]
    interface, dry_face, vapour = gases
    assert interface is not None
    parameters = WettingParameters(
        "given energies",
        computed.work_of_adhesion_J_m2 if computed else work_of_adhesion,  # type: ignore[arg-type]
        interface,
        vapour,
        dry_face,
        work_of_adhesion_standard_error_J_m2=work_of_adhesion_standard_error_J_m2,
    )
    solution, warnings = _solution(solute, solvent, temperature_K, mu_infinity, x_saturation)
    tension = surface_tension(solvent, WettingOptions(temperature_K=temperature_K, gamma_LV_J_m2=surface_tension_J_m2))
    drop = None if drop_radius_mm is None else Drop(drop_radius_mm)
    # Without errors every draw is the same, and two are as good as a thousand.
    n_draws = _N_DRAWS if _has_errors(parameters) else 2
    model = WettingModel(solution, tension, (parameters,), drop=drop, roughness=roughness, n_draws=n_draws)
    keys = key_compositions(solute, solvent, solution.x_saturation)
    include = [one for one in (*shown_compositions(keys), *shown) if one != 0.0]
    grid = composition_grid(solution.x_saturation, lowest=min(1e-7, solution.x_saturation / 10), include=include)
    curve = model.curve(grid)
    if dry_face is None:
        warnings.append(NOT_COMPUTED)
    if computed:
        warnings += computed.warnings
    if not _has_errors(parameters):
        warnings.append(NO_ERRORS)
    return WettingResult(
        solute=solute,
        solvent=solvent,
        substrate=substrate,
        temperature_K=temperature_K,
        key_compositions=keys,
        curve=curve,
        warnings=tuple(warnings),
        provenance=_provenance(solution, tension, parameters, computed, drop_radius_mm, roughness),
        _model=model,
    )


def _has_errors(parameters: WettingParameters) -> bool:
    gases = [gas for gas in (parameters.interface, parameters.vapour, parameters.dry_face) if gas is not None]
    return bool(parameters.work_of_adhesion_standard_error_J_m2) or any(any(gas.standard_errors) for gas in gases)


def _gas(
    name: str,
    given: Sequence[float] | LatticeGas | None,
    area: float | None,
    adhesion: Adhesion | None,
    standard_error: float,
) -> LatticeGas | None:
    if given is None and name != "interface_energies":
        return None
    if isinstance(given, LatticeGas):
        return given
    known = area if area is not None else adhesion.area if adhesion else None
    if known is None:
        raise InputError(f"area: it is missing; {name} needs the area of the cell, Å²")
    allowed = "the energies of 1, 2, ... solute atoms, in eV"
    energies = SOLUTE_ENERGY.check_each(name, given, allowed, shares=True)
    if not energies:
        raise refusal(name, given, allowed)
    # The error is that of the reference, one solute atom in the liquid, which all three have in common.
    return LatticeGas.from_series(known, energies, standard_error_per_atom=standard_error)


def _check_names(solute: str, solvent: str, substrate: str) -> None:
    for name, symbol in {"solute": solute, "solvent": solvent}.items():
        if text(name, symbol, "the symbol of an element") not in ELEMENTS:
            raise InputError(f"{name}: {unknown_name('element', symbol, ELEMENTS)}")
    text("substrate", substrate, "what the solid is called")


def _solution(
    solute: str, solvent: str, temperature_K: float, mu_infinity: float | None, x_saturation: float | None
) -> tuple[Solution, list[str]]:
    """Return mu(x), measured unless an energy was given, and what to know of it."""
    if mu_infinity is None:
        if x_saturation is not None:
            raise InputError("x_saturation: it goes with mu_infinity; a measured solution has its own")
        if (solute, solvent) not in MEASURED:
            known = ", ".join(f"{metal} in {liquid}" for metal, liquid in MEASURED)
            raise InputError(
                f"solute: the chemical potential of {solute} in {solvent} was not measured (there is {known}); give"
                " mu_infinity"
            )
        warning = solution_warning(solute, solvent, temperature_K)
        return solution_for(solute, solvent, temperature_K), [warning] if warning else []
    source = "given"
    if x_saturation is None:
        measured = measured_solubility(solute, solvent, temperature_K)
        x_saturation, source = (None, "") if measured is None else (measured[0], "measured")
    solution = solution_for(
        solute,
        solvent,
        temperature_K,
        "computed",
        mu_infinity=mu_infinity,
        x_saturation=x_saturation,
        solubility_source=source,
    )
    return solution, [f"the chemical potential of {solute} is the given one, not measured"]


def _provenance(
    solution: Solution,
    tension: SurfaceTension,
    parameters: WettingParameters,
    adhesion: Adhesion | None,
    drop_radius_mm: float | None,
    roughness: float,
) -> dict[str, Any]:
    def energies(gas: LatticeGas | None) -> dict[str, Any] | None:
        if gas is None:
            return None
        states = zip(gas.counts, gas.delta_energies, gas.degeneracies, strict=True)
        return {"area": gas.area, "states": [{"n": n, "energy": energy, "degeneracy": g} for n, energy, g in states]}

    return {
        "solution": solution.source,
        "surface_tension": {"J_m2": tension.at_J_m2(solution.temperature_K), "source": tension.source},
        "work_of_adhesion_J_m2": parameters.work_of_adhesion_J_m2,
        "work_of_adhesion": None if adhesion is None else adhesion.to_dict(),
        "interface": energies(parameters.interface),
        "dry_face": energies(parameters.dry_face),
        "free_surface": energies(parameters.vapour),
        "drop_radius_mm": drop_radius_mm,
        "roughness": roughness,
    }
