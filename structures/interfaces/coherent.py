"""Coherent interfaces of two crystals: matched cells, all pairs of terminations, the film strained to the substrate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError, unknown_name
from ..slabs.planar_frame import join_across_boundary, planar_area
from ..slabs.slab import canonical_label, enumerate_slabs
from ..tags import LIQUID, SOLID
from .cell_matching import CellMatch, match_cells
from .orientations import is_own_mirror_image, orientations, strain_states

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ase import Atoms

    from ..slabs.slab import Slab

NEUTRAL = "neutral"
"""Instead of a label: every termination without formal charge."""


class NoMatchError(InputError):
    """No common cell of two crystals within the area and strain allowed."""


@dataclass(frozen=True, eq=False)
class CoherentInterface:
    """One interface cell: an unstrained substrate (tag ``SOLID``) under a strained film (tag ``LIQUID``).

    Parameters
    ----------
    atoms
        Substrate first, then film; vacuum on top.
    film_termination, substrate_termination
        Labels of the two layers that face each other.
    strain
        Green-Lagrange strain of the film in the plane, shape (2, 2), in the Cartesian axes of its own slab.
    von_mises_strain
        Its von Mises equivalent, with no strain along the normal.
    max_strain
        Largest relative change of a length in the plane.
    area
        Å^2.
    substrate_cell
        In-plane vectors of the substrate's smallest cell, shape (2, 2): shifting the film by one of them changes
        nothing.
    substrate_step
        Lattice vector of the substrate out of its surface, Å, shape (3,).
    orientation
        Which of the ways to lay the film on the substrate in this cell; from 0.
    strain_state
        The first orientation in which the film's own lattice is strained alike.
    """

    atoms: Atoms
    film_termination: str
    substrate_termination: str
    strain: np.ndarray
    von_mises_strain: float
    max_strain: float
    area: float
    substrate_cell: np.ndarray
    substrate_step: np.ndarray
    orientation: int = 0
    strain_state: int = 0


def coherent_interfaces(
    film: Atoms,
    substrate: Atoms,
    film_miller: Sequence[int],
    substrate_miller: Sequence[int],
    *,
    max_area: float = 200.0,
    max_strain: float = 0.05,
    min_film_size: float = 10.0,
    min_substrate_size: float = 12.0,
    gap: float = 2.5,
    min_vacuum_size: float = 15.0,
    film_termination: str | None = None,
    substrate_termination: str | None = None,
) -> list[CoherentInterface]:
    """Build the smallest coherent interface of each pair of terminations, in every orientation of the film.

    The film is turned over by half a turn about an axis in the plane, so that the face ``film_miller``, whose layer is
    ``film_termination``, looks down on the substrate. It is then laid in each way that fits the common cell with the
    same strain (:func:`~amalgamics.structures.interfaces.orientations.orientations`): turned about the normal, and
    reflected where the film's crystal is its own mirror image. One of them is the continuation of the substrate where
    film and substrate are the same crystal and the faces those of one cut.

    Cells are matched as by Zur and McGill (doi 10.1063/1.333084). Matching, slabs and stacking are this package's own:
    pymatgen's builder merges terminations, names the upper side of a film whose lower side meets the substrate, and
    takes half a minute to be ready in each process.

    Parameters
    ----------
    film, substrate
        Crystals.
    film_miller, substrate_miller
        Planes that meet, each with its normal pointing at the other crystal.
    max_area
        Largest area of the common cell, Å^2.
    max_strain
        Largest relative change of a length of the film.
    min_film_size, min_substrate_size
        Least thicknesses, Å.
    gap
        Distance along z between the outermost atoms of the two, Å.
    min_vacuum_size
        Å.
    film_termination, substrate_termination
        Keep only these labels; None keeps all, and ``NEUTRAL`` those without formal charge where there are any.

    Returns
    -------
    list of CoherentInterface
        Sorted by area, then strain; orientations of one pair follow each other.

    Raises
    ------
    NoMatchError
        When no pair has a common cell within ``max_area`` and ``max_strain``; names the least strain there is.
    InputError
        For a Miller index or termination that does not exist.
    """
    film_slabs = _pick(
        enumerate_slabs(film, tuple(film_miller), min_slab_size=min_film_size), film_termination, "film_termination"
    )
    substrate_slabs = _pick(
        enumerate_slabs(substrate, tuple(substrate_miller), min_slab_size=min_substrate_size),
        substrate_termination,
        "substrate_termination",
    )
    mirror = is_own_mirror_image(film)
    found: list[CoherentInterface] = []
    for lower in substrate_slabs:
        for upper in film_slabs:
            # Terminations may have different cells, so each pair is matched on its own.
            turned = flip(upper.atoms)
            matches = match_cells(turned, lower.atoms, max_area=max_area, max_strain=max_strain)
            if matches:
                ways = orientations(turned, lower.atoms, matches[0], mirror=mirror)
                for way, (match, state) in enumerate(zip(ways, strain_states(ways, turned), strict=True)):
                    atoms = stack(turned, lower.atoms, match, gap=gap, min_vacuum_size=min_vacuum_size)
                    found.append(_describe(atoms, upper, lower, match, way, state))
    if not found:
        loosest = match_cells(film_slabs[0].atoms, substrate_slabs[0].atoms, max_area=max_area, max_strain=0.25)
        least = (
            f"the least strain is {min(match.max_strain for match in loosest):.3f}" if loosest else "none comes close"
        )
        raise NoMatchError(
            f"{film.symbols} {tuple(film_miller)} on {substrate.symbols} {tuple(substrate_miller)}: no common cell "
            f"within max_area {max_area:g} Å^2 and max_strain {max_strain:g}; {least}"
        )
    return sorted(found, key=lambda interface: (round(interface.area, 3), round(interface.von_mises_strain, 3)))


def _pick(slabs: Sequence[Slab], wanted: str | None, name: str) -> list[Slab]:
    """Return the slabs that are asked for."""
    labels = [slab.termination for slab in slabs]
    if wanted == NEUTRAL:
        chosen = [slab for slab in slabs if not slab.polar] or list(slabs)
    elif wanted is None:
        chosen = list(slabs)
    else:
        label = canonical_label(wanted, labels)
        chosen = [slab for slab in slabs if slab.termination == label]
        if not chosen:
            raise InputError(f"{name}: {unknown_name('termination', wanted, labels)}")
    return chosen


def _describe(
    atoms: Atoms, upper: Slab, lower: Slab, match: CellMatch, orientation: int, strain_state: int
) -> CoherentInterface:
    return CoherentInterface(
        atoms,
        upper.termination,
        lower.termination,
        match.strain,
        match.von_mises_strain,
        match.max_strain,
        planar_area(np.asarray(atoms.cell)),
        np.array(lower.atoms.cell)[:2, :2],
        lower.step,
        orientation,
        strain_state,
    )


def flip(slab: Atoms) -> Atoms:
    """Turn a slab upside down by half a turn about x; its cell stays upright and right-handed."""
    turned = join_across_boundary(slab)
    cell = np.array(turned.cell)
    cell[:2, 1] *= -1
    cell[1] *= -1
    positions = turned.positions * [1.0, -1.0, -1.0]
    positions[:, 2] -= positions[:, 2].min()
    turned.set_constraint()
    turned.set_cell(cell, scale_atoms=False)
    turned.set_positions(positions)
    return turned


def stack(film: Atoms, substrate: Atoms, match: CellMatch, *, gap: float = 2.5, min_vacuum_size: float = 15.0) -> Atoms:
    """Put a film, strained in the plane, on a substrate, both repeated as ``match`` says.

    Returns
    -------
    Atoms
        Substrate (tag ``SOLID``) from z = 0 up, then the film (tag ``LIQUID``) and the vacuum.
    """
    lower, upper = _repeated(substrate, match.substrate), _repeated(film, match.film)
    cell = np.array(lower.cell)
    upper.set_cell([*cell[:2], upper.cell[2]], scale_atoms=True)
    lower.set_tags(SOLID)
    upper.set_tags(LIQUID)
    lower.positions[:, 2] -= lower.positions[:, 2].min()
    upper.positions[:, 2] += lower.positions[:, 2].max() + gap - upper.positions[:, 2].min()
    interface: Atoms = lower + upper
    cell[2] = [0.0, 0.0, upper.positions[:, 2].max() + min_vacuum_size]
    interface.set_cell(cell, scale_atoms=False)
    interface.wrap(pbc=[True, True, False])
    interface.pbc = True
    return interface


def _repeated(slab: Atoms, combination: np.ndarray) -> Atoms:
    from ase.build import make_supercell

    matrix = np.eye(3, dtype=int)
    matrix[:2, :2] = combination
    whole = join_across_boundary(slab)
    whole.set_constraint()
    whole.wrap(pbc=[True, True, False])
    made: Atoms = make_supercell(whole, matrix, wrap=False)
    return made
