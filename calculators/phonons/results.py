"""What a phonon calculation gives: frequencies on a mesh and along a path, density of states, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms

from .force_constants import ForceConstants, plain_cell

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GAMMA = 1e-8
"""A wave vector shorter than this (fractional) is Gamma."""


@dataclass(frozen=True, eq=False)
class BandSegment:
    """Frequencies on a straight line between two named points of the Brillouin zone.

    Attributes
    ----------
    labels
        Names of its two ends, e.g. ``("G", "X")``; ``G`` is Gamma.
    qpoints
        Wave vectors in units of the reciprocal vectors of the primitive cell, shape (n_points, 3).
    distances
        Length along the whole path, 1/Å (without 2 pi), shape (n_points,).
    frequencies_THz
        Ascending at each point, imaginary ones negative, shape (n_points, 3 n_atoms).
    """

    labels: tuple[str, str]
    qpoints: NDArray[np.float64]
    distances: NDArray[np.float64]
    frequencies_THz: NDArray[np.float64]


@dataclass(frozen=True)
class ImaginaryModes:
    """The imaginary modes stronger than the tolerance, on the mesh and on the path.

    Attributes
    ----------
    n_modes
        How many of the modes on the full mesh.
    fraction
        Their share of all modes on the mesh.
    lowest_frequency_THz
        The most negative frequency on mesh and path; the lowest one, noise included, where no mode is imaginary.
    lowest_qpoint
        Where it is, in units of the reciprocal vectors of the primitive cell.
    n_within_tolerance
        Modes of the mesh that are imaginary but weaker than the tolerance: numerical noise, or very soft.
    """

    n_modes: int
    fraction: float
    lowest_frequency_THz: float
    lowest_qpoint: tuple[float, float, float]
    n_within_tolerance: int


@dataclass(frozen=True, eq=False)
class Phonons:
    """Harmonic phonons of one crystal.

    Attributes
    ----------
    potential
        Name of the potential.
    primitive
        The primitive cell the modes belong to, without a calculator.
    space_group
        International symbol.
    n_supercell_atoms, n_displacements
        Atoms of the supercell, and how many displaced ones were evaluated.
    shortest_image
        Distance between an atom and its nearest image in the supercell, Å.
    displacement
        By how much an atom was displaced, Å.
    max_residual_force
        Largest force on an atom of the undisplaced crystal, eV/Å.
    stability_tolerance_THz
        Imaginary modes weaker than this do not count as an instability.
    mesh
        Divisions of the Gamma-centred mesh of wave vectors; of a generalised regular grid, whose axes are not the
        reciprocal vectors, where only that keeps the symmetry.
    qpoints, qpoint_weights
        Its irreducible points, shape (n_q, 3), and how many points each stands for, shape (n_q,).
    frequencies_THz
        Frequencies at these, imaginary ones negative, shape (n_q, 3 n_atoms).
    dos_frequencies_THz, dos
        Density of states per atom, 1/THz, by linear tetrahedra, shape (n,) each; it integrates to 3.
    bands
        The band structure along the path of the lattice.
    force_constants
        From which all of these follow; None where they were not kept.
    """

    potential: str
    primitive: Atoms
    space_group: str
    n_supercell_atoms: int
    n_displacements: int
    shortest_image: float
    displacement: float
    max_residual_force: float
    stability_tolerance_THz: float
    mesh: tuple[int, int, int]
    qpoints: NDArray[np.float64]
    qpoint_weights: NDArray[np.int64]
    frequencies_THz: NDArray[np.float64]
    dos_frequencies_THz: NDArray[np.float64]
    dos: NDArray[np.float64]
    bands: tuple[BandSegment, ...]
    force_constants: ForceConstants | None = None

    @property
    def formula(self) -> str:
        """Formula of the primitive cell."""
        return str(self.primitive.get_chemical_formula(empirical=True))

    @property
    def modes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Frequencies (THz) of all modes and their weights, which sum to 3 per atom; the translations are left out."""
        counted = ~_translations(self.qpoints, self.frequencies_THz)
        weights = np.broadcast_to(self.qpoint_weights[:, None], self.frequencies_THz.shape)[counted].astype(float)
        return self.frequencies_THz[counted], weights * (3.0 / weights.sum())

    @property
    def imaginary(self) -> ImaginaryModes:
        """The imaginary modes, on the mesh and on the path."""
        frequencies, weights = self.modes
        bad = frequencies < -self.stability_tolerance_THz
        weak = (frequencies < 0.0) & ~bad
        n_all = 3 * len(self.primitive) * int(self.qpoint_weights.sum()) - 3
        lowest, where = self._lowest()
        return ImaginaryModes(
            n_modes=round(float(weights[bad].sum()) / 3.0 * n_all),
            fraction=float(weights[bad].sum()) / 3.0,
            lowest_frequency_THz=lowest,
            lowest_qpoint=(float(where[0]), float(where[1]), float(where[2])),
            n_within_tolerance=round(float(weights[weak].sum()) / 3.0 * n_all),
        )

    @property
    def lowest_frequency_THz(self) -> float:
        """The most negative frequency, or the lowest beside the translations, on the mesh and on the path."""
        return self._lowest()[0]

    @property
    def dynamically_stable(self) -> bool:
        """Whether no mode, on the mesh or on the path, is imaginary beyond the tolerance."""
        return self.lowest_frequency_THz >= -self.stability_tolerance_THz

    @property
    def verdict(self) -> str:
        """One line: stable or not, and the numbers behind it."""
        found = self.imaginary
        if self.dynamically_stable:
            return f"dynamically stable: no imaginary mode beyond {self.stability_tolerance_THz:g} THz"
        where = ", ".join(f"{component:.3g}" for component in found.lowest_qpoint)
        return (
            f"dynamically unstable: {found.fraction:.2%} of the modes on the mesh are imaginary, the strongest"
            f" {-found.lowest_frequency_THz:.2f}i THz at q = ({where})"
        )

    def _lowest(self) -> tuple[float, NDArray[np.float64]]:
        """Return the lowest frequency beside the translations (THz) and its wave vector."""
        blocks = [(self.qpoints, self.frequencies_THz)]
        blocks += [(segment.qpoints, segment.frequencies_THz) for segment in self.bands]
        points = np.concatenate([qpoints for qpoints, _ in blocks])
        frequencies = np.concatenate([values for _, values in blocks])
        frequencies[_translations(points, frequencies)] = np.inf
        lowest = frequencies.min(axis=1)
        # Points of equal frequency by symmetry: name the first, whatever rounding says.
        index = int(np.flatnonzero(lowest <= lowest.min() + 1e-6)[0])
        return float(lowest[index]), points[index]

    def as_dict(self, decimals: int | None = None) -> dict[str, Any]:
        """Return everything as plain JSON; `Phonons.from_dict` gives it back.

        ``decimals`` rounds wave vectors, frequencies (THz), density of states and force constants (eV/Å^2); 6 leave
        free energies as they are to 1e-7 eV and halve the size.
        """

        def plain_array(values: NDArray[Any]) -> list[Any]:
            if decimals is not None and values.dtype.kind == "f":
                values = np.round(values, decimals) + 0.0
            return list(values.tolist())

        plain: dict[str, Any] = {key: getattr(self, key) for key in _NUMBERS}
        plain["mesh"] = list(self.mesh)
        plain["primitive"] = plain_cell(self.primitive)
        for key in _ARRAYS:
            plain[key] = plain_array(getattr(self, key))
        plain["bands"] = [
            {"labels": list(segment.labels)} | {key: plain_array(getattr(segment, key)) for key in _BAND_ARRAYS}
            for segment in self.bands
        ]
        if self.force_constants is not None:
            plain["force_constants"] = self.force_constants.as_dict(decimals)
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Phonons:
        """Read what `as_dict` returned."""
        values = dict(plain)
        values["primitive"] = Atoms(**values["primitive"], pbc=True)
        values["mesh"] = tuple(values["mesh"])
        for key in _ARRAYS:
            values[key] = np.array(values[key], dtype=np.int64 if key == "qpoint_weights" else np.float64)
        values["bands"] = tuple(
            BandSegment(
                (segment["labels"][0], segment["labels"][1]),
                *(np.array(segment[key], dtype=np.float64) for key in _BAND_ARRAYS),
            )
            for segment in values["bands"]
        )
        if values.get("force_constants") is not None:
            values["force_constants"] = ForceConstants.from_dict(values["force_constants"])
        return cls(**values)


_NUMBERS = (
    "potential",
    "space_group",
    "n_supercell_atoms",
    "n_displacements",
    "shortest_image",
    "displacement",
    "max_residual_force",
    "stability_tolerance_THz",
)
_ARRAYS = ("qpoints", "qpoint_weights", "frequencies_THz", "dos_frequencies_THz", "dos")
_BAND_ARRAYS = ("qpoints", "distances", "frequencies_THz")


def _translations(qpoints: NDArray[np.float64], frequencies_THz: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the three frequencies closest to 0 at every Gamma point."""
    marked = np.zeros(frequencies_THz.shape, dtype=bool)
    for row in np.flatnonzero(np.linalg.norm(qpoints, axis=1) < _GAMMA):
        marked[row, np.argsort(np.abs(frequencies_THz[row]))[:3]] = True
    return marked
