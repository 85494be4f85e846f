"""Write a report: one HTML page with pictures, tables and a JSON summary beside it."""

from __future__ import annotations

import re
from pathlib import Path

from .export import hull_csv, summary_json
from .hulls.diagram import binary_diagram
from .hulls.png import hull_png
from .model import Report
from .output_files import check_writable, write_files
from .page import render_page


def write_report(report: Report, output_dir: Path) -> dict[str, Path]:
    """Write the report into ``output_dir``, which is made if need be.

    Everything is composed in memory first and appears at once; existing files of a former report are replaced.

    Parameters
    ----------
    report
        What to show.
    output_dir
        Directory for the files.

    Returns
    -------
    dict
        Paths by file name: ``report.html``, ``summary.json``, and the pictures and files of the sections. With systems
        also ``hull.csv`` and, when one has two elements, ``hull.png``; with several systems ``hull-<system>.png`` for
        each.

    Raises
    ------
    InputError
        If ``output_dir`` cannot be written to; nothing is written then.
    """
    check_writable(output_dir)
    pictures = hull_pictures(report)
    contents = {"report.html": render_page(report, pictures).encode(), **pictures, **dict(report.section_files)}
    contents["summary.json"] = summary_json(report).encode()
    if report.systems:
        contents["hull.csv"] = hull_csv(report).encode()
    return write_files(contents, output_dir)


def picture_name(system: str) -> str:
    """File name of one system's diagram in a report on several."""
    return f"hull-{re.sub(r'[^A-Za-z0-9-]', '_', system)}.png"


def hull_pictures(report: Report) -> dict[str, bytes]:
    """PNG files by name: ``hull.png``, and one for each of several systems; nothing without a binary system."""
    diagrams = [diagram for system in report.systems if (diagram := binary_diagram(system)) is not None]
    if not diagrams:
        return {}
    pictures = {"hull.png": hull_png(diagrams, report.potential)}
    if len(diagrams) > 1:
        pictures |= {picture_name(diagram.system): hull_png([diagram], report.potential) for diagram in diagrams}
    return pictures
