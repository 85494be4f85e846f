"""Work of adhesion and surface energy by many methods on the same structures, and how both go together.

The structures are those of :mod:`~amalgamics.benchmarks.mercury_on_mgo`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..thermodynamics.surfaces.energies import surface_energy_J_m2
from ..thermodynamics.wetting.adhesion import AdhesionSample

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .results import Row

Energies = Mapping[str, Mapping[str, float]]
"""eV: structure -> part of a method -> energy."""

SOLID, FILM, CRYSTAL = "solid", "film", "crystal"


class Method(NamedTuple):
    """Parts whose energies add up to the method's, and what kind of method it is."""

    parts: tuple[str, ...]
    kind: str
    functional: str | None = None


FUNCTIONAL, CORRECTED, POTENTIAL = "functional", "functional + dispersion", "potential"

METHODS: dict[str, Method] = {
    **{
        name: Method((name,), FUNCTIONAL)
        for name in ("PBE", "r2SCAN", "BEEF-vdW", "vdW-DF2", "optPBE-vdW", "C09-vdW", "optB88-vdW")
    },
    "PBE+D3": Method(("PBE", "D3"), CORRECTED),
    "PBE+D3(ATM)": Method(("PBE", "D3(ATM)"), CORRECTED),
    "PBE+D4(ATM)": Method(("PBE", "D4(ATM)"), CORRECTED),
    "r2SCAN+D4(ATM)": Method(("r2SCAN", "r2SCAN's D4(ATM)"), CORRECTED),
    "chgnet": Method(("chgnet",), POTENTIAL, "PBE"),
    "chgnet+d3": Method(("chgnet", "D3"), POTENTIAL, "PBE+D3"),
    "7net-0": Method(("7net-0",), POTENTIAL, "PBE"),
    "7net-0+d3": Method(("7net-0", "D3"), POTENTIAL, "PBE+D3"),
    "chgnet-r2scan": Method(("chgnet-r2scan",), POTENTIAL, "r2SCAN"),
    "7net-mf-r2scan": Method(("7net-mf-r2scan",), POTENTIAL, "r2SCAN"),
}
"""By name; a potential names the functional it was trained to reproduce, with the correction it is used with."""


@dataclass(frozen=True)
class Geometry:
    """What turns energies into energies per area.

    Attributes
    ----------
    area
        Å^2 of one face.
    film_atoms, crystal_atoms
        In the film and in the cell of its crystal.
    sites
        Where the film's atoms stand above the solid.
    distances
        Å between the solid and the film, ascending.
    """

    area: float
    film_atoms: int
    crystal_atoms: int
    sites: tuple[str, ...]
    distances: tuple[float, ...]

    @staticmethod
    def interface(site: str, distance: float) -> str:
        """Return the name of an interface."""
        return f"{site} {distance:g}"


class Best(NamedTuple):
    """The largest work of adhesion, J/m2, and its distance, Å; not ``inside``: at the end of the series."""

    distance: float
    work_J_m2: float
    inside: bool


@dataclass(frozen=True)
class Comparison:
    """One method: the film's surface energy in J/m2, and for each site the best work of adhesion."""

    method: str
    kind: str
    surface_energy_J_m2: float
    best: dict[str, Best]

    @property
    def strongest(self) -> Best:
        """That of the site with the largest work of adhesion."""
        return max(self.best.values(), key=lambda best: best.work_J_m2)


def best_distance(distances: Sequence[float], works_J_m2: Sequence[float]) -> Best:
    """Return the top of the parabola through the largest value and its neighbours.

    At an end of the series these are the last three, and the end itself is returned where the top lies beyond it.

    Raises
    ------
    ValueError
        Fewer than three values, not as many as distances, or distances that do not ascend.
    """
    if len(distances) != len(works_J_m2) or len(distances) < 3 or np.any(np.diff(distances) <= 0):
        raise ValueError(f"needs a value for each of three or more ascending distances, not {distances}, {works_J_m2}")
    largest = int(np.argmax(works_J_m2))
    start = min(max(largest - 1, 0), len(distances) - 3)
    parabola = np.polynomial.Polynomial.fit(distances[start : start + 3], works_J_m2[start : start + 3], 2)
    slope = parabola.deriv()
    if slope.deriv()(distances[largest]) < 0.0:
        place = float(slope.roots()[0].real)
        if distances[0] < place < distances[-1]:
            return Best(place, float(parabola(place)), True)
    return Best(float(distances[largest]), float(works_J_m2[largest]), False)


def compare(energies: Energies, geometry: Geometry, methods: Mapping[str, Method] = METHODS) -> list[Comparison]:
    """Return the methods in the order given, each from the distances whose energies are there for all its parts.

    Left out are methods without the energies of solid, film and crystal, or of three distances above a site.
    """
    found = [_compare(name, method, energies, geometry) for name, method in methods.items()]
    return [comparison for comparison in found if comparison is not None]


def _compare(name: str, method: Method, energies: Energies, geometry: Geometry) -> Comparison | None:
    total = {
        structure: sum(parts[part] for part in method.parts)
        for structure, parts in energies.items()
        if all(part in parts for part in method.parts)
    }
    if not {SOLID, FILM, CRYSTAL} <= total.keys():
        return None
    best = {}
    for site in geometry.sites:
        works = {
            distance: AdhesionSample(total[SOLID], total[FILM], total[interface], geometry.area, "rigid").total_J_m2
            for distance in geometry.distances
            if (interface := geometry.interface(site, distance)) in total
        }
        if len(works) < 3:
            return None
        best[site] = best_distance(list(works), list(works.values()))
    per_atom = total[CRYSTAL] / geometry.crystal_atoms
    u = surface_energy_J_m2(total[FILM], geometry.film_atoms, per_atom, geometry.area)
    return Comparison(name, method.kind, u, best)


def table(comparisons: Sequence[Comparison]) -> list[Row]:
    """Return one row for each method, rounded as it is printed."""
    rows = []
    for found in comparisons:
        row: Row = {"method": found.method}
        for site, best in found.best.items():
            row[f"W above {site} (J/m²)"] = f"{best.work_J_m2:.2f}"
            row[f"d above {site} (Å)"] = f"{best.distance:.2f}" if best.inside else f"not within {best.distance:g}"
        row["u (J/m²)"] = f"{found.surface_energy_J_m2:.2f}"
        row["W/u"] = f"{found.strongest.work_J_m2 / found.surface_energy_J_m2:.2f}"
        rows.append(row)
    return rows


class Trend(NamedTuple):
    """Least-squares line W = intercept + slope u through methods, with the correlation coefficient; J/m2."""

    n_methods: int
    slope: float
    intercept_J_m2: float
    correlation: float


def trend(comparisons: Sequence[Comparison]) -> Trend:
    """Return how W goes with u from method to method.

    Raises
    ------
    ValueError
        Fewer than three methods.
    """
    if len(comparisons) < 3:
        raise ValueError(f"a trend needs three or more methods, not {len(comparisons)}")
    u = np.array([found.surface_energy_J_m2 for found in comparisons])
    work = np.array([found.strongest.work_J_m2 for found in comparisons])
    slope, intercept = np.polyfit(u, work, 1)
    correlation = float(np.corrcoef(u, work)[0, 1]) if np.ptp(u) and np.ptp(work) else 0.0
    return Trend(len(comparisons), float(slope), float(intercept), correlation)


def trends(comparisons: Sequence[Comparison]) -> list[Row]:
    """Return :func:`trend` of all methods and of each kind, as rows."""
    groups = {"all": list(comparisons)}
    for found in comparisons:
        groups.setdefault(found.kind, []).append(found)
    return [
        {
            "methods": f"{name} ({len(group)})",
            "dW/du": f"{line.slope:.2f}",
            "W at u = 0 (J/m²)": f"{line.intercept_J_m2:.2f}",
            "correlation": f"{line.correlation:.2f}",
        }
        for name, group in groups.items()
        if len(group) > 2
        for line in [trend(group)]
    ]


def against_functional(comparisons: Sequence[Comparison], methods: Mapping[str, Method] = METHODS) -> list[Row]:
    """Return u and W of each potential minus those of the functional it was trained on, with the same dispersion, J/m2.

    ΔW/Δu is the part of what the potential misses of u that it also misses of W: 0 where the interface misses as much
    as the free surface does, so that it cancels, and 1 where the interface misses nothing.
    """
    by_name = {found.method: found for found in comparisons}
    rows: list[Row] = []
    for name, found in by_name.items():
        functional = by_name.get(methods[name].functional or "")
        if functional is not None:
            du = found.surface_energy_J_m2 - functional.surface_energy_J_m2
            dW = found.strongest.work_J_m2 - functional.strongest.work_J_m2
            rows.append(
                {
                    "potential": name,
                    "minus": functional.method,
                    "Δu (J/m²)": f"{du:+.2f}",
                    "ΔW (J/m²)": f"{dW:+.2f}",
                    "ΔW/Δu": f"{dW / du:.1f}" if du else "–",
                }
            )
    return rows


def draw_comparison(comparisons: Sequence[Comparison], measured_u_J_m2: float) -> bytes:
    """Return the picture: W against u, one marker for each method, and the measured u; as PNG."""
    from ..reports.figures.label_placement import Label, place_labels
    from ..reports.figures.style import INK, MUTED, REFERENCE, STABLE, draw_png

    looks = {FUNCTIONAL: ("o", STABLE), CORRECTED: ("s", INK), POTENTIAL: ("^", REFERENCE)}

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.1, 0.12, 0.87, 0.79))
        for kind, (marker, color) in looks.items():
            chosen = [found for found in comparisons if found.kind == kind]
            places = [(found.surface_energy_J_m2, found.strongest.work_J_m2) for found in chosen]
            axes.plot(*zip(*places, strict=True), marker, color=color, markersize=7, label=kind)
        axes.axvline(measured_u_J_m2, color=MUTED, lw=1.0, ls="--", zorder=0)
        axes.margins(0.08)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlabel("surface energy of mercury, u (J/m²)")
        axes.set_ylabel("work of adhesion, W (J/m²)")
        axes.set_title("Mercury on MgO(001)", loc="left", fontweight="bold", fontsize=13)
        axes.legend(loc="upper left", frameon=False, fontsize=10)
        points = [(found.surface_energy_J_m2, found.strongest.work_J_m2) for found in comparisons]
        labels = [
            Label(found.method, *point, "above", {"fontsize": 9, "color": looks[found.kind][1]})
            for found, point in zip(comparisons, points, strict=True)
        ]
        labels.append(Label("measured u", measured_u_J_m2, 0.0, "left", {"fontsize": 9, "color": MUTED}))
        line = ((measured_u_J_m2, axes.get_ylim()[0]), (measured_u_J_m2, axes.get_ylim()[1]))
        place_labels(axes, figure.canvas.get_renderer(), labels, points, [line])  # type: ignore[attr-defined]  # that of Agg

    return draw_png(draw, size_inches=(8.0, 5.6))
