"""Surface energies of several crystals by plane, beside what was measured, as PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..figures.png import draw_png
from ..figures.style import DPI, FACES, MUTED, REFERENCE, STYLE
from ..formulas import mathtext_formula
from .wulff_png import plane_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..benchmarks.published import Benchmark
    from .model import PhaseSurfaces

HEIGHT_INCHES = 3.6
_MARKERS = "osD^vP*X"


def surface_energies_png(phases: Sequence[PhaseSurfaces], measured: Mapping[str, Benchmark]) -> bytes:
    """Draw a column of points for each phase, one for each plane, and return the PNG.

    Parameters
    ----------
    phases
        At least one, each with a surface.
    measured
        Mean over all faces, by the name of the phase.
    """
    planes = list(dict.fromkeys(record.miller_index for phase in phases for record in phase.surfaces))
    width = min(max(2.6 + 0.75 * len(phases), 4.5), 12.0)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for column, phase in enumerate(phases):
            item = measured.get(phase.phase)
            if item is None:
                continue
            axes.plot([column - 0.36, column + 0.36], [item.value] * 2, color=REFERENCE, lw=1.8, zorder=2)
            if item.uncertainty:
                low, high = item.value - item.uncertainty, item.value + item.uncertainty
                axes.fill_between([column - 0.36, column + 0.36], low, high, color=REFERENCE, alpha=0.12, lw=0)
        for number, plane in enumerate(planes):
            # Side by side, so that planes of nearly one energy do not cover each other.
            offset = 0.5 * ((number + 0.5) / len(planes) - 0.5)
            points = [
                (column + offset, record.surface_energy_J_m2)
                for column, phase in enumerate(phases)
                for record in phase.surfaces
                if record.miller_index == plane
            ]
            colour, marker = FACES[number % len(FACES)], _MARKERS[number % len(_MARKERS)]
            x, y = zip(*points, strict=True)
            axes.plot(x, y, marker, color=colour, ms=7, mec="white", mew=0.7, zorder=3, label=plane_text(plane))
        if measured:
            axes.plot([], [], color=REFERENCE, lw=1.8, label="measured mean")
        axes.set_xticks(range(len(phases)), [mathtext_formula(phase.formula) for phase in phases])
        axes.set_xlim(-0.6, len(phases) - 0.4)
        axes.set_ylim(bottom=0.0)
        axes.margins(y=0.12)
        axes.set_ylabel("surface energy (J/m²)")
        axes.tick_params(axis="x", length=0)
        axes.grid(axis="y", color="#e5e9ee", lw=0.8)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9, labelcolor=MUTED)

    return draw_png(
        draw, size_inches=(width, HEIGHT_INCHES), dpi=DPI, style=STYLE, layout={"w_pad": 0.1, "h_pad": 0.08}
    )
