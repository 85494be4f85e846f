"""Faces without formal charge, what polar ones have too much of, and planes that are too large to cut."""

from __future__ import annotations

import time

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.spacegroup import crystal as crystal_of

from amalgamics.errors import InputError
from amalgamics.structures.library.phases import get_phase
from amalgamics.structures.oxidation_states import oxidation_states
from amalgamics.structures.slabs.lattice_planes import check_slab_size, planar_cell_area
from amalgamics.structures.slabs.neutral_faces import (
    PolarPlaneError,
    compensated,
    compensation,
    neutral_terminations,
    polarity_of_series,
)
from amalgamics.structures.slabs.slab import enumerate_slabs, get_slab, slab_series
from amalgamics.structures.slabs.stacking import stack_crystal
from amalgamics.structures.symmetry import conventional_cell

LI2S = get_phase("Li2S").atoms()
CUBE = bulk("MgO", "rocksalt", a=4.21, cubic=True)


def garnet() -> Atoms:
    """Tetragonal Li7La3Zr2O12, rounded from Awaka et al. (2009); 96 atoms in the primitive cell."""
    sites = {
        "Li": [(0, 0.25, 0.375), (0.181, 0.431, 0.125), (0.080, 0.087, 0.810)],
        "La": [(0, 0.25, 0.125), (0.127, 0, 0.25)],
        "Zr": [(0, 0, 0)],
        "O": [(-0.034, 0.055, 0.153), (0.054, 0.852, 0.535), (0.150, 0.028, 0.446)],
    }
    symbols = [symbol for symbol, found in sites.items() for _ in found]
    points = [point for found in sites.values() for point in found]
    cell = [13.13, 13.13, 12.66, 90, 90, 90]
    made: Atoms = crystal_of(symbols, points, spacegroup=142, setting=2, cellpar=cell)
    return made


def test_a_garnet_without_a_neutral_face_says_so_at_once() -> None:
    solid = garnet()
    assert len(solid) == 192
    start = time.process_time()
    with pytest.raises(PolarPlaneError, match="no nonpolar termination") as raised:
        neutral_terminations(solid, (0, 0, 1), min_slab_size=12.0, symprec=0.3)
    assert time.process_time() - start < 2.0
    for slab in enumerate_slabs(solid, (0, 0, 1), min_slab_size=12.0, symprec=0.3):
        assert f"{slab.termination} ({slab.face_charge:+.3g} e" in str(raised.value)
    assert "2 Li too many" in str(raised.value)


def test_a_polar_plane_names_planes_with_neutral_faces() -> None:
    with pytest.raises(PolarPlaneError, match=r"\(1 1 1\) Li, \(1 1 0\) Li2S"):
        neutral_terminations(LI2S, (1, 0, 0), min_slab_size=9.0)
    # In the primitive cell of the library these are its own indices; those named do have such faces.
    assert neutral_terminations(LI2S, (1, 1, 1), min_slab_size=9.0) == ["Li"]


@pytest.mark.parametrize("plane", [(0, 0, 1), (1, 1, 0)])
def test_neutral_faces_are_listed(plane: tuple[int, int, int]) -> None:
    assert neutral_terminations(CUBE, plane, min_slab_size=8.0) == ["MgO"]


@pytest.mark.parametrize("prefer", ["symmetric", "stoichiometric"])
def test_half_of_the_outer_layer_is_too_much(prefer: str) -> None:
    """Tasker: of layers with charges +q and -q at equal distances the outer ones keep q / 2."""
    slab = get_slab(CUBE, (1, 1, 1), termination="Mg", prefer=prefer, min_slab_size=9.0)
    assert slab.face_charge == pytest.approx(1.0)
    assert compensation(slab) == ("Mg", pytest.approx(0.5))
    salt = get_slab(bulk("CaF2", "fluorite", a=5.46, cubic=True), (1, 0, 0), termination="F", min_slab_size=9.0)
    assert salt.face_charge == pytest.approx(-1.0)
    assert compensation(salt) == ("F", pytest.approx(1.0))
    assert compensation(get_slab(CUBE, (1, 0, 0))) is None


def test_without_these_ions_the_dipole_is_gone() -> None:
    """Moved to the other face, they leave a slab without a dipole."""
    slab = get_slab(CUBE, (1, 1, 1), termination="Mg", prefer="stoichiometric", min_slab_size=9.0, min_width=5.0)
    ion, number = compensation(slab) or ("", 0.0)
    moved = slab.atoms.copy()
    top = np.argsort(moved.positions[:, 2])[-round(number) :]
    assert {moved.symbols[index] for index in top} == {ion}
    spacing = slab.thickness / slab.n_layers
    moved.positions[top, 2] = moved.positions[:, 2].min() - spacing
    charge = np.where(moved.symbols == "Mg", 2.0, -2.0)
    assert charge @ moved.positions[:, 2] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "plane", "prefer"),
    [
        ("Li2S", (1, 0, 0), "stoichiometric"),
        ("Li2S", (1, 1, 1), "stoichiometric"),
        ("ZnO_zincite", (0, 0, 1), "stoichiometric"),
        ("Al2O3_corundum", (0, 0, 1), "symmetric"),
        ("MgO", (1, 1, 1), "symmetric"),
    ],
)
def test_two_slabs_tell_what_one_was_cut_with(name: str, plane: tuple[int, int, int], prefer: str) -> None:
    solid = get_phase(name).atoms()
    for slab in enumerate_slabs(solid, plane, min_slab_size=9.0, prefer=prefer):
        thin, *_, thick = slab_series(
            solid,
            plane,
            slab.termination,
            bottom_termination=slab.bottom_termination,
            min_slab_size=9.0,
            prefer=prefer,
        )
        charges, face_charge = polarity_of_series(thin.atoms, thick.atoms) or ({}, None)
        assert face_charge == pytest.approx(slab.face_charge, abs=1e-6)
        assert sum(charges[symbol] * number for symbol, number in slab.bulk_counts.items()) == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("solid", "plane", "termination", "min_width", "lost"),
    [
        (conventional_cell(LI2S).atoms, (1, 0, 0), "Li", 0.0, 2),
        (CUBE, (1, 1, 1), "Mg", 5.0, 4),
        (CUBE, (1, 1, 1), "O", 5.0, 4),
        (garnet(), (0, 0, 1), "LiO2", 0.0, 4),
    ],
)
def test_compensated_slabs_are_neutral_with_equal_faces(
    solid: Atoms, plane: tuple[int, int, int], termination: str, min_width: float, lost: int
) -> None:
    slab = get_slab(
        solid,
        plane,
        termination=termination,
        min_slab_size=9.0,
        min_width=min_width,
        symprec=0.3 if lost == 4 else 0.01,
    )
    atoms = compensated(slab)
    assert len(slab.atoms) - len(atoms) == lost
    charges = oxidation_states(slab.bulk_counts)
    assert charges is not None
    charge = np.array([charges[symbol] for symbol in atoms.get_chemical_symbols()])
    middle = slab.atoms.positions[:, 2].max() / 2
    assert charge.sum() == pytest.approx(0.0)
    assert charge @ (atoms.positions[:, 2] - middle) == pytest.approx(0.0, abs=0.05)
    # Only the outer halves lost atoms, as many each.
    heights = sorted(slab.atoms.positions[:, 2].tolist())
    for height in atoms.positions[:, 2].tolist():
        heights.remove(height)
    assert sum(height > middle for height in heights) == lost // 2


def test_what_cannot_be_compensated_says_why() -> None:
    with pytest.raises(PolarPlaneError, match=r"0\.5 Mg too many, no whole number; a cell of 2 times the area"):
        compensated(get_slab(CUBE, (1, 1, 1), termination="Mg", min_slab_size=9.0))
    with pytest.raises(PolarPlaneError, match="the two faces differ"):
        compensated(get_slab(get_phase("ZnO_zincite").atoms(), (0, 0, 1), termination="Zn"))
    neutral = get_slab(CUBE, (1, 0, 0))
    assert len(compensated(neutral)) == len(neutral.atoms)


def test_alloys_have_no_formal_charges() -> None:
    thin, thick = slab_series(get_phase("LiHg").atoms(), (0, 0, 1), "Li", n_sizes=2)
    assert polarity_of_series(thin.atoms, thick.atoms) is None
    assert get_slab(get_phase("LiHg").atoms(), (0, 0, 1)).face_charge is None


def test_a_plane_of_high_indices_is_refused_by_its_area() -> None:
    copper = bulk("Cu", cubic=True)
    start = time.process_time()
    with pytest.raises(InputError, match=r"given\.0: a slab along \(999, 1, 7\).* max_slab_atoms is 2000"):
        check_slab_size(copper, (999, 1, 7), min_slab_size=9.0, name="given.0")
    assert time.process_time() - start < 1.0
    check_slab_size(copper, (3, 1, 7), min_slab_size=9.0)
    with pytest.raises(InputError, match="max_slab_atoms is 3"):
        check_slab_size(copper, (3, 1, 1), min_slab_size=9.0, max_slab_atoms=3)


@pytest.mark.parametrize("plane", [(1, 1, 1), (2, 1, 0), (3, 1, 2)])
def test_the_bound_on_the_atoms_is_one(plane: tuple[int, int, int]) -> None:
    solid = CUBE
    stacking = stack_crystal(solid, plane)
    area = planar_cell_area(solid, plane)
    assert area == pytest.approx(abs(np.linalg.det(stacking.plane)))
    least = int(area * 9.0 * len(solid) / solid.get_volume())
    check_slab_size(solid, plane, min_slab_size=9.0, max_slab_atoms=least)
    assert all(len(slab.atoms) >= least for slab in enumerate_slabs(solid, plane, min_slab_size=9.0))
