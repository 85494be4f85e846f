"""Write a wetting report: one HTML page with the hull below, the picture of the curve, a CSV and JSON."""

from __future__ import annotations

from pathlib import Path

from .export import hull_csv, summary_json
from .hull_report import hull_pictures, section_pictures
from .model import HullReport
from .output_files import check_writable, write_files
from .page import render_page
from .wetting_export import wetting_csv, wetting_json_text
from .wetting_model import WettingReport
from .wetting_png import wetting_png


def write_wetting_report(report: WettingReport, output_dir: Path, *, hull: HullReport | None = None) -> dict[str, Path]:
    """Write the report into ``output_dir``, which is made if need be.

    Everything is composed in memory first and appears at once; existing files of a former report are replaced.

    Parameters
    ----------
    report
        What to show.
    output_dir
        Directory for the files.
    hull
        Phase stability to show on the same page, below.

    Returns
    -------
    dict
        Paths by file name: ``report.html``, ``wetting.png``, ``wetting.csv``, ``wetting.json``; with ``hull`` also
        those of :func:`~amalgamics.reports.hull_report.write_hull_report`.

    Raises
    ------
    InputError
        If ``output_dir`` cannot be written to, or an observed composition is not on the curve; nothing is written
        then.
    """
    check_writable(output_dir)
    pictures = {"wetting.png": wetting_png(report)}
    contents: dict[str, bytes] = {}
    if hull is not None:
        pictures |= hull_pictures(hull)
        contents = {
            **section_pictures(hull),
            "hull.csv": hull_csv(hull).encode(),
            "summary.json": summary_json(hull, report).encode(),
        }
    contents = {
        "report.html": render_page(hull, pictures, report).encode(),
        **pictures,
        "wetting.csv": wetting_csv(report).encode(),
        "wetting.json": wetting_json_text(report).encode(),
        **contents,
    }
    return write_files(contents, output_dir)
