"""The sites of a cell from those of its asymmetric unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .checks import StructureFileError, check_size

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.core import Structure

SAME_PLACE = 0.1
"""Å within which images of a site are one: coordinates such as 0.333 lie a little off their special position."""


@dataclass(frozen=True, eq=False)
class AsymmetricSite:
    """A site as a file lists it: label, element, fractional coordinates of shape (3,), occupancy.

    ``charge`` (e) and ``multiplicity`` are what the file says of them, None where it says nothing.
    """

    label: str
    symbol: str
    place: NDArray[np.float64]
    occupancy: float
    charge: float | None = None
    multiplicity: int | None = None


@dataclass(frozen=True, eq=False)
class Operations:
    """Symmetry operations x -> R x + t in fractional coordinates: R of shape (n, 3, 3), t of shape (n, 3)."""

    rotations: NDArray[np.float64]
    translations: NDArray[np.float64]


def expand_sites(
    sites: Sequence[AsymmetricSite], operations: Operations, cell: NDArray[np.float64], origin: str
) -> Structure:
    """Return the whole cell: the images of all sites, with those that share a place as one site of several species.

    Parameters
    ----------
    sites
        Of the asymmetric unit.
    operations
        Of the space group, centring included.
    cell
        Vectors, Å, shape (3, 3).
    origin
        What messages start with: the file.

    Raises
    ------
    StructureFileError
        Too many atoms, or places filled more than once.
    """
    from pymatgen.core import Structure

    places: list[NDArray[np.float64]] = []
    species: list[dict[str, float]] = []
    labels: list[str] = []
    for site in sites:
        images = orbit(site.place, operations, cell)
        check_size(len(places) + len(images), origin)
        known = np.array(places).reshape(-1, 3)
        for place in images:
            same = np.flatnonzero(_distances(known, place, cell) < SAME_PLACE)
            if not len(same):
                places.append(place)
                species.append({site.symbol: site.occupancy})
                labels.append(site.label)
            else:
                _share(species[int(same[0])], site, labels[int(same[0])], origin)
    return Structure(cell, species, np.mod(places, 1.0), labels=labels)


def _share(there: dict[str, float], site: AsymmetricSite, label: str, origin: str) -> None:
    """Put a site where another one is already: the same atom listed twice, or two that share it."""
    if there == {site.symbol: 1.0} and site.occupancy == 1.0:
        return  # the file lists the whole cell besides its symmetry
    there[site.symbol] = there.get(site.symbol, 0.0) + site.occupancy
    total = sum(there.values())
    if total > 1.0 + 0.02:
        raise StructureFileError(f"{origin}: {label} and {site.label} fill one place {total:g} times")
    if total > 1.0:  # rounded shares, such as 0.667 and 0.334
        for symbol in there:
            there[symbol] /= total


def mean_charges(
    sites: Sequence[AsymmetricSite], operations: Operations, cell: NDArray[np.float64]
) -> dict[str, float]:
    """Return the mean charge of each element, e; empty where the file does not give all of them."""
    if any(site.charge is None for site in sites):
        return {}
    amounts: dict[str, float] = {}
    charges: dict[str, float] = {}
    for site in sites:
        amount = site.occupancy * len(orbit(site.place, operations, cell))
        amounts[site.symbol] = amounts.get(site.symbol, 0.0) + amount
        charges[site.symbol] = charges.get(site.symbol, 0.0) + amount * float(site.charge or 0.0)
    return {symbol: charges[symbol] / amount for symbol, amount in amounts.items()}


def orbit(place: NDArray[np.float64], operations: Operations, cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distinct images of a place, shape (m, 3): each the mean of those that are one, all equally often so.

    Parameters
    ----------
    place
        Fractional, shape (3,).
    operations
        Of the space group.
    cell
        Vectors, Å, shape (3, 3).
    """
    images = operations.rotations @ place + operations.translations
    tolerance = SAME_PLACE
    while True:
        groups = _groups(images, cell, tolerance)
        if len({len(group) for group in groups}) == 1 or tolerance < 1e-4:
            break
        tolerance /= 3.0  # images that lie close but are not one
    centres = []
    for group in groups:
        offsets = images[group] - images[group[0]]
        centres.append(images[group[0]] + (offsets - np.rint(offsets)).mean(axis=0))
    return np.array(centres)


def _groups(images: NDArray[np.float64], cell: NDArray[np.float64], tolerance: float) -> list[NDArray[np.intp]]:
    left = np.ones(len(images), dtype=bool)
    groups = []
    for number in range(len(images)):
        if left[number]:
            near = left & (_distances(images, images[number], cell) < tolerance)
            left &= ~near
            groups.append(np.flatnonzero(near))
    return groups


def _distances(
    places: NDArray[np.float64], place: NDArray[np.float64], cell: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distances to the nearest image, Å, shape (m,), exact for those far below the edges of the cell."""
    offsets = places - place
    found: NDArray[np.float64] = np.linalg.norm((offsets - np.rint(offsets)) @ cell, axis=1)
    return found
