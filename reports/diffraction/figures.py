"""Powder patterns as PNG: computed ones above each other, and a measured one with a computed one laid over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from ...structures.diffraction.patterns import profile
from ...structures.diffraction.radiation import WAVELENGTHS
from ..figures.style import INK, MUTED, PATTERNS, REFERENCE, draw_png
from ..notation import mathtext_formula

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...reference.powder_lines import PowderReference
    from ...structures.diffraction.measured import Overlay
    from ...structures.diffraction.patterns import PowderLine, PowderPattern

WIDTH_INCHES = 9.0
PANEL_INCHES = 1.75
_LABELLED = 6


def patterns_png(
    patterns: Sequence[PowderPattern],
    *,
    references: Sequence[PowderReference] = (),
    fwhm_deg: float = 0.2,
    lorentz_share: float = 0.5,
    title: str = "",
) -> bytes:
    """Draw patterns above each other, each scaled to its highest point, with its strongest lines indexed.

    Parameters
    ----------
    patterns
        At least one, of one radiation and range. Lines of a mixture carry the colour of their phase.
    references
        Published lines, drawn as marks in the panel of the phase with that name.
    fwhm_deg, lorentz_share
        Of the profile.
    title
        Above the picture.

    Raises
    ------
    InputError
        No pattern, or patterns that differ in radiation or range.
    """
    if not patterns or len({(item.wavelength, item.two_theta_range) for item in patterns}) != 1:
        raise InputError("powder patterns: give one or more of the same radiation and range of 2θ")

    def draw(figure: Figure) -> None:
        panels = figure.subplots(len(patterns), 1, sharex=True, squeeze=False)[:, 0]
        names = list(dict.fromkeys(phase for item in patterns for phase in item.weights))
        colours = {name: PATTERNS[i % len(PATTERNS)] for i, name in enumerate(names)}
        published = {item.phase: item for item in references}
        for axes, pattern in zip(panels, patterns, strict=True):
            _draw_pattern(axes, pattern, colours, fwhm_deg, lorentz_share)
            if pattern.name in published:
                _draw_published(axes, pattern, published[pattern.name])
        _finish(panels[-1], patterns[0])
        figure.supylabel("relative intensity", fontsize=11, color=INK)
        panels[0].set_title(title.replace("$", r"\$"), loc="left", fontweight="bold", fontsize=12)

    return _drawn(draw, (WIDTH_INCHES, 0.9 + PANEL_INCHES * len(patterns)))


def overlay_png(result: Overlay, pattern: PowderPattern, title: str = "") -> bytes:
    """Draw a measured pattern, the computed one on it, the lines of each phase, and the difference.

    Parameters
    ----------
    result
        What `overlay` found.
    pattern
        The computed pattern or mixture.
    title
        Above the picture.
    """

    def draw(figure: Figure) -> None:
        upper, ticks, lower = figure.subplots(3, 1, sharex=True, height_ratios=[4, 0.6, 1])
        angles = result.measured.two_theta_deg
        upper.plot(angles, result.measured.intensity, ".", ms=2.5, color=INK, label=result.measured.name)
        computed = f"computed, {_sample(pattern)}"
        upper.plot(angles, result.computed, color=REFERENCE, lw=1.2, label=computed)
        upper.axhline(result.background, color=MUTED, lw=0.7, ls=":")
        upper.set_ylabel("intensity")
        upper.legend(frameon=False, fontsize=9)
        _draw_ticks(ticks, pattern)
        lower.plot(angles, result.difference, color=MUTED, lw=0.8)
        lower.axhline(0.0, color=INK, lw=0.6)
        lower.set_ylabel("difference", fontsize=9)
        for axes in (upper, lower):
            axes.spines[["top", "right"]].set_visible(False)
        upper.set_title(title.replace("$", r"\$"), loc="left", fontweight="bold", fontsize=12)
        note = f"scale and constant background adjusted, R$_{{wp}}$ = {100 * result.r_weighted:.1f} %"
        upper.set_title(note, loc="right", fontsize=9, color=MUTED)
        _finish(lower, pattern)

    return _drawn(draw, (WIDTH_INCHES, 5.4))


def radiation_text(wavelength: float) -> str:
    """Return ``Cu Kα, λ = 1.54184 Å``, or the wavelength alone where the line has no name."""
    names = [name for name, value in WAVELENGTHS.items() if value == wavelength]
    line = f"{names[0].replace('Ka', ' Kα')}, " if names else ""
    return f"{line}λ = {wavelength:g} Å"


def _drawn(draw: Callable[[Figure], None], size: tuple[float, float]) -> bytes:
    layout = {"w_pad": 0.1, "h_pad": 0.06, "hspace": 0.0}
    return draw_png(draw, size_inches=size, layout=layout)


def _draw_pattern(
    axes: Axes, pattern: PowderPattern, colours: dict[str, str], fwhm_deg: float, lorentz_share: float
) -> None:
    low, high = pattern.two_theta_range
    angles = np.arange(low, high, max(min(0.02, 0.2 * fwhm_deg), 1e-5 * (high - low)))
    curve = profile(pattern, angles, fwhm_deg=fwhm_deg, lorentz_share=lorentz_share)
    strongest = pattern.strongest.intensity
    single = len(pattern.weights) == 1
    colour = colours[next(iter(pattern.weights))] if single else INK
    axes.plot(angles, 100.0 * curve / curve.max(), color=colour, lw=1.1, zorder=3)
    for line in pattern.lines:
        height = 100.0 * line.intensity / strongest
        # In a mixture the colours tell whose line it is, so they lie on top of the black profile.
        look: dict[str, Any] = {"alpha": 0.55, "zorder": 2} if single else {"zorder": 4}
        axes.vlines(line.two_theta_deg, 0.0, height, color=colours[line.phase], lw=1.0, **look)
    for line in _worth_a_label(pattern):
        height = 100.0 * line.intensity / strongest
        text = line.hkl if single else f"{mathtext_formula(line.phase)} {line.hkl}"
        axes.annotate(text, (line.two_theta_deg, height), (0, 5), textcoords="offset points", ha="center", fontsize=7.5,
                      rotation=0 if single else 90, color=colours[line.phase], zorder=5)  # fmt: skip
    axes.set_ylim(0.0, 122.0 if single else 175.0)
    axes.set_yticks([0, 50, 100])
    axes.spines[["top", "right"]].set_visible(False)
    axes.text(0.992, 0.93, _sample(pattern), transform=axes.transAxes, ha="right", va="top", fontsize=10, color=colour,
              fontweight="bold")  # fmt: skip


def _sample(pattern: PowderPattern) -> str:
    if len(pattern.weights) == 1:
        return mathtext_formula(pattern.name)
    shares = (f"{100 * share:.3g} % {mathtext_formula(phase)}" for phase, share in pattern.weights.items())
    return " + ".join(shares)


def _worth_a_label(pattern: PowderPattern) -> list[PowderLine]:
    """The strongest lines, leaving out those that would be written over each other."""
    span = pattern.two_theta_range[1] - pattern.two_theta_range[0]
    chosen: list[PowderLine] = []
    for line in sorted(pattern.lines, key=lambda line: -line.intensity):
        if all(abs(line.two_theta_deg - other.two_theta_deg) > 0.04 * span for other in chosen):
            chosen.append(line)
        if len(chosen) == _LABELLED:
            break
    return chosen


def _draw_published(axes: Axes, pattern: PowderPattern, reference: PowderReference) -> None:
    from ...structures.diffraction.references import compare_lines

    if not reference.lines:
        return
    rows = compare_lines(pattern, reference)
    places = [row.published_two_theta_deg for row in rows]
    heights = [row.published.intensity for row in rows]
    label = f"published, {reference.lines_confidence}"
    axes.plot(places, heights, "D", ms=4, mfc="white", mec=REFERENCE, mew=1.1, zorder=6, label=label)
    axes.legend(loc="upper left", frameon=False, fontsize=8)


def _draw_ticks(axes: Axes, pattern: PowderPattern) -> None:
    phases = list(pattern.weights)
    for row, phase in enumerate(phases):
        places = [line.two_theta_deg for line in pattern.lines if line.phase == phase]
        colour = PATTERNS[row % len(PATTERNS)]
        axes.vlines(places, -row - 0.4, -row + 0.4, color=colour, lw=1.0)
        axes.text(1.005, -row, mathtext_formula(phase), transform=axes.get_yaxis_transform(), va="center", fontsize=8,
                  color=colour)  # fmt: skip
    axes.set_ylim(-len(phases) + 0.4, 0.6)
    axes.set_axis_off()


def _finish(axes: Axes, pattern: PowderPattern) -> None:
    axes.set_xlim(*pattern.two_theta_range)
    axes.set_xlabel(f"2θ (°), {radiation_text(pattern.wavelength)}")
