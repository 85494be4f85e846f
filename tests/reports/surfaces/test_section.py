"""The sections on surfaces, from made-up numbers."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from ase.build import bulk

from amalgamics.errors import InputError
from amalgamics.reports.surfaces.model import InterfaceRecord, LatticeRecord, PhaseSurfaces
from amalgamics.reports.surfaces.png import plane_text, wulff_png
from amalgamics.reports.surfaces.section import (
    adhesion_section,
    lattice_section,
    measured_average,
    published,
    surface_energy_section,
    wulff_section,
)
from amalgamics.reports.wetting.model import SurfaceRecord
from amalgamics.thermodynamics.surfaces.wulff import wulff_shape

ENERGIES = {(1, 1, 1): 0.70, (1, 0, 0): 0.75, (1, 1, 0): 0.95}


def phase(formula: str = "Al", *, shape: bool = True, note: str = "") -> PhaseSurfaces:
    records = tuple(
        SurfaceRecord(f"{formula}_fcc", plane, formula, energy, 0.001, 3, "emt", note)
        for plane, energy in ENERGIES.items()
    )
    found = wulff_shape(bulk("Al", cubic=True), ENERGIES) if shape else None
    return PhaseSurfaces(f"{formula}_fcc", formula, "emt", records, 225, found, "" if shape else "it is open")


def silver_on_gold(**changes: object) -> InterfaceRecord:
    record = InterfaceRecord(
        "Ag_fcc", "Au_fcc", "(111)", "(1.-1.0)", "emt", 7.1, 9, -0.0016, 0.0016, 1.10, 1.12, (0.55, 0.51)
    )
    return replace(record, **changes)  # type: ignore[arg-type]


def test_cells_are_compared_with_the_measured_ones() -> None:
    aluminium = LatticeRecord("Al_fcc", "Al", "Fm-3m", (("a", 4.00, 4.05),), 16.0, 16.6, "a book", "recalled")
    alloy = LatticeRecord("CuAu-x", "CuAu", "P4/mmm", (("a", 2.8, None), ("c", 3.6, None)), 14.1, None)
    section = lattice_section([aluminium, alloy])
    assert section is not None
    assert "1.2 %" in section.paragraphs[0]
    assert "−1.2 % (a of Al)" in section.paragraphs[0]
    rows = section.tables[0].rows
    assert rows[0][7] == pytest.approx(100 * (4.00 / 4.05 - 1))
    assert [row[4] for row in rows] == ["a", "a", "c"]
    assert rows[1][6] is None


def test_without_measured_cells_it_says_so() -> None:
    monoclinic = LatticeRecord("X", "LiHg", "P2/m", (), 20.0, None)
    section = lattice_section([monoclinic])
    assert section is not None
    assert "None of these" in section.paragraphs[0]
    assert section.tables[0].rows[0][4:7] == ("volume only", None, None)
    assert lattice_section([]) is None


def test_surface_energies_stand_beside_published_ones() -> None:
    item = phase()
    section = surface_energy_section([item], warnings=["one slab failed"])
    assert section is not None
    assert section.warnings == ("one slab failed",)
    assert "Al (111) 0.70" in section.paragraphs[0]
    measured = measured_average(item)
    assert measured is not None
    assert f"{item.shape.mean_surface_energy_J_m2:.2f} against {measured.value:.2f}" in section.paragraphs[1]
    table = section.tables[0]
    known = published(item)[(1, 1, 1), "PBE"]
    assert table.rows[0][table.columns.index("PBE")] == known.value
    assert "remark" not in table.columns


def test_columns_without_a_value_are_left_out() -> None:
    section = surface_energy_section([phase("Xe", shape=False, note="mean of the two terminations")])
    assert section is not None
    assert section.tables[0].columns[-1] == "remark"
    assert "PBE" not in section.tables[0].columns
    assert section.tables[0].note == ""


@pytest.mark.parametrize(("number", "plane", "label"), [(225, (0, 0, 1), "100"), (194, (0, 0, 1), "0001")])
def test_the_faces_of_the_references_are_found_in_any_setting(number: int, plane: tuple[Any, ...], label: str) -> None:
    element = {"100": "Al", "0001": "Mg"}[label]
    record = SurfaceRecord("x", plane, element, 0.7, None, 3, "emt")
    item = PhaseSurfaces("x", element, "emt", (record,), number)
    assert published(item)[plane, "PBE"].label == label


def test_the_shapes_are_told_drawn_and_tabled() -> None:
    section = wulff_section([phase(), phase("Cu", shape=False)])
    assert section is not None
    assert "Al {111}" in section.paragraphs[0]
    assert section.warnings == ("Cu (Cu_fcc): no shape; it is open",)
    shares = [row[4] for row in section.tables[0].rows]
    assert sum(shares) == pytest.approx(1.0)
    assert section.pictures[0].png.startswith(b"\x89PNG")


def test_a_single_plane_has_no_shape_to_show() -> None:
    one = replace(phase(), surfaces=phase().surfaces[:1], shape=None)
    assert wulff_section([one]) is None
    with pytest.raises(InputError, match="none to draw"):
        wulff_png([one])


def test_the_picture_shows_each_plane_in_its_colour() -> None:
    picture = matplotlib.image.imread(io.BytesIO(wulff_png([phase()])))[..., :3]
    shape = phase().shape
    assert shape is not None
    present = [plane for plane, share in shape.area_fractions.items() if share > 0.0]
    saturated = picture[np.ptp(picture, axis=-1) > 0.3]
    hues = {tuple(np.argsort(pixel)) for pixel in saturated[::50]}
    assert len(hues) >= len(present)


def test_the_same_shapes_give_the_same_picture() -> None:
    assert wulff_png([phase()]) == wulff_png([phase()])


def test_adhesion_is_told_with_strain_and_interface_energy() -> None:
    section = adhesion_section([silver_on_gold()], warnings=["Cu on Au: no match"])
    assert section is not None
    assert "Ag_fcc (111) on Au_fcc (1 −1 0) takes 1.10 J/m²" in section.paragraphs[0]
    row = section.tables[0].rows[0]
    assert row[4:8] == pytest.approx((1.10, 1.12, 0.55 + 0.51 - 1.10, -0.16))
    assert section.warnings == ("Cu on Au: no match",)


def test_adhesion_says_which_faces_meet() -> None:
    alloy = silver_on_gold(
        film="Cu_fcc", substrate="CuAu-x", film_termination="Cu", substrate_termination="Au", relaxed_J_m2=1.24
    )
    other = replace(alloy, substrate_termination="Cu", relaxed_J_m2=1.42)
    section = adhesion_section([alloy, other])
    assert section is not None
    assert "(Cu on Au) takes 1.24 J/m²" in section.paragraphs[0]
    assert "(Cu on Cu) takes 1.42 J/m²" in section.paragraphs[0]
    assert [row[1:4:2] for row in section.tables[0].rows] == [("Cu", "Au"), ("Cu", "Cu")]


def test_a_polar_face_is_named_and_is_not_the_lowest() -> None:
    plain, *others = phase().surfaces
    polar = replace(plain, miller_index=(2, 1, 0), surface_energy_J_m2=0.1, polar=True, note="polar (Tasker type 3)")
    section = surface_energy_section([replace(phase(), surfaces=(polar, plain, *others))])
    assert section is not None
    assert "Al (111) 0.70" in section.paragraphs[0]
    assert section.tables[0].rows[0][3] == "Al, polar"
    assert "Tasker" in str(section.tables[0].rows[0][-1])


def test_an_interface_without_surface_energies_has_no_energy_of_its_own() -> None:
    assert silver_on_gold(surface_energies_J_m2=(0.55, None)).interface_energy_J_m2 is None


def test_only_warnings_are_shown_where_nothing_was_computed() -> None:
    for section in (surface_energy_section([], warnings=["x"]), adhesion_section([], warnings=["x"])):
        assert section is not None
        assert (section.warnings, section.tables) == (("x",), ())
    assert surface_energy_section([]) is None
    assert adhesion_section([]) is None


def test_planes_are_written_as_usual() -> None:
    assert plane_text((1, 1, 1)) == "(111)"
    assert plane_text((1, -1, 0), "{}") == "{1 −1 0}"
