"""The self-healing map as PNG: liquid, paste or solid, and below it the phases at one temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ...reference.measured import ROOM_TEMPERATURE_K
from ...thermodynamics.amalgams.self_healing import CONSISTENCIES
from ..figures.style import AXIS, INK, MUTED, REFERENCE, draw_png
from ..notation import mathtext_formula, system_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...thermodynamics.amalgams.phase_fractions import Isotherm, PhasePoint
    from ...thermodynamics.amalgams.self_healing import SelfHealingMap

SIZE_INCHES = (8.0, 7.2)
LIQUID_COLOUR = "#cfe3ef"
SOLID_COLOURS = ("#f4c7a1", "#d9a066", "#c08552", "#9c6644", "#b8b0a2", AXIS, "#d6ccc2")
_FIELDS = ["#dcecf5", "#f8e3c9", "#e3ddd4"]  # liquid, paste, solid


def self_healing_png(
    healing: SelfHealingMap, *, temperature_K: float = ROOM_TEMPERATURE_K, subtitle: str = ""
) -> bytes:
    """Draw the map above the phases at one temperature, and return the PNG.

    Parameters
    ----------
    healing
        On a grid of at least two compositions and two temperatures, both rising.
    temperature_K
        Of the lower picture; the nearest of the map's.
    subtitle
        E.g. the potential of the hull.

    Raises
    ------
    InputError
        The grid is too small or does not rise.
    """
    for name, values in (("compositions", healing.compositions), ("temperatures_K", healing.temperatures_K)):
        if len(values) < 2 or not np.all(np.diff(values) > 0.0):
            raise InputError(f"self-healing map: {name} must be two or more rising values to be drawn")

    def draw(figure: Figure) -> None:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[1.35, 1])
        nearest = int(np.argmin(np.abs(healing.temperatures_K - temperature_K)))
        _draw_map(upper, healing, float(healing.temperatures_K[nearest]))
        _draw_phases(lower, healing, healing.isotherms[nearest])
        _titles(figure, upper, healing, subtitle)

    layout = {"w_pad": 0.1, "h_pad": 0.1, "hspace": 0.05}
    return draw_png(draw, size_inches=SIZE_INCHES, layout=layout)


def _draw_map(axes: Axes, healing: SelfHealingMap, marked_K: float) -> None:
    x, kelvins, solid = healing.compositions, healing.temperatures_K, healing.solid_volume_fraction
    limits = healing.limits
    edges = [-1.0, limits.paste_from, limits.solid_from, 2.0]
    axes.contourf(x, kelvins, solid, levels=edges, colors=_FIELDS, zorder=1)
    for level in (limits.paste_from, limits.solid_from):
        if solid.min() < level < solid.max():
            axes.contour(x, kelvins, solid, levels=[level], colors=[MUTED], linewidths=0.9, zorder=2)
    saturation = healing.x_saturation
    axes.plot(saturation, kelvins, color=REFERENCE, lw=1.8, zorder=4, label=f"{healing.metal} the liquid dissolves")
    for name, share, reach in _compounds(healing):
        axes.plot([share, share], reach, color=INK, lw=1.2, zorder=3)
        if x[0] <= share <= x[-1]:
            place = (share, reach[0] + 0.03 * (kelvins[-1] - kelvins[0]))
            axes.annotate(mathtext_formula(name), place, (-3, 0), textcoords="offset points", rotation=90, ha="right",
                          va="bottom", fontsize=9, zorder=5)  # fmt: skip
    axes.axhline(marked_K, color=MUTED, lw=0.9, ls=(0, (5, 3)), zorder=3)
    _name_fields(axes, healing)
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(kelvins[0], kelvins[-1])
    axes.set_ylabel("temperature (K)")
    axes.legend(loc="upper right", fontsize=9, frameon=True, framealpha=0.9, edgecolor="none")


def _compounds(healing: SelfHealingMap) -> list[tuple[str, float, list[float]]]:
    """Formula, mole fraction and temperature range of each solid between the elements."""
    found: dict[tuple[str, float], list[float]] = {}
    for curve in healing.isotherms:
        for corner in curve.corners:
            if corner.state == "solid" and 0.0 < corner.x < 1.0:
                found.setdefault((corner.formula, corner.x), []).append(curve.temperature_K)
    return [(formula, x, [min(seen), max(seen)]) for (formula, x), seen in found.items()]


def _name_fields(axes: Axes, healing: SelfHealingMap) -> None:
    """Write each name where its field is widest: farthest from every other one and from the frame."""
    from matplotlib.patheffects import withStroke
    from scipy.ndimage import distance_transform_edt

    n_temperatures, n_compositions = healing.consistency.shape
    for name in CONSISTENCIES:
        inside = np.pad(healing.consistency == name, 1)
        distance = distance_transform_edt(inside, sampling=(0.6 / n_temperatures, 1.0 / n_compositions))[1:-1, 1:-1]
        if distance.max() < 0.025:
            continue
        row, column = np.unravel_index(int(distance.argmax()), distance.shape)
        place = healing.compositions[column], healing.temperatures_K[row]
        axes.text(*place, name, ha="center", va="center", fontsize=12, fontweight="bold", color=INK, zorder=6,
                  path_effects=[withStroke(linewidth=3, foreground="white", alpha=0.7)])  # fmt: skip


def _draw_phases(axes: Axes, healing: SelfHealingMap, curve: Isotherm) -> None:
    """Volume fractions of the phases against composition, stacked."""
    low, high = float(healing.compositions[0]), float(healing.compositions[-1])
    corners = [corner.x for corner in curve.corners if low < corner.x < high]
    x = np.unique([*np.linspace(low, high, 400), *corners])
    phases: dict[str, PhasePoint] = {}
    shares = []
    for value in x:
        mixture = curve.mixture(float(value))
        phases.update({amount.phase.name: amount.phase for amount in mixture.amounts})
        shares.append({amount.phase.name: amount.volume_fraction for amount in mixture.amounts})
    order = [corner.name for corner in curve.corners if corner.name in phases]
    bottom = np.zeros_like(x)
    solids = 0
    for name in order:
        values = np.array([share.get(name, 0.0) for share in shares])
        phase = phases[name]
        colour = LIQUID_COLOUR if phase.state == "liquid" else SOLID_COLOURS[solids % len(SOLID_COLOURS)]
        solids += phase.state == "solid"
        label = f"liquid {phase.formula}" if phase.state == "liquid" else mathtext_formula(phase.formula)
        axes.fill_between(x, bottom, bottom + values, color=colour, lw=0, label=label, zorder=2)
        bottom = bottom + values
    for limit in (healing.limits.paste_from, healing.limits.solid_from):
        axes.axhline(1.0 - limit, color=MUTED, lw=0.8, ls=":", zorder=3)
    axes.set_ylim(0.0, 1.0)
    axes.set_ylabel(f"volume fraction at {curve.temperature_K:g} K")
    axes.set_xlabel(f"overall mole fraction of {curve.metal}, x in {curve.metal}$_{{x}}${curve.host}$_{{1-x}}$")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=9, frameon=False)


def _titles(figure: Figure, axes: Axes, healing: SelfHealingMap, subtitle: str) -> None:
    axes.set_title(system_title(f"{healing.metal}-{healing.host}"), loc="left", fontweight="bold", fontsize=13)
    axes.set_title(subtitle.replace("$", r"\$"), loc="right", fontsize=10, color=MUTED)
    limits = healing.limits
    note = (
        f"paste from {100 * limits.paste_from:g} vol% solid, solid from {100 * limits.solid_from:g} vol%; "
        "volumes of the solids from the hull"
    )
    figure.supxlabel(note, fontsize=8, color=MUTED)
