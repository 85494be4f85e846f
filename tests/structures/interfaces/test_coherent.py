from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bcc100, fcc100, fcc111, surface
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.structures.interfaces.coherent import (
    CellMatch,
    NoMatchError,
    coherent_interfaces,
    flip,
    match_cells,
    stack,
)
from amalgamics.structures.library.phases import get_phase
from amalgamics.structures.slabs.planar_frame import check_upright, planar_area
from amalgamics.structures.tags import LIQUID, SOLID


def slab(build: object, symbol: str, size: tuple[int, int, int], **options: float) -> Atoms:
    atoms = build(symbol, size, vacuum=8.0, **options)  # type: ignore[operator]
    atoms.pbc = True
    return atoms


def distances(atoms: Atoms) -> np.ndarray:
    return np.sort(atoms.get_all_distances(mic=True), axis=None)


@pytest.mark.parametrize("build", [fcc100, fcc111])
def test_a_crystal_matches_itself_without_strain(build: object) -> None:
    atoms = slab(build, "Au", (1, 1, 3))
    best = match_cells(atoms, atoms, max_area=20.0)[0]
    assert best.area == pytest.approx(planar_area(atoms.cell))
    assert best.max_strain == pytest.approx(0, abs=1e-9)
    assert best.von_mises_strain == pytest.approx(0, abs=1e-9)


def test_a_crystal_on_itself_is_a_thicker_crystal() -> None:
    lower = slab(fcc100, "Au", (1, 1, 4))
    # Four layers ABAB on ABAB at the distance of a layer continue the stacking.
    spacing = lower.cell[0, 0] / np.sqrt(2)
    joined = stack(lower, lower, match_cells(lower, lower, max_area=20.0)[0], gap=spacing)
    whole = slab(fcc100, "Au", (1, 1, 8))
    whole.set_cell(joined.cell)
    np.testing.assert_allclose(distances(joined), distances(whole), atol=1e-8)


@settings(max_examples=20, deadline=None)
@given(st.floats(-0.04, 0.04))
def test_an_isotropic_strain_is_recovered(strain: float) -> None:
    lower = slab(fcc100, "Au", (1, 1, 3), a=4.0)
    upper = slab(fcc100, "Au", (1, 1, 3), a=4.0 / (1 + strain))
    best = match_cells(upper, lower, max_area=9.0)[0]
    np.testing.assert_allclose(best.deformation, (1 + strain) * np.eye(2), atol=1e-9)
    assert best.max_strain == pytest.approx(abs(strain), abs=1e-9)
    np.testing.assert_allclose(best.strain, (strain + strain**2 / 2) * np.eye(2), atol=1e-9)


def test_the_strain_is_that_of_pymatgen() -> None:
    from pymatgen.analysis.elasticity.strain import Deformation

    matrix = np.array([[1.03, 0.01], [0.0, 0.98]])
    full = np.eye(3)
    full[:2, :2] = matrix
    match = CellMatch(np.eye(2), np.eye(2), matrix, 10.0)
    assert match.von_mises_strain == pytest.approx(float(Deformation(full).green_lagrange_strain.von_mises_strain))


def test_a_flipped_slab_is_the_same_crystal_upside_down() -> None:
    atoms = surface(get_phase("LiHg3").atoms(), (1, 0, 1), 2, vacuum=8.0)
    atoms.pbc = True
    turned = flip(atoms)
    check_upright(turned)
    assert np.linalg.det(turned.cell) > 0
    np.testing.assert_allclose(distances(turned), distances(atoms), atol=1e-8)
    top, bottom = atoms.positions[:, 2].argmax(), turned.positions[:, 2].argmin()
    assert atoms.positions[top, 2] - np.sort(atoms.positions[:, 2]) == pytest.approx(
        np.sort(turned.positions[:, 2])[::-1] - turned.positions[bottom, 2]
    )


def test_a_match_is_a_common_cell() -> None:
    lower = slab(bcc100, "Na", (1, 1, 3), a=3.87)
    upper = surface(get_phase("LiHg3").atoms(), (1, 0, 0), 2, vacuum=8.0)
    upper.pbc = True
    matches = match_cells(flip(upper), lower, max_area=120.0, max_strain=0.06)
    assert matches
    assert [match.area for match in matches] == sorted(match.area for match in matches)
    for match in matches[:3]:
        atoms = stack(flip(upper), lower, match, gap=2.7)
        assert planar_area(atoms.cell) == pytest.approx(match.area)
        assert match.max_strain <= 0.06
        film, solid = atoms[atoms.get_tags() == LIQUID], atoms[atoms.get_tags() == SOLID]
        assert len(film) == len(upper) * abs(round(np.linalg.det(match.film)))
        assert len(solid) == len(lower) * abs(round(np.linalg.det(match.substrate)))
        assert film.positions[:, 2].min() - solid.positions[:, 2].max() == pytest.approx(2.7)
        check_upright(atoms)
        # No mirror, and the film's own volume changes as its strain says.
        assert np.linalg.det(match.deformation) > 0
        change = match.area / (planar_area(upper.cell) * abs(np.linalg.det(match.film)))
        assert np.linalg.det(match.deformation) == pytest.approx(change)


@pytest.mark.parametrize(("film", "miller"), [("Li_bcc", (0, 0, 1)), ("LiHg3", (1, 0, 0))])
def test_films_on_llto(film: str, miller: tuple[int, int, int]) -> None:
    substrate = get_phase("LLTO_P4mmm_ordered").atoms()
    found = coherent_interfaces(get_phase(film).atoms(), substrate, miller, (0, 0, 1), max_area=130.0)
    terminations = {interface.substrate_termination for interface in found}
    assert any(label.startswith("TiO2") for label in terminations)
    assert len(terminations) >= 2
    for interface in found:
        assert interface.area <= 130.0
        assert interface.max_strain <= 0.05
        assert planar_area(interface.atoms.cell) == pytest.approx(interface.area)
        gaps = interface.atoms.positions[:, 2]
        tags = interface.atoms.get_tags()
        assert gaps[tags == LIQUID].min() - gaps[tags == SOLID].max() == pytest.approx(2.5)
    only = coherent_interfaces(
        get_phase(film).atoms(), substrate, miller, (0, 0, 1), max_area=130.0, substrate_termination="TiO2"
    )
    assert {interface.substrate_termination for interface in only} == {"TiO2"}


def test_what_does_not_match_is_named() -> None:
    film, substrate = get_phase("LiHg3").atoms(), get_phase("LLTO_P4mmm_ordered").atoms()
    with pytest.raises(NoMatchError, match=r"max_area 30 Å\^2 and max_strain 0\.01"):
        coherent_interfaces(film, substrate, (0, 0, 1), (0, 0, 1), max_area=30.0, max_strain=0.01)
    with pytest.raises(InputError, match="substrate_termination"):
        coherent_interfaces(film, substrate, (0, 0, 1), (0, 0, 1), substrate_termination="TiO3")
