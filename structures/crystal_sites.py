"""Sites of a crystal as spglib takes them: in other axes, and put on their symmetry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import ArrayLike, NDArray
    from pymatgen.core import Structure


class Sites(NamedTuple):
    """Lattice (rows), scaled positions, what sits on each site, and a number for each kind of that."""

    lattice: NDArray[np.float64]
    scaled: NDArray[np.float64]
    species: tuple[Any, ...]
    kinds: NDArray[np.int_]

    @property
    def spglib(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int_]]:
        """As spglib takes them."""
        return self.lattice, self.scaled, self.kinds

    def with_content(self, lattice: ArrayLike, scaled: ArrayLike, kinds: ArrayLike) -> Sites:
        """Other sites with the same species."""
        known = dict(zip(self.kinds.tolist(), self.species, strict=True))
        numbers = np.asarray(kinds)
        return Sites(np.array(lattice), np.array(scaled), tuple(known[kind] for kind in numbers.tolist()), numbers)


def sites_of(crystal: Atoms | Structure) -> Sites:
    """Return the sites of a crystal; those with the same occupancies are of one kind."""
    from ase import Atoms

    if isinstance(crystal, Atoms):
        lattice, scaled, numbers = spglib_cell(crystal)
        return Sites(lattice, scaled, tuple(numbers.tolist()), numbers)
    species = tuple(site.species for site in crystal)
    # However the occupancies of a site are written, in another order they are the same.
    shares = [tuple(sorted((str(key), round(float(share), 6)) for key, share in item.items())) for item in species]
    known = {share: number for number, share in enumerate(dict.fromkeys(shares), 1)}
    kinds = np.array([known[share] for share in shares])
    return Sites(np.array(crystal.lattice.matrix), np.array(crystal.frac_coords), species, kinds)


def spglib_cell(atoms: Atoms) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int_]]:
    """Return lattice, scaled positions and atomic numbers, as spglib takes them."""
    return np.asarray(atoms.cell), atoms.get_scaled_positions(wrap=False), atoms.numbers


def find_dataset(cell: tuple[Any, Any, Any], symprec: float) -> Any:
    """Return the symmetry that spglib finds of ``(lattice, scaled positions, numbers)``; None where it finds none.

    The tolerance of angles is spglib's own, which follows from ``symprec`` (Å).
    """
    import spglib

    try:
        return spglib.get_symmetry_dataset(cell, symprec=symprec)
    except Exception:  # by version, spglib raises errors of its own or returns None
        return None


def strain(lattice: NDArray[np.float64], ideal: NDArray[np.float64]) -> float:
    """Return the largest relative change of a length from one lattice to another, however they are turned."""
    return float(np.abs(np.linalg.svd(np.linalg.solve(lattice, ideal), compute_uv=False) - 1.0).max())


def standard_sites(given: Sites, symprec: float) -> Sites:
    """Return the crystal in the standard setting; spglib leaves the origin where it is."""
    import spglib

    return given.with_content(*spglib.standardize_cell(given.spglib, no_idealize=True, symprec=symprec))


def repeated_sites(given: Sites, matrix: NDArray[np.int_]) -> Sites:
    """Return the crystal in the cell ``matrix @ lattice``."""
    if np.array_equal(matrix, np.eye(3)):
        return given
    from ase import Atoms
    from ase.build import make_supercell

    crystal = Atoms(given.kinds, cell=given.lattice, scaled_positions=given.scaled, pbc=True)
    return given.with_content(*spglib_cell(make_supercell(crystal, matrix)))


def symmetrised_sites(sites: Sites, dataset: Any, to_standard: NDArray[np.float64]) -> Sites:
    """Return lattice and positions on their symmetry, turned as they were."""
    ideal = to_standard.T @ np.asarray(dataset.std_lattice)
    left, _, right = np.linalg.svd(np.linalg.solve(ideal, sites.lattice))
    scaled = sites.scaled - _moves(sites, dataset, to_standard) @ np.linalg.inv(to_standard).T
    return sites._replace(lattice=ideal @ left @ right, scaled=scaled)


def largest_shift(given: Sites, dataset: Any) -> float:
    """Return how far the farthest atom of a crystal is from its place by the symmetry found, Å.

    Every atom counts: where translations are part of that symmetry, the cell of the dataset has only one of several.
    """
    moves = _moves(given, dataset, np.asarray(dataset.transformation_matrix))
    return float(np.linalg.norm((moves - moves.mean(axis=0)) @ np.asarray(dataset.std_lattice), axis=1).max())


def _moves(sites: Sites, dataset: Any, to_standard: NDArray[np.float64]) -> NDArray[np.float64]:
    """From the place that symmetry gives each atom to where it is, along the axes of the standard setting."""
    placed = sites.scaled @ to_standard.T + dataset.origin_shift
    moves: NDArray[np.float64] = np.zeros_like(placed)
    for kind in np.unique(sites.kinds):
        own = sites.kinds == kind
        steps = placed[own][:, None] - np.asarray(dataset.std_positions)[np.asarray(dataset.std_types) == kind]
        steps -= np.round(steps)
        nearest = np.linalg.norm(steps @ np.asarray(dataset.std_lattice), axis=2).argmin(axis=1)
        moves[own] = steps[np.arange(len(nearest)), nearest]
    return moves
