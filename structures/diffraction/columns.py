"""What the columns of a measured pattern are: the axis (2θ, q or d), intensities, their errors, and the radiation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .radiation import WAVELENGTHS, DiffractionError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .tables import Table

_TWO_THETA = re.compile(
    r"(2[\s_*-]*(theta|th|θ|ϑ)|two[\s_-]*theta|tth|°\s*2th|angle|winkel|pos(\.|ition)?(?![a-z]))", re.I
)
_NAME_ENDS = r"(?=$|\s*[\[(/,;\t_^]|\s+(?:i|int\w*|counts?)(?![a-z]))"
_Q = re.compile(rf"(q|scattering vector|momentum transfer){_NAME_ENDS}", re.I)
_D = re.compile(rf"d([\s_-]*(spacing|value))?{_NAME_ENDS}", re.I)
_OTHER = re.compile(rf"(theta|θ|omega|ω|chi|phi|psi|tof|time|energy|channel){_NAME_ENDS}", re.I)
_INTENSITY = re.compile(
    r"(i(?![a-z])|int(ensity|ensität)?(?![a-z])|counts?|cps|y[_ ]?obs|i[_ ]?obs|obs|impulse|zählrate)", re.I
)
_ESD = re.compile(r"(esd|e\.s\.d|err|sig|σ|std|uncert|e(?![a-z])|d_?i(?![a-z])|fehler)", re.I)
_WAVELENGTH = re.compile(
    r"(?:k-?alpha1? wavelength|wave_length_alpha1|\bwl1|wave\s?length|lambda)[^\d,;]*[,;\s=:\"]*"
    r"(\d+[.,]\d+(?:e-?\d+)?)",
    re.I,
)
_ANODE = re.compile(r"\banode(?: material)?[\"\s:=,]+(Cu|Mo|Co|Ag)\b", re.I)
_LOWEST_END_DEG, _LOWEST_END_FROM_ZERO_DEG = 10.0, 30.0
_SPACINGS = 10.0  # steps of d grow that much from one end to the other; those of 2θ do not
_RIGAKU_AXIS = re.compile(r"MEAS_SCAN_AXIS_X\s+\"?([^\"]+)", re.I)
_RIGAKU = ("*RAS_", "*MEAS_", "*FILE_TYPE RAS", "RAS_", "MEAS_", "FILE_TYPE RAS")


@dataclass(frozen=True)
class Scan:
    """A measurement as it is in a file.

    Attributes
    ----------
    axis
        ``2theta``, degrees; ``q``, 1/Å; or ``d``, Å.
    x, intensity
        Shape (n,), in the order of the file.
    esd
        Standard errors of the intensities, or None.
    wavelength
        Å, where the file tells it.
    place
        Where in the file a point is, for messages.
    notes
        What was decided.
    """

    axis: str
    x: NDArray[np.float64]
    intensity: NDArray[np.float64]
    esd: NDArray[np.float64] | None
    wavelength: float | None
    place: Callable[[int], str]
    notes: tuple[str, ...] = ()


def scan_of_table(
    table: Table, *, axis: str | None = None, third_is_esd: bool = False, third_is_factor: bool = False
) -> Scan:
    """Return the measurement in a table of text.

    The header decides what the columns are. Without one the first is 2θ in degrees and the second the intensity.

    Parameters
    ----------
    table
        Of the file.
    axis
        What the first column is, where the format says so.
    third_is_esd
        Where the header does not name it, as in ``.xye``.
    third_is_factor
        It is the factor of the attenuator, as Rigaku writes it.

    Raises
    ------
    DiffractionError
        The axis is none of 2θ, q and d, has no unit, or looks like q or d where no header tells.
    """
    (_, names), values = table.names(), table.values
    third_is_factor = third_is_factor or any(line.upper().startswith(_RIGAKU) for line in table.header.values())
    column, axis, factor = (0, axis, 1.0) if axis else _axis(table)
    third_is_esd = third_is_esd or _is_gsas(table)
    others = [i for i in range(values.shape[1]) if i != column]
    intensity = next((i for i in others if names and _INTENSITY.match(names[i])), others[0])
    errors = next((i for i in others if names and i != intensity and _ESD.match(names[i])), None)
    if errors is None and third_is_esd and values.shape[1] > 2:
        errors = 2
    notes = ["the comma is the decimal mark"] if table.decimal_comma else []
    counts, esd = values[:, intensity], None if errors is None else values[:, errors]
    if third_is_factor and values.shape[1] > 2 and errors is None:
        factors = values[:, 2]
        if not np.all(factors > 0.0):
            number = table.line_numbers[int(np.argmin(factors > 0.0))]
            raise DiffractionError(f"{table.origin}, line {number}: the factor of the attenuator is not positive")
        if not np.all(factors == 1.0):
            notes.append("intensities are multiplied with the factor of the attenuator, the third column")
            counts = counts * factors
    elif values.shape[1] > 2 + (esd is not None):
        used = [str(i + 1) for i in (column, intensity, errors) if i is not None]
        notes.append(f"of its {values.shape[1]} columns {', '.join(used)} are used")
    if esd is not None:
        notes.append("weights are from its column of standard errors")
    return Scan(
        axis,
        factor * values[:, column],
        counts,
        esd,
        wavelength_of(table.header.values()),
        lambda i: f"{table.origin}, line {table.line_numbers[i]}",
        tuple(notes),
    )


def wavelength_of(header: Iterable[str]) -> float | None:
    """Return the wavelength, Å, that lines of a header tell as a number or by the anode; None without."""
    lines = tuple(header)
    for line in lines:
        if found := _WAVELENGTH.search(line):
            value = float(found[1].replace(",", "."))
            value *= 1e10 if value < 1e-6 else 10.0 if re.search(r"\d\s*\"?\s*nm\b", line) else 1.0
            if 0.1 < value < 10.0:
                return value
    for line in lines:
        if found := _ANODE.search(line):
            return WAVELENGTHS[f"{found[1].capitalize()}Ka"]
    return None


def _axis(table: Table) -> tuple[int, str, float]:
    """Which column is the axis, what it is, and what makes it degrees, 1/Å or Å."""
    told = _told_by_format(table)
    if told:
        return 0, "2theta", told
    number, names = table.names()
    candidates = [(i, name, number) for i, name in enumerate(names)]
    lines = [(0, line, n) for n, line in sorted(table.header.items(), reverse=True) if not re.search("[:=]", line)]
    candidates += lines[:1] + [one for one in lines[1:] if _TWO_THETA.match(one[1])]
    for i, name, line_number in candidates:
        said = f"{table.origin}, line {line_number}: the header says {name[:60]!r}"
        if _TWO_THETA.match(name):
            if re.search(r"(?<![a-z])rad(?![a-z])", name, re.I):
                raise DiffractionError(f"{said}; give 2θ in degrees")
            return i, "2theta", 1.0
        if _OTHER.match(name) and not _TWO_THETA.search(name):
            raise DiffractionError(f"{said}; give 2θ in degrees, q or d")
        if _Q.match(name):
            return i, "q", _inverse_length(name, said)
        if _D.match(name):
            return i, "d", 10.0 if re.search(r"(?<![a-z])nm", name, re.I) else 1.0
    _check_degrees(table)
    return 0, "2theta", 1.0


def _told_by_format(table: Table) -> float | None:
    """What makes the first column degrees of 2θ where GSAS or Rigaku say that it is 2θ; None where neither does."""
    if _is_gsas(table):
        return 0.01
    for number, line in table.header.items():
        if found := _RIGAKU_AXIS.search(line):
            if not _TWO_THETA.search(found[1]):
                raise DiffractionError(
                    f"{table.origin}, line {number}: its axis is {found[1]!r}; a scan of 2θ is needed"
                )
            return 1.0
    return None


def _is_gsas(table: Table) -> bool:
    """Rows of GSAS' FXYE: 2θ in hundredths of a degree, intensity, standard error."""
    bank = next(((n, line.upper()) for n, line in table.header.items() if line.upper().startswith("BANK ")), None)
    if bank is not None and not ("FXYE" in bank[1] and " CONS" in bank[1] and table.values.shape[1] == 3):
        raise DiffractionError(
            f"{table.origin}, line {bank[0]}: of the records of GSAS only FXYE with steps in 2θ (CONST) are read"
        )
    return bank is not None


def _inverse_length(name: str, said: str) -> float:
    if re.search(r"nm", name, re.I):
        return 0.1
    if re.search(r"[^a-z](a|å|Å|ang(strom)?)(?![a-z])", name, re.I):
        return 1.0
    raise DiffractionError(f"{said}; give the unit of q: 1/Å or 1/nm")


def _check_degrees(table: Table) -> None:
    """Refuse a first column without a name that looks like q or d."""
    x = table.values[:, 0]
    low, high = sorted((float(x[0]), float(x[-1])))
    steps = np.abs(np.diff(x))
    tenth = max(1, len(steps) // 10)
    ends = sorted((float(np.median(steps[:tenth])), float(np.median(steps[-tenth:]))))
    short = high < _LOWEST_END_DEG or (high < _LOWEST_END_FROM_ZERO_DEG and low < 1.0)
    if short or (high < _LOWEST_END_FROM_ZERO_DEG + 20.0 and ends[1] > _SPACINGS * ends[0] > 0.0):
        place = f"{table.origin}, line {table.line_numbers[0]}"
        raise DiffractionError(
            f"{place}: is the first column, {low:g} to {high:g}, 2θ, q or d? Name it above: 2theta, q (1/A) or d (A)"
        )
