"""Shares of an equilibrium shape: each plane once, by the face that appears."""

from __future__ import annotations

import pytest
from ase.build import bulk

from amalgamics.reports.surfaces.model import PhaseSurfaces
from amalgamics.reports.wetting.model import SurfaceRecord
from amalgamics.structures.symmetry import conventional_cell
from amalgamics.thermodynamics.surfaces.wulff import wulff_shape


def record(plane: tuple[int, int, int], termination: str, energy: float, *, polar: bool | None = None) -> SurfaceRecord:
    return SurfaceRecord(
        phase="CuAu",
        miller_index=plane,
        termination=termination,
        surface_energy_J_m2=energy,
        standard_error_J_m2=0.0,
        n_slabs=3,
        potential="emt",
        polar=polar,
    )


def test_shares_add_up_to_one_whatever_faces_there_are() -> None:
    crystal = bulk("Cu", cubic=True)
    energies = {(1, 1, 1): 1.0, (1, 0, 0): 1.1}
    faces = (
        record((1, 0, 0), "polar one", 0.2, polar=True),
        record((1, 1, 1), "Cu", 1.0),
        record((1, 0, 0), "Cu", 1.1),
        record((1, 1, 1), "Au", 1.2),
        record((1, 0, 0), "Cu|Au", 1.3),
    )
    phase = PhaseSurfaces(
        phase="CuAu",
        formula="CuAu",
        potential="emt",
        surfaces=faces,
        shape=wulff_shape(crystal, energies),
        no_shape="",
        cell=conventional_cell(crystal),
    )
    shares = [phase.share_of(face) for face in faces]
    assert [share is not None for share in shares] == [False, True, True, False, False]
    assert sum(share for share in shares if share is not None) == pytest.approx(1.0)
