"""How a film moves: mean squared displacement, diffusion, and after what time it is another configuration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ..tags import film_mask

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

A2_PER_PS_IN_CM2_PER_S = 1e-4
_LEAST_FRAMES = 8
_N_BLOCKS = 4


@dataclass(frozen=True)
class Diffusion:
    """A diffusion coefficient.

    Attributes
    ----------
    coefficient_cm2_s, error_cm2_s
        D and its standard error, cm2/s.
    fitted_ps
        Times between which the mean squared displacement was fitted, ps.
    """

    coefficient_cm2_s: float
    error_cm2_s: float
    fitted_ps: tuple[float, float]


@dataclass(frozen=True)
class Decorrelation:
    """After what time a film has forgotten where its atoms were.

    Attributes
    ----------
    displacement_time_ps
        Time in which the mean squared displacement reaches (d/2)^2, with d the distance of neighbours; None where it
        does not within the trajectory.
    overlap_time_ps
        Time in which the fraction of atoms within d/2 of their place falls below 1/e; None likewise.
    half_neighbour_distance
        d/2, Å.
    """

    displacement_time_ps: float | None
    overlap_time_ps: float | None
    half_neighbour_distance: float

    @property
    def time_ps(self) -> float | None:
        """The longer of both: frames so far apart are two configurations; None where they never are."""
        if self.displacement_time_ps is None or self.overlap_time_ps is None:
            return None
        return max(self.displacement_time_ps, self.overlap_time_ps)


def film_paths(frames: Sequence[Atoms], symbol: str | None = None) -> NDArray[np.float64]:
    """Return the paths of the film's atoms, less the motion of its centre of mass; shape (n_frames, n_atoms, 3), Å.

    Parameters
    ----------
    frames
        Frames of molecular dynamics with positions that are not wrapped into the cell; tags tell film from solid.
    symbol
        Of these atoms only; None takes all of the film.

    Raises
    ------
    InputError
        Too few frames, or no such atom.
    """
    if len(frames) < _LEAST_FRAMES:
        raise InputError(f"film: {len(frames)} frames are too few for its motion; give at least {_LEAST_FRAMES}")
    film = film_mask(frames[0])
    wanted = film if symbol is None else film & (np.array(frames[0].get_chemical_symbols()) == symbol)
    if not wanted.any():
        raise InputError(f"film: {frames[0].symbols} has no atom of {symbol or 'a film'} to follow")
    positions = np.array([frame.positions for frame in frames])
    masses = frames[0].get_masses()[film]
    centre = np.einsum("i,tij->tj", masses, positions[:, film]) / masses.sum()
    return np.asarray(positions[:, wanted] - centre[:, None, :])


def mean_squared_displacement(
    paths: NDArray[np.float64], max_lag: int | None = None, dimensions: int = 3
) -> NDArray[np.float64]:
    """Return the mean squared displacement of each lag, over all atoms and origins; shape (max_lag + 1,), Å^2.

    Parameters
    ----------
    paths
        Shape (n_frames, n_atoms, 3), Å.
    max_lag
        Longest lag, in frames; half of the frames when left out.
    dimensions
        3, or 2 for displacements in the plane.
    """
    return np.array([float((step**2).sum(axis=-1).mean()) for step in _displacements(paths, max_lag, dimensions)])


def diffusion_coefficient(
    paths: NDArray[np.float64],
    time_between_frames_ps: float,
    *,
    fit_ps: tuple[float, float] | None = None,
    dimensions: int = 2,
) -> Diffusion:
    """Return the diffusion coefficient by Einstein's relation, D = slope of the mean squared displacement / 2 d.

    A film's atoms are bounded by its faces, so only displacements in the plane count (d = 2). Taking away the motion of
    the centre of mass takes away 1/n of the displacements, which is put back. The error is from the scatter between
    four parts of the trajectory. The coefficient of a small periodic cell is not that of the bulk.

    Parameters
    ----------
    paths
        Less the motion of the centre of mass, shape (n_frames, n_atoms, 3), Å.
    time_between_frames_ps
        Time between frames, ps.
    fit_ps
        Times between which the line is fitted; by default from a quarter to all of half a part. Ballistic motion and
        rattling, below about 0.5 ps, do not belong to it.
    dimensions
        2 for displacements in the plane, 3 for all.

    Raises
    ------
    InputError
        Too few frames for the times of the fit.
    """
    n_frames, n_atoms = paths.shape[:2]
    length = n_frames // _N_BLOCKS
    longest = max(length // 2, 2)
    first, last = (max(longest // 4, 1), longest)
    if fit_ps is not None:
        first, last = (round(time / time_between_frames_ps) for time in fit_ps)
    if not 0 < first < last < length:
        raise InputError(
            f"diffusion: {n_frames} frames {time_between_frames_ps:g} ps apart are too few to fit lags of {first} to"
            f" {last} frames in each quarter of them; run longer, or fit shorter times"
        )
    lags = np.arange(first, last + 1) * time_between_frames_ps
    missing = 1.0 - 1.0 / n_atoms if n_atoms > 1 else 1.0

    def slope(part: NDArray[np.float64]) -> float:
        displacement = mean_squared_displacement(part, last, dimensions)[first:]
        return float(np.polyfit(lags, displacement, 1)[0]) / (2 * dimensions * missing) * A2_PER_PS_IN_CM2_PER_S

    parts = [slope(paths[number * length : (number + 1) * length]) for number in range(_N_BLOCKS)]
    error = float(np.std(parts, ddof=1)) / math.sqrt(_N_BLOCKS)
    return Diffusion(float(np.mean(parts)), error, (float(lags[0]), float(lags[-1])))


def self_overlap(paths: NDArray[np.float64], distance: float, max_lag: int | None = None) -> NDArray[np.float64]:
    """Return the fraction of atoms within ``distance`` (Å) of where they were, for each lag; shape (max_lag + 1,).

    It is the self part of van Hove's function, integrated up to that distance.
    """
    return np.array(
        [float((np.linalg.norm(step, axis=-1) < distance).mean()) for step in _displacements(paths, max_lag, 3)]
    )


def decorrelation(
    paths: NDArray[np.float64], time_between_frames_ps: float, neighbour_distance: float
) -> Decorrelation:
    """Return the time after which a film is another configuration, all three dimensions taken together.

    Parameters
    ----------
    paths
        Shape (n_frames, n_atoms, 3), Å.
    time_between_frames_ps
        Time between frames, ps.
    neighbour_distance
        Distance of neighbours in the liquid, Å.
    """
    half = 0.5 * neighbour_distance
    times: dict[str, float | None] = {"displacement": None, "overlap": None}
    for lag in range(1, len(paths)):
        distance = np.linalg.norm(paths[lag:] - paths[:-lag], axis=-1)
        if times["displacement"] is None and (distance**2).mean() > half**2:
            times["displacement"] = lag * time_between_frames_ps
        if times["overlap"] is None and (distance < half).mean() < math.exp(-1):
            times["overlap"] = lag * time_between_frames_ps
        if None not in times.values():
            break
    return Decorrelation(times["displacement"], times["overlap"], half)


def _displacements(paths: NDArray[np.float64], max_lag: int | None, dimensions: int) -> list[NDArray[np.float64]]:
    longest = len(paths) // 2 if max_lag is None else max_lag
    if not 0 <= longest < len(paths):
        raise InputError(f"displacement: {len(paths)} frames have no lag of {longest}; give at most {len(paths) - 1}")
    kept = paths[..., :dimensions]
    return [kept[lag:] - kept[: len(kept) - lag] for lag in range(longest + 1)]
