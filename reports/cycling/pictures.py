"""Pictures of films: layers over one cycle, voltage of the cell, and where films stay liquid at the electrolyte."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ...thermodynamics.cycling.film import layer_thickness_m
from ...thermodynamics.cycling.healing import DRY, IN_TURN, LIQUID, METAL, NOT_FOLLOWED, OUTCOMES, SOLID
from ..amalgams.self_healing_png import LIQUID_COLOUR, SOLID_COLOURS
from ..figures.style import INK, MUTED, REFERENCE, STABLE, draw_png, light_colours
from ..notation import mathtext_formula
from .wording import barrier_text, diffusivity_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from ...thermodynamics.cycling.cycle import FilmRun
    from ...thermodynamics.cycling.phases import PhaseChain
    from .model import ContactBand, FilmCase, FilmResults, MapPart

_HOUR, _UM, _MA_CM2 = 3600.0, 1e-6, 10.0
_METAL_COLOUR = "#e7e5e1"
OUTCOME_COLOURS = {
    LIQUID: "#6fa8cf",
    IN_TURN: "#bcd9e8",
    SOLID: "#d9c3a0",
    METAL: "#b5483c",
    DRY: "#e0a33c",
    NOT_FOLLOWED: "#c9c9c9",
}
_WIDTH = 6.4
"""Of a picture, in; wider ones have letters too small beside each other on a page."""
_SEAM = 0.4
"""Width of the edges, without which neighbours leave a light line between them."""


def film_png(film: FilmResults) -> bytes:
    """Draw the layers over the last cycle at the first current: a row for each diffusivity, a column for each limit."""
    current = film.currents_A_m2[0]
    values = film.diffusivities_m2_s

    def draw(figure: Figure) -> None:
        panels = figure.subplots(len(values), 2, sharex=True, sharey=True, squeeze=False)
        deepest = 0.0
        for row, diffusivity in enumerate(values):
            for column, barrier in enumerate((True, False)):
                case = film.case(diffusivity, current, barrier)
                deepest = max(deepest, _draw_layers(panels[row, column], case.cell.first))
                panels[row, column].set_title(_panel_title(film, case, row == 0), loc="left", fontsize=9)
            panels[row, 0].set_ylabel("depth (µm)")
        panels[0, 0].set_ylim(1.15 * deepest, 0.0)
        for axes in panels[-1]:
            axes.set_xlabel("charge in the last cycle (mAh/cm²)", fontsize=9)
        _phase_legend(figure, film.chain)

    return draw_png(draw, size_inches=(_WIDTH, 1.2 + 1.8 * len(values)), layout={"w_pad": 0.08, "h_pad": 0.08})


def _panel_title(film: FilmResults, case: FilmCase, first: bool) -> str:
    name = f"$D$ = {diffusivity_text(case.diffusivity_m2_s)} m²/s" if film.chain.richest else "no compound"
    if not first:
        return name
    return f"{name}; {barrier_text(case.nucleation_V)}"


def _draw_layers(axes: Axes, run: FilmRun) -> float:
    """Fill the layers below the electrolyte, which is at the top; return the depth of the film in µm."""
    last = np.flatnonzero(run.in_last_cycle)
    charge = np.abs(run.currents_A_m2[last[0]]) * (run.times_s - run.times_s[last[0]]) / 36000.0
    deepest: float = 0.0
    for before, after in pairwise(last.tolist()):
        films = run.films[before], run.films[after]
        if [layer.phase for layer in films[0].layers] != [layer.phase for layer in films[1].layers]:
            continue
        depths = [np.cumsum([layer_thickness_m(run.chain, one) / _UM for one in film.layers[::-1]]) for film in films]
        deepest = max(deepest, float(depths[0][-1]), float(depths[1][-1]))
        x = [charge[before], charge[after]]
        tops = [0.0, 0.0]
        for number, layer in enumerate(films[0].layers[::-1]):
            bottoms = [depths[0][number], depths[1][number]]
            axes.fill_between(x, tops, bottoms, color=phase_colour(layer.phase), lw=_SEAM)
            tops = bottoms
        if films[0].reservoir is not None:
            axes.fill_between(x, tops, [1e4, 1e4], color=_METAL_COLOUR, lw=_SEAM)
    if run.ended:
        axes.axvline(charge[last[-1]], color=OUTCOME_COLOURS[METAL], lw=1.5)
        box = {"boxstyle": "round,pad=0.3", "fc": light_colours()["--card"], "ec": "none", "alpha": 0.9}
        axes.annotate(
            run.ended, (0.5, 0.5), xycoords="axes fraction", ha="center", fontsize=8, color=INK, bbox=box, zorder=5
        )
    turn = np.flatnonzero(np.diff(run.steps[last]) > 0)
    for place in turn:
        axes.axvline(charge[last[place]], color=INK, lw=0.8, ls=":")
    for text, middle in (("stripped", 0.25), ("plated", 0.75)):
        axes.annotate(text, (middle, 0.03), xycoords="axes fraction", ha="center", fontsize=8, color=MUTED)
    return deepest


def phase_colour(phase: int) -> str:
    """Return the colour of a phase of a chain: the liquid's, or that of the compound."""
    return LIQUID_COLOUR if phase == 0 else SOLID_COLOURS[(phase - 1) % len(SOLID_COLOURS)]


def _phase_legend(figure: Figure, chain: PhaseChain) -> None:
    from matplotlib.patches import Patch

    names = [f"liquid {chain.host}", *(mathtext_formula(phase.formula) for phase in chain.phases[1:]), chain.metal]
    colours = [*(phase_colour(number) for number in range(len(chain.phases))), _METAL_COLOUR]
    handles = [Patch(color=colour, label=name) for name, colour in zip(names, colours, strict=True)]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 5), frameon=False, fontsize=9)


def voltage_png(film: FilmResults, contact: ContactBand, marks_mV: Sequence[float] = ()) -> bytes:
    """Draw the voltage of the cell over its cycles at the first current, with the band of the contact."""
    current = film.currents_A_m2[0]
    values = film.diffusivities_m2_s

    def draw(figure: Figure) -> None:
        panels = figure.subplots(len(values), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
        for axes, diffusivity in zip(panels, values, strict=True):
            for barrier, colour in ((False, REFERENCE), (True, STABLE)):
                _draw_voltage(axes, film.case(diffusivity, current, barrier), contact, colour)
            for mark in marks_mV:
                for sign in (1.0, -1.0):
                    axes.axhline(sign * mark, color=MUTED, lw=0.8, ls=(0, (4, 3)))
            axes.set_yscale("symlog", linthresh=10.0)
            axes.set_title(f"$D$ = {diffusivity_text(diffusivity)} m²/s", loc="left", fontsize=9)
            axes.set_ylabel("cell (mV)")
            axes.spines[["top", "right"]].set_visible(False)
        panels[-1].set_xlabel("time from the first cycle (h)")
        lines = panels[0].get_legend_handles_labels()
        figure.legend(*lines, loc="outside lower center", ncols=2, frameon=False, fontsize=9)

    return draw_png(draw, size_inches=(_WIDTH, 1.1 + 1.7 * len(values)), layout={"w_pad": 0.1, "h_pad": 0.06})


def _draw_voltage(axes: Axes, case: FilmCase, contact: ContactBand, colour: str) -> None:
    cell = case.cell
    loaded = np.flatnonzero(cell.first.currents_A_m2)  # none where the film was not even followed through its rest
    rest = cell.first.times_s[loaded[0] if loaded.size else -1]
    times = cell.times_s
    after = times > rest
    hours = (times[after] - rest) / _HOUR
    best, worst = (1e3 * cell.voltage_V(one)[after] for one in (contact.best, contact.worst))
    name = barrier_text(case.nucleation_V)
    axes.fill_between(hours, best, worst, color=colour, alpha=0.25, lw=0)
    axes.plot(hours, best, color=colour, lw=1.3, label=name)
    if case.ended:
        height = 1.16 if case.nucleation_V else 1.04
        axes.annotate(
            f"{name}: {case.ended}", (0.98, height), xycoords="axes fraction", ha="right", fontsize=8, color=colour
        )


def map_png(film: FilmResults) -> bytes | None:
    """Draw what films do over thickness and current: a column for each diffusivity, rows for temperatures and limits.

    None without a map.
    """
    parts = [part for part in film.parts if part.points]
    if not parts:
        return None
    rows = list(dict.fromkeys((part.temperature_K, part.nucleation_V) for part in parts))
    values = list(dict.fromkeys(part.diffusivity_m2_s for part in parts))

    def draw(figure: Figure) -> None:
        panels = figure.subplots(len(rows), len(values), sharex=True, sharey=True, squeeze=False)
        for part in parts:
            row = rows.index((part.temperature_K, part.nucleation_V))
            axes = panels[row, values.index(part.diffusivity_m2_s)]
            _draw_part(axes, part)
            title = f"{part.temperature_K - 273.15:.0f} °C, {barrier_text(part.nucleation_V)}"
            if row == 0 and film.chain.richest:
                title = f"$D$ = {diffusivity_text(part.diffusivity_m2_s)} m²/s\n{title}"
            axes.set_title(title, loc="left", fontsize=9)
        for axes in panels[-1]:
            axes.set_xlabel("film (µm)")
        for axes in panels[:, 0]:
            axes.set_ylabel("current (mA/cm²)")
        _outcome_legend(figure)

    size = (max(_WIDTH, 0.8 + 1.9 * len(values)), 1.2 + 1.8 * len(rows))
    return draw_png(draw, size_inches=size, layout={"w_pad": 0.06, "h_pad": 0.08})


def _draw_part(axes: Axes, part: MapPart) -> None:
    from matplotlib.colors import ListedColormap

    thicknesses = np.unique([point.thickness_m / _UM for point in part.points])
    currents = np.unique([point.current_A_m2 / _MA_CM2 for point in part.points])
    grid = np.array([OUTCOMES.index(point.outcome) for point in part.points]).reshape(len(thicknesses), len(currents))
    colours = ListedColormap([OUTCOME_COLOURS[name] for name in OUTCOMES])
    axes.pcolormesh(
        _edges(thicknesses), _edges(currents), grid.T, cmap=colours, vmin=-0.5, vmax=len(OUTCOMES) - 0.5,
        edgecolors=light_colours()["--card"], linewidth=0.6,
    )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(thicknesses, [f"{value:g}" for value in thicknesses], fontsize=8)
    axes.set_yticks(currents, [f"{value:g}" for value in currents], fontsize=8)
    axes.minorticks_off()


def _edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    logs = np.log(values)
    middles = (logs[1:] + logs[:-1]) / 2.0
    return np.asarray(np.exp(np.concatenate([[2 * logs[0] - middles[0]], middles, [2 * logs[-1] - middles[-1]]])))


def _outcome_legend(figure: Figure) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=OUTCOME_COLOURS[name], label=name) for name in OUTCOMES]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
