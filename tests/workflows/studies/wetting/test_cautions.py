"""Polar faces are told from the stored crystal, also for studies stored before."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ase import Atoms
from ase.build import bulk

from amalgamics.structures.glass.thiophosphate import AMORPHOUS
from amalgamics.structures.tags import LIQUID, SOLID
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.studies.wetting.cautions import polarity_warnings
from amalgamics.workflows.studies.wetting.stored import StoredStudy, get_study

MGO = bulk("MgO", "rocksalt", a=4.21, cubic=True)
CSCL = bulk("CsCl", "cesiumchloride", a=4.12)


@pytest.fixture
def stored(made_up_study) -> Callable[..., StoredStudy]:
    """Return a study of lithium in mercury with films on some terminations of a plane, and its crystal if given."""

    def make(crystal: Atoms | None, miller: str, *terminations: str) -> StoredStudy:
        made_up = made_up_study()
        where = {"study": f"MgO{miller}-Li-Hg", "substrate": "MgO", "miller": miller, "solvent": "Hg", "solute": "Li"}
        cell = crystal if crystal is not None else Atoms("Mg", cell=[3, 3, 3], pbc=True)
        labels = {**where, "role": "substrate"}
        made_up.store(Candidate("MgO crystal", "substrate", cell, "made up", labels=labels), -10.0)
        for number, termination in enumerate(terminations):
            film = Atoms("MgHg", positions=[[1, 1, 1], [1, 1, 4 + number]], cell=[7, 7, 30], pbc=True)
            film.set_tags([SOLID, LIQUID])
            of_film: dict[str, str | int] = {**where, "role": "interface", "termination": termination}
            of_film |= {"n_solute": 0, "seed": 0, "frame": 0}
            made_up.store(Candidate(f"film on {termination}", "interface", film, "made up", labels=of_film), -150.0)
        return get_study(made_up.database)

    return make


def test_the_oxygen_face_of_mgo_is_said_to_be_polar(stored) -> None:
    (warning,) = polarity_warnings(stored(MGO, "(111)", "O"))
    assert warning.startswith("O: polar")
    assert "not a property of a real face" in warning


def test_each_polar_termination_is_named_and_can_be_picked(stored) -> None:
    study = stored(MGO, "(111)", "O", "Mg")
    assert [text.split(":")[0] for text in polarity_warnings(study)] == ["O", "Mg"]
    assert [text.split(":")[0] for text in polarity_warnings(study, ["Mg"])] == ["Mg"]


@pytest.mark.parametrize(
    ("crystal", "miller", "termination"),
    [
        (MGO, "(001)", "MgO"),
        (MGO, "(011)", "MgO"),
        (CSCL, "(011)", "CsCl"),
        (bulk("Ni", cubic=True), "(001)", "Ni"),  # a metal has no formal charges
        (MGO, "(111)", AMORPHOUS),
        (None, "(111)", "O"),  # this crystal has no such face
    ],
)
def test_nothing_is_said_of_other_faces(stored, crystal, miller, termination) -> None:
    assert polarity_warnings(stored(crystal, miller, termination)) == []


def test_the_charged_faces_of_another_salt_are_polar(stored) -> None:
    assert len(polarity_warnings(stored(CSCL, "(001)", "Cs", "Cl"))) == 2
