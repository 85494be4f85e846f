"""The one style of all pictures: colours by what they mean, palettes, fonts, and a matplotlib figure drawn in it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@cache
def light_colours() -> dict[str, str]:
    """Return the colours of the report's light theme by the names of its CSS variables, such as ``--stable``."""
    css = files(__package__.rpartition(".")[0]).joinpath("templates", "report.css").read_text(encoding="utf-8")
    (first, *_) = re.findall(r":root\s*\{(.*?)\}", css, flags=re.DOTALL)
    return {name: value.strip() for name, value in re.findall(r"(--[\w-]+):\s*([^;]+);", first)}


# By what they mean; the page's style sheet says what they are.
STABLE = light_colours()["--stable"]
PROTOTYPE = light_colours()["--prototype"]
REFERENCE = light_colours()["--reference"]
EQUILIBRATED = light_colours()["--equilibrated"]
FRESH = light_colours()["--fresh"]
VOLUME = light_colours()["--volume"]
SOLID = light_colours()["--solid"]
INK = light_colours()["--text"]
MUTED = light_colours()["--muted"]
AXIS = light_colours()["--axis"]
RULE = light_colours()["--rule"]
GRID = light_colours()["--grid"]

# Of what is only told apart from what lies beside it, in the order in which they are taken.
CURVES = (STABLE, REFERENCE, VOLUME, "#7c5295", "#b45309", "#0f766e", "#9f1239", MUTED)
PATTERNS = (STABLE, "#9c6644", VOLUME, "#7c5295", "#0f766e", "#b45309", MUTED)
PRODUCTS = (MUTED, STABLE, "#0f766e", "#b45309", "#9f1239", "#7c5295", VOLUME)
FACES = ("#2f7fb5", "#e08a3c", "#6a9f3d", "#8c6bb1", "#c8574b", "#3fa7a0", "#b8a13a", "#7a8794")
_MARKERS = "osD^vP*X"

DPI = 200

PictureFormat = Literal["png", "svg"]
# What would make the bytes differ from one time to the next.
_NO_TRACES: dict[PictureFormat, dict[str, None]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}

STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 11,
    "mathtext.default": "regular",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.direction": "out",
    "ytick.direction": "out",
    "text.color": INK,
    "svg.fonttype": "none",
    "svg.hashsalt": "amalgamics",
}


def draw_png(
    draw: Callable[[Figure], None],
    *,
    size_inches: tuple[float, float],
    layout: Mapping[str, Any] | None = None,
    file_format: PictureFormat = "png",
) -> bytes:
    """Return what ``draw`` draws into a figure, the same bytes for the same drawing.

    Parameters
    ----------
    draw
        Called with the empty figure.
    size_inches
        Of the figure.
    layout
        Paddings of a constrained layout; None for a figure that places its axes itself.
    file_format
        Of the bytes; SVG holds its texts as texts.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    with rc_context(STYLE):
        figure = Figure(figsize=size_inches, dpi=DPI)
        if layout is not None:
            figure.set_layout_engine(ConstrainedLayoutEngine(**layout))
        FigureCanvasAgg(figure)
        draw(figure)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=file_format, facecolor="white", metadata=_NO_TRACES[file_format])
    return buffer.getvalue()


def colour_and_marker(number: int) -> tuple[str, str]:
    """Return what tells the points of one series from those of its neighbours."""
    return FACES[number % len(FACES)], _MARKERS[number % len(_MARKERS)]


def plain(text: str) -> str:
    """Return text that matplotlib draws as it is, without mathematics between dollar signs."""
    return text.replace("$", r"\$")
