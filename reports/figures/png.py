"""A matplotlib figure as PNG, drawn without pyplot's global state."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_png(
    draw: Callable[[Figure], None],
    *,
    size_inches: tuple[float, float],
    dpi: int,
    style: Mapping[str, Any],
    layout: Mapping[str, Any] | None = None,
) -> bytes:
    """Return what ``draw`` draws into a figure, the same bytes for the same drawing.

    Parameters
    ----------
    draw
        Called with the empty figure.
    size_inches, dpi
        Of the figure.
    style
        Matplotlib's settings (``rcParams``) that differ from its own.
    layout
        Paddings of a constrained layout; None for a figure that places its axes itself.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    settings: dict[Any, Any] = dict(style)  # matplotlib lists every key that there is
    with rc_context(settings):
        figure = Figure(figsize=size_inches, dpi=dpi)
        if layout is not None:
            figure.set_layout_engine(ConstrainedLayoutEngine(**layout))
        FigureCanvasAgg(figure)
        draw(figure)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", facecolor="white", metadata={"Software": None})
    return buffer.getvalue()


def plain(text: str) -> str:
    """Return text that matplotlib draws as it is, without mathematics between dollar signs."""
    return text.replace("$", r"\$")
