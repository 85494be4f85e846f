"""X-ray powder patterns: lines of a crystal, of a mixture by weight, and the broadened profile."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ..symmetry import Axes, ConventionalCell, conventional_cell
from .indices import line_families
from .radiation import (
    DiffractionError,
    check_motion,
    check_number_of_reflections,
    check_range,
    resolve_wavelength,
)

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import ArrayLike, NDArray
    from pymatgen.core import Structure

    from ..library.phases import Phase

DEFAULT_TWO_THETA = (10.0, 90.0)
_EXTINCT = 1e-9  # of the intensity of all electrons scattering in phase, without the Lorentz factor


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
        Miller indices of the families that contribute, the strongest first, e.g. ``111`` or ``511/333``, in the cell
        of the phase (see `PowderPattern.cells`).
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
    cells
        By phase, the idealised cell in which its lines are indexed.
    """

    name: str
    wavelength: float
    lines: tuple[PowderLine, ...]
    weights: Mapping[str, float]
    two_theta_range: tuple[float, float]
    cells: Mapping[str, ConventionalCell] = field(default_factory=dict, repr=False, compare=False)

    @property
    def strongest(self) -> PowderLine:
        """The line with the highest intensity."""
        return max(self.lines, key=lambda line: line.intensity)

    def relative_lines(self) -> list[PowderLine]:
        """Return the lines with the strongest at 100."""
        scale = 100.0 / self.strongest.intensity
        return [replace(line, intensity=scale * line.intensity) for line in self.lines]


def powder_pattern(
    crystal: Phase | Structure | Atoms,
    name: str | None = None,
    *,
    radiation: str | float = "CuKa",
    two_theta_range: tuple[float, float] = DEFAULT_TWO_THETA,
    debye_waller_B: Mapping[str, float] | None = None,
    symprec: float | None = None,
    axes: Axes | ArrayLike = "given",
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
        B of each element, Å², for amplitudes times exp(-B sin²θ/λ²); None, and elements without one, leave thermal
        motion out.
    symprec
        Tolerance of the space group, Å, as for `structures.symmetry.conventional_cell`: None is 0.02, or less where
        that would change a length by more than 0.1 %. A crystal relaxed to forces of 0.02 eV/Å may need 0.05, lest
        lines that belong together split; two lengths that differ by less than what is given are made equal.
    axes
        Cell of the indices, as for `structures.symmetry.conventional_cell`: that of ``crystal`` where it is a
        conventional one, or ``standard``.

    Raises
    ------
    DiffractionError
        Unknown radiation, a range that is empty or outside (0, 179], a B that is negative or of no element, a crystal
        that is not periodic, or no line or too many reflections in the range.
    InputError
        A phase without coordinates, or atoms on top of each other.

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
    limits = check_range(two_theta_range)
    motion = check_motion(debye_waller_B or {})
    structure, label = _structure(crystal, name)
    indexed = conventional_cell(structure, symprec=symprec, axes=axes, idealise=True)
    cell = indexed.structure
    check_number_of_reflections(label, 2.0 * math.sin(math.radians(limits[1] / 2)) / wavelength, float(cell.volume))
    calculator = XRDCalculator(wavelength=wavelength, debye_waller_factors=motion)
    lowest = 2.0 * math.sin(math.radians(limits[0] / 2)) / wavelength
    highest = 2.0 * math.sin(math.radians(limits[1] / 2)) / wavelength
    reflections = cell.lattice.reciprocal_lattice_crystallographic.get_points_in_sphere([[0, 0, 0]], [0, 0, 0], highest)
    if not any(length >= lowest and length > 0.0 for _, length, *_ in reflections):
        raise DiffractionError(f"powder pattern of {label}: no line in 2θ from {limits[0]:g} to {limits[1]:g}°")
    try:
        raw = calculator.get_pattern(cell, scaled=False, two_theta_range=limits)
    except ValueError as error:  # an element without scattering factors
        raise DiffractionError(f"powder pattern of {label}: {error}") from None
    scale = 1.0 / (float(cell.composition.weight) * float(cell.volume))
    weakest = _EXTINCT * float(cell.composition.total_electrons) ** 2
    lines = tuple(
        PowderLine(float(x), float(d), scale * float(y), "/".join(map(index_text, families)), label)
        for x, y, families, d in zip(raw.x, raw.y, line_families(indexed, raw.x, wavelength), raw.d_hkls, strict=True)
        if y > weakest
    )
    if not lines:  # all reflections of the range are extinct
        raise DiffractionError(f"powder pattern of {label}: no line in 2θ from {limits[0]:g} to {limits[1]:g}°")
    return PowderPattern(label, wavelength, lines, {label: 1.0}, limits, {label: indexed})


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
    if any(isinstance(w, bool) or not 0.0 <= w < math.inf for w in weights) or not 0.0 < sum(weights) < math.inf:
        raise DiffractionError(f"mixture {name!r}: weights are {list(weights)!r}; they must be 0 or more, not all 0")
    first = patterns[0]
    for pattern in patterns[1:]:
        if pattern.wavelength != first.wavelength or pattern.two_theta_range != first.two_theta_range:
            raise DiffractionError(f"mixture {name!r}: the patterns differ in radiation or in the range of 2θ")
    total = sum(weights)
    shares: dict[str, float] = {}
    lines: list[PowderLine] = []
    cells: dict[str, ConventionalCell] = {}
    for pattern, weight in zip(patterns, weights, strict=True):
        share = weight / total
        for phase, inner in pattern.weights.items():
            if phase in shares:
                raise DiffractionError(f"mixture {name!r}: phase {phase!r} is given twice")
            shares[phase] = share * inner
        cells |= pattern.cells
        if share > 0.0:
            lines += [replace(line, intensity=share * line.intensity) for line in pattern.lines]
    lines.sort(key=lambda line: line.two_theta_deg)
    return PowderPattern(name, first.wavelength, tuple(lines), shares, first.two_theta_range, cells)


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


def index_text(hkl: Sequence[int]) -> str:
    """Return ``1-10`` for (1, -1, 0); blanks where an index has two digits.

    Examples
    --------
    >>> index_text((-1, 1, 1)), index_text((0, 0, 12))
    ('-111', '0 0 12')
    """
    return (" " if any(abs(i) > 9 for i in hkl) else "").join(str(i) for i in hkl)
