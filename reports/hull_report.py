"""Write a convex-hull report: one HTML page, a PNG, a CSV and a JSON summary."""

from __future__ import annotations

import re
from pathlib import Path

from .diagram import binary_diagram
from .export import hull_csv, summary_json
from .hull_png import hull_png
from .model import HullReport
from .output_files import check_writable, write_files
from .page import render_page


def write_hull_report(report: HullReport, output_dir: Path) -> dict[str, Path]:
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
        Paths by file name: ``report.html``, ``hull.csv``, ``summary.json`` and, when a system has two elements,
        ``hull.png``; with several systems also ``hull-<system>.png`` for each; and the pictures of the sections.

    Raises
    ------
    InputError
        If ``output_dir`` cannot be written to; nothing is written then.
    """
    check_writable(output_dir)
    pictures = hull_pictures(report)
    contents = {
        "report.html": render_page(report, pictures).encode(),
        **pictures,
        **section_pictures(report),
        "hull.csv": hull_csv(report).encode(),
        "summary.json": summary_json(report).encode(),
    }
    return write_files(contents, output_dir)


def picture_name(system: str) -> str:
    """File name of one system's diagram in a report on several."""
    return f"hull-{re.sub(r'[^A-Za-z0-9-]', '_', system)}.png"


def hull_pictures(report: HullReport) -> dict[str, bytes]:
    """PNG files by name: ``hull.png``, and one for each of several systems; nothing without a binary system."""
    diagrams = [diagram for system in report.systems if (diagram := binary_diagram(system)) is not None]
    if not diagrams:
        return {}
    pictures = {"hull.png": hull_png(diagrams, report.potential)}
    if len(diagrams) > 1:
        pictures |= {picture_name(diagram.system): hull_png([diagram], report.potential) for diagram in diagrams}
    return pictures


def section_pictures(report: HullReport) -> dict[str, bytes]:
    """PNG files by name: what the sections of the report show."""
    return {picture.file_name: picture.png for section in report.sections for picture in section.pictures}
