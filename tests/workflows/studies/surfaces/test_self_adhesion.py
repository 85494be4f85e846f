"""A crystal joined to itself takes twice its surface energy to part."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from amalgamics.reports.surfaces.model import InterfaceRecord
from amalgamics.workflows.studies.surfaces.study import Surfaces

from .test_faces import Alloy

PLANES = [(1, 0, 0), (1, 1, 0), (1, 1, 1), (2, 1, 0), (3, 1, 1)]
OPTIONS = {"min_slab_size": 6.0, "terminations": "stoichiometric", "fmax": 0.01}


@pytest.fixture(scope="module")
def copper(tmp_path_factory: pytest.TempPathFactory) -> Alloy:
    made = Alloy(
        tmp_path_factory.mktemp("copper"),
        **OPTIONS,
        phases=["Cu"],
        miller_indices=PLANES,
        adhesion=[{"film": "Cu", "substrate": "Cu", "miller_index": list(plane)} for plane in PLANES],
    )
    made.found = made.results()
    return made


@pytest.fixture(scope="module")
def found(copper: Alloy) -> Surfaces:
    return copper.found


def test_copper_on_copper_is_copper(found: Surfaces) -> None:
    gamma = {record.miller_index: record.surface_energy_J_m2 for record in found.phases[0].surfaces}
    assert len(found.interfaces) == len(PLANES)
    for plane, item in zip(PLANES, found.interfaces, strict=True):
        assert item.relaxed_J_m2 == pytest.approx(2 * gamma[plane], abs=0.02)
        assert item.same_plane
        assert item.continued
        assert item.warning == ""
    assert found.not_joined == []


def test_what_was_tried_is_told(copper: Alloy, found: Surfaces) -> None:
    close_packed, stepped = found.interfaces[2], found.interfaces[3]
    assert (close_packed.n_orientations, stepped.n_orientations) == (2, 2)
    assert close_packed.n_registries == 2
    assert close_packed.placements == f"2 of {close_packed.n_placements}, 2 orientations"
    *_, adhesion = copper.study().sections(found)
    assert adhesion.tables[0].rows[2][-1] == close_packed.placements


def test_more_placements_than_there_are_is_told(copper: Alloy) -> None:
    pair = copper.spec.surfaces.adhesion[0]
    results = copper.results(adhesion=(pair,), registries=10)
    (item,) = results.interfaces
    assert item.n_registries == item.n_placements < 10
    (note,) = results.not_joined
    assert f"10 are asked for, and there are {item.n_placements}" in note


def test_a_second_run_computes_nothing(copper: Alloy, monkeypatch: pytest.MonkeyPatch) -> None:
    study = copper.study()
    monkeypatch.setattr(
        "amalgamics.workflows.database.calculations.Calculations.energy",
        lambda *_: pytest.fail("a placement that is stored was computed again"),
    )
    before = copper.database.last_id()
    for step in study.plan():
        study.run(step.method, step.arguments)
    assert copper.database.last_id() == before


def test_an_alloy_parts_between_its_two_faces(tmp_path: Path) -> None:
    options = {**OPTIONS, "phases": ["CuAu"], "miller_indices": [[1, 1, 1]]}
    pair = {"film": "CuAu", "substrate": "CuAu", "miller_index": [1, 1, 1], "film_termination": "Cu"}
    found = Alloy(tmp_path, **options, adhesion=[pair]).results()
    by_face: dict[str, InterfaceRecord] = {item.substrate_termination: item for item in found.interfaces}
    (record,) = found.phases[0].surfaces
    assert record.termination == "Au|Cu"
    assert by_face["Au"].relaxed_J_m2 == pytest.approx(2 * record.surface_energy_J_m2, abs=0.02)
    assert by_face["Au"].warning == ""
    assert by_face["Au"].continued
    assert not by_face["Cu"].continued


def test_a_crystal_that_is_not_continued_is_told(found: Surfaces) -> None:
    item = found.interfaces[3]
    poor = replace(item, relaxed_J_m2=1.43)
    assert "although one placement continues the crystal" in poor.warning
    assert "no placement continues the crystal" in replace(poor, continued=False).warning
    assert replace(poor, same_plane=False).warning == ""
