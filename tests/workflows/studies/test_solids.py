"""A solid by name or file: text alone, orderings, planes of the file in the axes of an ordered cell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from pydantic import ValidationError

from amalgamics.structures.slabs.slab import get_slab
from amalgamics.workflows.studies.films.settings import SubstrateSettings
from amalgamics.workflows.studies.solids import SolidSettings

MIXED = """data_mixed
_cell_length_a 4.2
_cell_length_b 4.2
_cell_length_c 4.2
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_space_group_name_H-M_alt 'F m -3 m'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
M1 Mg 0 0 0 0.875
M2 Ni 0 0 0 0.125
O1 O 0.5 0.5 0.5 1
"""


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    path = tmp_path / "mixed (1).cif"
    path.write_text(MIXED)
    return path


def test_text_alone_is_a_name_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bulk("Ni", cubic=True).write("Ni.cif")
    assert SolidSettings.model_validate("LLTO").label == "LLTO"
    solid = SolidSettings.model_validate("Ni.cif")
    assert (solid.label, solid.file) == ("Ni", str(tmp_path / "Ni.cif"))
    assert SolidSettings.model_validate(Path("Ni.cif")) == solid
    assert SolidSettings.model_validate({"file": "Ni.cif", "name": "my-nickel"}).label == "my-nickel"
    with pytest.raises(ValidationError, match=r"no such structure file: .*none\.cif"):
        SolidSettings.model_validate("none.cif")
    with pytest.raises(ValidationError, match="unknown electrolyte 'LLT0'"):
        SolidSettings.model_validate("LLT0")


def test_partly_filled_sites_are_ordered_on_request(mixed: Path) -> None:
    solid = SolidSettings(file=str(mixed), order="ewald", max_atoms=16)
    crystal = solid.crystal()
    assert solid.label == "mixed-(1)"
    assert crystal.symbols.formula.count() == {"Mg": 7, "Ni": 1, "O": 8}
    assert solid.notes[0].startswith("1 x 1 x 2 cells of the file with sites Mg0.875 Ni0.125")


@pytest.mark.parametrize("plane", [(0, 0, 1), (1, 0, 0), (1, 0, 1), (1, 1, 1), (2, 1, 0)])
def test_the_plane_is_one_of_the_cell_of_the_file(mixed: Path, plane: tuple[int, int, int]) -> None:
    """Cut from the ordered cell of twice the height, the faces are those of the small cell: same spacing of planes."""
    substrate = SubstrateSettings(file=str(mixed), order="ewald", max_atoms=16, miller_index=plane)
    crystal = substrate.crystal()
    in_file = np.array(plane) @ np.linalg.inv(np.diag([4.2, 4.2, 4.2])).T
    in_cell = np.array(substrate.plane) @ np.linalg.inv(crystal.cell.array).T
    assert np.allclose(np.cross(in_file, in_cell), 0.0, atol=1e-9)
    assert in_file @ in_cell > 0
    assert np.gcd.reduce(substrate.plane) == 1
    slab = get_slab(crystal, substrate.plane, min_slab_size=4.0)
    assert slab.area > 0
