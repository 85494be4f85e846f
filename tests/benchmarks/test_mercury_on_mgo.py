"""Adhesion by many methods: what follows from made-up energies, the structures, and the page's numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from hypothesis import assume, given
from hypothesis import strategies as st

import amalgamics
from amalgamics.benchmarks import mercury_on_mgo
from amalgamics.benchmarks.adhesion_comparison import (
    METHODS,
    POTENTIAL,
    Geometry,
    Method,
    against_functional,
    best_distance,
    compare,
    table,
    trend,
    trends,
)
from amalgamics.benchmarks.report import markdown_table
from amalgamics.thermodynamics.units import EV_PER_A2

ROOT = Path(amalgamics.__file__).parent
GEOMETRY = Geometry(20.0, film_atoms=3, crystal_atoms=2, sites=("top", "hollow"), distances=(2.5, 3.0, 3.7, 4.0))
SHIFT = {"top": 0.0, "hollow": -0.1}
SOLID = -50.0


def made_up(u: float, work: float, atom: float = -1.0, solid: float = SOLID) -> dict[str, float]:
    """Energies of a film with surface energy ``u`` whose adhesion to the top site peaks at 3.1 Å with ``work``."""
    film = 3 * atom + 2 * u * GEOMETRY.area / EV_PER_A2
    energies = {"solid": solid, "film": film, "crystal": 2 * atom}
    for site, shift in SHIFT.items():
        for distance in GEOMETRY.distances:
            bound = work + shift - 0.4 * (distance - 3.1) ** 2
            energies[Geometry.interface(site, distance)] = solid + film - bound * GEOMETRY.area / EV_PER_A2
    return energies


def together(**parts: dict[str, float]) -> dict[str, dict[str, float]]:
    """Structure -> part -> energy, from part -> structure -> energy."""
    return {name: {part: energies[name] for part, energies in parts.items()} for name in next(iter(parts.values()))}


@given(
    distances=st.lists(st.floats(2.0, 5.0), min_size=3, max_size=6, unique_by=lambda value: round(value, 1)),
    top=st.floats(0.0, 1.0),
    place=st.floats(2.0, 5.0),
)
def test_the_top_of_a_parabola_is_found_wherever_its_points_lie(distances, top, place) -> None:
    ascending = sorted(distances)
    assume(min(np.diff(ascending)) > 0.05)
    assume(min(abs(place - ascending[0]), abs(place - ascending[-1])) > 1e-6)
    works = [top - 0.5 * (distance - place) ** 2 for distance in ascending]
    best = best_distance(ascending, works)
    assert best.inside == (ascending[0] < place < ascending[-1])
    if best.inside:
        assert best.distance == pytest.approx(place, abs=1e-6)
        assert best.work_J_m2 == pytest.approx(top, abs=1e-9)
    else:
        assert best.distance in (ascending[0], ascending[-1])
        assert best.work_J_m2 == max(works)


def test_a_valley_has_no_top_and_gives_its_higher_end() -> None:
    assert best_distance([2.0, 3.0, 4.0], [0.3, 0.0, 0.1]) == (2.0, 0.3, False)


@pytest.mark.parametrize(("distances", "works"), [([2, 3], [0, 1]), ([2, 3, 4], [0, 1]), ([2, 4, 3], [0, 1, 0])])
def test_what_has_no_parabola_is_refused(distances, works) -> None:
    with pytest.raises(ValueError, match="ascending distances"):
        best_distance(distances, works)


@given(u=st.floats(-0.1, 0.7), work=st.floats(0.2, 0.8), atom=st.floats(-300, 300), solid=st.floats(-900, 900))
def test_work_and_surface_energy_come_back_whatever_the_zeros_of_energy(u, work, atom, solid) -> None:
    energies = together(PBE=made_up(u, work, atom, solid))
    (found,) = compare(energies, GEOMETRY, {"PBE": METHODS["PBE"]})
    assert found.surface_energy_J_m2 == pytest.approx(u, abs=1e-9)
    assert found.strongest == found.best["top"]
    for site, shift in SHIFT.items():
        assert found.best[site].distance == pytest.approx(3.1, abs=1e-6)
        assert found.best[site].work_J_m2 == pytest.approx(work + shift, abs=1e-9)


def test_parts_add_up_and_methods_without_their_parts_are_left_out() -> None:
    energies = together(PBE=made_up(0.1, 0.2), D3=made_up(0.3, 0.5), r2SCAN=made_up(0.2, 0.3))
    del energies["crystal"]["r2SCAN"]
    found = {one.method: one for one in compare(energies, GEOMETRY)}
    assert set(found) == {"PBE", "PBE+D3"}
    assert found["PBE+D3"].surface_energy_J_m2 == pytest.approx(0.4)
    assert found["PBE+D3"].strongest.work_J_m2 == pytest.approx(0.7)


def test_a_method_takes_the_distances_it_has_if_there_are_three() -> None:
    energies = together(PBE=made_up(0.1, 0.2), r2SCAN=made_up(0.2, 0.3))
    del energies["top 4"]["PBE"]
    for distance in ("3.7", "4"):
        del energies[f"hollow {distance}"]["r2SCAN"]
    (found,) = compare(energies, GEOMETRY)
    assert found.method == "PBE"
    assert found.best["top"] == pytest.approx((3.1, 0.2, True))


def line(slope: float, intercept: float, kind: str = POTENTIAL):
    methods = {f"{u:g}": Method((f"{u:g}",), kind) for u in (0.1, 0.3, 0.6)}
    parts = {name: made_up(float(name), intercept + slope * float(name)) for name in methods}
    return compare(together(**parts), GEOMETRY, methods)


@given(slope=st.floats(-1.0, 2.0), intercept=st.floats(0.1, 1.0))
def test_a_straight_line_is_its_own_trend(slope, intercept) -> None:
    found = trend(line(slope, intercept))
    assert found.slope == pytest.approx(slope, abs=1e-6)
    assert found.intercept_J_m2 == pytest.approx(intercept, abs=1e-6)
    if abs(slope) > 1e-3:
        assert found.correlation == pytest.approx(np.sign(slope), abs=1e-3)


def test_trends_are_told_of_all_and_of_kinds_with_three_methods() -> None:
    assert [row["methods"] for row in trends(line(1.0, 0.2))] == ["all (3)", f"{POTENTIAL} (3)"]
    assert {row["dW/du"] for row in trends(line(1.0, 0.2))} == {"1.00"}
    with pytest.raises(ValueError, match="three or more methods, not 2"):
        trend(line(1.0, 0.2)[:2])


def test_a_potential_is_set_against_the_functional_with_the_same_dispersion() -> None:
    parts = {"PBE": made_up(0.1, 0.3), "chgnet": made_up(0.0, 0.35), "D3": made_up(0.3, 0.4)}
    rows = {row["potential"]: row for row in against_functional(compare(together(**parts), GEOMETRY))}
    assert set(rows) == {"chgnet", "chgnet+d3"}
    assert rows["chgnet+d3"]["minus"] == "PBE+D3"
    for row in rows.values():
        assert (row["Δu (J/m²)"], row["ΔW (J/m²)"], row["ΔW/Δu"]) == ("-0.10", "+0.05", "-0.5")


def test_the_table_says_where_no_best_distance_was_found() -> None:
    energies = together(PBE=made_up(0.2, 0.3))
    for name in ("top 3", "top 3.7", "top 4"):
        energies[name]["PBE"] += 10.0
    (row,) = table(compare(energies, GEOMETRY))
    assert row["d above top (Å)"] == "not within 2.5"
    assert row["d above hollow (Å)"] == "3.10"


def test_structures_are_what_they_are_called() -> None:
    structures = mercury_on_mgo.build_structures()
    geometry = mercury_on_mgo.GEOMETRY
    crystal, film, solid = structures["crystal"], structures["film"], structures["solid"]
    assert crystal.get_volume() / len(crystal) == pytest.approx(23.06, abs=0.05)
    assert (len(film), len(crystal)) == (geometry.film_atoms, geometry.crystal_atoms)
    assert solid.symbols.formula.count() == {"Mg": 3, "O": 3}
    oxide = solid.get_all_distances(mic=True)[0]
    assert np.sort(oxide)[1] == pytest.approx(4.212 / 2)
    for site in geometry.sites:
        for distance in geometry.distances:
            interface = structures[geometry.interface(site, distance)]
            assert np.allclose(interface.cell, film.cell)
            assert np.linalg.norm(np.cross(*interface.cell[:2])) == pytest.approx(geometry.area)
            mercury, below = interface[interface.numbers == 80], interface[interface.numbers != 80]
            assert np.allclose(below.positions, solid.positions)
            assert np.allclose(mercury.get_all_distances(mic=True), film.get_all_distances(mic=True))
            lowest = int(np.flatnonzero(interface.numbers == 80)[0])
            near = interface.get_distances(lowest, range(len(solid)), mic=True)
            assert interface.symbols[int(np.argmin(near))] == site
            assert near.min() == pytest.approx(distance)


def test_only_what_is_missing_is_computed_and_every_structure_is_saved(monkeypatch) -> None:
    seen: list[int] = []
    saved: list[int] = []
    energies: dict[str, dict[str, float]] = {"one": {"PBE": 1.0, "other": 2.0}}

    def compute(atoms: Atoms) -> dict[str, float]:
        seen.append(len(atoms))
        return {"PBE": float(len(atoms))}

    monkeypatch.setitem(mercury_on_mgo.PARTS, "gpaw", (compute, ("PBE",)))
    structures = {"one": Atoms("H"), "two": Atoms("H2"), "three": Atoms("H3")}
    mercury_on_mgo.fill(energies, "gpaw", structures, lambda: saved.append(len(energies)))
    assert seen == [2, 3]
    assert saved == [2, 3]
    assert energies == {"one": {"PBE": 1.0, "other": 2.0}, "two": {"PBE": 2.0}, "three": {"PBE": 3.0}}


def test_the_page_shows_what_the_stored_energies_give() -> None:
    stored = json.loads(mercury_on_mgo.RESULTS.read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "mercury-on-mgo.md").read_text(encoding="utf-8")
    found = compare(stored["energies"], mercury_on_mgo.GEOMETRY)
    assert stored["settings"] == mercury_on_mgo.SETTINGS
    assert [one.method for one in found] == list(METHODS)
    for name, rows in (
        ("table", table(found)),
        ("against_functional", against_functional(found)),
        ("trends", trends(found)),
    ):
        assert stored[name] == rows
        assert markdown_table(rows) in page
    assert re.findall(r"doi\.org/10\.\d{4,}", page)
