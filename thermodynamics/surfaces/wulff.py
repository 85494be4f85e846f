"""Equilibrium shape of a crystal from the surface energies of its planes (Wulff), through wulffpack."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from ...structures.symmetry import conventional_cell
from ..checks import positive

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

MillerIndex = tuple[int, int, int]

_NO_AREA = 1e-9
"""Share of the surface below which a plane only touches the shape in an edge or corner."""
_MAX_DENOMINATOR = 48


@dataclass(frozen=True, eq=False)
class WulffFacet:
    """One face of the shape.

    Attributes
    ----------
    miller_index
        The plane among those given that it is one of the equivalents of.
    vertices
        Its corners in order around it, shape (n_corners, 3), with the centre of the crystal at the origin; the volume
        of the whole shape is 1.
    """

    miller_index: MillerIndex
    vertices: NDArray[np.float64]


@dataclass(frozen=True)
class WulffShape:
    """Equilibrium shape of a crystal.

    Attributes
    ----------
    surface_energies_J_m2
        Of the planes it was made from; a plane left out of them cannot appear.
    area_fractions
        Share of the surface of each of these planes with all its equivalents; 0 where it does not appear.
    mean_surface_energy_J_m2
        Average over the surface, sum of fraction times energy.
    facets
        Every face with an area, for drawing.
    """

    surface_energies_J_m2: dict[MillerIndex, float] = field(hash=False)
    area_fractions: dict[MillerIndex, float] = field(hash=False)
    mean_surface_energy_J_m2: float
    facets: tuple[WulffFacet, ...] = field(default=(), hash=False, compare=False, repr=False)

    @property
    def missing(self) -> tuple[MillerIndex, ...]:
        """Planes that do not appear: cut off by others of lower energy."""
        return tuple(plane for plane, share in self.area_fractions.items() if share == 0.0)


def wulff_shape(
    crystal: Atoms, surface_energies_J_m2: Mapping[MillerIndex, float], *, symprec: float = 1e-3
) -> WulffShape:
    """Return the shape of lowest surface energy at a given volume.

    Parameters
    ----------
    crystal
        Any cell of the crystal, primitive or not.
    surface_energies_J_m2
        By Miller index in the axes of that cell; one plane of each set of equivalent ones. Opposite faces are taken
        as equal, since slabs do not tell them apart.
    symprec
        Å within which atoms are symmetry equivalent.

    Raises
    ------
    InputError
        No planes, an index that is none, an energy not positive, equivalent planes given twice, planes that do not
        enclose a volume, or a crystal without symmetry analysis.

    References
    ----------
    J. M. Rahm and P. Erhart, J. Open Source Softw. 5, 1944 (2020), doi:10.21105/joss.01944
    """
    from wulffpack import SingleCrystal

    planes = {_miller(index): positive("Wulff shape", f"surface energy of {index!r}", energy)
              for index, energy in surface_energies_J_m2.items()}  # fmt: skip
    if not planes:
        raise InputError("Wulff shape: surface_energies_J_m2 is empty; give at least one plane")
    to_standard, rotations, cell = _symmetry(crystal, symprec)
    standard = {plane: _integers(np.asarray(plane) @ to_standard) for plane in planes}
    _check_planes(standard, rotations, cell)
    particle = SingleCrystal(
        {standard[plane]: energy for plane, energy in planes.items()},
        primitive_structure=crystal,
        symprec=symprec,
        symmetry_operations=rotations,
    )
    found = particle.facet_fractions
    fractions = {plane: float(found.get(standard[plane], 0.0)) for plane in planes}
    fractions = {plane: share if share > _NO_AREA else 0.0 for plane, share in fractions.items()}
    mean = math.fsum(share * planes[plane] for plane, share in fractions.items())
    owners = {index: plane for plane, index in standard.items()}
    facets = _facets(particle, {index: plane for index, plane in owners.items() if fractions[plane] > 0.0})
    return WulffShape(planes, fractions, mean / math.fsum(fractions.values()), facets)


def _facets(particle: Any, owners: Mapping[MillerIndex, MillerIndex]) -> tuple[WulffFacet, ...]:
    """Return the faces of the planes in ``owners``, scaled to a volume of 1."""
    size = float(particle.volume) ** (1.0 / 3.0)
    found = []
    for form in particle.forms:
        h, k, i = (int(part) for part in form.parent_miller_indices)
        plane = owners.get((h, k, i))
        if plane is None:
            continue
        for facet in form.facets:
            if len(facet.vertices) < 3:  # touches the shape in an edge or corner
                continue
            # The first corner comes again at the end.
            corners = np.array(facet.ordered_vertices)[:-1] / size
            found.append(WulffFacet(plane, corners))
    return tuple(found)


def _miller(index: MillerIndex) -> MillerIndex:
    whole = [not isinstance(part, bool) and int(part) == part for part in index]
    if len(index) != 3 or not all(whole) or not any(index):
        raise InputError(f"Wulff shape: {index!r} is no Miller index; give three integers, not all 0")
    return int(index[0]), int(index[1]), int(index[2])


def _symmetry(
    crystal: Atoms, symprec: float
) -> tuple[NDArray[np.float64], list[NDArray[np.int_]], NDArray[np.float64]]:
    """Return what takes Miller indices (rows) to the standardized cell, its Laue group, and its cell (rows)."""
    try:
        standard = conventional_cell(crystal, symprec=symprec, axes="standard", idealise=True)
    except InputError:
        formula = crystal.get_chemical_formula()
        raise InputError(f"Wulff shape: no symmetry found in {formula} with symprec {symprec:g}") from None
    # Indices transform as the vectors of the cell do.
    return standard.transformation.T, list(standard.rotations), standard.lattice


def _integers(index: NDArray[np.float64]) -> MillerIndex:
    """The plane's smallest whole indices."""
    for factor in range(1, _MAX_DENOMINATOR + 1):
        scaled = index * factor
        if np.allclose(scaled, np.round(scaled), atol=1e-4):
            h, k, i = (round(float(value)) for value in scaled)
            divisor = math.gcd(h, k, i)
            return h // divisor, k // divisor, i // divisor
    raise InputError(f"Wulff shape: the crystal's cell and its standard one do not fit; the plane becomes {index!r}")


def _check_planes(
    standard: Mapping[MillerIndex, MillerIndex], rotations: list[NDArray[np.int_]], cell: NDArray[np.float64]
) -> None:
    owner: dict[MillerIndex, MillerIndex] = {}
    for plane, index in standard.items():
        orbit = {tuple(int(part) for part in np.asarray(index) @ rotation) for rotation in rotations}
        for member in orbit:
            if member in owner:
                raise InputError(f"Wulff shape: planes {owner[member]} and {plane} are equivalent; give one of them")
        owner.update({(member[0], member[1], member[2]): plane for member in orbit})
    normals = np.array(list(owner)) @ np.linalg.inv(cell).T
    if np.linalg.matrix_rank(normals / np.linalg.norm(normals, axis=1)[:, None], tol=1e-6) < 3:
        raise InputError(
            f"Wulff shape: planes like {', '.join(map(str, standard))} alone do not enclose a volume; "
            "give a plane in another direction too"
        )
