"""LLTO with vacant A sites, and lithium put into it."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from amalgamics.errors import InputError
from amalgamics.structures.library.electrolytes import get_electrolyte
from amalgamics.structures.library.lithiation import lithiated, perovskite_sites
from amalgamics.structures.library.llto import cage_edges, perovskite
from amalgamics.structures.library.llto_orderings import ewald_energy
from amalgamics.structures.slabs.slab import enumerate_slabs

CHARGE = {"La": 3, "Li": 1, "Ti": 4, "O": -2}
CELL = np.array([[3, 1, 0], [-1, 2, 0], [0, 0, 1]])


def vacant() -> Atoms:
    return get_electrolyte("LLTO-vacancies")


def test_vacant_cell_is_that_of_experiments_in_neutral_layers() -> None:
    atoms = vacant()
    counts = atoms.symbols.formula.count()
    assert counts == {"La": 4, "Li": 2, "Ti": 7, "O": 21}
    assert counts["Li"] / counts["Ti"] == pytest.approx(0.29, abs=0.005)
    assert counts["La"] / counts["Ti"] == pytest.approx(0.57, abs=0.005)
    charge = np.array([CHARGE[symbol] for symbol in atoms.symbols])
    in_a_layer = np.abs(atoms.get_scaled_positions()[:, 2] - 0.5) > 0.25
    assert charge[in_a_layer].sum() == charge[~in_a_layer].sum() == 0
    assert atoms.cell.volume == pytest.approx(7 * np.prod(cage_edges()))
    slabs = enumerate_slabs(atoms, (0, 0, 1), min_slab_size=8.0)
    assert {slab.termination for slab in slabs} == {"TiO2", "La4Li2O7"}
    assert all(slab.symmetric and not slab.polar for slab in slabs)


def test_vacant_cell_has_the_least_ewald_energy() -> None:
    def ordered(symbols: dict[int, str]) -> Atoms:
        return perovskite(CELL, lambda i, j, _: symbols[(i + 4 * j) % 7])

    energies = {}
    for lanthanum in combinations(range(1, 7), 4):
        layer = {site: "La" if site in lanthanum else "Li" for site in range(1, 7)} | {0: "X"}
        energies[lanthanum] = ewald_energy(ordered(layer))
    assert min(energies, key=energies.__getitem__) == (1, 3, 4, 6)
    # The same neighbours, lithium off the middle of its cages.
    atoms = vacant()
    sites = perovskite_sites(atoms)
    cell, middle = atoms.cell, sites.cages[list(sites.vacant)]
    cations = atoms.positions[atoms.symbols == "La"]
    steps = (cations - middle) @ np.linalg.inv(cell.array)
    nearest = np.linalg.norm((steps - np.round(steps)) @ cell.array, axis=1)
    assert nearest == pytest.approx(np.full(4, cage_edges()[0]))


@pytest.mark.parametrize(("name", "n_vacant"), [("LLTO", 0), ("LLTO-layered", 2), ("LLTO-vacancies", 1)])
def test_cages_windows_and_vacancies_are_found(name: str, n_vacant: int) -> None:
    atoms = get_electrolyte(name)
    rattled = atoms.copy()
    rattled.rattle(0.1, seed=1)
    for each in (atoms, rattled):
        sites = perovskite_sites(each)
        titanium = int((each.symbols == "Ti").sum())
        assert sites.cages.shape == (titanium, 3)
        assert sites.windows.shape == (3 * titanium, 3)
        assert len(sites.vacant) == n_vacant
        assert np.linalg.norm(sites.axes, axis=1) == pytest.approx(cage_edges(), abs=0.15)


def test_inserted_lithium_fills_the_vacancy_first() -> None:
    host = vacant()
    found = lithiated(host, 1)
    energies = [each.ewald_energy for each in found]
    assert energies == sorted(energies)
    assert len(set(np.round(energies, 4))) == len(energies)
    vacancy = perovskite_sites(host).cages[perovskite_sites(host).vacant[0]]
    for each in found:
        assert each.atoms.symbols.formula.count() == {"La": 4, "Li": 3, "Ti": 7, "O": 21}
        assert each.atoms.positions[:-1] == pytest.approx(host.positions)
        placed = Atoms("X2", [vacancy, each.atoms.positions[-1]], cell=host.cell, pbc=True)
        # In the cage, 0.6 Å off its middle, or in a window of it.
        assert placed.get_distance(0, 1, mic=True) == pytest.approx(0.6, abs=0.01) or (
            placed.get_distance(0, 1, mic=True) == pytest.approx(cage_edges()[2] / 2, abs=0.01)
        )
        apart = each.atoms.get_all_distances(mic=True)[-1, :-1]
        assert apart.min() > 1.8


def test_two_vacancies_take_two_lithium() -> None:
    double = vacant().repeat((1, 1, 2))
    found = lithiated(double, 2, limit=3)
    assert len(found) == 3
    for each in found:
        lithium = each.atoms[-2:]
        assert lithium.symbols.formula.count() == {"Li": 2}
        assert lithium.get_distance(0, 1, mic=True) >= 2.3


def test_inserted_electrons_keep_the_ewald_sum_neutral() -> None:
    # The sum of a cell and of its double are the same per Ti only for neutral cells.
    (best,) = lithiated(vacant(), 1, limit=1)
    assert ewald_energy(best.atoms.repeat((1, 1, 2))) == pytest.approx(best.ewald_energy, abs=1e-4)


@pytest.mark.parametrize(
    ("crystal", "options", "message"),
    [
        (vacant, {"n": 0}, "n: 0 is not allowed"),
        (vacant, {"n": True}, "n: True is not allowed"),
        (vacant, {"n": 1, "limit": 0}, "limit: 0 is not allowed"),
        (vacant, {"n": 2}, "has room for 1 more lithium"),
        (lambda: get_electrolyte("LLTO"), {"n": 1}, "has room for 0 more lithium"),
        (lambda: get_electrolyte("TiO2_rutile"), {"n": 1}, "form no cages"),
        (lambda: bulk("MgO", "rocksalt", 4.21), {"n": 1}, "holds no titanium"),
    ],
)
def test_what_takes_no_lithium(crystal, options, message: str) -> None:
    with pytest.raises(InputError, match=message):
        lithiated(crystal(), **options)
