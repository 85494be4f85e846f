"""The section on faces with an excess, from made-up numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ase.build import bulk

from amalgamics.reports.surfaces.model import OpenSurfaceRecord, PhaseSurfaces, ShapeAtPotentials
from amalgamics.reports.surfaces.potentials_section import excess_text, potentials_section
from amalgamics.thermodynamics.hulls.equilibria import Equilibrium
from amalgamics.thermodynamics.surfaces.energies import fit_thickness
from amalgamics.thermodynamics.surfaces.open_surfaces import SurfaceLine
from amalgamics.thermodynamics.surfaces.wulff import wulff_shape


def face(plane: tuple[int, int, int], energy: float, excess: float) -> OpenSurfaceRecord:
    fit = fit_thickness([energy, energy - 3.0, energy - 6.0], [4, 5, 6], 10.0)
    return OpenSurfaceRecord(plane, "Cu" if excess > 0 else "Au", SurfaceLine(fit, {"Cu": excess}, 10.0), 3, None)


FACES = (face((1, 0, 0), -10.9, 1.0), face((1, 0, 0), -10.8, -1.0), face((1, 1, 1), -10.7, -1.0))
EQUILIBRIA = [
    Equilibrium("beside Au", ("Au_fcc",), {"Cu": -0.2, "Au": 0.0}),
    Equilibrium("middle", (), {"Cu": -0.1, "Au": -0.1}),
    Equilibrium("beside Cu", ("Cu_fcc",), {"Cu": 0.0, "Au": -0.2}),
]


def alloy() -> PhaseSurfaces:
    shapes = []
    for each in EQUILIBRIA:
        best = {
            record.miller_index: (record.line.surface_energy_J_m2(each.chemical_potentials), record.termination)
            for record in sorted(
                FACES, key=lambda one: one.line.surface_energy_J_m2(each.chemical_potentials), reverse=True
            )
        }
        shape = wulff_shape(bulk("Cu", cubic=True), {plane: energy for plane, (energy, _) in best.items()})
        shapes.append(ShapeAtPotentials(each, {plane: name for plane, (_, name) in best.items()}, shape))
    return PhaseSurfaces("CuAu-x", "CuAu", "emt", (), open_surfaces=FACES, shapes=tuple(shapes))


def test_lines_and_shapes_are_told_drawn_and_tabled() -> None:
    item = alloy()
    section = potentials_section([item])
    assert section is not None
    assert [picture.file_name for picture in section.pictures] == ["surface-energies-mu.png", "wulff-mu.png"]
    assert all(picture.png.startswith(b"\x89PNG") for picture in section.pictures)
    lines, shapes = section.tables
    assert [row[:3] for row in lines.rows][:2] == [("(100)", "Cu", "+0.5 Cu"), ("(100)", "Au", "−0.5 Cu")]
    for row, record in zip(lines.rows, FACES, strict=True):
        assert row[4:7] == pytest.approx(
            [record.line.surface_energy_J_m2(each.chemical_potentials) for each in EQUILIBRIA]
        )
    for each in EQUILIBRIA:
        shares = [row[4] for row in shapes.rows if row[0] == each.label]
        assert sum(shares) == pytest.approx(1.0)
        assert each.label in section.paragraphs[0]
    assert "μ(Cu) −0.200" in lines.note


def test_the_face_of_a_plane_changes_with_the_potential() -> None:
    poor, _, rich = alloy().shapes
    gold, copper = FACES[1].line, FACES[0].line
    for at in (poor, rich):
        mu = at.equilibrium.chemical_potentials
        lowest = "Cu" if copper.surface_energy_J_m2(mu) < gold.surface_energy_J_m2(mu) else "Au"
        assert at.terminations[1, 0, 0] == lowest


def test_without_a_range_it_says_why() -> None:
    section = potentials_section([replace(alloy(), shapes=(), no_range="it is above the hull")])
    assert section is not None
    assert section.tables == ()
    assert section.warnings == ("CuAu (CuAu-x): no range of chemical potentials; it is above the hull",)
    assert potentials_section([replace(alloy(), shapes=(), open_surfaces=())]) is None


def test_a_shape_that_does_not_close_is_a_warning() -> None:
    item = alloy()
    first, *others = item.shapes
    section = potentials_section([replace(item, shapes=(replace(first, shape=None, no_shape="negative"), *others))])
    assert section is not None
    assert section.warnings == ("CuAu (CuAu-x) beside Au: no shape; negative",)


def test_the_excess_is_that_of_one_face() -> None:
    assert excess_text(FACES[0]) == "+0.5 Cu"
