"""Bulk moduli of crystals: the section of the report, and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..thermodynamics.vibrations.quasi_harmonic import Vinet, vinet_energy
from .figures.style import FACES, draw_png
from .notation import mathtext_formula, unicode_formula
from .sections import ReportSection, SectionPicture, SectionTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZE_INCHES = (6.0, 3.6)


@dataclass(frozen=True)
class EquationOfState:
    """Energies of one crystal at several volumes, and the curve through them.

    Attributes
    ----------
    phase, formula, potential
        Name and reduced formula of the crystal, and the potential.
    volumes, energies
        Å³/atom and eV/atom.
    fit
        Vinet's equation of state (doi 10.1029/JB092iB09p09319), per atom.
    """

    phase: str
    formula: str
    potential: str
    volumes: tuple[float, ...]
    energies: tuple[float, ...]
    fit: Vinet


def equation_of_state_section(found: Sequence[EquationOfState], *, warnings: Sequence[str] = ()) -> ReportSection:
    """Return the section; ``warnings`` say which crystals have no equation of state."""
    rows = tuple(
        (
            unicode_formula(one.formula),
            one.phase,
            one.fit.volume,
            one.fit.bulk_modulus_GPa,
            one.fit.bulk_modulus_derivative,
            1e3 * one.fit.rms_error,
        )
        for one in found
    )
    columns = ("crystal", "structure", "V (Å³/atom)", "B (GPa)", "dB/dp", "error of fit (meV/atom)")
    table = SectionTable("Equations of state", columns, rows, digits=2)
    paragraphs: tuple[str, ...] = ()
    if found:
        soft, stiff = (pick(found, key=lambda one: one.fit.bulk_modulus_GPa) for pick in (min, max))
        paragraphs = (
            f"Bulk moduli with {found[0].potential} reach from {soft.fit.bulk_modulus_GPa:.0f} GPa"
            f" ({unicode_formula(soft.formula)}) to {stiff.fit.bulk_modulus_GPa:.0f} GPa"
            f" ({unicode_formula(stiff.formula)}), at 0 K and without vibrations.",
        )
    picture = SectionPicture(
        "equations-of-state.png", _picture(found), "Energy against volume of each crystal, with the fitted curves."
    )
    return ReportSection(
        "equations-of-state",
        "Equations of state",
        paragraphs,
        pictures=(picture,) if found else (),
        tables=(table,) if found else (),
        warnings=tuple(warnings),
    )


def _picture(found: Sequence[EquationOfState]) -> bytes:
    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for number, one in enumerate(found):
            colour = FACES[number % len(FACES)]
            grid = np.linspace(min(one.volumes), max(one.volumes), 80)
            fit = one.fit
            curve = vinet_energy(grid, 0.0, fit.volume, fit.bulk_modulus_GPa, fit.bulk_modulus_derivative)
            axes.plot(grid / fit.volume, 1e3 * curve, color=colour, lw=1.5, label=mathtext_formula(one.formula))
            energies = 1e3 * (np.array(one.energies) - fit.energy)
            axes.plot(np.array(one.volumes) / fit.volume, energies, "o", color=colour, ms=4)
        axes.set_xlabel("V / V₀")
        axes.set_ylabel("E − E₀ (meV/atom)")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=9)

    return draw_png(draw, size_inches=_SIZE_INCHES, layout={"w_pad": 0.1, "h_pad": 0.08})
