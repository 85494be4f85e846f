"""Phonon pictures as PNG: band structure beside the density of states, and free energies over temperature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from ...thermodynamics.hulls.finite_temperature import liquid_name
from ...thermodynamics.hulls.fusion import get_fusion
from ..figures.style import CURVES, INK, MUTED, REFERENCE, RULE, STABLE, draw_png, plain
from ..notation import mathtext, mathtext_formula, system_title, unicode_space_group
from .diagram import DENSITY_TITLE, PhononDiagram, phonon_diagram

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...calculators.phonons.results import Phonons
    from ...thermodynamics.hulls.finite_temperature import FiniteTemperatureHull

SIZE_INCHES = (8.0, 4.8)
_STYLES = ("-", "--", "-.", ":")
_CLOSE_TICKS = 0.05
"""Share of the path below which two labels may touch."""


def phonon_png(phonons: Phonons, subtitle: str = "", *, formula: str = "") -> bytes:
    """Draw the band structure with the density of states beside it, and return the PNG.

    Imaginary frequencies are drawn downwards from 0, in another colour, and the verdict on the stability stands above.

    Parameters
    ----------
    phonons
        With at least one segment of the band structure.
    subtitle
        Written after the space group, e.g. what else tells this crystal apart.
    formula
        What the crystal is called; by default its formula with the elements in alphabetical order.

    Raises
    ------
    InputError
        There are no bands.
    """
    diagram = phonon_diagram(phonons)
    return _drawn(lambda figure: _draw_phonons(figure, phonons, diagram, subtitle, formula or phonons.formula))


def formation_free_energy_png(hulls: Sequence[FiniteTemperatureHull], subtitle: str = "") -> bytes:
    """Draw the free energy of formation of every compound that is ever stable against the temperature of the hulls.

    A line is solid where the compound is on the hull, and thin and dashed where it is above it.

    Parameters
    ----------
    hulls
        Of one system, at two or more rising temperatures.
    subtitle
        E.g. the potential.

    Raises
    ------
    InputError
        Fewer than two temperatures, or more than one system.
    """
    if len(hulls) < 2 or len({item.hull.system for item in hulls}) != 1:
        raise InputError("hulls: give those of one system at two or more temperatures")
    return _drawn(lambda figure: _draw_formation(figure, hulls, subtitle))


def _drawn(draw: Callable[[Figure], None]) -> bytes:
    layout = {"w_pad": 0.1, "h_pad": 0.1, "wspace": 0.02}
    return draw_png(draw, size_inches=SIZE_INCHES, layout=layout)


def _draw_phonons(figure: Figure, phonons: Phonons, diagram: PhononDiagram, subtitle: str, formula: str) -> None:
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[4, 1])
    bottom, top = _frequency_range(phonons)
    _draw_bands(left, diagram)
    _draw_density(right, diagram, imaginary=not phonons.dynamically_stable)
    for axes in (left, right):
        axes.axhline(0.0, color=MUTED, lw=0.8, zorder=1)
        axes.spines[["top", "right"]].set_visible(False)
        if not phonons.dynamically_stable:
            axes.axhspan(bottom, 0.0, color=REFERENCE, alpha=0.08, lw=0, zorder=0)
    left.set_ylim(bottom, top)
    left.set_ylabel(diagram.frequency_title)
    details = " · ".join(
        part for part in (unicode_space_group(phonons.space_group), subtitle, phonons.potential) if part
    )
    left.set_title(mathtext_formula(formula), loc="left", fontweight="bold", fontsize=13)
    right.set_title(plain(details), loc="right", fontsize=10, color=MUTED)
    colour = INK if phonons.dynamically_stable else REFERENCE
    size = f"supercell of {phonons.n_supercell_atoms} atoms, {phonons.shortest_image:.1f} Å between images"
    figure.supxlabel(f"{phonons.verdict}\n{size}", fontsize=9, color=colour)


def _frequency_range(phonons: Phonons) -> tuple[float, float]:
    values = np.concatenate(
        [phonons.frequencies_THz.ravel(), *(item.frequencies_THz.ravel() for item in phonons.bands)]
    )
    top = 1.05 * float(values.max())
    lowest = float(values.min())
    return (1.1 * lowest if lowest < -phonons.stability_tolerance_THz else 0.0), top


def _draw_bands(axes: Axes, diagram: PhononDiagram) -> None:
    for band in diagram.bands:
        axes.plot(band.distances, band.frequencies_THz, color=STABLE, lw=1.2, zorder=3)
        if band.imaginary_THz:
            axes.plot(band.distances, np.array(band.imaginary_THz, dtype=float), color=REFERENCE, lw=1.6, zorder=4)
    places = [place for place, _ in diagram.ticks]
    for place in places:
        axes.axvline(place, color=RULE, lw=0.8, zorder=1)
    axes.set_xticks(places, _spread(places, [mathtext(name) for _, name in diagram.ticks]))
    axes.set_xlim(places[0], places[-1])
    axes.tick_params(axis="x", length=0)


def _spread(ticks: Sequence[float], labels: Sequence[str]) -> list[str]:
    """Put a label that would run into the one before it a line lower."""
    spread = [labels[0]]
    for number in range(1, len(labels)):
        close = ticks[number] - ticks[number - 1] < _CLOSE_TICKS * (ticks[-1] - ticks[0])
        spread.append("\n" + labels[number] if close and not spread[-1].startswith("\n") else labels[number])
    return spread


def _draw_density(axes: Axes, diagram: PhononDiagram, *, imaginary: bool) -> None:
    frequencies, density = np.array(diagram.density_THz), np.array(diagram.density)
    axes.fill_betweenx(frequencies, density, color=STABLE, alpha=0.15, lw=0, zorder=2)
    axes.plot(density, frequencies, color=STABLE, lw=1.2, zorder=3)
    negative = frequencies < 0.0
    if imaginary and negative.any():
        axes.plot(density[negative], frequencies[negative], color=REFERENCE, lw=1.6, zorder=4)
    axes.set_xlim(left=0.0)
    axes.set_xlabel(DENSITY_TITLE, fontsize=9)


def _draw_formation(figure: Figure, hulls: Sequence[FiniteTemperatureHull], subtitle: str) -> None:
    axes = figure.subplots()
    temperatures = [item.hull.temperature_K for item in hulls]
    names: dict[str, str] = {}
    for item in hulls:
        names.update({phase.name: phase.formula for phase in item.hull.stable if not phase.is_element})
    for number, (name, formula) in enumerate(names.items()):
        colour = CURVES[number % len(CURVES)]
        dashes = _STYLES[number // len(CURVES) % len(_STYLES)]
        label = mathtext_formula(formula)
        if list(names.values()).count(formula) > 1:
            label += f" ({plain(name)})"
        if any(name in item.flagged for item in hulls):
            label += ", imaginary modes"
        found = [{phase.name: phase for phase in item.hull.phases}.get(name) for item in hulls]
        values = [phase.formation_energy_per_atom if phase else np.nan for phase in found]
        stable = [value if phase and phase.stable else np.nan for phase, value in zip(found, values, strict=True)]
        axes.plot(temperatures, values, color=colour, lw=0.8, ls=":", zorder=2)
        axes.plot(temperatures, stable, lw=2.0, label=label, color=colour, ls=dashes, zorder=3)
    axes.set_xlim(temperatures[0], temperatures[-1])
    for symbol in hulls[0].hull.elements:
        if any(liquid_name(symbol) in item.liquids for item in hulls):
            _draw_melting(axes, symbol, get_fusion(symbol).melting_point_K)
    axes.axhline(0.0, color=MUTED, lw=0.8, zorder=1)
    axes.set_xlabel("temperature (K)")
    axes.set_ylabel("free energy of formation (eV/atom)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(system_title(hulls[0].hull.system), loc="left", fontweight="bold", fontsize=13)
    axes.set_title(plain(subtitle), loc="right", fontsize=10, color=MUTED)
    if names:
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9)


def _draw_melting(axes: Axes, symbol: str, melting_point_K: float) -> None:
    left, right = axes.get_xlim()
    if left < melting_point_K < right:
        axes.axvline(melting_point_K, color=MUTED, lw=0.9, ls=(0, (5, 3)), zorder=1)
        place: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "va": "top", "ha": "right"}
        axes.text(melting_point_K, 0.99, f"{symbol} melts ", fontsize=8, color=MUTED, **place)
