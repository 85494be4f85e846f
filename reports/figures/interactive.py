"""What all interactive figures share: plotly JSON with the layout of the page, and plotly figures outside of it.

Colours are names of the page's CSS variables (``"--stable"``); the page's script fills in their values, so that the
figures follow the light, dark and print themes. Every text goes through `html.escape`, because plotly renders a
subset of HTML in texts.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from .style import light_colours

if TYPE_CHECKING:
    import plotly.graph_objects as go

Figure = dict[str, Any]

_TITLE_HEIGHT = 40
_LEGEND_HEIGHT = 50
"""Pixels that a title takes, and a legend above the figure."""


def base_layout() -> Figure:
    """Return the axes, fonts and margins that all interactive figures share; colours are names of CSS variables."""
    axis = {
        "gridcolor": "--grid",
        "zerolinecolor": "--axis",
        "linecolor": "--axis",
        "tickcolor": "--axis",
        "showline": True,
        "ticks": "outside",
        "ticklen": 5,
        "zeroline": False,
        "automargin": True,
        "title": {"standoff": 10},
    }
    return {
        "xaxis": dict(axis),
        "yaxis": dict(axis),
        "font": {"family": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", "size": 13, "color": "--text"},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 64, "r": 18, "t": 32, "b": 52},
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": "--axis", "activecolor": "--stable"},
        "hoverlabel": {"bgcolor": "--card", "bordercolor": "--axis", "font": {"color": "--text"}, "align": "left"},
        "legend": {"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top", "font": {"size": 12}},
        "hovermode": "closest",
    }


def line_trace(x: Sequence[float | None], y: Sequence[float | None], colour: str, width: float, **more: Any) -> Figure:
    """Return a trace of straight pieces with gaps where a value is None; ``more`` goes to plotly as it is."""
    line = {"color": colour, "width": width}
    return {"type": "scatter", "mode": "lines", "x": list(x), "y": list(y), "line": line, **more}


def segments_trace(
    pairs: Iterable[tuple[tuple[float, float], tuple[float, float]]], colour: str, width: float, **more: Any
) -> Figure:
    """Return one trace of separate pieces from point to point, of which nothing is said under the pointer."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for (from_x, from_y), (to_x, to_y) in pairs:
        xs += [from_x, to_x, None]
        ys += [from_y, to_y, None]
    return line_trace(xs, ys, colour, width, hoverinfo="skip", **more)


def hovered(texts: Sequence[str]) -> Figure:
    """Return what a trace says under the pointer, a text for each point and nothing beside it."""
    return {"text": list(texts), "hovertemplate": "%{text}<extra></extra>"}


@cache
def plotly_script() -> str:
    """Return plotly.js as pages hold it: the bundle of lines, points and bars, which are all that figures here have."""
    return files("amalgamics.reports").joinpath("static", "vendor", "plotly-basic.min.js").read_text(encoding="utf-8")


def plotly_figure(figure: Figure, title: str = "", *, height: int | None = None) -> go.Figure:
    """Return a plotly figure with what the page's script does for the report: names of colours become colours.

    Parameters
    ----------
    figure
        ``data`` and ``layout`` as the subjects' ``interactive`` modules make them; left as it is.
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
