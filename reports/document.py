"""Write a report: one HTML page with pictures, tables and a JSON summary beside it."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ..errors import InputError
from .export import hull_csv, summary_json
from .hulls.drawn import hull_diagram
from .hulls.png import hull_png
from .model import Report
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
    """PNG files by name: ``hull.png``, and one for each of several systems of two or three elements."""
    diagrams = [diagram for system in report.systems if (diagram := hull_diagram(system)) is not None]
    if not diagrams:
        return {}
    pictures = {"hull.png": hull_png(diagrams, report.potential)}
    if len(diagrams) > 1:
        pictures |= {picture_name(diagram.system): hull_png([diagram], report.potential) for diagram in diagrams}
    return pictures


def write_files(contents: Mapping[str, bytes], output_dir: Path) -> dict[str, Path]:
    """Write every file under a temporary name, then rename them all into place.

    Existing files of the same names are replaced; a failure leaves them as they were, and no directory that did not
    exist before.

    Raises
    ------
    InputError
        If the directory cannot be made or written to.
    """
    output_dir = Path(output_dir)
    created = _make_directory(output_dir)
    pending: dict[str, Path] = {}
    try:
        for name, content in contents.items():
            if (output_dir / name).is_dir():
                raise IsADirectoryError(21, "a directory has the name of a report file", str(output_dir / name))
            pending[name] = _write_temporary(output_dir, content)
        for name, temporary in pending.items():
            temporary.replace(output_dir / name)
    except OSError as error:
        for temporary in pending.values():
            temporary.unlink(missing_ok=True)
        _remove_directories(created)
        raise _unwritable(output_dir, error) from error
    return {name: output_dir / name for name in contents}


def check_writable(output_dir: Path) -> None:
    """Raise InputError if files cannot be written to ``output_dir``; leave nothing behind."""
    output_dir = Path(output_dir)
    created = _make_directory(output_dir)
    try:
        _write_temporary(output_dir, b"").unlink()
    except OSError as error:
        raise _unwritable(output_dir, error) from error
    finally:
        _remove_directories(created)


def _write_temporary(directory: Path, content: bytes) -> Path:
    # In the same directory, so that the rename stays within one file system and is atomic.
    with tempfile.NamedTemporaryFile(dir=directory, prefix=".report-", suffix=".part", delete=False) as handle:
        path = Path(handle.name)
        try:
            handle.write(content)
        except OSError:
            path.unlink(missing_ok=True)
            raise
    path.chmod(0o644)
    return path


def _make_directory(directory: Path) -> list[Path]:
    """Create ``directory`` with its parents and return the ones that are new, innermost first."""
    missing = []
    try:
        for candidate in (directory, *directory.parents):
            if candidate.is_dir():
                break
            missing.append(candidate)
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _remove_directories(missing)
        raise _unwritable(directory, error) from error
    return missing


def _remove_directories(directories: list[Path]) -> None:
    for directory in directories:
        with contextlib.suppress(OSError):  # never made, or somebody else put something there meanwhile
            directory.rmdir()


def _unwritable(directory: Path, error: OSError) -> InputError:
    return InputError(f"output directory {str(directory)!r} cannot be written to: {error.strerror or error}")
