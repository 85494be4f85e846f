from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import fcc100

from amalgamics.structures.interfaces.checks import (
    FilmError,
    check_film,
    check_substrate_thickness,
    film_coverage,
    substrate_thickness,
)
from amalgamics.structures.interfaces.films import add_film, free_film
from amalgamics.structures.interfaces.solutes import insert_solute
from amalgamics.structures.tags import LIQUID, SOLID


def interface(**options: object) -> Atoms:
    slab = fcc100("Au", (3, 3, 5), vacuum=8.0)
    return add_film(slab, "Hg", **({"min_film_size": 9.0, "seed": 2} | options))


def bare(layers: int) -> Atoms:
    slab = fcc100("Au", (2, 2, layers), a=4.08, vacuum=8)
    slab.set_tags(SOLID)  # ASE's builders number the layers
    return slab


def ends(atoms: Atoms) -> tuple[int, int, int, int]:
    """Lowest and highest atom of the solid, then of the film."""
    z = atoms.positions[:, 2]
    solid, film = np.flatnonzero(atoms.get_tags() == SOLID), np.flatnonzero(atoms.get_tags() == LIQUID)
    return solid[z[solid].argmin()], solid[z[solid].argmax()], film[z[film].argmin()], film[z[film].argmax()]


@pytest.mark.parametrize("seed", range(5))
def test_fresh_films_pass(seed: int) -> None:
    atoms = interface(seed=seed)
    check_film(atoms)
    check_film(atoms, initial=atoms)
    check_film(free_film("Hg", atoms.cell, n_atoms=30, seed=seed))


def test_overlap_is_named() -> None:
    atoms = interface()
    *_, low, high = ends(atoms)
    atoms.positions[high] = atoms.positions[low] + [0, 0, 1.5]
    with pytest.raises(FilmError, match=r"overlaps: Hg \(atom \d+\) and Hg \(atom \d+\) are 1\.50 Å apart.*1\.85 Å"):
        check_film(atoms)


def test_overlap_across_the_boundary_is_found() -> None:
    atoms = interface()
    *_, low, high = ends(atoms)
    atoms.positions[high] = atoms.positions[low] + atoms.cell[0] + [0, 0, 1.4]
    with pytest.raises(FilmError, match="overlaps"):
        check_film(atoms)


def test_overlap_within_the_solid_is_not_the_films() -> None:
    atoms = interface()
    atoms.positions[0] = atoms.positions[1] + [0.5, 0, 0]
    check_film(atoms)


def test_an_evaporated_atom_is_named() -> None:
    atoms = interface()
    *_, high = ends(atoms)
    atoms.positions[high, 2] += 7.0
    with pytest.raises(FilmError, match=rf"evaporated: 1 of its \d+ atoms left it: Hg \(atom {high}\)"):
        check_film(atoms)


def test_an_atom_that_evaporated_to_the_underside_is_found() -> None:
    atoms = interface()
    bottom, *_, high = ends(atoms)
    atoms.positions[high] = atoms.positions[bottom] - [0, 0, 2.5] + atoms.cell[2]
    with pytest.raises(FilmError, match="evaporated"):
        check_film(atoms)
    atoms.positions[high] -= atoms.cell[2]
    with pytest.raises(FilmError, match="reacted through"):
        check_film(atoms)


def test_a_film_off_its_solid_is_named() -> None:
    atoms = interface()
    film = atoms.get_tags() == LIQUID
    atoms.positions[film, 2] += 5.0
    with pytest.raises(FilmError, match=r"left its solid: its lowest atom is 7\.5 Å"):
        check_film(atoms)


@pytest.mark.parametrize("solid", ["Au", "La", "Pm"])
def test_a_film_off_its_solid_is_found_on_large_atoms_too(solid: str) -> None:
    slab = fcc100(solid, (4, 4, 3), a=4.6, vacuum=8.0)
    atoms = add_film(slab, "Hg", n_atoms=60, gap=2.8, seed=0)
    check_film(atoms)
    atoms.positions[atoms.get_tags() == LIQUID, 2] += 3.0  # twice the covalent radii of mercury and lanthanum: 6.8 Å
    with pytest.raises(FilmError, match=r"left its solid: its lowest atom is 5\.8 Å.* van der Waals"):
        check_film(atoms)


def test_a_film_that_does_not_cover_is_named() -> None:
    slab = fcc100("Au", (5, 5, 5), vacuum=8.0)
    atoms = add_film(slab, "Hg", n_atoms=100, seed=0)
    assert film_coverage(atoms) > 0.95
    # Dewetted: what is left stands on one corner of the cell.
    film = atoms.get_tags() == LIQUID
    corner = (atoms.get_scaled_positions()[:, :2] < 0.45).all(axis=1)
    with pytest.raises(FilmError, match="does not cover"):
        check_film(atoms[~film | corner])
    check_film(atoms[~film | corner], min_coverage=0.1)


def test_a_film_that_reacted_through_is_named() -> None:
    atoms = interface()
    *_, high = ends(atoms)
    solid = atoms.positions[atoms.get_tags() == SOLID]
    middle = 0.5 * (solid[:, 2].min() + solid[:, 2].max())
    solute = insert_solute(atoms, "Li", atoms.positions[high] + [0, 0, 3])
    solute.positions[[0, -1]] = solute.positions[[-1, 0]]
    with pytest.raises(FilmError, match=rf"reacted through: solute Li \(atom {len(atoms)}\)"):
        check_film(solute)
    vacancy = atoms.copy()
    lower = int(np.flatnonzero(solid[:, 2] < middle - 1.0)[-1])
    vacancy.positions[[lower, high]] = vacancy.positions[[high, lower]]
    with pytest.raises(FilmError, match=rf"reacted through: liquid Hg \(atom {high}\) is \d\.\d Å below the mid-plane"):
        check_film(vacancy)


def test_solid_pulled_into_the_film_is_named() -> None:
    atoms = interface()
    _, top, low, high = ends(atoms)
    pulled = atoms.copy()
    pulled.positions[top] = pulled.positions[high] + [0, 0, 2.5]
    with pytest.raises(FilmError, match=rf"1 atoms of the solid are in the film, Au \(atom {top}\)"):
        check_film(pulled)
    slightly = atoms.copy()
    slightly.positions[[top, low]] = slightly.positions[[low, top]] + [0, 0, 0.1]
    check_film(slightly)
    with pytest.raises(FilmError, match="above the solid's top before"):
        check_film(slightly, initial=atoms)


def test_broken_input_is_named() -> None:
    atoms = interface()
    with pytest.raises(FilmError, match="no atom is tagged as liquid"):
        check_film(atoms[atoms.get_tags() == SOLID])
    with pytest.raises(FilmError, match="other atoms"):
        check_film(atoms, initial=atoms[:-1])
    atoms.positions[0, 0] = np.nan
    with pytest.raises(FilmError, match="not finite"):
        check_film(atoms)


def test_thickness_counts_layers() -> None:
    spacing = 4.08 / 2
    for layers in (2, 5, 8):
        assert substrate_thickness(bare(layers)) == pytest.approx(layers * spacing)
    assert substrate_thickness(interface()) == pytest.approx(5 * spacing)


def test_a_solid_thinner_than_two_cutoffs_is_refused() -> None:
    slab = bare(6)
    check_substrate_thickness(slab, 6.0)
    with pytest.raises(FilmError, match=r"substrate is 12\.2 Å thick, thinner than two cutoffs.*2 x 6\.5 Å"):
        check_substrate_thickness(slab, 6.5)
