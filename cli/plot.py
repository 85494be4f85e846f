"""``--plot FILE``: what a verb prints as a picture or an interactive page, by the suffix of the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

if TYPE_CHECKING:
    from ..reports.figures.interactive import Figure
    from ..reports.figures.style import PictureFormat

# Buttons are named one by one, as in the report: the default set offers to upload the chart.
_CONFIGURATION = {
    "displaylogo": False,
    "showSendToCloud": False,
    "modeBarButtons": [["toImage"], ["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
}
SUFFIXES = (".png", ".svg", ".html")

PlotOption = Annotated[
    Path | None, typer.Option("--plot", help="Write it to this file: .png, .svg, or .html, which is interactive.")
]


def check_plot(path: Path | None) -> None:
    """Refuse, before anything is computed, a file that no plot can be written to.

    Raises
    ------
    InputError
        Its suffix is none of :data:`SUFFIXES`, or it cannot be written.
    """
    from ..errors import InputError
    from ..files import check_writable

    if path is None:
        return
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"--plot: {path.name!r} must end in one of {', '.join(SUFFIXES)}")
    if path.expanduser().is_dir():
        raise InputError(f"--plot: {path} is a directory; give the path of a file")
    check_writable(path.expanduser().absolute().parent, "--plot")


def write_plot(
    path: Path, picture: Callable[[PictureFormat], bytes], figure: Callable[[], Figure], title: str, *, to_stderr: bool
) -> None:
    """Write a plot and say where it is; missing folders are made.

    Parameters
    ----------
    path
        Of the file, whose suffix was checked.
    picture
        Draws it in a format.
    figure
        Makes the interactive one.
    title
        Of the interactive one.
    to_stderr
        Say it there, where the output is for programs.
    """
    path, suffix = path.expanduser(), path.suffix.lower()
    if suffix == ".html":
        from ..reports.figures.interactive import plotly_figure, plotly_script

        page = plotly_figure(figure(), title).to_html(include_plotlyjs=False, config=_CONFIGURATION)
        page = page.replace("</head>", f"<script>{plotly_script()}</script></head>", 1)
        content = page.encode()
    else:
        content = picture(cast("PictureFormat", suffix.removeprefix(".")))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    typer.echo(f"plot: {path}", err=to_stderr)
