"""Pictures of stability against the electrolyte as PNG: reaction energies over mixing ratio, and reduction plateaus."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ...errors import InputError
from ...thermodynamics.stability.electrolyte_window import ElectrolyteWindow
from ...thermodynamics.stability.reactivity import InterfaceReaction
from ..figures.style import INK, MUTED, PRODUCTS, REFERENCE, STABLE, draw_png, plain
from ..notation import MEV, couple, mathtext_formula

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE_INCHES = (8.0, 4.8)
_TOP_MARGIN_V = 0.5


def reactivity_png(reactions: Sequence[InterfaceReaction], subtitle: str = "") -> bytes:
    """Draw the reaction energies of several phases with one electrolyte, and return the PNG.

    A star marks the mixing ratio at which the contact of each gains most; its products stand in the legend.

    Parameters
    ----------
    reactions
        At least one; all with the same second reactant.
    subtitle
        E.g. the potential.

    Raises
    ------
    InputError
        There are none, or the second reactants differ.
    """
    if len({reaction.second for reaction in reactions}) != 1:
        raise InputError("reactions: give at least one, all with the same second reactant")
    return _drawn(lambda figure: _draw_reactions(figure, reactions, subtitle))


def window_png(
    window: ElectrolyteWindow,
    subtitle: str = "",
    *,
    amalgams: Mapping[str, float] | None = None,
    published_onset_V: float | None = None,
) -> bytes:
    """Draw the voltage over the ions an electrolyte takes up, with the phases along the way, and return the PNG.

    Parameters
    ----------
    window
        With at least one reduction plateau.
    subtitle
        E.g. the potential.
    amalgams
        Voltages (V) at which amalgams hold the ion, by what to call them; drawn as dashed lines.
    published_onset_V
        A published reduction onset, drawn as a mark.

    Raises
    ------
    InputError
        Nothing is reduced above 0 V.
    """
    if not window.reduction:
        raise InputError(f"electrolyte window of {window.electrolyte!r}: no reduction above 0 V, nothing to draw")
    return _drawn(lambda figure: _draw_window(figure, window, subtitle, amalgams or {}, published_onset_V))


def _drawn(draw: Callable[[Figure], None]) -> bytes:
    layout = {"w_pad": 0.1, "h_pad": 0.1}
    return draw_png(draw, size_inches=SIZE_INCHES, layout=layout)


def _draw_reactions(figure: Figure, reactions: Sequence[InterfaceReaction], subtitle: str) -> None:
    axes = figure.subplots()
    second = reactions[0].formulas[reactions[0].second]
    for number, reaction in enumerate(reactions):
        colour = PRODUCTS[number % len(PRODUCTS)]
        x, y = [p.mixing_ratio for p in reaction.points], [p.energy for p in reaction.points]
        first = mathtext_formula(reaction.formulas[reaction.first])
        best = reaction.most_exergonic_mutual
        products = " + ".join(mathtext_formula(reaction.formulas[name]) for name in best.products)
        label = f"{first}: {products}" if reaction.reacts else f"{first}: no reaction"
        axes.plot(x, y, color=colour, lw=1.8, marker="o", ms=3.5, label=label, zorder=3)
        if reaction.reacts:
            axes.plot(best.mixing_ratio, best.energy, "*", color=colour, ms=13, mec="white", zorder=4)
    axes.axhline(0.0, color=MUTED, lw=0.8, zorder=1)
    axes.set_xlim(0.0, 1.0)
    axes.set_xlabel(f"share of atoms that is not {mathtext_formula(second)}")
    axes.set_ylabel("reaction energy (eV/atom)")
    _title(axes, mathtext_formula(second), " · ".join(part for part in (_reservoir(reactions[0]), subtitle) if part))
    legend = axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=1, frameon=False, fontsize=9)
    legend.set_in_layout(True)


def _reservoir(reaction: InterfaceReaction) -> str:
    if reaction.open_element is None:
        return ""
    return f"open to {reaction.open_element} at {reaction.voltage_V:g} V"


def _draw_window(
    figure: Figure, window: ElectrolyteWindow, subtitle: str, amalgams: Mapping[str, float], published: float | None
) -> None:
    axes = figure.subplots()
    steps = window.reduction
    start = max(steps[0].ions_from, 0.0)
    top = steps[0].voltage_V + _TOP_MARGIN_V
    x, y = [start], [top]
    for step in steps:
        x += [max(step.ions_from, start), step.ions_to]
        y += [step.voltage_V, step.voltage_V]
    axes.plot([*x, x[-1]], [*y, 0.0], color=STABLE, lw=2.2, zorder=3)
    width = steps[-1].ions_to - start
    for step in steps:
        text = "\n".join(_amount(amount, name, window) for name, amount in step.phases_to.items())
        axes.annotate(
            text,
            (step.ions_to, step.voltage_V),
            xytext=(4, 3),
            textcoords="offset points",
            fontsize=8,
            color=INK,
            va="bottom",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.5},
            zorder=4,
        )
    for name, voltage in amalgams.items():
        axes.axhline(voltage, color=MUTED, lw=1.0, ls=(0, (5, 3)), zorder=2)
        axes.annotate(
            f"{plain(name)}\n{voltage:.2f} V",
            (1.0, voltage),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=MUTED,
        )
    if published is not None:
        label = f"published onset, {published:.2f} V"
        axes.plot(start, published, "D", color=REFERENCE, ms=7, clip_on=False, zorder=5, label=label)
        axes.legend(loc="upper right", frameon=False, fontsize=9)
    axes.set_xlim(start - 0.02 * width, start + 1.25 * width)
    axes.set_ylim(0.0, max(top, *(1.1 * voltage for voltage in amalgams.values()), 1.1 * (published or 0.0)))
    axes.set_xlabel(f"{window.ion} taken up per {mathtext_formula(window.formula)}")
    axes.set_ylabel(f"V vs {couple(window.ion, window.electrons_per_ion)}")
    above = f"{MEV * window.e_above_hull:.0f} meV/atom above the hull" if window.e_above_hull > 0 else "on the hull"
    _title(axes, mathtext_formula(window.formula), " · ".join(part for part in (above, subtitle) if part))


def _amount(amount: float, name: str, window: ElectrolyteWindow) -> str:
    formula = mathtext_formula(window.formulas[name])
    text = f"{amount:.3g}"
    return formula if text == "1" else f"{text} {formula}"


def _title(axes: Axes, left: str, right: str) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(left, loc="left", fontweight="bold", fontsize=13)
    axes.set_title(plain(right), loc="right", fontsize=10, color=MUTED)
