"""Electrolyte cells, crystals from files, and orderings of LLTO."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import write
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.structures.input.crystals import read_crystal
from amalgamics.structures.library.electrolytes import (
    ElectrolyteError,
    get_electrolyte,
    list_electrolytes,
)
from amalgamics.structures.library.llto import perovskite
from amalgamics.structures.library.llto_orderings import OrderingError, ewald_energy, llto_orderings, rank_orderings
from amalgamics.structures.library.phases import get_phase
from amalgamics.structures.slabs.slab import enumerate_slabs

CHARGE = {"La": 3, "Li": 1, "Ti": 4, "O": -2}


def layer_charges(atoms: Atoms) -> dict[int, int]:
    """Formal charge of each (001) layer, by its number from the bottom."""
    charges: dict[int, int] = {}
    for symbol, height in zip(atoms.symbols, atoms.get_scaled_positions()[:, 2], strict=True):
        layer = round(height * 4) % 4
        charges[layer] = charges.get(layer, 0) + CHARGE[symbol]
    return charges


def shortest(atoms: Atoms, first: str, second: str) -> float:
    distances = atoms.get_all_distances(mic=True)
    return float(distances[np.ix_(atoms.symbols == first, atoms.symbols == second)].min())


def test_every_electrolyte_is_described_and_built() -> None:
    electrolytes = list_electrolytes()
    assert [each.name for each in electrolytes] == [
        "LLTO",
        "LLTO-layered",
        "LLTO-vacancies",
        "LLTO-lithiated",
        "Li3PS4-beta",
        "Li3PS4-gamma",
    ]
    for each in electrolytes:
        atoms = get_electrolyte(each.name)
        assert each.description
        assert each.source
        assert f"({len(atoms)} atoms)" in each.description
        assert atoms.pbc.all()
        assert min(shortest(atoms, "Li", other) for other in set(atoms.symbols) - {"Li"}) > 1.9


def test_lithiated_llto_has_its_vacant_site_filled_and_whole_oxide_faces() -> None:
    crystal = get_electrolyte("LLTO-lithiated")
    assert crystal.symbols.formula.count() == {"La": 4, "Li": 3, "Ti": 7, "O": 21}
    faces = {slab.termination: slab for slab in enumerate_slabs(crystal, (0, 0, 1), min_slab_size=8.0)}
    assert set(faces) == {"TiO2", "La4Li3O7"}
    assert faces["TiO2"].symmetric


def test_llto_is_a_neutral_checkerboard() -> None:
    llto = get_electrolyte("LLTO")
    assert llto.symbols.formula.count() == {"La": 2, "Li": 2, "Ti": 4, "O": 12}
    assert llto.cell.cellpar() == pytest.approx([2**0.5 * 3.8688] * 2 + [7.7463, 90, 90, 90])
    assert layer_charges(llto) == {0: 0, 1: 0, 2: 0, 3: 0}
    # Off the centre of its cage, towards a window of four oxygen atoms at equal distances in pairs.
    distances = llto.get_all_distances(mic=True)
    for lithium in np.flatnonzero(llto.symbols == "Li"):
        four = np.sort(distances[lithium][llto.symbols == "O"])[:4]
        assert four[0] < 2.5
        assert four[3] < 2.6
    # The mean position of the lithium atoms stays that of the undisplaced ones: no dipole.
    offsets = [llto.positions[i] - centre for i, centre in zip((2, 3), cage_centres(llto), strict=True)]
    assert np.sum(offsets, axis=0) == pytest.approx(np.zeros(3), abs=1e-9)


def cage_centres(llto: Atoms) -> list[np.ndarray]:
    """The cage centre next to each lithium atom: where rock-salt order has no lanthanum."""
    cell = llto.cell.array
    ideal = [np.array([0.5, 0.5, 0.0]) @ cell, np.array([0.0, 0.0, 0.5]) @ cell]
    found = []
    for lithium in np.flatnonzero(llto.symbols == "Li"):
        images = [centre + shift @ cell for centre in ideal for shift in np.array(list(np.ndindex(3, 3, 3))) - 1]
        found.append(min(images, key=lambda image: float(np.linalg.norm(image - llto.positions[lithium]))))
    return found


def test_layered_cell_is_neutral_as_a_whole() -> None:
    layered = get_electrolyte("LLTO-layered")
    assert layered.symbols.formula.count() == {"La": 9, "Li": 5, "Ti": 16, "O": 48}
    assert layer_charges(layered) == {0: 8, 1: 0, 2: -8, 3: 0}
    slabs = enumerate_slabs(layered, (0, 0, 1), min_slab_size=8.0)
    assert all(slab.symmetric and slab.polar for slab in slabs)


def test_layered_cell_has_the_least_ewald_energy() -> None:
    best = llto_orderings(9, 5, 16, cells=(4, 2, 2), full_layers=True, limit=1)[0]
    layered = get_electrolyte("LLTO-layered")
    # Back to the cage centres, where orderings are ranked.
    lithium = layered.symbols == "Li"
    edges = np.array([3.8688, 3.8688, 7.7463 / 2])
    layered.positions[lithium] = np.round(layered.positions[lithium] / edges) * edges
    assert ewald_energy(layered) == pytest.approx(best.ewald_energy, abs=1e-5)


def test_library_phases_are_electrolytes_too() -> None:
    assert get_electrolyte("Li2S").symbols.formula == get_phase("Li2S").atoms().symbols.formula
    assert get_electrolyte("Li3PS4-beta").symbols.formula.reduce()[0].format("hill") == "Li3PS4"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("LLT0", "Did you mean 'LLTO'"),
        ("Li3PS4-alpha", "unknown electrolyte 'Li3PS4-alpha'.*Named ones: LLTO, LLTO-layered"),
        ("Li3PS4_beta", "cannot be built: its sites are partially occupied"),
        ("LLTO_I4mcm_avg", "cannot be built: its coordinates are unknown"),
    ],
)
def test_unknown_electrolytes_are_named(name: str, message: str) -> None:
    with pytest.raises(ElectrolyteError, match=message):
        get_electrolyte(name)


def test_user_crystal_gives_the_same_slabs(tmp_path: Path) -> None:
    path = tmp_path / "mine.cif"
    write(path, get_phase("SrTiO3").atoms())
    atoms = read_crystal(path).atoms
    assert [slab.termination for slab in enumerate_slabs(atoms, (0, 0, 1), min_slab_size=9.0)] == ["SrO", "TiO2"]


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_polynomial_gives_the_ewald_energy(data: st.DataObject) -> None:
    """What ranks thousands of orderings equals a summation of each."""
    found = llto_orderings(2, 2, 4, cells=data.draw(st.sampled_from([(2, 2, 1), (2, 1, 2), (1, 2, 2), (4, 1, 1)])))
    ordering = data.draw(st.sampled_from(found))
    assert ordering.ewald_energy == pytest.approx(ewald_energy(ordering.atoms), abs=1e-6)
    assert ordering.atoms.symbols.formula.count() == {"La": 2, "Li": 2, "Ti": 4, "O": 12}


def test_checkerboard_has_the_least_ewald_energy_of_small_cells() -> None:
    pytest.importorskip("icet")
    found = llto_orderings(1, 1, 2)
    energies = [each.ewald_energy for each in found]
    assert energies == sorted(energies)
    centred = perovskite(
        np.array([[1, 1, 0], [-1, 1, 0], [0, 0, 2]]), lambda i, j, k: "La" if (i + j + k) % 2 == 0 else "Li"
    )
    assert ewald_energy(centred) == pytest.approx(energies[0], abs=1e-6)
    layers = perovskite(np.diag([1, 1, 2]), lambda *cell: "La" if cell[2] == 0 else "Li")
    assert min(abs(ewald_energy(layers) - energy) for energy in energies[1:]) < 1e-6


def test_random_search_finds_what_all_orderings_hold() -> None:
    everything = llto_orderings(5, 1, 8, cells=(2, 2, 2), n_samples=5000)
    searched = llto_orderings(5, 1, 8, cells=(2, 2, 2), n_samples=20, seed=3)
    assert searched[0].ewald_energy == pytest.approx(everything[0].ewald_energy)
    again = llto_orderings(5, 1, 8, cells=(2, 2, 2), n_samples=20, seed=3)
    assert [each.ewald_energy for each in again] == [each.ewald_energy for each in searched]


def test_ranking_by_any_energy() -> None:
    found = llto_orderings(2, 2, 4, cells=(2, 1, 2))
    ranked = rank_orderings(found, lambda atoms: -4 * ewald_energy(atoms), best=2)
    assert [each.ewald_energy for each in ranked] == [found[1].ewald_energy, found[0].ewald_energy]
    assert [each.energy for each in ranked] == pytest.approx([-each.ewald_energy for each in ranked])
    assert found[0].energy is None


@pytest.mark.parametrize(
    ("numbers", "options", "message"),
    [
        ((2, 1, 4), {}, "has charge -1"),
        ((1, 1, 2), {"cells": (2, 2, 1)}, "product is n_titanium"),
        ((9, 5, 16), {}, "n_titanium: 16"),
        ((0, 4, 2), {"cells": (1, 1, 2)}, "do not hold"),
        ((1, 1, 2), {"cells": (2, 1, 1), "full_layers": True}, "do not hold"),
        ((1, 1, 2), {"full_layers": True}, "full_layers needs cells"),
        ((1, 1.0, 2), {}, "n_lithium: 1.0"),
    ],
)
def test_impossible_orderings_are_refused(
    numbers: tuple[int, int, int], options: dict[str, object], message: str
) -> None:
    with pytest.raises(OrderingError, match=message):
        llto_orderings(*numbers, **options)
