"""What all results have in common: a small table for notebooks and plain JSON for programs."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from .. import __version__

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from ..reports.figures.interactive import Figure

Cell = str | float | int | bool | None


def html_table(title: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]], notes: Sequence[str] = ()) -> str:
    """Return a table with a caption and notes below it; every text is escaped.

    Parameters
    ----------
    title
        Caption.
    headings
        Of the columns; none for a list of properties.
    rows
        Cells; numbers to the right, with four digits after the point at most.
    notes
        Sentences below the table.
    """
    head = "".join(f"<th>{html.escape(text)}</th>" for text in headings)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    below = "".join(f"<p style='margin:2px 0'>{html.escape(note)}</p>" for note in notes)
    style = "caption-side:top;text-align:left;white-space:nowrap"
    return (
        f"<div><table><caption style='{style}'><b>{html.escape(title)}</b></caption>"
        f"{f'<thead><tr>{head}</tr></thead>' if headings else ''}<tbody>{body}</tbody></table>{below}</div>"
    )


def _cell(value: Cell) -> str:
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if value is None:
        value = "–"
    if isinstance(value, str):
        return f"<td style='text-align:left'>{html.escape(value)}</td>"
    text = str(value) if isinstance(value, int) else f"{value:.4g}" if abs(value) < 1 else f"{round(value, 4):.10g}"
    return f"<td style='text-align:right'>{text.replace('-', '−')}</td>"


def plain(value: Any) -> Any:  # noqa: PLR0911 - one line for each kind of value
    """Return ``value`` as plain JSON: mappings, lists, texts, numbers, None for what is not a finite number."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str | bool | int) or value is None:
        return value
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    return str(value)


def with_version(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``content`` as plain JSON, with the version of this package."""
    return {**plain(content), "amalgamics_version": __version__}


def drawn(figure: Figure, title: str = "", *, height: int | None = None) -> go.Figure:
    """Return one of the report's interactive figures as a plotly figure, in the report's light colours."""
    from ..reports.figures.interactive import plotly_figure

    return plotly_figure(figure, title, height=height)
