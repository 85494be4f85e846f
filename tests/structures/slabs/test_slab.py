"""Slabs: counts and areas of known planes, identities of excess and density, symmetry checked by another route."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import spglib
from ase import Atoms
from ase.build import bulk, make_supercell
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.structures.library.electrolytes import get_electrolyte
from amalgamics.structures.library.phases import get_phase
from amalgamics.structures.slabs.planar_frame import check_upright, planar_area, planar_widths
from amalgamics.structures.slabs.slab import Slab, TerminationError, enumerate_slabs, get_slab, slab_series
from amalgamics.structures.slabs.stacking import check_miller_index, stack_crystal
from amalgamics.structures.tags import SOLID
from amalgamics.thermodynamics.surfaces.energies import OpenSurface

MILLER = st.tuples(*[st.integers(-3, 3)] * 3).filter(any)


def crystal(name: str) -> Atoms:
    return get_electrolyte(name) if name in ("LLTO", "Li3PS4-gamma", "Li3PS4-beta") else get_phase(name).atoms()


def reverses(slab: Slab) -> bool:
    """Whether spglib finds an operation of the slab itself that turns it over."""
    atoms = slab.atoms
    found = spglib.get_symmetry((atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers), symprec=0.02)
    return any(rotation[2, 2] == -1 for rotation in found["rotations"])


@pytest.mark.parametrize(
    ("miller", "area", "spacing"),
    [
        ((1, 1, 1), math.sqrt(3) / 4, 1 / math.sqrt(3)),
        ((1, 0, 0), 1 / 2, 1 / 2),
        ((1, 1, 0), 1 / math.sqrt(2), 1 / math.sqrt(8)),
        ((0, -1, 1), 1 / math.sqrt(2), 1 / math.sqrt(8)),
        ((3, 1, 1), math.sqrt(11) / 4, 1 / math.sqrt(11)),
    ],
)
@pytest.mark.parametrize("cubic", [True, False])
def test_planes_of_fcc(miller: tuple[int, int, int], area: float, spacing: float, cubic: bool) -> None:
    a = 3.6
    copper = bulk("Cu", a=a, cubic=cubic)
    # The same plane in the indices of the primitive cell.
    index = miller if cubic else tuple(np.round(2 * copper.cell.array @ miller / a).astype(int))
    (slab,) = enumerate_slabs(copper, index, min_slab_size=10.0)
    layers = math.ceil(10.0 / (spacing * a) - 1e-9)
    assert slab.area == pytest.approx(area * a**2)
    assert slab.n_layers == len(slab.atoms) == layers
    assert slab.thickness == pytest.approx(layers * spacing * a)
    assert (slab.termination, slab.symmetric, slab.stoichiometric, slab.polar) == ("Cu", True, True, False)
    assert slab.excess == {}
    assert slab.dipole_per_area == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "miller"),
    [
        ("LiHg3", (0, 0, 1)),
        ("LiHg3", (1, 0, 1)),
        ("LiHg", (1, 1, 0)),
        ("Li3Hg", (1, 1, 1)),
        ("Hg_alpha", (1, 0, 1)),
        ("SrTiO3", (1, 1, 0)),
        ("LLTO", (0, 0, 1)),
        ("Li3PS4-gamma", (0, 0, 1)),
        ("Li3PS4-beta", (1, 1, 0)),
    ],
)
def test_every_slab(name: str, miller: tuple[int, int, int]) -> None:
    solid = crystal(name)
    slabs = enumerate_slabs(solid, miller, min_slab_size=9.0, min_vacuum_size=14.0)
    labels = [slab.termination for slab in slabs]
    assert len(set(labels)) == len(labels)
    assert [slab.symmetric for slab in slabs] == sorted((slab.symmetric for slab in slabs), reverse=True)
    for slab in slabs:
        check_upright(slab.atoms)
        z = slab.atoms.positions[:, 2]
        assert z.min() == pytest.approx(0.0)
        assert slab.atoms.cell[0, 0] > 0
        assert slab.atoms.cell[2, 2] == pytest.approx(z.max() + 14.0)
        assert slab.thickness >= 9.0 - 1e-6
        assert slab.atoms.pbc.all()
        assert set(slab.atoms.get_tags()) == {SOLID}
        assert slab.symmetric == reverses(slab)
        if slab.symmetric:
            assert slab.termination == slab.bottom_termination
        # No atom is nearer to another than in the crystal.
        assert shortest(slab.atoms) >= shortest(solid) - 1e-6
        counts = Counter(slab.atoms.get_chemical_symbols())
        ratios = {counts[symbol] / number for symbol, number in slab.bulk_counts.items()}
        assert slab.stoichiometric == (len(ratios) == 1)
        assert slab.excess.keys() <= slab.bulk_counts.keys() - {slab.reference}
        surface = OpenSurface(0.0, slab.counts, slab.bulk_counts, 0.0, slab.area, slab.reference)
        open_excess = {symbol: number for symbol, number in surface.excess.items() if abs(number) > 1e-9}
        assert slab.excess == pytest.approx(open_excess)


def shortest(atoms: Atoms) -> float:
    from ase.neighborlist import neighbor_list

    return float(neighbor_list("d", atoms, 4.0).min())


@pytest.mark.parametrize("min_slab_size", [10.0, 13.0])
def test_complementary_terminations_cancel(min_slab_size: float) -> None:
    for name, miller in (("LiHg", (0, 0, 1)), ("SrTiO3", (0, 0, 1)), ("SrTiO3", (1, 1, 1)), ("LLTO", (0, 0, 1))):
        first, second = enumerate_slabs(crystal(name), miller, min_slab_size=min_slab_size)
        assert first.excess
        assert all(first.excess[symbol] == -number for symbol, number in second.excess.items())
        # Together they are whole formula units, so that cutting between them needs no chemical potential.
        together = Counter(first.counts) + Counter(second.counts)
        (units,) = {together[symbol] / number for symbol, number in first.bulk_counts.items()}
        assert units == round(units) > 0


def test_llto_terminations() -> None:
    llto = get_electrolyte("LLTO")
    slabs = {slab.termination: slab for slab in enumerate_slabs(llto, (0, 0, 1), min_slab_size=12.0)}
    assert set(slabs) == {"TiO2", "LaLiO2"}
    for slab in slabs.values():
        assert (slab.symmetric, slab.polar, slab.n_layers) == (True, False, 7)
        assert slab.area == pytest.approx(2 * 3.8688**2)
        assert sum({"La": 3, "Li": 1, "Ti": 4, "O": -2}[symbol] for symbol in slab.atoms.symbols) == 0
    assert slabs["TiO2"].counts == {"Ti": 8, "O": 22, "La": 3, "Li": 3}
    assert slabs["TiO2"].excess == {"Ti": 2.0, "O": 4.0}
    assert slabs["LaLiO2"].excess == {"Ti": -2.0, "O": -4.0}
    wide = get_slab(llto, (0, 0, 1), termination="TiO2", min_width=7.7)
    # Twice the square cell is square again, turned by 45 degrees: the 2 x 2 perovskite cell.
    assert len(wide.atoms) == 72
    assert wide.atoms.cell.cellpar()[:2] == pytest.approx([7.7376, 7.7376])
    assert wide.excess == {"Ti": 4.0, "O": 8.0}


def test_charged_layers_are_polar() -> None:
    stacked = get_phase("LLTO_P4mmm_ordered").atoms()
    assert all(slab.polar for slab in enumerate_slabs(stacked, (0, 0, 1), min_slab_size=12.0))
    assert not any(slab.polar for slab in enumerate_slabs(stacked, (1, 0, 0), min_slab_size=12.0))
    assert get_slab(crystal("LiHg"), (0, 0, 1)).polar is None
    # Rock salt: {100} is neutral; of {111} the stoichiometric slab has a dipole, the symmetric one a charge.
    salt = bulk("MgO", "rocksalt", a=4.21, cubic=True)
    assert get_slab(salt, (1, 0, 0)).polar is False
    assert get_slab(salt, (1, 1, 1)).polar is True
    whole = get_slab(salt, (1, 1, 1), termination="Mg", prefer="stoichiometric")
    assert (whole.symmetric, whole.stoichiometric, whole.polar, whole.bottom_termination) == (False, True, True, "O")
    # n pairs of layers of charge +-2: dipole n * 2 * distance.
    pairs = whole.n_layers / 2
    assert whole.dipole_per_area * whole.area == pytest.approx(pairs * 2 * 4.21 / math.sqrt(12))


@pytest.mark.parametrize("name", ["Li3PS4-gamma", "Li3PS4-beta", "Li2CO3"])
def test_units_stay_whole(name: str) -> None:
    solid = crystal(name)
    centre, ligand, number, length = ("C", "O", 3, 1.5) if name == "Li2CO3" else ("P", "S", 4, 2.4)
    for miller in ((1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)):
        for slab in enumerate_slabs(solid, miller, min_slab_size=8.0):
            distances = slab.atoms.get_all_distances(mic=True)
            bonds = distances[np.ix_(slab.atoms.symbols == centre, slab.atoms.symbols == ligand)] < length
            assert (bonds.sum(axis=1) == number).all()
            assert (bonds.sum(axis=0) == 1).all()


def test_networks_are_cut_where_fewest_bonds_break() -> None:
    (slab,) = enumerate_slabs(bulk("C", "diamond", a=3.567, cubic=True), (1, 1, 1), min_slab_size=8.0)
    # One bond per surface atom, not three: both outer layers are half of a double layer.
    z = np.sort(slab.atoms.positions[:, 2])
    assert z[1] - z[0] == pytest.approx(3.567 / math.sqrt(48))


def test_width_area_and_excess_grow_together() -> None:
    salt = bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    small = get_slab(salt, (1, 1, 1), termination="Na")
    for min_width in (5.0, 8.0, 13.0):
        wide = get_slab(salt, (1, 1, 1), termination="Na", min_width=min_width)
        cells = wide.area / small.area
        assert cells == pytest.approx(round(cells))
        assert len(wide.atoms) == round(cells) * len(small.atoms)
        assert wide.excess == pytest.approx({symbol: cells * n for symbol, n in small.excess.items()})
        assert wide.dipole_per_area == pytest.approx(small.dipole_per_area, abs=1e-9)
        assert min(planar_widths(wide.atoms.cell)) >= min_width - 1e-6
        assert wide.n_layers == small.n_layers
        assert shortest(wide.atoms) == pytest.approx(shortest(small.atoms))


@pytest.mark.parametrize(
    ("name", "miller", "termination"),
    [
        ("LLTO", (0, 0, 1), "TiO2"),
        ("LLTO", (0, 0, 1), "LaLiO2"),
        ("LiHg3", (0, 0, 1), "LiHg3"),
        ("Li_bcc", (1, 1, 1), "Li"),
    ],
)
def test_series(name: str, miller: tuple[int, int, int], termination: str) -> None:
    slabs = slab_series(crystal(name), miller, termination, n_sizes=4, min_slab_size=8.0)
    assert len(slabs) == 4
    assert slabs[0].thickness >= 8.0 - 1e-6
    density = len(crystal(name)) / crystal(name).get_volume()
    for thin, thick in pairwise(slabs):
        assert thick.thickness > thin.thickness
        assert (thick.termination, thick.bottom_termination) == (termination, thin.bottom_termination)
        assert thick.excess == thin.excess
        assert thick.symmetric == thin.symmetric
        # What is added is crystal, of its composition and density.
        added = thick.counts[thick.reference] - thin.counts[thin.reference]
        units = added / thick.bulk_counts[thick.reference]
        assert all(
            thick.counts[symbol] - thin.counts[symbol] == pytest.approx(units * number)
            for symbol, number in thick.bulk_counts.items()
        )
        volume = (thick.thickness - thin.thickness) * thick.area
        assert (len(thick.atoms) - len(thin.atoms)) / volume == pytest.approx(density)


def test_different_faces_on_request() -> None:
    alloy = crystal("LiHg")
    slab = get_slab(alloy, (0, 0, 1), termination="Li", bottom_termination="Hg")
    assert (slab.symmetric, slab.stoichiometric, slab.excess) == (False, True, {})
    top, bottom = slab.atoms.positions[:, 2].argmax(), slab.atoms.positions[:, 2].argmin()
    assert (slab.atoms.symbols[top], slab.atoms.symbols[bottom]) == ("Li", "Hg")
    series = slab_series(alloy, (0, 0, 1), "Li", bottom_termination="Hg")
    assert [each.stoichiometric for each in series] == [True] * 3
    whole = enumerate_slabs(alloy, (0, 0, 1), min_slab_size=9.0, prefer="stoichiometric")
    assert {(each.termination, each.bottom_termination) for each in whole} == {("Li", "Hg"), ("Hg", "Li")}


def test_polar_crystal_has_the_other_face_at_the_opposite_index() -> None:
    blende = bulk("ZnS", "zincblende", a=5.41, cubic=True)
    up = {slab.termination for slab in enumerate_slabs(blende, (1, 1, 1), min_slab_size=9.0)}
    down = {slab.termination for slab in enumerate_slabs(blende, (-1, -1, -1), min_slab_size=9.0)}
    assert up == down == {"Zn", "S"}
    dipoles = [get_slab(blende, index, termination="Zn").dipole_per_area for index in ((1, 1, 1), (-1, -1, -1))]
    # On one of them Zn ends a narrow double layer, on the other it stands alone on three bonds less.
    assert abs(dipoles[0]) != pytest.approx(abs(dipoles[1]))


def test_labels_take_elements_in_any_order() -> None:
    llto = get_electrolyte("LLTO")
    assert get_slab(llto, (0, 0, 1), termination="LiLaO2").termination == "LaLiO2"
    assert get_slab(llto, (0, 0, 1), termination="O2Ti").termination == "TiO2"


@settings(max_examples=25, deadline=None)
@given(miller=MILLER, periods=st.integers(1, 3))
def test_a_slab_closed_again_is_the_crystal(miller: tuple[int, int, int], periods: int) -> None:
    from ase.calculators.emt import EMT

    alloy = bulk("Cu", "fcc", a=3.8, cubic=True)
    alloy.symbols[0] = "Au"
    stacking = stack_crystal(alloy, miller)
    start = float(stacking.cuts[0])
    indices, positions = stacking.window(start, start + periods * stacking.period)
    cell = np.zeros((3, 3))
    cell[:2, :2], cell[2] = stacking.plane, periods * stacking.step
    closed = Atoms(stacking.numbers[indices], positions=positions, cell=cell, pbc=True)
    assert np.linalg.det(cell) > 0
    assert closed.get_volume() / len(closed) == pytest.approx(alloy.get_volume() / len(alloy))
    closed.calc, alloy.calc = EMT(), EMT()
    assert closed.get_potential_energy() / len(closed) == pytest.approx(alloy.get_potential_energy() / len(alloy))


@settings(max_examples=25, deadline=None)
@given(miller=MILLER, diagonal=st.tuples(*[st.integers(1, 2)] * 3), shear=st.integers(-1, 1))
def test_the_cell_of_the_crystal_does_not_matter(
    miller: tuple[int, int, int], diagonal: tuple[int, int, int], shear: int
) -> None:
    solid = get_phase("SrTiO3").atoms()
    matrix = np.diag(diagonal)
    matrix[0, 1] = shear
    index = tuple(int(value) for value in matrix @ check_miller_index(miller))
    same, larger = (
        sorted(enumerate_slabs(cell, plane, min_slab_size=6.0), key=lambda slab: slab.termination)
        for cell, plane in ((solid, miller), (make_supercell(solid, matrix), index))
    )
    assert [slab.termination for slab in same] == [slab.termination for slab in larger]
    for first, second in zip(same, larger, strict=True):
        assert (len(first.atoms), first.symmetric) == (len(second.atoms), second.symmetric)
        assert first.excess == pytest.approx(second.excess)
        assert (first.area, first.thickness) == pytest.approx((second.area, second.thickness))


def test_hexagonal_indices() -> None:
    assert check_miller_index((1, 0, -1, 2)) == (1, 0, 2)
    assert check_miller_index((0, 0, 4)) == (0, 0, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"termination": "TiO3"}, "unknown termination 'TiO3'.*TiO2"),
        ({"termination": "LaO"}, "unknown termination 'LaO'"),
        ({"termination": "TiO2-2"}, "unknown termination"),
        ({"termination": "not a formula"}, "unknown termination"),
        ({"bottom_termination": "LaO"}, "no symmetric or stoichiometric slab has bottom_termination 'LaO'"),
    ],
)
def test_unknown_terminations_are_named(change: dict[str, str], message: str) -> None:
    with pytest.raises(TerminationError, match=message):
        get_slab(get_electrolyte("LLTO"), (0, 0, 1), **change)


@pytest.mark.parametrize("miller", [(0, 0, 0), (1, 0), (1, 0, 0.5), "001x", (1, 1, 1, 1), None])
def test_bad_miller_indices_are_named(miller: object) -> None:
    with pytest.raises(InputError, match="miller_index"):
        enumerate_slabs(bulk("Cu"), miller, min_slab_size=5.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"min_slab_size": 0.0}, "min_slab_size"),
        ({"min_vacuum_size": math.nan}, "min_vacuum_size"),
        ({"min_width": -1.0}, "min_width"),
        ({"prefer": "pretty"}, "prefer"),
    ],
)
def test_bad_sizes_are_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        get_slab(bulk("Cu"), (1, 1, 1), **change)


def test_only_crystals_and_whole_series() -> None:
    with pytest.raises(InputError, match="periodic in three directions"):
        get_slab(Atoms("Cu", cell=[3, 3, 9], pbc=[True, True, False]), (0, 0, 1))
    with pytest.raises(InputError, match="n_sizes"):
        slab_series(bulk("Cu"), (1, 1, 1), n_sizes=0)
    assert planar_area(get_slab(bulk("Cu"), (1, 1, 1)).atoms.cell) > 0
