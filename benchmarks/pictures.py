"""Pictures of docs/benchmarks.md, drawn from results.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..reports.figures.style import CURVES, GRID, draw_png

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GROWTH = "growth"
SIZE_INCHES = (9.0, 4.2)


def draw_pictures(benchmarks: Mapping[str, Any], folder: Path) -> None:
    """Draw what the results of a full run are drawn as into ``folder``."""
    if benchmarks.get(GROWTH, {}).get("mode") == "full":
        folder.joinpath("growth.png").write_bytes(growth_png(benchmarks[GROWTH]))


def growth_png(content: Mapping[str, Any]) -> bytes:
    """Return the time of a force call against atoms, and of many crystals against their number."""
    atoms, crystals = (table["rows"] for table in content["tables"][:2])

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        _curves(left, atoms, "atoms", "CPU time of a force call (ms)")
        _curves(right, crystals, "crystals", "CPU time (s)")
        left.legend(frameon=False, fontsize=10)

    return draw_png(draw, size_inches=SIZE_INCHES, layout={"w_pad": 0.1, "h_pad": 0.1})


def _curves(axes: Axes, rows: Sequence[Mapping[str, float]], x: str, label: str) -> None:
    for name, colour in zip([key for key in rows[0] if key != x], CURVES, strict=False):
        axes.loglog([row[x] for row in rows], [row[name] for row in rows], "o-", color=colour, markersize=4, label=name)
    axes.set_xlabel(f"number of {x}")
    axes.set_ylabel(label)
    axes.grid(color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
