"""Whether a film is liquid: it diffuses, its pairs have no second shell of a crystal, its density no lattice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..slabs.planar_frame import check_upright, planar_area
from ..tags import film_mask
from .film_motion import Decorrelation, Diffusion, decorrelation, diffusion_coefficient, film_paths

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

_BIN = 0.05  # Å
_BROADENING = 0.1  # Å; of g(r), so that the noise of few frames makes no peaks
_LEAST_PROMINENCE = 0.12
# In units of the distance of the first peak: where the second shell of a liquid has one maximum. Crystals have several
# there: fcc and hcp at 1.41, 1.73 and 2, bcc at 1.63 and 1.91 beyond the pair of its first shells, 1 and 1.15.
_SECOND_SHELL = (1.25, 2.15)
# |<rho_k>|^2 / n^2 of the time-averaged density: exp(-k^2 u^2 / 3), above 0.4 for a crystal by Lindemann's rule, and
# below 0.1 for a liquid that was followed for several decorrelation times.
_MOST_ORDER = 0.25


@dataclass(frozen=True)
class PairDistribution:
    """Radial distribution function of a film.

    Attributes
    ----------
    distances, values
        Middles of the bins, Å, and g(r), shape (n_bins,).
    first_peak
        Distance of the first peak, Å.
    second_peaks
        Distances of the peaks in the second shell, Å: one for a liquid.
    """

    distances: NDArray[np.float64]
    values: NDArray[np.float64]
    first_peak: float
    second_peaks: tuple[float, ...]


@dataclass(frozen=True)
class LiquidCheck:
    """What a trajectory says of a film.

    Attributes
    ----------
    diffusion
        Diffusion coefficient in the plane.
    decorrelation
        Time after which it is another configuration.
    pairs
        Its radial distribution function.
    order
        Largest |<ρ_k>|^2 / n^2 of the density averaged over time: 1 for a lattice at rest, 0 for a liquid.
    problems
        What speaks against a liquid; empty for one.
    """

    diffusion: Diffusion
    decorrelation: Decorrelation
    pairs: PairDistribution
    order: float
    problems: tuple[str, ...]

    @property
    def is_liquid(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.problems


def check_liquid(frames: Sequence[Atoms], time_between_frames_ps: float, *, symbol: str | None = None) -> LiquidCheck:
    """Return whether a film is liquid, from frames of molecular dynamics at one temperature.

    Parameters
    ----------
    frames
        Equally spaced in time, positions not wrapped into the cell, a film by its tags, at least 8. Several picoseconds
        are needed: a liquid that was followed for less than its decorrelation time looks like a glass.
    time_between_frames_ps
        Time between frames, ps.
    symbol
        Atoms of the film that count; None takes all.

    Raises
    ------
    InputError
        Too few frames, no such atom, or a cell that is not upright.
    """
    check_upright(frames[0], "cell of the film")
    paths = film_paths(frames, symbol)
    pairs = pair_distribution(frames, symbol)
    forgotten = decorrelation(paths, time_between_frames_ps, pairs.first_peak)
    diffusion = diffusion_coefficient(paths, time_between_frames_ps)
    order = density_order(paths, frames[0].cell.array, pairs.first_peak)
    problems = []
    time_ps = (len(frames) - 1) * time_between_frames_ps
    if forgotten.time_ps is None:
        problems.append(f"its atoms are where they were {time_ps:.1f} ps before")
    if diffusion.coefficient_cm2_s <= 2.0 * diffusion.error_cm2_s:
        problems.append(f"it does not diffuse ({diffusion.coefficient_cm2_s:.1e} +- {diffusion.error_cm2_s:.1e} cm2/s)")
    if len(pairs.second_peaks) > 1:
        peaks = ", ".join(f"{peak:.1f}" for peak in pairs.second_peaks)
        problems.append(f"g(r) has the second shell of a crystal, split at {peaks} Å")
    if order > _MOST_ORDER:
        problems.append(f"its mean density is a lattice (order {order:.2f})")
    return LiquidCheck(diffusion, forgotten, pairs, order, tuple(problems))


def pair_distribution(
    frames: Sequence[Atoms], symbol: str | None = None, max_distance: float = 9.0
) -> PairDistribution:
    """Return g(r) of a film, normalised by the film's own room.

    The pairs of n independent atoms with the film's profile of heights, spread evenly in the plane of area A, are
    n (n - 1) / A x 2 π r dr x P(|z_1 - z_2| < r), because the shell of radius r has the area 2 π r dz between two
    heights. g is the number of pairs over this, and tends to 1 for a film of any thickness.

    Parameters
    ----------
    frames
        Frames, a film by its tags.
    symbol
        Atoms of the film that count; None takes all.
    max_distance
        Largest r, Å.
    """
    edges = np.arange(0.0, max_distance + _BIN, _BIN)
    film = film_mask(frames[0])
    if symbol is not None:
        film &= np.array(frames[0].get_chemical_symbols()) == symbol
    counts = np.zeros(len(edges) - 1)
    for frame in frames:
        counts += np.histogram(_pair_distances(frame[film], edges[-1]), bins=edges)[0]
    n, area = int(film.sum()), planar_area(frames[0].cell.array)
    middles = 0.5 * (edges[1:] + edges[:-1])
    within = _probability_within([frame.positions[film, 2] for frame in frames], middles)
    expected = len(frames) * n * (n - 1) / area * 2 * np.pi * middles * _BIN * within
    values = counts / np.maximum(expected, 1e-12)
    return PairDistribution(middles, values, *_peaks(middles, values))


def density_order(paths: NDArray[np.float64], cell: NDArray[np.float64], neighbour_distance: float) -> float:
    """Return the largest |<ρ_k>|^2 / n^2 of the density averaged over time, with k of the length of a lattice.

    Waves along z alone are left out: the faces of a film order it in layers, which is no crystal.

    Parameters
    ----------
    paths
        Shape (n_frames, n_atoms, 3), Å.
    cell
        Upright, (3, 3), Å.
    neighbour_distance
        Distance of neighbours, Å: k from 0.8 to 1.4 times 2 π over it.
    """
    unit = 2 * np.pi / neighbour_distance
    reciprocal = 2 * np.pi * np.linalg.inv(np.asarray(cell)[:2, :2]).T
    reach = int(np.ceil(1.4 * unit * max(np.linalg.norm(np.asarray(cell)[:2, :2], axis=1)) / (2 * np.pi)))
    indices = np.array([(h, k) for h in range(reach + 1) for k in range(-reach, reach + 1) if (h, k) > (0, 0)])
    thickness = float(np.ptp(paths[..., 2])) + neighbour_distance
    heights = np.arange(-1.4 * unit, 1.4 * unit, np.pi / (2 * thickness))
    largest = 0.0
    for plane in indices @ reciprocal:
        length = np.hypot(np.linalg.norm(plane), heights)
        along = heights[(length > 0.8 * unit) & (length < 1.4 * unit)]
        if len(along) == 0:
            continue
        lateral = np.exp(1j * paths[..., :2] @ plane)
        for height in along:
            mean = (lateral * np.exp(1j * height * paths[..., 2])).mean()
            largest = max(largest, float(abs(mean) ** 2))
    return largest


def _pair_distances(film: Atoms, cutoff: float) -> NDArray[np.float64]:
    from vesin import ase_neighbor_list

    flat = film.copy()
    flat.set_constraint()
    flat.pbc = True
    heights = flat.positions[:, 2]
    flat.cell[2] = [0.0, 0.0, np.ptp(heights) + 2 * cutoff]  # no images above or below, whatever the vacuum
    flat.wrap(pbc=[True, True, False])
    i, j, distances = ase_neighbor_list("ijd", flat, float(cutoff))
    return np.asarray(distances[i != j])  # an atom and its own images are no pair


def _probability_within(heights: Sequence[NDArray[np.float64]], distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return P(|z_1 - z_2| < r) for heights drawn independently from all frames, each shifted to its own middle."""
    pooled = np.concatenate([item - item.mean() for item in heights])
    grid = 0.02
    profile = np.histogram(pooled, bins=max(int(np.ptp(pooled) / grid), 1))[0] / len(pooled)
    differences = np.correlate(profile, profile, mode="full")[len(profile) - 1 :]
    differences[1:] *= 2
    cumulative = np.cumsum(differences)
    return np.interp(distances, (np.arange(len(cumulative)) + 0.5) * grid, cumulative)


def _peaks(distances: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[float, tuple[float, ...]]:
    from scipy.ndimage import gaussian_filter1d
    from scipy.signal import find_peaks

    smooth = gaussian_filter1d(values, _BROADENING / _BIN)
    first = float(distances[smooth[distances < 6.0].argmax()])
    found, _ = find_peaks(smooth, prominence=_LEAST_PROMINENCE)
    low, high = (factor * first for factor in _SECOND_SHELL)
    return first, tuple(float(distance) for distance in distances[found] if low < distance < high)
