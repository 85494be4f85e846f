"""What a structure must be before anything is computed of it: a crystal, of a size that can be one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray
    from pymatgen.core import Element, Species, Structure

MAX_ATOMS = 5000
LENGTHS = (1.0, 500.0)
"""Å, of the edges of a cell."""
ROOM = (2.0, 1000.0)
"""Å³ per atom: hydrogen in metals has 2, caesium 115."""
METALS = (0.5, 3.0)
"""Volume of a crystal of metals over that of its atoms closely packed; the library has 0.84 (KHg) to 2.25 (tin)."""
_FARTHEST = 100.0  # cells from the origin
_FLATTEST = 0.05  # of a b c that the volume of a cell is at least; a rhombohedral angle of 15° gives as little
_WITHOUT_METALLIC_RADIUS = frozenset(["Sn", "Pb", "Bi"])  # pymatgen warns of it each time
_BONDED = 0.6  # of the sum of covalent radii
_METALLIC = 0.6  # of the sum of metallic radii, between metals among metals only
_BOTH = 1.01  # sum of the occupancies of two sites, above which both are there somewhere
WIDEST_GAP = 8.0
"""Å without atoms along an axis, which no crystal of metals has."""


class StructureFileError(InputError):
    """A file that holds no structure that can be computed, or not the one that it says."""


def check_cell(matrix: NDArray[np.float64], origin: str) -> None:
    """Refuse a cell that is none: not finite, flat, or with edges that cannot be in Å.

    Parameters
    ----------
    matrix
        Cell vectors, Å, shape (3, 3).
    origin
        What messages start with: the file.

    Raises
    ------
    StructureFileError
        Naming edges, angles or the volume.
    """
    if not np.isfinite(matrix).all():
        raise StructureFileError(f"{origin}: a cell vector is not a finite number")
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(matrix, axis=1)
        volume = abs(float(np.linalg.det(matrix)))
    shown = ", ".join(f"{length:.4g}" for length in lengths)
    if not (lengths.min() >= LENGTHS[0] and lengths.max() <= LENGTHS[1]):
        raise StructureFileError(
            f"{origin}: the edges of the cell are {shown} Å; {LENGTHS[0]:g} to {LENGTHS[1]:g} Å are allowed"
        )
    if not volume >= _FLATTEST * float(np.prod(lengths)):
        raise StructureFileError(
            f"{origin}: the cell is flat: edges of {shown} Å enclose {volume:.3g} Å³; look at its angles"
        )


def check_size(n_atoms: float, origin: str) -> None:
    """Refuse a structure without atoms, or with more than :data:`MAX_ATOMS`.

    Raises
    ------
    StructureFileError
        Naming their number.
    """
    if n_atoms < 1:
        raise StructureFileError(f"{origin}: there are no atoms")
    if n_atoms > MAX_ATOMS:
        raise StructureFileError(f"{origin}: {n_atoms:.10g} atoms are too many; at most {MAX_ATOMS} are read")


def check_crystal(structure: Structure, origin: str) -> None:
    """Refuse what cannot be a crystal with lengths in Å.

    Sites that share a place, or of which at most one is filled at a time, do not count as too close.

    Parameters
    ----------
    structure
        Ordered or not.
    origin
        What messages start with: the file.

    Raises
    ------
    StructureFileError
        A flat cell, no or too many atoms, coordinates that are not finite, atoms too close, or too much or too little
        room.
    """
    check_cell(np.asarray(structure.lattice.matrix), origin)
    check_size(len(structure), origin)
    if not np.isfinite(structure.frac_coords).all():
        number = int(np.argmin(np.isfinite(structure.frac_coords).all(axis=1)))
        raise StructureFileError(
            f"{origin}: {structure[number].species_string} (atom {number}) has a coordinate that is not a number"
        )
    far = np.abs(structure.frac_coords).max(axis=1)
    if far.max() > _FARTHEST:
        number = int(np.argmax(far))
        raise StructureFileError(
            f"{origin}: {structure[number].species_string} (atom {number}) lies {far[number]:.3g} cells away; give"
            " coordinates as fractions of the cell, or in Å"
        )
    _check_distances(structure, origin)
    room = float(structure.volume / structure.composition.num_atoms)
    if not ROOM[0] <= room <= ROOM[1]:
        raise StructureFileError(
            f"{origin}: the cell has {room:.4g} Å³ per atom; in a crystal these are {ROOM[0]:g} to {ROOM[1]:g}, so look"
            " at the unit of its lengths"
        )
    _check_density_of_metals(structure, origin)


def _check_density_of_metals(structure: Structure, origin: str) -> None:
    """Refuse metals among themselves far denser or far looser than their atoms closely packed."""
    elements = {species: _element(species) for species in structure.composition}
    if not all(element.is_metal for element in elements.values()):
        return
    packed = sum(
        4.0 * 2.0**0.5 * _metallic_radius(elements[species]) ** 3 * number
        for species, number in structure.composition.items()
    )
    ratio = float(structure.volume / packed)
    if not METALS[0] <= ratio <= METALS[1]:
        raise StructureFileError(
            f"{origin}: the cell has {ratio:.2g} times the volume of its atoms closely packed; metals have"
            f" {METALS[0]:g} to {METALS[1]:g}, so look at the unit of its lengths"
        )


def widest_gap(atoms: Atoms) -> float:
    """Return the widest layer without atoms across any of the three pairs of faces of the cell, Å."""
    heights = 1.0 / np.linalg.norm(np.linalg.inv(atoms.cell.array), axis=0)
    places = np.sort(atoms.get_scaled_positions(wrap=True), axis=0)
    gaps = np.diff(places, axis=0, append=places[:1] + 1.0)
    return float((gaps.max(axis=0) * heights).max())


def _check_distances(structure: Structure, origin: str) -> None:
    """Refuse atoms on top of each other; metals are judged by their metallic radii, where nothing else is there."""
    elements = {species: _element(species) for species in structure.composition}
    metals = all(element.is_metal for element in elements.values())
    largest = np.array([max(_radius(elements[one], metals=metals) for one in site.species) for site in structure])
    i, j, _, distances = structure.get_neighbor_list(float(2.0 * largest.max()))
    close = distances < largest[i] + largest[j]
    occupied = np.array([float(site.species.num_atoms) for site in structure])
    close &= occupied[i] + occupied[j] > _BOTH
    if not close.any():
        return
    worst = int(np.argmin(np.where(close, distances, np.inf)))
    first, second = sorted((int(i[worst]), int(j[worst])))
    raise StructureFileError(
        f"{origin}: {structure[first].species_string} (atom {first}) and {structure[second].species_string} (atom"
        f" {second}) are {distances[worst]:.2f} Å apart, closer than such atoms come"
    )


def _element(species: Element | Species) -> Element:
    from pymatgen.core import Element

    return Element(species.symbol)


def _radius(element: Element, *, metals: bool) -> float:
    """Return half of what two such atoms are apart at least, Å."""
    from ase.data import covalent_radii

    return _METALLIC * _metallic_radius(element) if metals else _BONDED * float(covalent_radii[element.Z])


def _metallic_radius(element: Element) -> float:
    """Å; for tin, lead and bismuth, which have none, the covalent one."""
    from ase.data import covalent_radii

    if element.symbol in _WITHOUT_METALLIC_RADIUS:
        return float(covalent_radii[element.Z])
    return float(element.metallic_radius or covalent_radii[element.Z])
