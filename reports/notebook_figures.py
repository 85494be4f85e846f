"""The report's interactive figures outside the report: as plotly figures, with the colours filled in."""

from __future__ import annotations

import html
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from .hulls.interactive import Figure

if TYPE_CHECKING:
    import plotly.graph_objects as go


_TITLE_HEIGHT = 40
_LEGEND_HEIGHT = 50
"""Pixels that a title takes, and a legend above the figure."""


@cache
def light_colours() -> dict[str, str]:
    """Return the colours of the report's light theme by the names of its CSS variables, such as ``--stable``."""
    css = files(__package__).joinpath("templates/report.css").read_text(encoding="utf-8")
    (first, *_) = re.findall(r":root\s*\{(.*?)\}", css, flags=re.DOTALL)
    return {name: value.strip() for name, value in re.findall(r"(--[\w-]+):\s*([^;]+);", first)}


def plotly_figure(figure: Figure, title: str = "", *, height: int | None = None) -> go.Figure:
    """Return a plotly figure with what the page's script does for the report: names of colours become colours.

    Parameters
    ----------
    figure
        ``data`` and ``layout`` as :mod:`amalgamics.reports.hulls.interactive` makes them; left as it is.
    title
        Written above; "" for none.
    height
        In pixels; None leaves it to plotly.
    """
    import plotly.graph_objects as go

    layout = _coloured(figure["layout"])
    # A notebook may be dark, and the colours are those of the light theme.
    layout |= {"paper_bgcolor": light_colours()["--card"], "plot_bgcolor": light_colours()["--card"], "height": height}
    if title:
        layout["title"] = {"text": html.escape(title), "x": 0.01, "y": 0.99, "yanchor": "top", "pad": {"t": 6}}
        margin, legend = layout.get("margin", {}), layout.get("legend", {})
        above = _LEGEND_HEIGHT if legend.get("y", 0) > 1 else 0
        layout["margin"] = {**margin, "t": margin.get("t", 0) + _TITLE_HEIGHT + above}
    return go.Figure({"data": _coloured(figure["data"]), "layout": layout})


def _coloured(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _coloured(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_coloured(item) for item in value]
    if isinstance(value, str) and value.startswith("--"):
        return light_colours().get(value, value)
    return value
