"""X-ray powder patterns: lines of a crystal, of a mixture by weight, and the broadened profile."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError, unknown_name

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import ArrayLike, NDArray
    from pymatgen.core import Structure

    from ..library.phases import Phase

WAVELENGTHS: dict[str, float] = {
    "CuKa": 1.54184,
    "CuKa1": 1.54060,
    "CuKa2": 1.54443,
    "MoKa": 0.71073,
    "CoKa": 1.79026,
    "AgKa": 0.560885,
}
"""Å; ``CuKa`` is the mean of both lines, weighted 2:1."""

DEFAULT_TWO_THETA = (10.0, 90.0)
_MOST_REFLECTIONS = 200_000  # before symmetry; more take minutes and gigabytes
SYMPREC = 0.01
"""Å within which a crystal is idealised to its space group."""
_LARGEST_TWO_THETA = 179.0


class DiffractionError(InputError):
    """A pattern was asked for that cannot be computed, or two do not belong together."""


@dataclass(frozen=True)
class PowderLine:
    """One line of a powder pattern.

    Attributes
    ----------
    two_theta_deg
        2θ.
    d
        Spacing of the planes, Å.
    intensity
        Integrated; see `PowderPattern`.
    hkl
        Miller indices of the families that contribute, e.g. ``111`` or ``333/511``.
    phase
        Name of the phase it belongs to.
    """

    two_theta_deg: float
    d: float
    intensity: float
    hkl: str
    phase: str


@dataclass(frozen=True)
class PowderPattern:
    """The lines of a powder, by rising 2θ.

    Attributes
    ----------
    name
        Of the sample.
    wavelength
        Å.
    lines
        Their intensities are those per gram of the sample, (|F|² m LP) / (Z M V): lines of different patterns compare.
    weights
        Weight fraction of each phase.
    two_theta_range
        Degrees.
    """

    name: str
    wavelength: float
    lines: tuple[PowderLine, ...]
    weights: Mapping[str, float]
    two_theta_range: tuple[float, float]

    @property
    def strongest(self) -> PowderLine:
        """The line with the highest intensity."""
        return max(self.lines, key=lambda line: line.intensity)

    def relative_lines(self) -> list[PowderLine]:
        """Return the lines with the strongest at 100."""
        scale = 100.0 / self.strongest.intensity
        return [replace(line, intensity=scale * line.intensity) for line in self.lines]


def resolve_wavelength(radiation: str | float) -> float:
    """Return a wavelength in Å from the name of a line (see `WAVELENGTHS`) or a number.

    Raises
    ------
    DiffractionError
        Unknown name, or a number that is not finite and positive.
    """
    if isinstance(radiation, str):
        if radiation not in WAVELENGTHS:
            raise DiffractionError(unknown_name("radiation", radiation, WAVELENGTHS))
        return WAVELENGTHS[radiation]
    if isinstance(radiation, bool) or not 0.0 < radiation < math.inf:
        raise DiffractionError(f"radiation is {radiation!r}; it must be a name or a positive wavelength in Å")
    return float(radiation)


def powder_pattern(
    crystal: Phase | Structure | Atoms,
    name: str | None = None,
    *,
    radiation: str | float = "CuKa",
    two_theta_range: tuple[float, float] = DEFAULT_TWO_THETA,
    debye_waller_B: Mapping[str, float] | None = None,
    symprec: float = SYMPREC,
) -> PowderPattern:
    """Return the powder pattern of a crystal.

    Parameters
    ----------
    crystal
        Phase of the library (partial occupancies are allowed), pymatgen Structure, or periodic ASE Atoms, in any cell;
        it is idealised to its space group.
    name
        Of the phase; by default the key of the library, else the reduced formula.
    radiation
        Name of a line, or a wavelength in Å.
    two_theta_range
        Lowest and highest 2θ, degrees.
    debye_waller_B
        B of each element, Å²; None leaves thermal motion out.
    symprec
        Tolerance of the space group, Å. A crystal relaxed to forces of 0.02 eV/Å needs some 0.05, lest lines that
        belong together split.

    Raises
    ------
    DiffractionError
        Unknown radiation, a range that is empty or outside (0, 179], a crystal that is not periodic, and no line or far
        too many reflections in the range.
    InputError
        A phase without coordinates.

    Notes
    -----
    pymatgen's ``XRDCalculator`` gives |F|² m LP of the cell, with the Lorentz and polarisation factors of a
    diffractometer without monochromator and no anomalous dispersion (some percent for Hg with Cu Kα). Divided by
    Z M V, the mass and the volume of the cell, it is the same for every choice of cell and proportional to the
    intensity per gram of the phase [1]_.

    References
    ----------
    .. [1] R. J. Hill and C. J. Howard, J. Appl. Cryst. 20, 467 (1987), doi:10.1107/S0021889887086199
    """
    from pymatgen.analysis.diffraction.xrd import XRDCalculator

    wavelength = resolve_wavelength(radiation)
    limits = _check_range(two_theta_range)
    structure, label = _structure(crystal, name)
    cell = _conventional(structure, symprec)
    calculator = XRDCalculator(wavelength=wavelength, debye_waller_factors=dict(debye_waller_B or {}))
    lowest = 2.0 * math.sin(math.radians(limits[0] / 2)) / wavelength
    highest = 2.0 * math.sin(math.radians(limits[1] / 2)) / wavelength
    expected = 4.0 / 3.0 * math.pi * highest**3 * float(cell.volume)
    if expected > _MOST_REFLECTIONS:
        raise DiffractionError(
            f"powder pattern of {label}: about {expected:.2g} reflections up to {limits[1]:g}° at {wavelength:g} Å,"
            f" more than {_MOST_REFLECTIONS}; take a longer wavelength, a smaller range or the primitive cell"
        )
    reflections = cell.lattice.reciprocal_lattice_crystallographic.get_points_in_sphere([[0, 0, 0]], [0, 0, 0], highest)
    if not any(length >= lowest and length > 0.0 for _, length, *_ in reflections):
        raise DiffractionError(f"powder pattern of {label}: no line in 2θ from {limits[0]:g} to {limits[1]:g}°")
    try:
        raw = calculator.get_pattern(cell, scaled=False, two_theta_range=limits)
    except ValueError as error:  # an element without scattering factors
        raise DiffractionError(f"powder pattern of {label}: {error}") from None
    scale = 1.0 / (float(cell.composition.weight) * float(cell.volume))
    lines = tuple(
        PowderLine(float(x), float(d), scale * float(y), "/".join(_index(item["hkl"]) for item in families), label)
        for x, y, families, d in zip(raw.x, raw.y, raw.hkls, raw.d_hkls, strict=True)
    )
    return PowderPattern(label, wavelength, lines, {label: 1.0}, limits)


def mix_patterns(patterns: Sequence[PowderPattern], weights: Sequence[float], name: str = "mixture") -> PowderPattern:
    """Return the pattern of a mixture.

    Parameters
    ----------
    patterns
        Of single phases or mixtures, with the same radiation and range.
    weights
        Mass of each in any unit; they are scaled to a sum of 1.
    name
        Of the sample.

    Raises
    ------
    DiffractionError
        Numbers of patterns and weights differ, patterns that do not belong together, a phase twice, or weights that
        are negative, not finite or all 0.

    Notes
    -----
    All phases are taken to absorb alike. With grains of micrometres they do not: a compound of mercury hides in its own
    shadow (microabsorption), and its lines come out weaker than computed here.
    """
    if not patterns or len(patterns) != len(weights):
        raise DiffractionError(f"mixture {name!r}: {len(patterns)} patterns and {len(weights)} weights are given")
    if any(isinstance(w, bool) or not 0.0 <= w < math.inf for w in weights) or not sum(weights) > 0.0:
        raise DiffractionError(f"mixture {name!r}: weights are {list(weights)!r}; they must be 0 or more, not all 0")
    first = patterns[0]
    for pattern in patterns[1:]:
        if pattern.wavelength != first.wavelength or pattern.two_theta_range != first.two_theta_range:
            raise DiffractionError(f"mixture {name!r}: the patterns differ in radiation or in the range of 2θ")
    total = sum(weights)
    shares: dict[str, float] = {}
    lines: list[PowderLine] = []
    for pattern, weight in zip(patterns, weights, strict=True):
        share = weight / total
        for phase, inner in pattern.weights.items():
            if phase in shares:
                raise DiffractionError(f"mixture {name!r}: phase {phase!r} is given twice")
            shares[phase] = share * inner
        if share > 0.0:
            lines += [replace(line, intensity=share * line.intensity) for line in pattern.lines]
    lines.sort(key=lambda line: line.two_theta_deg)
    return PowderPattern(name, first.wavelength, tuple(lines), shares, first.two_theta_range)


def profile(
    pattern: PowderPattern, two_theta_deg: ArrayLike, *, fwhm_deg: float = 0.2, lorentz_share: float = 0.5
) -> NDArray[np.float64]:
    """Return the broadened pattern at each 2θ: a pseudo-Voigt function of unit area for every line.

        P(x) = eta L(x) + (1 - eta) G(x),  both of the same full width at half maximum

    Parameters
    ----------
    pattern
        Lines.
    two_theta_deg
        Degrees, any shape.
    fwhm_deg
        Full width at half maximum, the same for all lines.
    lorentz_share
        eta; 0 is Gaussian, 1 Lorentzian.

    Returns
    -------
    ndarray
        Intensity per degree, in the shape of ``two_theta_deg``.

    Raises
    ------
    DiffractionError
        Angles not finite, width not positive, or share not in [0, 1].
    """
    angles = np.asarray(two_theta_deg, dtype=float)
    if not np.all(np.isfinite(angles)):
        raise DiffractionError("profile: two_theta_deg holds a value that is not finite")
    if isinstance(fwhm_deg, bool) or not 0.0 < fwhm_deg < math.inf:
        raise DiffractionError(f"profile: fwhm_deg is {fwhm_deg!r}; it must be finite and positive")
    if not 0.0 <= lorentz_share <= 1.0:
        raise DiffractionError(f"profile: lorentz_share is {lorentz_share!r}; it must lie in [0, 1]")
    total = np.zeros_like(angles)
    half = 0.5 * fwhm_deg
    gauss_peak = math.sqrt(math.log(2.0) / math.pi) / half
    for line in pattern.lines:
        square = ((angles - line.two_theta_deg) / half) ** 2
        lorentz = 1.0 / (math.pi * half * (1.0 + square))
        gauss = gauss_peak * np.exp(-math.log(2.0) * square)
        total += line.intensity * (lorentz_share * lorentz + (1.0 - lorentz_share) * gauss)
    return total


def telling_lines(
    patterns: Sequence[PowderPattern], *, separation_deg: float = 0.4, least_intensity: float = 5.0
) -> dict[str, PowderLine | None]:
    """Return the line of each pattern that gives it away: its strongest that no line of the others hides.

    Parameters
    ----------
    patterns
        With the same radiation, each with a name of its own.
    separation_deg
        How far in 2θ the lines of the others have to be.
    least_intensity
        Weaker lines, with the strongest of each pattern at 100, neither hide nor tell.

    Returns
    -------
    dict
        By name of the pattern; None where all lines are hidden.

    Raises
    ------
    DiffractionError
        Two patterns share a name, or differ in radiation.
    """
    if len({pattern.name for pattern in patterns}) < len(patterns) or len({item.wavelength for item in patterns}) > 1:
        raise DiffractionError("telling lines: give patterns of the same radiation, each with a name of its own")
    strong = {
        pattern.name: [line for line in pattern.relative_lines() if line.intensity >= least_intensity]
        for pattern in patterns
    }
    found: dict[str, PowderLine | None] = {}
    for name, lines in strong.items():
        others = [line.two_theta_deg for other, rest in strong.items() if other != name for line in rest]
        alone = [line for line in lines if all(abs(line.two_theta_deg - other) > separation_deg for other in others)]
        found[name] = max(alone, key=lambda line: line.intensity, default=None)
    return found


def bragg_two_theta(d: float, wavelength: float) -> float:
    """Return 2θ in degrees from λ = 2 d sin θ.

    Raises
    ------
    DiffractionError
        The spacing is below λ/2: no reflection.
    """
    if not d >= 0.5 * wavelength > 0.0:
        raise DiffractionError(f"spacing {d!r} Å: below half the wavelength of {wavelength!r} Å nothing is reflected")
    return 2.0 * math.degrees(math.asin(0.5 * wavelength / d))


def _check_range(two_theta_range: tuple[float, float]) -> tuple[float, float]:
    low, high = (float(value) for value in two_theta_range)
    if not 0.0 < low < high <= _LARGEST_TWO_THETA:
        allowed = f"0 < low < high <= {_LARGEST_TWO_THETA:g}°"
        raise DiffractionError(f"two_theta_range is {low:g} to {high:g}; {allowed} is needed")
    return low, high


def _structure(crystal: Phase | Structure | Atoms, name: str | None) -> tuple[Structure, str]:
    from ase import Atoms
    from pymatgen.io.ase import AseAtomsAdaptor

    from ..library.phases import Phase

    if isinstance(crystal, Phase):
        return crystal.structure(), name or crystal.key
    if isinstance(crystal, Atoms):
        if not (crystal.pbc.all() and crystal.cell.rank == 3 and len(crystal)):
            raise DiffractionError(f"powder pattern of {crystal.get_chemical_formula()}: it must be periodic in 3D")
        plain = Atoms(crystal.symbols, crystal.positions, cell=crystal.cell, pbc=True)
        crystal = AseAtomsAdaptor.get_structure(plain)
    return crystal, name or crystal.composition.reduced_formula


def _conventional(structure: Structure, symprec: float) -> Structure:
    """The conventional cell, whose indices are the customary ones; the cell as it is where no symmetry is found."""
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer, SymmetryUndeterminedError

    try:
        found: Structure = SpacegroupAnalyzer(structure, symprec=symprec).get_conventional_standard_structure()
        return found
    except SymmetryUndeterminedError:
        return structure


def _index(hkl: Sequence[int]) -> str:
    """``(1, -1, 0)`` -> ``1-10``, and ``(2, -1, -1, 3)`` -> ``113``; blanks where an index has two digits."""
    if len(hkl) == 4:
        # Of the equivalent hexagonal ones, the one with h >= k >= 0.
        k, h = sorted(abs(i) for i in hkl[:3])[:2]
        hkl = (h, k, hkl[3])
    return (" " if any(abs(i) > 9 for i in hkl) else "").join(str(i) for i in hkl)
