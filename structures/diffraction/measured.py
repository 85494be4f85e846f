"""A measured powder pattern from a text file, and a computed one laid over it by scale and constant background."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .patterns import DiffractionError, PowderPattern, profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUFFIXES = (".xy", ".csv", ".dat", ".txt")
_COMMENT = ("#", "!", "%", ";", "//")
_SEPARATOR = re.compile(r"[,\s]+")
_SEMICOLON = re.compile(r"\s*;\s*")
_FEWEST_POINTS = 3


@dataclass(frozen=True)
class MeasuredPattern:
    """A measured pattern.

    Attributes
    ----------
    name
        Of the file.
    two_theta_deg, intensity
        Shape (n,), 2θ rising.
    """

    name: str
    two_theta_deg: NDArray[np.float64]
    intensity: NDArray[np.float64]


@dataclass(frozen=True)
class Overlay:
    """A computed profile scaled onto a measured pattern: ``computed = background + scale × profile``.

    Attributes
    ----------
    measured
        The measurement, within the range of the pattern.
    computed, difference
        At its angles; measured minus computed.
    scale, background
        The two numbers of the least-squares fit.
    r_weighted
        Sqrt of sum (w difference²) / sum (w measured²) with w = 1/measured, as in profile refinement; 0 is perfect.
    """

    measured: MeasuredPattern
    computed: NDArray[np.float64]
    difference: NDArray[np.float64]
    scale: float
    background: float
    r_weighted: float


def read_pattern(path: str | Path) -> MeasuredPattern:
    """Read a measured powder pattern from a text file.

    Columns are 2θ in degrees and intensity, separated by blanks, tabs, commas or semicolons; further columns are
    ignored. Lines that start with ``#``, ``!``, ``%``, ``;`` or ``//``, empty ones, and text before the first row of
    numbers are skipped. With semicolons a decimal comma is understood.

    Parameters
    ----------
    path
        The file, ``.xy``, ``.csv``, ``.dat`` or ``.txt``.

    Raises
    ------
    DiffractionError
        The file is missing, not text, of another format, holds fewer than three points, a row that is not two numbers,
        an angle outside (0, 180), or angles that do not rise; the message names the line.
    """
    place = Path(path)
    if place.suffix.lower() not in SUFFIXES:
        raise DiffractionError(f"{place}: format {place.suffix!r} is not known; give one of {', '.join(SUFFIXES)}")
    try:
        text = place.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DiffractionError(f"{place}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise DiffractionError(
            f"{place}: it is not a text file (UTF-8); export two columns, 2θ and intensity"
        ) from None
    rows = _read_rows(place, text)
    if len(rows) < _FEWEST_POINTS:
        raise DiffractionError(f"{place}: {len(rows)} points are found; at least {_FEWEST_POINTS} are needed")
    table = np.array(rows)
    return MeasuredPattern(place.name, table[:, 0], table[:, 1])


def overlay(
    measured: MeasuredPattern,
    pattern: PowderPattern,
    *,
    fwhm_deg: float = 0.2,
    lorentz_share: float = 0.5,
    fit_background: bool = True,
) -> Overlay:
    """Lay a computed pattern over a measured one: only the scale and a constant background are adjusted.

    Peak positions, widths and the ratios of the lines stay as computed, so that what does not fit is seen.

    Parameters
    ----------
    measured
        The measurement; points outside the range of the pattern are left out.
    pattern
        Of one phase or a mixture.
    fwhm_deg, lorentz_share
        As for :func:`~amalgamics.structures.diffraction.patterns.profile`.
    fit_background
        False keeps it at 0.

    Raises
    ------
    DiffractionError
        Fewer than three points within the range of the pattern.
    """
    low, high = pattern.two_theta_range
    inside = (measured.two_theta_deg >= low) & (measured.two_theta_deg <= high)
    if inside.sum() < _FEWEST_POINTS:
        raise DiffractionError(
            f"{measured.name}: {int(inside.sum())} points lie in 2θ from {low:g} to {high:g}°, the range of "
            f"{pattern.name}; at least {_FEWEST_POINTS} are needed"
        )
    cut = MeasuredPattern(measured.name, measured.two_theta_deg[inside], measured.intensity[inside])
    shape = profile(pattern, cut.two_theta_deg, fwhm_deg=fwhm_deg, lorentz_share=lorentz_share)
    scale, background = _fit(shape, cut.intensity, fit_background)
    computed = background + scale * shape
    difference = cut.intensity - computed
    weights = 1.0 / np.maximum(cut.intensity, 1.0)
    norm = float(np.sum(weights * cut.intensity**2))
    r_weighted = math.sqrt(float(np.sum(weights * difference**2)) / norm) if norm > 0.0 else math.inf
    return Overlay(cut, computed, difference, scale, background, r_weighted)


def _fit(shape: NDArray[np.float64], intensity: NDArray[np.float64], with_background: bool) -> tuple[float, float]:
    """Least squares with a scale that is not negative."""
    unit = float(shape.max()) or 1.0
    columns = [shape / unit, np.ones_like(shape)] if with_background else [shape / unit]
    solution = np.linalg.lstsq(np.stack(columns, axis=1), intensity, rcond=None)[0]
    if solution[0] < 0.0:
        return 0.0, float(intensity.mean()) if with_background else 0.0
    return float(solution[0]) / unit, float(solution[1]) if with_background else 0.0


def _read_rows(place: Path, text: str) -> list[tuple[float, float]]:
    rows: list[tuple[float, float]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith(_COMMENT):
            continue
        row = _numbers(stripped)
        if row is None:
            if rows:
                raise DiffractionError(
                    f"{place}, line {number}: {stripped[:60]!r} is not two numbers: 2θ and intensity"
                )
            continue  # a title
        angle = row[0]
        if not 0.0 < angle < 180.0:
            raise DiffractionError(f"{place}, line {number}: 2θ is {angle:g}; it must lie between 0 and 180°")
        if rows and angle <= rows[-1][0]:
            raise DiffractionError(f"{place}, line {number}: 2θ falls from {rows[-1][0]:g} to {angle:g}; it must rise")
        rows.append(row)
    return rows


def _numbers(line: str) -> tuple[float, float] | None:
    """The first two columns; None unless they are finite numbers."""
    decimal_comma = ";" in line
    fields = _SEMICOLON.split(line.replace(",", ".")) if decimal_comma else _SEPARATOR.split(line)
    try:
        angle, intensity = float(fields[0]), float(fields[1])
    except (ValueError, IndexError):
        return None
    return (angle, intensity) if math.isfinite(angle) and math.isfinite(intensity) else None
