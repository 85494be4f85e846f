"""The ``surfaces`` section of an input: what it takes, and what it refuses before anything is computed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write
from pydantic import ValidationError

from amalgamics.errors import InputError
from amalgamics.structures.symmetry import conventional_cell
from amalgamics.workflows import spec as spec_module
from amalgamics.workflows.studies.surfaces.settings import SurfacesSettings, refuse_four_indices


class Job(spec_module.WorkflowSpec):
    """A job with a ``surfaces`` section."""

    surfaces: SurfacesSettings | None = None


def job(**surfaces: Any) -> Job:
    return Job(name="metals", systems=["Ag-Au"], potential="emt", structures={"prototypes": False}, surfaces=surfaces)


def test_the_defaults_need_nothing() -> None:
    section = SurfacesSettings()
    assert section.phases == "stable"
    assert section.names == ()
    assert not section.relaxation().relax_cell


@pytest.mark.parametrize("phases", ["Ag", ["Ag"]])
def test_one_name_is_a_list_of_one(phases: Any) -> None:
    assert SurfacesSettings(phases=phases).phases == ("Ag",)


def test_four_indices_of_a_hexagonal_plane_become_three() -> None:
    assert SurfacesSettings(miller_indices=[[1, 0, -1, 0], [0, 0, 0, 1]]).miller_indices == ((1, 0, 0), (0, 0, 1))


def test_the_plane_of_the_film_is_that_of_the_substrate_unless_given() -> None:
    pairs = [
        {"film": "Ag", "substrate": "Au", "miller_index": [1, 0, 0]},
        {"film": "Ag", "substrate": "Au", "film_miller_index": [1, 1, 0]},
    ]
    first, second = SurfacesSettings(adhesion=pairs).adhesion
    assert (first.miller_index, first.film_plane) == ((1, 0, 0), (1, 0, 0))
    assert (second.miller_index, second.film_plane) == ((1, 1, 1), (1, 1, 0))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"planes": 3, "miller_indices": [[1, 0, 0]]}, "not both"),
        ({"miller_indices": [[0, 0, 0]]}, "not a plane"),
        ({"miller_indices": [[1, 0, 0, 1]]}, "add up to 0"),
        ({"miller_indices": [[1, 0]]}, "miller_indices"),
        ({"planes": 0}, "planes"),
        ({"adhesion": [{"film": "Ag"}]}, "substrate"),
        ({"adhesion": [{"film": "Ag", "substrate": "Au", "strain": 0.1}]}, "strain"),
        ({"plane": 3}, "plane"),
        ({"terminations": []}, "terminations"),
        ({"chemical_potentials": "hull"}, "chemical_potentials"),
    ],
)
def test_what_makes_no_sense_is_refused(content: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        SurfacesSettings(**content)


@pytest.mark.parametrize("name", ["Ag", "Ag_fcc", "Al", "Al_fcc"])
def test_structures_of_the_job_and_the_library_are_known(name: str) -> None:
    spec = job(phases=[name])
    assert spec.surfaces is not None
    spec.surfaces.check(spec)


@pytest.mark.parametrize(
    ("surfaces", "told"),
    [
        ({"phases": ["Ag_fc"]}, "Ag_fcc"),
        ({"phases": ["LiHg3"]}, "Hg"),
        ({"adhesion": [{"film": "Ag", "substrate": "Si"}]}, "Si"),
    ],
)
def test_other_names_are_refused_with_the_nearest(surfaces: dict[str, Any], told: str) -> None:
    spec = job(**surfaces)
    assert spec.surfaces is not None
    with pytest.raises(InputError, match=told):
        spec.surfaces.check(spec)


@pytest.mark.parametrize("given", ["Au", ["Au"]])
def test_one_face_is_a_list_of_one(given: Any) -> None:
    assert SurfacesSettings(terminations=given).terminations == ("Au",)
    assert SurfacesSettings(terminations="all").terminations == "all"


@pytest.mark.parametrize(
    ("surfaces", "told"),
    [
        ({"phases": ["Ag"], "miller_indices": [[1, 0, 0], [999, 1, 7]]}, r"miller_indices\.1: Ag: .*\(999, 1, 7\)"),
        ({"miller_indices": [[999, 1, 7]]}, r"miller_indices\.0: .*max_slab_atoms is 2000"),
        ({"adhesion": [{"film": "Ag", "substrate": "Au", "miller_index": [999, 1, 7]}]}, r"adhesion\.0: Ag"),
        ({"phases": "Ag", "miller_indices": [[3, 1, 1]], "max_slab_atoms": 4}, "max_slab_atoms is 4"),
    ],
)
def test_planes_with_huge_cells_are_refused_at_once(surfaces: dict[str, Any], told: str) -> None:
    spec = job(**surfaces)
    assert spec.surfaces is not None
    start = time.process_time()
    with pytest.raises(InputError, match=told):
        spec.surfaces.check(spec)
    assert time.process_time() - start < 2.0


@pytest.mark.parametrize("pair", [False, True])
def test_four_indices_in_rhombohedral_axes_are_refused(pair: bool, tmp_path: Path) -> None:
    alloy = Atoms("CuAu", cell=[3, 3, 3, 80, 80, 80], scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)], pbc=True)
    write(tmp_path / "skewed.cif", alloy)
    structures = {"prototypes": False, "files": (tmp_path / "skewed.cif",)}

    def with_axes(index: list[int], axes: str) -> Job:
        asked: dict[str, Any] = {"miller_indices": [index]}
        if pair:
            asked = {"adhesion": [{"film": "skewed", "substrate": "skewed", "miller_index": index}]}
        surfaces = {"phases": "skewed", "axes": axes, **asked}
        return Job(name="metals", systems=["Cu-Au"], potential="emt", structures=structures, surfaces=surfaces)

    job = with_axes([1, 0, -1, 4], "given")
    with pytest.raises(InputError, match=r"four indices .* skewed\.cif has R-3m, rhombohedral axes.* standard"):
        job.surfaces.check(job)
    for index, axes in (([1, 0, 4], "given"), ([1, 0, -1, 4], "standard")):
        allowed = with_axes(index, axes)
        allowed.surfaces.check(allowed)


@pytest.mark.parametrize(
    ("surfaces", "told"),
    [
        ({"phases": ["Mg"], "miller_indices": [[1, 1, -2, 1]]}, ""),
        ({"phases": ["Mg", "Cu"], "miller_indices": [[1, 1, 1]]}, ""),
        ({"phases": ["Mg", "Cu"], "miller_indices": [[1, 1, 1], [1, 1, -2, 1]]}, "Cu_fcc has Fm-3m, as given"),
        ({"phases": ["Cu_fcc"], "axes": "standard", "miller_indices": [[1, 1, -2, 1]]}, "Cu_fcc has Fm-3m"),
        ({"phases": "Hg_alpha", "miller_indices": [[1, 1, -2, 1]]}, ""),
        ({"phases": "elements", "miller_indices": [[1, 1, -2, 1]]}, "Cu_fcc has Fm-3m"),
        ({"miller_indices": [[1, 1, -2, 1]]}, "Cu_fcc has Fm-3m"),
        ({"phases": "MgCu", "miller_indices": [[1, 1, -2, 1]]}, "MgCu.cif has P4/mmm"),
        ({"adhesion": [{"film": "Cu", "substrate": "Mg", "miller_index": [0, 0, 0, 1]}]}, "Cu_fcc has Fm-3m"),
        (
            {
                "adhesion": [
                    {"film": "Cu", "substrate": "Mg", "miller_index": [0, 0, 0, 1], "film_miller_index": [1, 1, 1]}
                ]
            },
            "",
        ),
    ],
)
def test_four_indices_are_of_hexagonal_cells(surfaces: dict[str, Any], told: str, tmp_path: Path) -> None:
    alloy = Atoms("MgCu", cell=[3, 3, 3.4], scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)], pbc=True)
    write(tmp_path / "MgCu.cif", alloy)
    structures = {"prototypes": False, "files": (tmp_path / "MgCu.cif",)}
    systems = ["Cu-Mg", "Cu-Hg"]
    spec = Job(name="metals", systems=systems, potential="chgnet", structures=structures, surfaces=surfaces)
    assert spec.surfaces is not None
    if not told:
        spec.surfaces.check(spec)
        return
    with pytest.raises(InputError, match=rf"four indices are of hexagonal axes, and .*{told}.*give three$"):
        spec.surfaces.check(spec)


def test_four_indices_of_a_stable_phase_are_refused_once_its_cell_is_known() -> None:
    hexagonal, cubic = conventional_cell(bulk("Mg")), conventional_cell(bulk("Cu"))
    refuse_four_indices("Mg", hexagonal)
    with pytest.raises(InputError, match="and Cu has Fm-3m, ITA standard setting; give three"):
        refuse_four_indices("Cu", cubic)
