"""The pairs of D3(BJ) by the compiled kernel: what dftd3 gives, in an eighth of its time.

The energy of a pair is C6, which depends on the coordination numbers of both atoms, times a sum over their images,
which does not. The kernel does the sums, eight images at a time; here the coefficients are interpolated.
``data/d3.npz`` holds what they are interpolated from: dispersion coefficients of pairs of reference systems (hartree
bohr^6 times 10^4, those that there are, for each pair of elements in turn), the coordination numbers of the systems
(negative: none), covalent radii (Å), and <r^4>/<r^2> of the atoms (bohr^2). They are those of doi 10.1063/1.3382344,
of actinides 10.1039/D4CP01514B, as in tad-dftd3 0.7.0 (Apache License 2.0).

The installed dftd3 is the measure: for each set of elements its energies and forces are compared once, on clusters from
loose to dense, and where they are others the library does the work: as with curium, of which dftd3 1.7 knows less.
"""

from __future__ import annotations

import ctypes
import functools
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.units import Bohr

from ..native.library import native_code
from ..threads import current_threads
from .dispersion_methods import PAIR_CUTOFF

COORDINATION_CUTOFF = 40.0
"""Distance up to which neighbours are counted, bohr: the library's own."""

_PAIR_CUTOFF = PAIR_CUTOFF / Bohr
_CUTOFFS = (COORDINATION_CUTOFF, _PAIR_CUTOFF)
_RADII_PER_ANGSTROM = 4 / 3 / 0.529177210903  # with the library's bohr, which is not ASE's to the last digit
_STEEPNESS = 4.0
_LANES = 8
_OUT_OF_REACH = 1e6
_MOST_IMAGES = 1_000_000  # of a cell that has collapsed there is no end
_MIN_ATOMS_PER_THREAD = 32
_SAME = 1e-10  # hartree, and hartree/bohr, for an atom of the cluster
# Of the clusters, Å: coordination numbers between those of all reference systems, and beyond the last.
_SPACINGS = (4.0, 2.8, 2.0, 1.4)
_FEWEST = 27

Sums = dict[str, Any]


class _Crystal(ctypes.Structure):
    _fields_ = [
        ("xyz", ctypes.c_void_p),
        ("images", ctypes.c_void_p),
        ("n", ctypes.c_int64),
        ("n_images", ctypes.c_int64),
    ]


@dataclass(frozen=True)
class Reference:
    """What D3 knows of the elements up to Z, by atomic number.

    Attributes
    ----------
    coordination
        Coordination numbers of R reference systems, shape (Z + 1, R); negative where there are fewer.
    c6
        Dispersion coefficients of pairs of them, hartree bohr^6, shape (Z + 1, Z + 1, R, R).
    radii
        Covalent radii times 4/3, bohr, shape (Z + 1,).
    moments
        Q of C8 = 3 C6 Q Q, bohr, shape (Z + 1,).
    """

    coordination: np.ndarray
    c6: np.ndarray
    radii: np.ndarray
    moments: np.ndarray


@functools.cache
def reference() -> Reference:
    """Return the reference data, read once per process."""
    with np.load(Path(__file__).parent / "data" / "d3.npz") as stored:
        coordination, values = stored["coordination"], stored["c6"] * 1e-4
        radii, moments = stored["radii"], stored["moments"]
    size, systems = coordination.shape
    first, second = np.triu_indices(size)
    there = (coordination >= 0)[first][:, :, None] & (coordination >= 0)[second][:, None, :]
    of_pairs = np.zeros((len(first), systems, systems))
    of_pairs[there] = values
    c6 = np.zeros((size, size, systems, systems))
    c6[second, first] = of_pairs.swapaxes(1, 2)
    c6[first, second] = of_pairs
    moments = np.sqrt(0.5 * moments * np.sqrt(np.arange(size)))
    return Reference(coordination, c6, radii * _RADII_PER_ANGSTROM, moments)


def sum_pairs(atoms: Atoms, functional: str, *, derivatives: bool) -> Sums | None:
    """Sum the pairs of D3(BJ) over a structure, in atomic units.

    Parameters
    ----------
    atoms
        Structure; its calculator and constraints do not matter.
    functional
        Whose damping parameters are taken.
    derivatives
        Compute gradient and virial too.

    Returns
    -------
    dict or None
        ``energy``, with ``derivatives`` also ``gradient``, shape (N, 3), and ``virial``, shape (3, 3), as dftd3 gives
        them. None is for the library to do: where nothing is compiled, where dftd3 has other numbers, for what is no
        sound structure, and for molecules and what repeats in one or two directions only, where dftd3 leaves out a few
        images far away.
    """
    library = native_code().library
    if library is None or not len(atoms) or not atoms.pbc.all() or not np.isfinite(atoms.positions).all():
        return None
    if not _as_in_dftd3(library, frozenset(atoms.numbers.tolist()), functional):
        return None
    return _sum(library, atoms, _damping(functional), derivatives)


def _sum(library: ctypes.CDLL, atoms: Atoms, damping: np.ndarray, derivatives: bool) -> Sums | None:
    kernels = _Kernels(library, atoms)
    if kernels.images is None:
        return None
    c6, slopes = _coefficients(atoms.numbers, kernels.coordination(derivatives))
    sums = kernels.pairs(damping, c6, derivatives)
    total: Sums = {"energy": -np.vdot(c6, sums)}
    if derivatives:
        kernels.add_gradient(-(slopes * (sums + sums.T)).sum(axis=1))
        total["gradient"] = kernels.gradients.sum(axis=0)
        total["virial"] = kernels.virials.sum(axis=0)[[[0, 5, 4], [5, 1, 3], [4, 3, 2]]]
    return total


class _Kernels:
    """The sums over pairs of one structure, each shared out among threads that add to arrays of their own."""

    def __init__(self, library: ctypes.CDLL, atoms: Atoms) -> None:
        self._library, self._n = library, len(atoms)
        self._parts = max(1, min(current_threads(), len(atoms) // _MIN_ATOMS_PER_THREAD))
        self._radii, self._moments = reference().radii[atoms.numbers], reference().moments[atoms.numbers]
        cell = atoms.cell.complete().array / Bohr
        scaled = atoms.positions / Bohr @ np.linalg.inv(cell)
        scaled -= np.where(atoms.pbc, np.floor(scaled), 0.0)
        self._xyz = np.ascontiguousarray(scaled @ cell)
        self.images = _images(cell, atoms.pbc, np.ptp(scaled, axis=0))
        self.gradients, self.virials = np.zeros((self._parts, self._n, 3)), np.zeros((self._parts, 6))

    def coordination(self, derivatives: bool) -> np.ndarray:
        """Return the coordination numbers; keep their derivatives for each pair."""
        counts = np.zeros((self._parts, self._n))
        self._of_counts = np.empty((self._n * (self._n + 1) // 2, 9)) if derivatives else None
        known = (self._radii, COORDINATION_CUTOFF)
        self._run("d3_coordination", 0, lambda part: (*known, counts[part], self._of_counts))
        found: np.ndarray = counts.sum(axis=0)
        return found

    def pairs(self, damping: np.ndarray, c6: np.ndarray, derivatives: bool) -> np.ndarray:
        """Return minus the energy of each pair for a C6 of one, shape (N, N), once; add derivatives with these."""
        sums = np.zeros((self._n, self._n))

        def arguments(part: int) -> tuple[Any, ...]:
            added = (self.gradients[part], self.virials[part]) if derivatives else (None, None)
            return (self._moments, damping, _PAIR_CUTOFF, c6, sums, *added)

        self._run("d3_pairs", 1, arguments)
        return sums

    def add_gradient(self, slopes: np.ndarray) -> None:
        """Add what follows from the derivatives of the energy with respect to the coordination numbers."""
        known = (slopes, self._of_counts)
        self._run("d3_coordination_gradient", 0, lambda part: (*known, self.gradients[part], self.virials[part]))

    def _run(self, name: str, reach: int, arguments: Callable[[int], tuple[Any, ...]]) -> None:
        """Call a kernel for each part: numbers as they are, arrays of doubles by their addresses, None as a null."""
        images = (self.images or ())[reach]
        crystal = _Crystal(self._xyz.ctypes.data, images.ctypes.data, self._n, images.shape[1])

        def call(part: int) -> None:
            own = arguments(part)
            passed = [
                ctypes.c_double(one)
                if isinstance(one, float)
                else ctypes.c_void_p(None if one is None else one.ctypes.data)
                for one in own
            ]
            counts = (ctypes.c_int64(part), ctypes.c_int64(self._parts))
            getattr(self._library, name)(*counts, ctypes.byref(crystal), *passed)

        if self._parts == 1:
            call(0)
            return
        with ThreadPoolExecutor(self._parts) as pool:  # the kernel lets go of Python
            list(pool.map(call, range(self._parts)))


def _coefficients(numbers: np.ndarray, coordination: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return C6 of each pair and its derivative with respect to the first one's coordination number, shape (N, N)."""
    known = reference()
    of_systems = known.coordination[numbers]
    distance = coordination[:, None] - of_systems
    weights = np.where(of_systems >= 0, np.exp(-_STEEPNESS * distance**2), 0.0)
    slopes = -2 * _STEEPNESS * distance * weights
    norm = weights.sum(axis=1, keepdims=True)
    lost = norm[:, 0] < np.finfo(float).tiny  # so far from all systems that nothing is left: the most coordinated one
    weights[lost], slopes[lost], norm[lost] = 0.0, 0.0, 1.0
    weights[lost, of_systems[lost].argmax(axis=1)] = 1.0
    weights, slopes = weights / norm, slopes / norm
    slopes -= weights * slopes.sum(axis=1, keepdims=True)
    c6, steep = np.empty((len(numbers), len(numbers))), np.empty((len(numbers), len(numbers)))
    groups = [(number, np.flatnonzero(numbers == number)) for number in np.unique(numbers)]
    for one, first in groups:
        for other, second in groups:
            of_second = known.c6[one, other] @ weights[second].T
            at = np.ix_(first, second)
            c6[at], steep[at] = weights[first] @ of_second, slopes[first] @ of_second
    return c6, steep


def _images(cell: np.ndarray, pbc: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the translations that may bring two atoms within the cutoff of coordination numbers, and of pairs.

    The shortest first, each of shape (3, M), bohr; None for too many. Along the normal of a face two atoms are at least
    as many heights of the cell apart as their translation, less the ``spread`` of all atoms.
    """
    heights = 1 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    near, far = (np.where(pbc, np.floor(cutoff / heights + spread), 0.0) for cutoff in _CUTOFFS)
    if not np.prod(2 * far + 1) < _MOST_IMAGES:
        return None
    found = [_translations(cell.tobytes(), tuple(most.astype(int).tolist())) for most in (near, far)]
    return found[0], found[1]


@functools.lru_cache(maxsize=8)
def _translations(cell: bytes, most: tuple[int, int, int]) -> np.ndarray:
    grid = np.meshgrid(*(np.arange(-n, n + 1) for n in most), indexing="ij")
    found = np.stack(grid, axis=-1).reshape(-1, 3) @ np.frombuffer(cell).reshape(3, 3)
    filled = np.full((3, -(-len(found) // _LANES) * _LANES), _OUT_OF_REACH)
    filled[:, : len(found)] = found[np.argsort(np.linalg.norm(found, axis=1), kind="stable")].T
    return filled


@functools.cache
def _damping(functional: str) -> np.ndarray:
    """Return s6, s8, a1 and a2 (bohr), from dftd3's own file."""
    import dftd3

    stored = tomllib.loads((Path(dftd3.__file__).parent / "parameters.toml").read_text())
    own = {**stored["default"]["parameter"]["d3"]["bj"], **stored["parameter"][functional]["d3"]["bj"]}
    return np.array([own[name] for name in ("s6", "s8", "a1", "a2")], dtype=float)


@functools.lru_cache(maxsize=4096)
def _as_in_dftd3(library: ctypes.CDLL, numbers: frozenset[int], functional: str) -> bool:
    """Return whether the installed library has the same numbers for these elements."""
    if not 1 <= min(numbers) <= max(numbers) < len(reference().radii):
        return False
    try:
        damping = _damping(functional)
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        return False
    return all(_same_as_dftd3(library, _cluster(numbers, spacing), functional, damping) for spacing in _SPACINGS)


def _same_as_dftd3(library: ctypes.CDLL, cluster: Atoms, functional: str, damping: np.ndarray) -> bool:
    from dftd3.interface import DispersionModel, RationalDampingParam

    model = DispersionModel(cluster.numbers, cluster.positions / Bohr)
    wanted = model.get_dispersion(RationalDampingParam(method=functional, atm=False), grad=True)
    found = _sum(library, cluster, damping, derivatives=True)
    return found is not None and all(
        np.abs(found[key] - wanted[key]).max() < _SAME * len(cluster) for key in ("energy", "gradient", "virial")
    )


def _cluster(numbers: frozenset[int], spacing: float) -> Atoms:
    """Return some atoms of each element, in any order, on the points of a grid that is not quite even."""
    each = max(4, -(-_FEWEST // len(numbers)))
    random = np.random.default_rng(0)
    every = random.permutation(sorted(numbers) * each)
    side = int(np.ceil(len(every) ** (1 / 3)))
    grid = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)[: len(every)]
    return Atoms(every, spacing * (grid + random.uniform(-0.1, 0.1, grid.shape)))
