"""The conventional cell of a crystal, and which planes are alike by symmetry."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from amalgamics.errors import InputError
from amalgamics.structures.library.phases import Phase, get_phase, list_phases
from amalgamics.structures.symmetry import (
    conventional_cell,
    equivalent_planes,
    equivalents,
    laue_group,
    primitive_cell,
    reduced_index,
)
from amalgamics.structures.symmetry_tolerances import relaxed_symprec

MERCURY = bulk("Hg", "rhombohedral", a=3.0, alpha=70.5)
SKEWED_CUBE = Atoms(
    "CuAu", cell=[2.96, 2.96, 2.96, 88, 88, 88], scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)], pbc=True
)
B19 = Atoms(
    "Au2Cu2",
    cell=[4.60, 2.75, 4.45],
    scaled_positions=[(0.25, 0, 0.8125), (0.75, 0, 0.1875), (0.25, 0.5, 0.3125), (0.75, 0.5, 0.6875)],
    pbc=True,
)
INDICES = st.tuples(*[st.integers(-4, 4)] * 3).filter(any)
WITH_SITES = [phase for phase in list_phases() if phase.sites]


def orthorhombic(axes: str) -> Structure:
    """GdFeO3-type CaTiO3 in Pnma, with its axes exchanged: ``cab`` makes it Pbnm."""
    order = ["abc".index(axis) for axis in axes]
    sites = [
        ("Ca", (0.036, 0.25, -0.007)),
        ("Ti", (0, 0, 0.5)),
        ("O", (0.484, 0.25, 0.071)),
        ("O", (0.289, 0.037, -0.289)),
    ]
    standard = Structure.from_spacegroup(
        "Pnma", Lattice.orthorhombic(5.44, 7.65, 5.38), [name for name, _ in sites], [xyz for _, xyz in sites]
    )
    lengths = np.array(standard.lattice.abc)[order]
    return Structure(Lattice.orthorhombic(*lengths), standard.species, standard.frac_coords[:, order])


@pytest.mark.parametrize("phase", WITH_SITES, ids=lambda phase: phase.key)
def test_a_phase_of_the_library_is_kept_in_the_cell_it_is_listed_in(phase: Phase) -> None:
    listed = phase.structure()
    for idealise in (False, True):
        cell = conventional_cell(listed, symprec=0.01, idealise=idealise)
        assert cell.axes == "given"
        assert cell.lattice == pytest.approx(listed.lattice.matrix, abs=1e-6)
        shifts = cell.scaled_positions - listed.frac_coords
        assert np.abs((shifts - np.round(shifts)) @ listed.lattice.matrix).max() < 6e-3  # rounded coordinates
    assert cell.space_group.replace("e", "a") == str(phase.space_group_symbol).replace("e", "a")
    assert cell.space_group_number == phase.space_group_number


@pytest.mark.parametrize("key", ["KHg2", "Hg_alpha", "Li_bcc", "NaHg", "O2_alpha", "Li2TiO3"])
def test_the_listed_cell_comes_back_from_a_primitive_one(key: str) -> None:
    listed = get_phase(key).structure()
    primitive = listed.get_primitive_structure()
    assert len(primitive) < len(listed)
    matrix = np.round(listed.lattice.matrix @ np.linalg.inv(primitive.lattice.matrix))
    cell = conventional_cell(primitive, axes=matrix)
    assert cell.axes == "given"
    assert cell.transformation == pytest.approx(matrix)
    assert cell.structure.lattice.parameters == pytest.approx(listed.lattice.parameters, abs=1e-5)
    assert len(cell.species) == len(listed)


@pytest.mark.parametrize(
    ("crystal", "description"),
    [
        (bulk("Cu", "fcc", a=3.6), "Fm-3m, ITA standard setting"),
        (bulk("Cu", "fcc", a=3.6, cubic=True), "Fm-3m, as given"),
        (bulk("Cu", "fcc", a=3.6, cubic=True).repeat((2, 1, 1)), "Fm-3m, ITA standard setting"),
        (bulk("Mg", "hcp", a=3.2, c=5.2), "P6_3/mmc, as given"),
        (MERCURY, "R-3m, rhombohedral axes, as given"),
        (SKEWED_CUBE, "R-3m, rhombohedral axes, as given"),
        (B19, "Pmma, as given"),
        (orthorhombic("abc"), "Pnma, as given"),
        (orthorhombic("cab"), "Pbnm, as given"),
        (orthorhombic("bca"), "Pmcn, as given"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_conventional_axes_are_kept_and_others_become_standard(crystal: Atoms, description: str) -> None:
    assert conventional_cell(crystal, symprec=0.01).description == description


def test_a_cell_choice_of_a_monoclinic_group_is_named() -> None:
    standard = Structure.from_spacegroup(
        "P2_1/c", Lattice.monoclinic(5.0, 6.0, 7.0, 100.0), ["Li", "O"], [(0.1, 0.2, 0.3), (0.4, 0.15, 0.7)]
    )
    other = standard.copy()
    other.make_supercell([[-1, 0, -1], [0, 1, 0], [1, 0, 0]])
    assert conventional_cell(standard).description == "P2_1/c, as given"
    assert conventional_cell(other).description == "P2_1/n, as given"
    assert conventional_cell(other, axes="standard").space_group == "P2_1/c"


def test_other_axes_of_a_hexagonal_lattice_become_standard() -> None:
    hexagonal = conventional_cell(MERCURY, axes="standard")
    assert hexagonal.description == "R-3m, hexagonal axes, ITA standard setting"
    assert hexagonal.allows((0, 1, 2))
    assert not hexagonal.allows((1, 0, 2))
    reverse = hexagonal.atoms.copy()
    reverse.set_cell(np.diag([-1, -1, 1]) @ reverse.cell.array)
    assert conventional_cell(reverse).axes == "standard"
    acute = bulk("Mg", "hcp", a=3.2, c=5.2)
    acute.set_cell([acute.cell[0] + acute.cell[1], acute.cell[1], acute.cell[2]])
    assert acute.cell.angles()[2] == pytest.approx(60.0)
    assert conventional_cell(acute).atoms.cell.angles()[2] == pytest.approx(120.0)


def test_the_crystal_stays_as_it_is_unless_it_is_to_be_idealised() -> None:
    shaken = bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    shaken.rattle(0.01, seed=1)
    shaken.set_cell(shaken.cell.array @ np.diag([1.0, 1.0, 1.001]), scale_atoms=True)
    cell = conventional_cell(shaken, symprec=0.1)
    assert cell.atoms.positions == pytest.approx(shaken.positions)
    assert cell.lattice == pytest.approx(shaken.cell.array)
    ideal = conventional_cell(shaken, symprec=0.1, idealise=True)
    assert ideal.space_group == "Fm-3m"
    assert ideal.atoms.cell.lengths() == pytest.approx([5.64 * (1 + 0.001 / 3)] * 3, rel=1e-5)
    assert np.sort(ideal.atoms.get_all_distances(mic=True)[0])[1:4] == pytest.approx([ideal.lattice[0, 0] / 2] * 3)
    assert 0.005 < ideal.largest_shift < 0.05
    assert ideal.lattice_change == pytest.approx(0.001 * 2 / 3, rel=0.01)
    assert ideal.note.startswith("symmetrised to Fm-3m within symprec 0.1 Å: largest shift 0.0")
    assert conventional_cell(shaken, symprec=0.1).note.startswith("taken as symmetric")
    assert conventional_cell(SKEWED_CUBE).note == ""


@pytest.mark.parametrize("alpha", [89.0, 88.0, 86.0])
def test_a_skewed_cube_is_no_cube(alpha: float) -> None:
    crystal = Atoms("LiHg", cell=[3.287] * 3 + [alpha] * 3, scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)], pbc=True)
    cell = conventional_cell(crystal, idealise=True)
    assert cell.space_group == "R-3m"
    assert cell.atoms.cell.cellpar() == pytest.approx(crystal.cell.cellpar())
    assert not equivalent_planes(crystal, (1, 1, 0), (1, -1, 0))


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ([5.68, 5.682, 8.7], 123),
        ([5.68, 5.71, 8.7], 47),
        ([5.68, 5.70, 8.7], 47),
        ([3.0, 3.003, 3.4], 123),
        ([3.0, 3.009, 3.4], 47),
        ([2.8, 2.8, 2.8084], 123),
        ([3.1, 3.3, 3.6, 90, 90.1, 90], 47),
        ([3.1, 3.3, 3.6, 90, 90.15, 90], 10),
        ([2.9] * 3 + [90.1] * 3, 166),
    ],
    ids=str,
)
def test_a_lattice_is_made_no_more_symmetric_than_rounding_leaves_it(cell: list[float], number: int) -> None:
    crystal = Atoms("CuAu", cell=cell, scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)], pbc=True)
    for symprec in (None, relaxed_symprec(crystal)):
        found = conventional_cell(crystal, symprec=symprec)
        assert found.space_group_number == number
        assert found.lattice_change < 1e-3
    assert equivalent_planes(crystal, (1, 0, 0), (0, 1, 0)) == (number in (123, 166))


@given(
    lengths=st.tuples(*[st.floats(0.995, 1.005)] * 3), angles=st.tuples(*[st.floats(89.7, 90.3)] * 3),
    size=st.floats(2.5, 12.0),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_no_length_changes_by_more_than_a_thousandth_unless_it_is_asked_for(
    lengths: tuple[float, ...], angles: tuple[float, ...], size: float
) -> None:
    crystal = Atoms(
        "CuAu",
        cell=[size * length for length in lengths] + list(angles),
        scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)],
        pbc=True,
    )
    for symprec in (None, relaxed_symprec(crystal)):
        ideal = conventional_cell(crystal, symprec=symprec, idealise=True)
        edges = np.linalg.norm(np.linalg.inv(ideal.transformation) @ ideal.lattice, axis=1)
        assert edges == pytest.approx(crystal.cell.lengths(), rel=1.01e-3)


@pytest.mark.parametrize("phase", WITH_SITES, ids=lambda phase: phase.key)
def test_rounded_coordinates_and_relaxations_leave_the_space_group(phase: Phase) -> None:
    listed = phase.structure()
    rounded = Structure(listed.lattice, [site.species for site in listed], np.round(listed.frac_coords, 4))
    assert conventional_cell(rounded).space_group_number == phase.space_group_number
    random = np.random.default_rng(phase.space_group_number)
    strain = random.uniform(-5e-4, 5e-4, (3, 3))
    lattice = Lattice(listed.lattice.matrix @ (np.eye(3) + 0.5 * (strain + strain.T)))
    places = lattice.get_cartesian_coords(listed.frac_coords) + random.normal(scale=1e-3, size=(len(listed), 3))
    shaken = Structure(lattice, [site.species for site in listed], places, coords_are_cartesian=True)
    for symprec in (None, relaxed_symprec(shaken)):
        assert conventional_cell(shaken, symprec=symprec).space_group_number == phase.space_group_number


def superstructures() -> list[Atoms]:
    """Crystals whose copper is 0.015 and 0.0195 Å off the sites of a smaller cell: Pcmm and P-3c1."""
    from ase.spacegroup import crystal

    rows = [(0, 0, 0), (0.505, 0.5, 0.25), (0, 0, 0.5), (0.495, 0.5, 0.75)]
    twisted = crystal(
        ["Au", "Cu"], [(0, 0, 0), (0.35, -0.344, 0.15)], spacegroup=165, cellpar=[6.5, 6.5, 8, 90, 90, 120]
    )
    return [Atoms("AuCuAuCu", scaled_positions=rows, cell=[3, 3.3, 7], pbc=True), twisted]


@pytest.mark.parametrize(("number", "shift"), [(0, 0.015), (1, 0.0195)])
@pytest.mark.parametrize("axes", ["given", "standard"])
@pytest.mark.parametrize("idealise", [True, False])
def test_a_superstructure_that_is_taken_away_shifts_the_atoms_that_made_it(
    number: int, shift: float, axes: str, idealise: bool
) -> None:
    crystal = superstructures()[number]
    assert len(conventional_cell(crystal).atoms) == len(crystal)
    assert conventional_cell(crystal).largest_shift < 1e-9
    smaller = conventional_cell(crystal, symprec=0.05, axes=axes, idealise=idealise)  # type: ignore[arg-type]
    assert len(smaller.atoms) == len(crystal) / 2
    assert smaller.largest_shift == pytest.approx(shift, rel=1e-3)
    assert f"largest shift {smaller.largest_shift:.3f} Å" in smaller.note


def test_the_primitive_cell_keeps_atoms_that_are_not_alike_apart() -> None:
    pair = Atoms("Cu2", cell=[3, 3, 6.2], scaled_positions=[(0, 0, 0), (0, 0, 0.515)], pbc=True)
    assert len(primitive_cell(pair)) == 2
    pair.set_scaled_positions([(0, 0, 0), (0, 0, 0.5)])
    assert len(primitive_cell(pair)) == 1


def test_axes_that_are_none_and_atoms_on_one_place_are_refused() -> None:
    with pytest.raises(InputError, match="axes: 'mine' is not allowed"):
        conventional_cell(MERCURY, axes="mine")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="3 by 3 whole numbers"):
        conventional_cell(MERCURY, axes=np.zeros((3, 3)))
    with pytest.raises(InputError, match=r"Hg2: no symmetry found within symprec 0\.02 Å"):
        conventional_cell(Atoms("Hg2", cell=[3, 3, 3], pbc=True))


def test_planes_are_alike_by_the_laue_group_and_not_by_their_numbers() -> None:
    cubic = bulk("Ag", "fcc", a=4.09, cubic=True)
    assert equivalent_planes(cubic, (0, 0, 1), (1, 0, 0))
    assert equivalent_planes(cubic, (0, 0, 2), (-1, 0, 0))
    hexagonal = conventional_cell(MERCURY, axes="standard").atoms
    assert equivalent_planes(hexagonal, (1, 0, 1), (0, 1, -1))
    assert not equivalent_planes(hexagonal, (1, 0, 1), (1, 0, -1))
    assert not equivalent_planes(B19, (1, 0, 0), (0, 1, 0))
    assert equivalent_planes(B19, (1, 2, 3), (-1, 2, 3))


@given(index=INDICES, key=st.sampled_from(["Hg_alpha", "LiHg3", "Cu_fcc", "B19"]))
@settings(max_examples=60, deadline=None)
def test_equivalent_planes_have_one_spacing_and_one_representative(index: tuple[int, int, int], key: str) -> None:
    cell = conventional_cell(B19 if key == "B19" else get_phase(key).atoms(), symprec=0.01)
    alike = equivalents(index, cell.rotations)
    lengths = [np.linalg.norm(np.array(other) @ np.linalg.inv(cell.lattice).T) for other in alike]
    assert lengths == pytest.approx([lengths[0]] * len(alike), rel=1e-5)
    assert len({cell.representative(other) for other in alike}) == 1
    assert cell.representative(index) in alike
    assert tuple(-part for part in index) in alike
    assert len({cell.allows(other) for other in alike}) == 1


@pytest.mark.parametrize(
    ("key", "index", "expected"),
    [
        ("Hg_alpha", (-1, 0, 2), (0, 1, 2)),
        ("Hg_alpha", (1, -2, 0), (1, 1, 0)),
        ("LiHg3", (0, -1, 1), (1, 0, 1)),
        ("LiHg3", (-1, 3, 0), (2, 1, 0)),
        ("Cu_fcc", (1, -3, 1), (3, 1, 1)),
        ("NaHg", (-1, 3, -1), (1, 3, 1)),
        ("O2_alpha", (1, 1, -1), (-1, 1, 1)),
        ("O2_alpha", (2, 0, -1), (-2, 0, 1)),
    ],
)
def test_the_customary_index_is_named(key: str, index: tuple[int, int, int], expected: tuple[int, int, int]) -> None:
    assert conventional_cell(get_phase(key).structure(), symprec=0.01).representative(index) == expected


def test_the_laue_group_is_that_of_the_cell_as_given() -> None:
    assert len(laue_group(bulk("Cu", "fcc", a=3.6))) == 48
    assert len(laue_group(SKEWED_CUBE)) == 12
    cell = conventional_cell(get_phase("NaHg").structure(), symprec=0.01)
    found = {tuple(turn.ravel()) for turn in laue_group(cell.structure.to_ase_atoms(msonable=False))}
    assert found == {tuple(turn.ravel()) for turn in cell.rotations}


def test_common_divisors_go() -> None:
    assert reduced_index((2, -4, 6)) == (1, -2, 3)
