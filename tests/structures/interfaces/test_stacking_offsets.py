"""Where a film is placed on a substrate: continuations, hollows, bridges, tops."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from amalgamics.structures.interfaces.coherent import CoherentInterface, coherent_interfaces
from amalgamics.structures.interfaces.stacking_offsets import Registry, registries
from amalgamics.structures.library.phases import get_phase
from amalgamics.structures.tags import LIQUID, SOLID

A = 4.08
GOLD = bulk("Au", a=A, cubic=True)
L10 = Atoms("CuAu", cell=[2.8, 2.8, 3.6], scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], pbc=True)
L12 = Atoms(
    "AuCu3", cell=[3.75] * 3, scaled_positions=[[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]], pbc=True
)
MGO = bulk("MgO", "rocksalt", a=4.21, cubic=True)
ZNS = bulk("ZnS", "zincblende", a=5.41, cubic=True)
PLANES = [(1, 1, 1), (1, 0, 0), (1, 1, 0), (2, 1, 0), (2, 1, 1), (3, 1, 1), (3, 3, 1), (3, 2, 1)]


def joined(miller: tuple[int, int, int], film: float = A) -> list[CoherentInterface]:
    return coherent_interfaces(bulk("Au", a=film, cubic=True), GOLD, miller, miller, max_area=130.0)


def on_itself(crystal: Atoms, film: tuple[int, int, int], substrate: tuple[int, int, int]) -> list[CoherentInterface]:
    return coherent_interfaces(crystal, crystal, film, substrate, max_area=100.0)


def every(interfaces: list[CoherentInterface], count: int = 8) -> list[Registry]:
    return [one for interface in interfaces for one in registries(interface, count)]


def gap(atoms: Atoms) -> float:
    z, tags = atoms.positions[:, 2], atoms.get_tags()
    return float(z[tags == LIQUID].min() - z[tags == SOLID].max())


def nearest(atoms: Atoms, one: str, other: str) -> float:
    """Shortest distance of two elements across the interface."""
    film = [atom.index for atom in atoms if atom.tag == LIQUID and atom.symbol == one]
    solid = [atom.index for atom in atoms if atom.tag == SOLID and atom.symbol == other]
    return min(float(atoms.get_distances(index, solid, mic=True).min()) for index in film)


def layers(atoms: Atoms) -> np.ndarray:
    return np.unique(np.round(atoms.positions[:, 2], 3))


@pytest.mark.parametrize("miller", PLANES)
def test_one_placement_of_a_crystal_on_itself_continues_it(miller) -> None:
    (found,) = [one for one in every(joined(miller)) if one.continues]
    assert np.ptp(np.diff(layers(found.atoms))) < 2e-3  # equal steps all through
    distances = found.atoms.repeat((3, 3, 1)).get_all_distances(mic=True)
    neighbours = ((distances > 0.1) & (distances < A / 2**0.5 + 0.1)).sum(axis=1)
    z = found.atoms.repeat((3, 3, 1)).positions[:, 2]
    assert (neighbours[(z > 4.5) & (z < z.max() - 4.5)] == 12).all()
    assert distances[distances > 0.1].min() == pytest.approx(A / 2**0.5, abs=1e-3)


@pytest.mark.parametrize("miller", PLANES[:-1])
def test_no_placement_is_lower_than_the_continuation_but_by_stacking_faults(miller) -> None:
    def energy(atoms: Atoms) -> float:
        own = atoms.copy()
        own.calc = EMT()
        return float(own.get_potential_energy())

    found = every(joined(miller))
    (whole,) = [energy(one.atoms) for one in found if one.continues]
    area = np.linalg.det(found[0].atoms.cell[:2, :2])
    assert whole - min(energy(one.atoms) for one in found) < 0.01 * area / 16.02


@pytest.mark.parametrize(
    ("crystal", "film", "substrate"),
    [
        (MGO, (1, 0, 0), (1, 0, 0)),
        (MGO, (1, 1, 0), (1, 1, 0)),
        (ZNS, (1, 1, 0), (1, 1, 0)),
        (L12, (1, 1, 1), (1, 1, 1)),
        (bulk("Na", a=4.2, cubic=True), (1, 1, 0), (1, 1, 0)),
        (get_phase("Mg_hcp").atoms(), (0, 0, 1), (0, 0, 1)),
        (get_phase("LiHg3").atoms(), (0, 0, 1), (0, 0, 1)),
    ],
)
def test_compounds_are_continued_in_their_order(crystal: Atoms, film, substrate) -> None:
    (found,) = [one for one in every(on_itself(crystal, film, substrate)) if one.continues]
    own = crystal.repeat((3, 3, 3))
    for one in set(crystal.get_chemical_symbols()):
        inside = own.get_all_distances(mic=True)[own.symbols == one][:, own.symbols == one]
        assert nearest(found.atoms, one, one) > inside[inside > 0.1].min() - 0.05


def test_only_faces_of_one_cut_continue_each_other() -> None:
    faces = {
        (one.film_termination, one.substrate_termination): set[bool]() for one in on_itself(L10, (1, 1, 1), (1, 1, 1))
    }
    for interface in on_itself(L10, (1, 1, 1), (1, 1, 1)):
        faces[interface.film_termination, interface.substrate_termination] |= {
            one.continues for one in registries(interface, 8)
        }
    assert {pair for pair, found in faces.items() if True in found} == {("Cu", "Au"), ("Au", "Cu")}


def test_a_polar_crystal_is_continued_by_its_other_side_alone() -> None:
    """The film's own (111) faces the substrate: S on Zn goes on with the face of the opposite index."""
    assert not any(one.continues for one in every(on_itself(ZNS, (1, 1, 1), (1, 1, 1))))
    turned = on_itself(ZNS, (-1, -1, -1), (1, 1, 1))
    assert {
        (one.film_termination, one.substrate_termination)
        for one in turned
        if any(item.continues for item in registries(one, 8))
    } == {("Zn", "S"), ("S", "Zn")}


def test_ions_of_one_sign_stay_apart() -> None:
    deepest = min(every(on_itself(MGO, (1, 0, 0), (1, 0, 0))), key=lambda one: gap(one.atoms))
    assert nearest(deepest.atoms, "O", "O") == pytest.approx(4.21 / 2**0.5, abs=1e-3)
    assert nearest(deepest.atoms, "Mg", "O") == pytest.approx(4.21 / 2, abs=1e-3)


def test_tops_bridges_and_hollows_are_among_the_placements() -> None:
    d = A / 2**0.5
    gaps = {round(gap(one.atoms), 3) for one in every(joined((1, 0, 0)))}
    assert {round(A / 2, 3), round(d * 3**0.5 / 2, 3), round(d, 3)} <= gaps


def test_a_film_of_another_length_settles_where_the_lattice_goes_on() -> None:
    found = every(joined((2, 1, 0), film=1.02 * A))
    assert not any(one.continues for one in found)
    assert min(gap(one.atoms) for one in found) == pytest.approx(A / 20**0.5, abs=0.05)


def test_the_start_does_not_matter() -> None:
    interface = joined((1, 1, 1), film=1.01 * A)[0]
    moved = interface.atoms.copy()
    film = moved.get_tags() == LIQUID
    moved.positions[film] += [0.7, 0.4, 1.3]
    again = CoherentInterface(**{**vars(interface), "atoms": moved})
    gaps = sorted(gap(one.atoms) for one in registries(interface, 4))
    assert sorted(gap(one.atoms) for one in registries(again, 4)) == pytest.approx(gaps, abs=1e-3)


def test_cell_vacuum_and_count_are_kept() -> None:
    interface = joined((1, 1, 1))[0]
    (only,) = registries(interface, 1)
    atoms = only.atoms
    top = atoms.cell[2, 2] - np.ptp(atoms.positions[:, 2])
    assert top == pytest.approx(interface.atoms.cell[2, 2] - np.ptp(interface.atoms.positions[:, 2]), abs=1e-6)
    np.testing.assert_allclose(atoms.cell[:2], interface.atoms.cell[:2])
    assert atoms.get_tags().tolist() == interface.atoms.get_tags().tolist()
