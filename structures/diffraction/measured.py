"""A measured powder pattern from a file, and a computed one laid over it by scale and constant background."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .columns import Scan, scan_of_table
from .instruments import read_rasx, read_uxd, read_xrdml
from .patterns import PowderPattern, profile
from .radiation import DiffractionError
from .tables import FEWEST_POINTS, MOST_POINTS, read_table, read_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUFFIXES = (".xy", ".xye", ".csv", ".dat", ".txt", ".tsv", ".asc", ".chi", ".fxye", ".ras", ".rasx", ".uxd", ".xrdml")
_INSTRUMENTS = {".xrdml": read_xrdml, ".rasx": read_rasx, ".uxd": read_uxd}
_OTHER_RADIATION = 0.01  # relative; the lines of one anode and their means differ by less
_NO_FIT = 1e-9  # of the mean intensity, a scale that is but rounding


class WavelengthError(DiffractionError):
    """A pattern was measured with another radiation than the computed one."""


@dataclass(frozen=True)
class MeasuredPattern:
    """A measured pattern.

    Attributes
    ----------
    name
        Of the file.
    two_theta_deg, intensity
        Shape (n,), 2θ rising.
    esd
        Shape (n,), standard errors of the intensities where the file has them; 0 leaves a point out of the fit.
    wavelength
        Å, where the file tells it.
    notes
        What was decided in reading, to tell the user.
    """

    name: str
    two_theta_deg: NDArray[np.float64]
    intensity: NDArray[np.float64]
    esd: NDArray[np.float64] | None = None
    wavelength: float | None = None
    notes: tuple[str, ...] = ()


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
        Sqrt of sum (w difference²) / sum (w measured²), as in profile refinement; 0 is perfect. w is 1/esd², or
        1/measured where no standard errors are known. The same w are those of the fit.
    """

    measured: MeasuredPattern
    computed: NDArray[np.float64]
    difference: NDArray[np.float64]
    scale: float
    background: float
    r_weighted: float


def read_pattern(path: str | Path, wavelength: float | None = None) -> MeasuredPattern:
    """Read a measured powder pattern from a file.

    The page on diffraction lists the formats and how what is ambiguous is decided.

    Parameters
    ----------
    path
        The file; its suffix, one of `SUFFIXES`, tells the format.
    wavelength
        Å, for 2θ from a file with q or d; by default the one that the file tells.

    Raises
    ------
    DiffractionError
        The file is missing, not text, of another format, ambiguous, or holds fewer than three points, what is no
        number, an angle outside (0, 180), angles that neither rise nor fall throughout, negative intensities, or none
        above 0; the message names the line.
    """
    place = Path(path)
    suffix = place.suffix.lower()
    if suffix not in SUFFIXES:
        raise DiffractionError(
            f"{place}: format {place.suffix!r} is not known; export the pattern as one of {', '.join(SUFFIXES)}"
        )
    if suffix in _INSTRUMENTS:
        scan = _INSTRUMENTS[suffix](place)
    else:
        table = read_table(read_text(place), str(place), commas_separate=suffix == ".csv")
        scan = scan_of_table(table, third_is_esd=suffix in (".xye", ".fxye"), third_is_factor=suffix == ".ras")
    return _checked(place, scan, wavelength)


def within(measured: MeasuredPattern, two_theta_range: tuple[float, float]) -> MeasuredPattern:
    """Return the part of a measurement in a range of 2θ, degrees.

    Raises
    ------
    DiffractionError
        It has fewer than three points.
    """
    low, high = two_theta_range
    inside = (measured.two_theta_deg >= low) & (measured.two_theta_deg <= high)
    if inside.sum() < FEWEST_POINTS:
        first, last = measured.two_theta_deg[0], measured.two_theta_deg[-1]
        raise DiffractionError(
            f"{measured.name}: {int(inside.sum())} points lie in 2θ from {low:g} to {high:g}°, "
            f"at least {FEWEST_POINTS} are needed; it was measured from {first:g} to {last:g}°"
        )
    return replace(
        measured,
        two_theta_deg=measured.two_theta_deg[inside],
        intensity=measured.intensity[inside],
        esd=None if measured.esd is None else measured.esd[inside],
    )


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
        Fewer than three points within the range of the pattern, another wavelength than that of the measurement, no
        line of the pattern where was measured, or lines that the measurement has not (a scale that is not positive).
    """
    if measured.wavelength and abs(measured.wavelength / pattern.wavelength - 1.0) > _OTHER_RADIATION:
        raise WavelengthError(
            f"{measured.name}: it is measured with {measured.wavelength:g} Å, and the radiation of {pattern.name} is "
            f"{pattern.wavelength:g} Å"
        )
    cut = within(measured, pattern.two_theta_range)
    first, last = float(cut.two_theta_deg[0]), float(cut.two_theta_deg[-1])
    if not any(first - fwhm_deg <= line.two_theta_deg <= last + fwhm_deg for line in pattern.lines):
        raise DiffractionError(
            f"{measured.name}: no line of {pattern.name} lies where was measured, 2θ from {first:g} to {last:g}°"
        )
    shape = profile(pattern, cut.two_theta_deg, fwhm_deg=fwhm_deg, lorentz_share=lorentz_share)
    weights = _weights(cut)
    norm = float(np.sum(weights * cut.intensity**2))
    if not 0.0 < norm < math.inf:
        raise DiffractionError(f"{measured.name}: no intensity with a weight in 2θ from {first:g} to {last:g}°")
    scale, background = _fit(shape, cut.intensity, weights, fit_background)
    if not scale * shape.max() > _NO_FIT * float(np.mean(np.abs(cut.intensity))):
        raise DiffractionError(f"{measured.name}: it has no lines where those of {pattern.name} are: no scale fits")
    computed = background + scale * shape
    difference = cut.intensity - computed
    r_weighted = math.sqrt(float(np.sum(weights * difference**2)) / norm)
    return Overlay(cut, computed, difference, scale, background, r_weighted)


def _weights(measured: MeasuredPattern) -> NDArray[np.float64]:
    """1/esd², or 1/intensity; the least intensity above 0 (but not below 0.1 % of the mean) stands for lower ones."""
    intensity, esd = measured.intensity, measured.esd
    if esd is not None:
        return np.divide(1.0, esd**2, out=np.zeros_like(esd), where=esd > 0.0)
    if not (intensity > 0.0).any():
        return np.zeros_like(intensity)
    least = max(float(intensity[intensity > 0.0].min()), 1e-3 * float(intensity.mean()))
    return 1.0 / np.maximum(intensity, least)


def _fit(
    shape: NDArray[np.float64], intensity: NDArray[np.float64], weights: NDArray[np.float64], with_background: bool
) -> tuple[float, float]:
    """Least squares with weights."""
    unit = float(shape.max()) or 1.0
    columns = [shape / unit, np.ones_like(shape)] if with_background else [shape / unit]
    roots = np.sqrt(weights / weights.max())
    solution = np.linalg.lstsq(np.stack(columns, axis=1) * roots[:, None], intensity * roots, rcond=None)[0]
    return float(solution[0]) / unit, float(solution[1]) if with_background else 0.0


def _checked(place: Path, scan: Scan, wavelength: float | None) -> MeasuredPattern:
    """Bring a scan to rising 2θ; refuse what is no powder pattern."""
    if not FEWEST_POINTS <= len(scan.x) <= MOST_POINTS:
        few = len(scan.x) < FEWEST_POINTS
        allowed = f"at least {FEWEST_POINTS} are needed" if few else f"at most {MOST_POINTS} are read"
        raise DiffractionError(f"{place}: {len(scan.x)} points are found; {allowed}")
    angles, notes = _two_theta(place, scan, wavelength), list(scan.notes)
    intensity, esd = scan.intensity, scan.esd
    _refuse(scan, ~((angles > 0.0) & (angles < 180.0)), angles, "2θ is {:g}; it must lie between 0 and 180°")
    falling = angles[-1] < angles[0]
    steps = -np.diff(angles) if falling else np.diff(angles)
    wrong = np.append(False, steps <= 0.0)
    if wrong.any():
        i = int(np.argmax(wrong))
        turned = f"2θ goes from {angles[i - 1]:g} to {angles[i]:g}; it must {'fall' if falling else 'rise'} throughout"
        raise DiffractionError(f"{scan.place(i)}: {turned}: one pattern in a file")
    if esd is None:
        _refuse(
            scan, intensity < 0.0, intensity, "the intensity is {:g}; without standard errors it must not be negative"
        )
    else:
        _refuse(scan, esd < 0.0, esd, "the standard error is {:g}; it must not be negative")
        if not esd.any():
            raise DiffractionError(f"{place}: all standard errors are 0")
    if not (intensity > 0.0).any():
        raise DiffractionError(f"{place}: no intensity is above 0")
    if scan.axis != "2theta":
        notes.append(f"2θ is computed from its {scan.axis} with {wavelength or scan.wavelength:g} Å")
    if falling:
        notes.append("2θ falls in the file")
        angles, intensity, esd = angles[::-1], intensity[::-1], None if esd is None else esd[::-1]
    known = scan.wavelength if scan.axis == "2theta" else None
    return MeasuredPattern(place.name, angles, intensity, esd, known, tuple(f"{place.name}: {note}" for note in notes))


def _two_theta(place: Path, scan: Scan, wavelength: float | None) -> NDArray[np.float64]:
    if scan.axis == "2theta":
        return scan.x
    length = wavelength or scan.wavelength
    if length is None:
        raise DiffractionError(f"{place}: its axis is {scan.axis}; 2θ needs a wavelength")
    _refuse(scan, scan.x <= 0.0, scan.x, f"{scan.axis} is {{:g}}; it must be positive")
    sines = length * scan.x / (4.0 * math.pi) if scan.axis == "q" else 0.5 * length / scan.x
    _refuse(scan, sines >= 1.0, scan.x, f"{scan.axis} is {{:g}}, beyond the reach of {length:g} Å")
    return 2.0 * np.degrees(np.arcsin(sines))


def _refuse(scan: Scan, wrong: NDArray[np.bool_], values: NDArray[np.float64], text: str) -> None:
    if wrong.any():
        i = int(np.argmax(wrong))
        raise DiffractionError(f"{scan.place(i)}: {text.format(values[i])}")
