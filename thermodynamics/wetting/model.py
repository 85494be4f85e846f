"""Contact angle of a solution on a solid against composition, with its uncertainty, in both limits of the dry face.

W_ad(mu) = W_ad(0) + Delta gamma_LV(mu) + Delta gamma_SV(mu) - Delta gamma_SL(mu)
cos theta = W_ad(mu) / gamma_LV(mu) - 1

with Delta gamma_SV = 0 where the solute reaches the solid only under the liquid (``fresh``), and that of the solute on
the dry face at the same mu where it gets there too (``equilibrated``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from ..amalgams.dilute import Solution, standard_potential
from ..checks import finite_array, positive
from ..uncertainty import standard_draws
from .contact_angle import Drop, SurfaceTension, angle_from_cosine_deg, check_roughness
from .curve import AngleDifference, Limit, LimitPoint, WettingCurve, WettingPoint, composition_grid
from .parameters import WettingParameters, calibrated

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from .lattice_gas import LatticeGas
    from .panel_errors import AdhesionErrors

__all__ = ["WettingModel", "WettingParameters", "calibrated"]

_A2_PER_NM2 = 100.0
_LOWEST_LOG_X = -600.0
"""Of a drop that surfaces leave nothing; e^-600 is far below one atom in any drop, and where the search begins."""
_NO_BRACKET = -1
"""Status of ``find_root`` where both ends have one sign."""
_MARKS_BELOW = np.concatenate([np.geomspace(-_LOWEST_LOG_X, 25.0, 25), np.linspace(24.0, 0.0, 49)])
"""Between which compositions the root of a drop's balance is looked for: how far below the largest, in ln x."""
_METHOD_STREAM = 1
"""Random numbers of the method's errors apart from those of the samples, which stay as they are without them."""


@dataclass(frozen=True)
class _Draw:
    """Parameters of one set, drawn n times; arrays that broadcast to (n, n_compositions)."""

    work: NDArray[np.float64]
    gamma_LV: NDArray[np.float64]
    interface: NDArray[np.float64]
    vapour: NDArray[np.float64] | None
    dry_face: NDArray[np.float64] | None

    def rows(self, chosen: NDArray[np.int_]) -> _Draw:
        """Return some of the draws, in any order and number."""
        vapour, dry = (None if gas is None else gas[chosen] for gas in (self.vapour, self.dry_face))
        return _Draw(self.work[chosen], self.gamma_LV[chosen], self.interface[chosen], vapour, dry)


@dataclass(frozen=True)
class _State:
    """Everything that follows from a chemical potential in one limit, each of shape (n, n_compositions)."""

    theta_deg: NDArray[np.float64]
    gamma_SL_change: NDArray[np.float64]
    gamma_SV_change: NDArray[np.float64]
    gamma_LV: NDArray[np.float64]
    work: NDArray[np.float64]
    coverage: NDArray[np.float64]
    coverage_vapour: NDArray[np.float64]
    coverage_dry: NDArray[np.float64]


@dataclass(frozen=True)
class _MemberResult:
    """What one parameter set says at all compositions.

    ``drawn_deg`` has the errors of its samples, ``judged_deg`` those of its method as well, as far as these are known;
    both have the shape (n_draws, n_compositions).
    """

    x_left: NDArray[np.float64]
    state: _State
    drawn_deg: NDArray[np.float64]
    judged_deg: NDArray[np.float64]


@dataclass(frozen=True)
class WettingModel:
    """A solution, its surface tension, and one or more parameter sets of its interface with a solid.

    Attributes
    ----------
    solution
        mu(x) with its saturation.
    surface_tension
        gamma_LV of the pure solvent.
    members
        Parameter sets. The first gives the nominal curve; the others (potentials, dispersion models) make the model
        band. Seeds belong inside a set, as the standard errors of its means.
    temperature_K
        None for that of the solution.
    drop
        Finite supply of solute; None for an infinite one.
    roughness
        Wenzel's r.
    confidence
        Probability inside the band of each set: the statistical one of its samples, and that which has the errors of
        its method on measured solids as well. The model band is the envelope of the latter over the sets.
    n_draws
        Monte Carlo draws of each set from its standard errors; too few leave the ends of the band to chance.
    seed
        Of those draws, the same for each set: its band does not depend on which others there are.

    Raises
    ------
    InputError
        No members, names twice, calibrated and predicted members mixed, a member with an unknown error, a temperature
        other than the solution's, or a number out of range.
    """

    solution: Solution
    surface_tension: SurfaceTension
    members: tuple[WettingParameters, ...]
    temperature_K: float | None = None
    drop: Drop | None = None
    roughness: float = 1.0
    confidence: float = 0.95
    n_draws: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        names = [member.name for member in self.members]
        if not names or len(set(names)) < len(names):
            raise InputError(f"wetting model: members are {names!r}; give at least one, each under its own name")
        if len({member.mode for member in self.members}) > 1:
            raise InputError("wetting model: calibrated and predicted members are mixed; make a model of each")
        temperature = positive("wetting model", "temperature_K", self._temperature_K)
        if abs(temperature - self.solution.temperature_K) > 0.5:
            raise InputError(
                f"wetting model: temperature_K is {temperature:g}, but the solution holds at "
                f"{self.solution.temperature_K:g}; carry it over with DiluteSolution.from_emf"
            )
        check_roughness(self.roughness)
        if not 0.0 < self.confidence < 1.0:
            raise InputError(f"wetting model: confidence is {self.confidence!r}; it must lie between 0 and 1")
        if self.n_draws < 2:
            raise InputError(f"wetting model: n_draws is {self.n_draws!r}; it must be at least 2")
        for member in self.members:
            member.check_error_known()
            lowest = self._state(member, Limit.FRESH, np.array([np.inf]), self._nominal(member)).gamma_LV.min()
            if not lowest > 0.0:
                raise InputError(
                    f"wetting model: in {member.name!r} the solute lowers gamma_LV to {lowest:.3g} J/m2 at saturation; "
                    "it must stay positive, so the energies at the free surface are wrong"
                )

    def curve(self, x: Sequence[float] | None = None) -> WettingCurve:
        """Return both limits of the angle at x = 0 and at ``x``, by default :func:`composition_grid`.

        The equilibrated limit is left out where the first set has no dry face; its band is that of the sets that do.

        Raises
        ------
        InputError
            A mole fraction outside [0, 1).
        """
        grid = _grid(composition_grid(self.solution.x_saturation) if x is None else x)
        by_limit = {limit: self._results(limit, grid) for limit in Limit}
        fresh = self._limit_points(grid, by_limit[Limit.FRESH])
        equilibrated: Sequence[LimitPoint | None] = [None] * len(grid)
        if self.members[0].dry_face is not None:
            # Without solute there is one angle, also of sets that have no dry face.
            equilibrated = [fresh[0], *self._limit_points(grid, by_limit[Limit.EQUILIBRATED])[1:]]
        return WettingCurve(
            points=tuple(map(WettingPoint, grid.tolist(), fresh, equilibrated)),
            member_theta_deg={
                limit: {
                    name: tuple(float(angle) for angle in result.state.theta_deg[0]) for name, result in results.items()
                }
                for limit, results in by_limit.items()
            },
            mode=self.members[0].mode,
            corrections=tuple(dict.fromkeys(label for member in self.members for label in member.corrections)),
            assumptions=tuple(dict.fromkeys(label for member in self.members for label in member.assumptions)),
            temperature_K=self._temperature_K,
            confidence=self.confidence,
            solution_source=self.solution.source,
            gamma_LV_source=self.surface_tension.source,
        )

    def fall(self, x_from: float, x_to: float, limit: Limit = Limit.FRESH) -> AngleDifference:
        """Return theta(x_from) - theta(x_to) in one limit: by how much the angle falls, and whether it surely does.

        Raises
        ------
        InputError
            The first set has no dry face, which the equilibrated limit needs.
        """
        grid = _grid([x_from, x_to])
        start, end = np.searchsorted(grid, [x_from, x_to])
        results = self._results(limit, grid)
        if self.members[0].name not in results:
            raise InputError(f"wetting model: {self.members[0].name!r} has no dry face for the {limit} limit")
        falls, lows, highs = [], [], []
        for result in results.values():
            falls.append(float(result.state.theta_deg[0, start] - result.state.theta_deg[0, end]))
            low, high = self._band(np.array(falls[-1]), result.judged_deg[:, start] - result.judged_deg[:, end])
            lows.append(float(low))
            highs.append(float(high))
        return AngleDifference(falls[0], min(lows), max(highs))

    @property
    def _temperature_K(self) -> float:
        return self.solution.temperature_K if self.temperature_K is None else self.temperature_K

    def alone(self, name: str) -> WettingModel:
        """Return the model of one of the sets, which says of it what this one does, and shares what is worked out."""
        (member,) = (one for one in self.members if one.name == name)
        model = replace(self, members=(member,))
        model.__dict__.update(_evaluated=self._evaluated, _draws=self._draws)
        return model

    @cached_property
    def _evaluated(self) -> dict[tuple[str, Limit, bytes], _MemberResult]:
        """What is known of sets already: by name, limit and compositions."""
        return {}

    @cached_property
    def _draws(self) -> dict[str, _Draw]:
        """Draws of the errors of each set, by name."""
        return {}

    @cached_property
    def _followed(self) -> dict[tuple[int, bytes], tuple[Any, list[NDArray[np.float64]]]]:
        """What surfaces do at given compositions: the same in both limits, and whatever the work of adhesion."""
        return {}

    @cached_property
    def _mu_infinity(self) -> float:
        return standard_potential(self.solution)

    def _nominal(self, member: WettingParameters) -> _Draw:
        vapour, dry = (
            None if gas is None else np.asarray(gas.delta_energies)[None, None, :]
            for gas in (member.vapour, member.dry_face)
        )
        interface = np.asarray(member.interface.delta_energies)[None, None, :]
        tension = self.surface_tension.at_J_m2(self._temperature_K)
        return _Draw(np.array([[member.work_of_adhesion_J_m2]]), np.array([[tension]]), interface, vapour, dry)

    def _drawn(self, member: WettingParameters) -> _Draw:
        """Draws of the errors of one set; the error of the reference is one for the interface and the dry face."""
        if member.name not in self._draws:
            self._draws[member.name] = self._draw_errors(member)
        return self._draws[member.name]

    def _draw_errors(self, member: WettingParameters) -> _Draw:
        n, rng = self.n_draws, np.random.default_rng(self.seed)
        nominal = self._nominal(member)
        work = nominal.work + (member.work_of_adhesion_standard_error_J_m2 or 0.0) * standard_draws(
            rng, (n, 1), member.work_of_adhesion_degrees_of_freedom
        )
        gamma_LV = nominal.gamma_LV + self.surface_tension.standard_error_J_m2 * rng.standard_normal((n, 1))
        reference = standard_draws(rng, (n, 1), member.interface.degrees_of_freedom)[:, 0]
        interface = member.interface.draw_energies(rng, n, reference)[:, None, :]
        vapour = None if member.vapour is None else member.vapour.draw_energies(rng, n)[:, None, :]
        dry = None if member.dry_face is None else member.dry_face.draw_energies(rng, n, reference)[:, None, :]
        return _Draw(work, gamma_LV, interface, vapour, dry)

    def _results(self, limit: Limit, grid: NDArray[np.float64]) -> dict[str, _MemberResult]:
        """Results of the sets that have this limit, by name; the same draws in both."""
        chosen = [one for one in self.members if limit is Limit.FRESH or one.dry_face is not None]
        for member in chosen:
            if (member.name, limit, grid.tobytes()) not in self._evaluated:
                self._evaluated[member.name, limit, grid.tobytes()] = self._evaluate(member, limit, grid)
        return {member.name: self._evaluated[member.name, limit, grid.tobytes()] for member in chosen}

    def _evaluate(self, member: WettingParameters, limit: Limit, grid: NDArray[np.float64]) -> _MemberResult:
        """One parameter set at all compositions: at its means, and for draws of its errors."""
        nominal, draw = self._nominal(member), self._drawn(member)
        x_left = self._x_effective(member, limit, grid[None, :], nominal)

        def angles(drawn: _Draw) -> NDArray[np.float64]:
            left = self._x_effective(member, limit, grid[None, :], drawn)
            return self._state(member, limit, left, drawn).theta_deg

        drawn_deg = angles(draw)
        judged_deg = drawn_deg if member.method_errors is None else angles(self._judged(draw, member.method_errors))
        return _MemberResult(x_left[0], self._state(member, limit, x_left, nominal), drawn_deg, judged_deg)

    def _judged(self, draw: _Draw, errors: AdhesionErrors) -> _Draw:
        """The draws with the error of the method taken off the work of adhesion."""
        rng = np.random.default_rng([self.seed, _METHOD_STREAM])
        return replace(draw, work=draw.work - errors.draws_J_m2(rng, self.n_draws)[:, None])

    def _band(
        self, nominal: NDArray[np.float64], drawn: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Central interval of the draws; it holds the nominal value also where clipping at 0 or 180 skews them."""
        tail = 0.5 * (1.0 - self.confidence)
        low, high = np.quantile(drawn, [tail, 1.0 - tail], axis=0)
        return np.minimum(nominal, low), np.maximum(nominal, high)

    def _state(self, member: WettingParameters, limit: Limit, x: NDArray[np.float64], draw: _Draw) -> _State:
        """Everything at mole fractions in the liquid, shape (1 or n, n_compositions); infinity is saturation."""
        temperature = self._temperature_K
        reference = self._mu_infinity if member.reference_mu is None else member.reference_mu
        inside = np.where(x > 0.0, np.minimum(x, self.solution.x_saturation), self.solution.x_saturation)
        delta_mu = np.where(x > 0.0, self.solution.chemical_potential(inside) - reference, -np.inf)

        def follow(gas: LatticeGas | None, energies: NDArray[np.float64] | None) -> list[NDArray[np.float64]]:
            """Change of the energy of one of the three surfaces, and its coverage."""
            if gas is None:
                return [np.zeros(np.broadcast_shapes(draw.work.shape, delta_mu.shape))] * 2
            key = (id(energies), x.tobytes() if self.drop is None else b"")
            known = self._followed.get(key)
            if known is not None and known[0] is energies:
                return known[1]
            log_sum, occupied = gas.evaluate(delta_mu, temperature, energies)
            found = [gas.gamma_from_log_sum(log_sum, temperature), gas.coverage_from_probabilities(occupied)]
            if self.drop is None:  # else compositions are looked for, and none comes twice
                self._followed[key] = (energies, found)
            return found

        change, coverage = follow(member.interface, draw.interface)
        change_vapour, coverage_vapour = follow(member.vapour, draw.vapour)
        dry = (None, None) if limit is Limit.FRESH else (member.dry_face, draw.dry_face)
        change_dry, coverage_dry = follow(*dry)
        gamma_LV = draw.gamma_LV + change_vapour
        work = draw.work + change_vapour + change_dry - change
        # Far out in the tails of the draws gamma_LV may vanish; the angle is 0 or 180 there.
        theta = angle_from_cosine_deg(self.roughness * (work / np.maximum(gamma_LV, 1e-9) - 1.0))
        return _State(theta, change, change_dry, gamma_LV, work, coverage, coverage_vapour, coverage_dry)

    def _x_effective(
        self, member: WettingParameters, limit: Limit, x: NDArray[np.float64], draw: _Draw
    ) -> NDArray[np.float64]:
        """Mole fraction left in the liquid when all surfaces, the solid, and a precipitate have taken theirs.

        Solves, for each draw and composition, r N + sum of Gamma A + absorbed A_SL = r_0 N with r = x / (1 - x) and N
        solvent atoms. The left side rises with x, so there is one root, and logarithms of both sides are nearly linear.
        """
        drop, pinned = self.drop, np.minimum(x, self.solution.x_saturation)
        if drop is None:
            return pinned
        shape = (len(draw.work), x.shape[1])
        supply = np.broadcast_to(x / (1.0 - x) * drop.n_atoms, shape)
        # A solid is left where even the saturated liquid and its surfaces do not use up the supply.
        rows, columns = np.nonzero((self._solute(member, limit, drop, pinned, draw) > supply) & (supply > 0.0))
        left = np.broadcast_to(pinned, shape).copy()
        if not len(rows):
            return left
        from scipy.optimize import elementwise

        def excess(log_x: NDArray[np.float64], row: NDArray[np.int_], wanted: NDArray[np.float64]) -> Any:
            solute = self._solute(member, limit, drop, np.exp(log_x)[:, None], draw.rows(row))
            return np.log(solute[:, 0]) - wanted

        wanted = np.log(supply[rows, columns])
        # What each draw holds in liquids of a few compositions leaves a narrow bracket for each supply.
        marks = np.log(pinned.max()) - _MARKS_BELOW
        held = np.log(self._solute(member, limit, drop, np.exp(marks)[None, :], draw))
        above = np.minimum((held[rows] < wanted[:, None]).sum(axis=1), len(marks) - 1)
        found = elementwise.find_root(
            excess,
            (marks[np.maximum(above - 1, 0)], np.minimum(marks[above], np.log(left[rows, columns]))),
            args=(rows, wanted),
            tolerances={"xatol": 1e-12, "xrtol": 0.0},
        )
        # No bracket: far out in the tails of the draws, surfaces would take everything from any liquid.
        left[rows, columns] = np.exp(np.where(found.status == _NO_BRACKET, _LOWEST_LOG_X, found.x))
        return left

    def _solute(
        self, member: WettingParameters, limit: Limit, drop: Drop, x: NDArray[np.float64], draw: _Draw
    ) -> NDArray[np.float64]:
        """Solute atoms in the liquid, at the surfaces of drop and solid, and in the solid under the drop."""
        state = self._state(member, limit, x, draw)
        contact, free = drop.areas(state.theta_deg)
        dry = drop.dry_area(contact)
        on_solid = contact * (state.coverage + drop.absorbed_per_nm2) + dry * state.coverage_dry
        adsorbed = (self.roughness * on_solid + free * state.coverage_vapour) / _A2_PER_NM2
        return np.asarray(x / (1.0 - x) * drop.n_atoms + adsorbed)

    def _limit_points(self, grid: NDArray[np.float64], results: Mapping[str, _MemberResult]) -> list[LimitPoint]:
        """The first set at all compositions of one limit, with its own band and that of all sets."""
        bands = [self._band(result.state.theta_deg[0], result.judged_deg) for result in results.values()]
        lows, highs = (np.array(ends) for ends in zip(*bands, strict=True))
        first = results[self.members[0].name]
        state, left = first.state, first.x_left
        own_lows, own_highs = self._band(state.theta_deg[0], first.drawn_deg)
        dissolved = left > 0.0 if self.drop is None else left * self.drop.n_atoms >= 1.0
        voltage = np.full(grid.shape, np.nan)
        voltage[dissolved] = -self.solution.chemical_potential(left[dissolved]) / self.solution.electrons_per_ion
        return [
            LimitPoint(
                theta_deg=float(state.theta_deg[0, i]),
                theta_low_deg=float(lows[:, i].min()),
                theta_high_deg=float(highs[:, i].max()),
                statistical_low_deg=float(own_lows[i]),
                statistical_high_deg=float(own_highs[i]),
                x_effective=float(left[i]),
                voltage_V=float(voltage[i]) if dissolved[i] else None,
                gamma_SL_change_J_m2=float(state.gamma_SL_change[0, i]),
                gamma_SV_change_J_m2=float(state.gamma_SV_change[0, i]),
                gamma_LV_J_m2=float(state.gamma_LV[0, i]),
                work_of_adhesion_J_m2=float(state.work[0, i]),
                spreading_coefficient_J_m2=float(state.work[0, i] - 2.0 * state.gamma_LV[0, i]),
                coverage_per_nm2=float(state.coverage[0, i]),
                dry_coverage_per_nm2=float(state.coverage_dry[0, i]),
                saturated=bool(left[i] >= self.solution.x_saturation),
            )
            for i in range(len(grid))
        ]


def _grid(x: ArrayLike) -> NDArray[np.float64]:
    """Sorted, unique, with the pure solvent."""
    fractions = finite_array("wetting model", "x", x, ndim=1)
    if np.any((fractions < 0.0) | (fractions >= 1.0)):
        raise InputError(f"wetting model: x is {x!r}; mole fractions lie in [0, 1)")
    return np.unique(np.concatenate([[0.0], fractions]))
