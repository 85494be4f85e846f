"""Measured patterns in the files of diffractometers: PANalytical ``.xrdml``, Rigaku ``.rasx``, Bruker ``.uxd``."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np

from .columns import Scan, scan_of_table, wavelength_of
from .radiation import DiffractionError
from .tables import MOST_BYTES, numbers, read_bytes, read_table, read_text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from numpy.typing import NDArray

_PROFILE = re.compile(r"(?:.*/)?Data\d+/Profile\d+\.txt", re.I)
_NO_TWO_THETA = {"THETA", "OMEGA", "PHI", "CHI", "KHI", "PSI", "X", "Y", "Z"}
_UXD_DATA = re.compile(r"_(2THETA)?(COUNTS|CPS)\s*(=.*)?")


def read_xrdml(path: Path) -> Scan:
    """Read a scan of PANalytical's XRDML [1]_.

    ``intensities`` (versions 1.x) are corrected for the attenuator, ``counts`` (2.x) are not; both then are divided by
    the counting times where these differ from point to point.

    Raises
    ------
    DiffractionError
        The file is no XRDML, holds several scans, or 2θ does not move in its scan.

    References
    ----------
    .. [1] XRDML schema, http://www.xrdml.com
    """
    try:
        root = ElementTree.fromstring(read_bytes(path))
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        if isinstance(error, DiffractionError):
            raise
        raise DiffractionError(f"{path}: it is not XML: {error}") from None
    scans = [points for scan in root.iter() if _tag(scan) == "scan" for points in scan if _tag(points) == "dataPoints"]
    if len(scans) != 1:
        raise DiffractionError(f"{path}: it holds {len(scans)} scans; give a file of one")
    (points,) = scans
    found = {_tag(child): child for child in points}
    values = found["intensities"] if "intensities" in found else found.get("counts")
    if values is None:
        raise DiffractionError(f"{path}: its scan holds neither intensities nor counts")
    intensity = numbers(values.text or "", str(path))
    for name, power in (("beamAttenuationFactors", 1.0), ("countingTimes", -1.0)):
        if name in found and (power < 0.0 or "intensities" not in found):
            factors = numbers(found[name].text or "", str(path))
            if factors.shape != intensity.shape or not np.all(factors > 0.0):
                raise DiffractionError(
                    f"{path}: {name} are not one positive number for each of {len(intensity)} points"
                )
            intensity = intensity * (factors if power > 0.0 else np.mean(factors) / factors)
    wavelengths = [e.text for e in root.iter() if _tag(e) == "kAlpha1"]
    wavelength = float(numbers(wavelengths[0] or "", str(path))[0]) if wavelengths else None
    angles = _positions(path, points, len(intensity))
    return Scan("2theta", angles, intensity, None, wavelength, lambda i: f"{path}, point {i + 1}")


def read_rasx(path: Path) -> Scan:
    """Read the profile of a Rigaku ``.rasx``: a ZIP archive with 2θ, intensity and the factor of the attenuator.

    Raises
    ------
    DiffractionError
        The file is no such archive, holds several profiles, or 2θ was not what moved.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(read_bytes(path))) as archive:
            profiles = [item for item in archive.infolist() if _PROFILE.fullmatch(item.filename)]
            if len(profiles) != 1:
                raise DiffractionError(f"{path}: it holds {len(profiles)} profiles; give a file of one")
            if profiles[0].file_size > MOST_BYTES:
                raise DiffractionError(f"{path}: {profiles[0].filename} is too large for a pattern")
            text = archive.read(profiles[0]).decode("utf-8-sig", "replace")
            folder = profiles[0].filename.rpartition("/")[0]
            conditions = [
                item
                for item in archive.infolist()
                if re.search("Mea?surementConditions", item.filename) and item.filename.startswith(folder)
            ]
            described = (
                archive.read(conditions[0]) if conditions and conditions[0].file_size < MOST_BYTES else b"<none/>"
            )
        root = ElementTree.fromstring(described)
    except (zipfile.BadZipFile, ElementTree.ParseError, EOFError, NotImplementedError, RuntimeError) as error:
        raise DiffractionError(f"{path}: it is not an archive of Rigaku: {error}") from None
    texts = {_tag(element): element.text or "" for element in root.iter()}
    axis = texts.get("AxisName", "TwoTheta")
    if "twotheta" not in re.sub(r"[\s_-]", "", axis).lower().replace("2theta", "twotheta"):
        raise DiffractionError(f"{path}: its axis is {axis!r}; a scan of 2θ is needed")
    table = read_table(text, f"{path}, {profiles[0].filename}")
    scan = scan_of_table(table, axis="2theta", third_is_factor=True)
    told = wavelength_of((f"wavelength {texts.get('WavelengthKalpha1', '')}",))
    return Scan(scan.axis, scan.x, scan.intensity, scan.esd, told or scan.wavelength, scan.place, scan.notes)


def read_uxd(path: Path) -> Scan:
    """Read a range of a Bruker ``.uxd``: pairs of 2θ and intensity, or intensities from ``_START`` in ``_STEPSIZE``.

    Raises
    ------
    DiffractionError
        The file holds several ranges or none, or its drive is not 2θ.
    """
    text = read_text(path)
    lines = re.split(r"\r\n|\r|\n", text)
    starts = [i for i, line in enumerate(lines) if _UXD_DATA.fullmatch(line.strip().upper())]
    if len(starts) != 1:
        raise DiffractionError(f"{path}: it holds {len(starts)} ranges; give a file of one")
    keys = dict(re.findall(r"^\s*_(\w+)\s*=\s*'?([^'\r\n]*)", "\n".join(lines[: starts[0]]).upper(), re.M))
    drive = keys.get("DRIVE", "COUPLED").strip()
    if drive in _NO_TWO_THETA:
        raise DiffractionError(f"{path}: its drive is {drive!r}; a scan of 2θ is needed")
    header = tuple(line.strip("_ ") for line in lines[: starts[0]])
    if "2THETA" in lines[starts[0]].upper():
        table = read_table("\n" * (starts[0] + 1) + "\n".join(lines[starts[0] + 1 :]), str(path))
        scan = scan_of_table(table, axis="2theta")
        return Scan(scan.axis, scan.x, scan.intensity, None, wavelength_of(header), scan.place, scan.notes)
    body = " ".join(line for line in lines[starts[0] + 1 :] if not line.strip().startswith(";"))
    intensity = numbers(body, f"{path}, line {starts[0] + 2}")
    try:
        first, step = float(keys["START" if "START" in keys else "2THETA"]), float(keys["STEPSIZE"])
    except (KeyError, ValueError):
        raise DiffractionError(f"{path}: _START and _STEPSIZE are not both numbers") from None
    angles = first + step * np.arange(len(intensity), dtype=np.float64)
    return Scan("2theta", angles, intensity, None, wavelength_of(header), lambda i: f"{path}, point {i + 1}")


def _positions(path: Path, points: Element, n_points: int) -> NDArray[np.float64]:
    for element in points:
        if _tag(element) == "positions" and element.get("axis") == "2Theta" and element.get("unit", "deg") == "deg":
            found = {_tag(child): child.text or "" for child in element}
            if "startPosition" in found and "endPosition" in found:
                first, last = (float(numbers(found[key], str(path))[0]) for key in ("startPosition", "endPosition"))
                return np.linspace(first, last, n_points)
            if "listPositions" in found:
                listed = numbers(found["listPositions"], str(path))
                if len(listed) != n_points:
                    raise DiffractionError(f"{path}: {len(listed)} positions for {n_points} intensities")
                return listed
    raise DiffractionError(f"{path}: 2θ does not move in its scan; a scan of 2θ in degrees is needed")


def _tag(element: Element) -> str:
    """Its name without the namespace, which has the version of the schema."""
    return str(element.tag).rpartition("}")[2]
