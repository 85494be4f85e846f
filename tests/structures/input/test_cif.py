"""CIF files are read as they mean: axes, origins, operations, occupancies; contradictions are refused."""

from __future__ import annotations

import re

import numpy as np
import pytest
import spglib
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from amalgamics.errors import InputError
from amalgamics.structures.input.cif import read_cif

from .cif_files import CU3AU, WITH_OCCUPANCY, cif_text

HG_RHOMBOHEDRAL = [2.99865, 2.99865, 2.99865, 70.4135, 70.4135, 70.4135]
_EDGE = 2 * 2.99865 * np.sin(np.radians(70.4135) / 2)
HG_HEXAGONAL = [_EDGE, _EDGE, np.sqrt(9 * 2.99865**2 - 3 * _EDGE**2), 90, 90, 120]
NATL = [6.6, 6.6, 6.6, 90, 90, 90]
TEXT = "Hg1 Hg 0 0 0"


def only(text: str) -> Structure:
    ((structure, _),) = read_cif(text, "file")
    return structure


def space_group(structure: Structure) -> str:
    numbers = [site.specie.Z for site in structure]
    found = spglib.get_symmetry_dataset((structure.lattice.matrix, structure.frac_coords, numbers), symprec=0.01)
    return str(found.international)


def refusal(text: str) -> str:
    with pytest.raises(InputError) as error:
        read_cif(text, "file 'x.cif'")
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith("file 'x.cif'")
    return message


@pytest.mark.parametrize("symbol", ["R -3 m R", "R -3 m :R", "R -3 m", "_symmetry_Int_Tables_number 166"])
def test_rhombohedral_axes_hold_one_atom(symbol: str) -> None:
    structure = only(cif_text(HG_RHOMBOHEDRAL, symbol, [TEXT]))
    assert len(structure) == 1
    assert space_group(structure) == "R-3m"
    assert min(structure.get_neighbor_list(4.0)[3]) == pytest.approx(2.99865, abs=1e-4)


@pytest.mark.parametrize("symbol", ["R -3 m H", "R -3 m", "R -3 m :H", "_symmetry_Int_Tables_number 166"])
def test_hexagonal_axes_hold_three(symbol: str) -> None:
    structure = only(cif_text(HG_HEXAGONAL, symbol, [TEXT]))
    assert len(structure) == 3
    same = only(cif_text(HG_RHOMBOHEDRAL, "R -3 m R", [TEXT]))
    assert structure.volume == pytest.approx(3.0 * same.volume, rel=1e-4)
    shells = [np.sort(one.get_neighbor_list(6.0, sites=[one[0]])[3]) for one in (structure, same)]
    assert np.allclose(*shells, atol=1e-3)


FIRST = ["Li1 Li 0 0 0", "Hg1 Hg 0.5 0.5 0.5"]
SECOND = ["Li1 Li 0.125 0.125 0.125", "Hg1 Hg 0.375 0.375 0.375"]


@pytest.mark.parametrize(
    ("symbol", "sites"),
    [
        ("F d -3 m :1", FIRST),
        ("F d -3 m S", FIRST),
        ("F d -3 m", FIRST),
        ("F d -3 m :2", SECOND),
        ("F d -3 m Z", SECOND),
        ("F d -3 m", SECOND),
        ("_symmetry_Int_Tables_number 227", SECOND),
        ("_space_group_name_Hall '-F 4vw 2vw 3'", SECOND),
    ],
)
def test_both_origins_of_a_double_diamond(symbol: str, sites: list[str]) -> None:
    """LiHg as NaTl: 16 atoms, each with eight neighbours at a sqrt(3)/4, whichever origin is meant or left open."""
    structure = only(cif_text(NATL, symbol, sites))
    assert len(structure) == 16
    assert space_group(structure) == "Fd-3m"
    near = structure.get_neighbors(structure[0], 6.6 * np.sqrt(3) / 4 + 0.05)
    assert len(near) == 8


def test_an_origin_left_open_is_told() -> None:
    ((_, notes),) = read_cif(cif_text(NATL, "F d -3 m", SECOND), "file")
    assert notes == ("the file does not say which origin its F d -3 m:1 has; F d -3 m:2 was taken",)


def test_axes_as_the_symbol_has_them() -> None:
    cell = [5.6156, 5.6336, 7.9145, 90, 90, 90]
    sites = ["La1 La 0.0 0.04 0.25", "Hg1 Hg 0.5 0 0", "O1 O 0.08 0.49 0.25", "O2 O 0.71 0.29 0.04"]
    structure = only(cif_text(cell, "P b n m", sites))
    assert structure.composition.formula.replace(" ", "") == "La4Hg4O12"
    assert space_group(structure) == "Pnma"
    assert np.allclose(structure.lattice.abc, cell[:3])  # the axes of the file


def test_coordinates_near_a_special_position_are_one_atom() -> None:
    cell = [2.9506, 2.9506, 4.6788, 90, 90, 120]
    for third in ("0.3333", "0.333"):
        structure = only(cif_text(cell, "P 63/m m c", [f"Ti1 Ti {third} {1 - float(third):.4f} 0.25"]))
        assert len(structure) == 2
        assert structure.frac_coords[0][0] == pytest.approx(1.0 / 3.0, abs=1e-6)


def test_shares_of_a_site_stay() -> None:
    sites = ["Cu1 Cu 0 0 0 0.75", "Au1 Au 0 0 0 0.25"]
    structure = only(cif_text([3.744] * 3 + [90] * 3, "F m -3 m", sites, columns=WITH_OCCUPANCY))
    assert len(structure) == 4
    assert {str(key): value for key, value in structure[0].species.items()} == {"Cu": 0.75, "Au": 0.25}


def test_occupancies_near_one_are_one() -> None:
    structure = only(cif_text([3.744] * 3 + [90] * 3, "F m -3 m", ["Cu1 Cu 0 0 0 0.998"], columns=WITH_OCCUPANCY))
    assert structure.is_ordered


@pytest.mark.parametrize(
    ("site", "columns"),
    [
        ("Au1 0 0 0", ("label", "fract_x", "fract_y", "fract_z")),
        ("AuM1 0 0 0", ("label", "fract_x", "fract_y", "fract_z")),
        ("X1 Au3+ 0 0 0", ("label", "type_symbol", "fract_x", "fract_y", "fract_z")),
        ("X1 Au 0.0000(3) 0 0", ("label", "type_symbol", "fract_x", "fract_y", "fract_z")),
    ],
)
def test_elements_of_labels_and_ions(site: str, columns: tuple[str, ...]) -> None:
    structure = only(cif_text([4.08] * 3 + [90] * 3, "F m -3 m", [site], columns=columns))
    assert structure.composition.reduced_formula == "Au"


def test_a_label_of_two_capitals_is_what_the_formula_says() -> None:
    columns = ("label", "fract_x", "fract_y", "fract_z")
    cell, sites = [4.0] * 3 + [90] * 3, ["HG1 0 0 0"]
    structure = only(cif_text(cell, "P m -3 m", sites, columns=columns, more=["_chemical_formula_sum 'Hg'"]))
    assert structure.composition.reduced_formula == "Hg"
    assert "may be Hg or H" in refusal(cif_text(cell, "P m -3 m", sites, columns=columns))


def test_every_block_with_atoms_is_read() -> None:
    second = cif_text([4.08] * 3 + [90] * 3, "F m -3 m", ["Au1 Au 0 0 0"], name="gold")
    text = "data_global\n_publ_section_title 'none'\n\n" + CU3AU + "\n" + second
    assert [structure.composition.reduced_formula for structure, _ in read_cif(text, "file")] == ["Cu3Au", "Au"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("this is no crystal", "not a valid CIF"),
        ("data_x\n_cell_length_a 3\n", "no data block holds a cell"),
        (cif_text([3, 3, 3, 90, 90, 90], "P m -3 x", [TEXT]), "space group 'P m -3 x' is unknown"),
        (cif_text([3, 3, 3, 90, 90, 90], "_space_group_IT_number 231", [TEXT]), "none of 1 to 230"),
        (
            cif_text([3, 3, 4, 90, 90, 90], "P m -3 m", [TEXT]),
            r"edges of 3, 3, 4 Å and angles of 90.00, 90.00, 90.00° does not have the symmetry of P m -3 m",
        ),
        (cif_text([3, 3, 3, 88, 88, 88], "P m -3 m", [TEXT]), "does not have the symmetry"),
        (cif_text([3, 3, 3, 90, 90, 90], "P m -3 m", ["Q1 Qq 0 0 0"]), "'Qq' is no element"),
        (cif_text([3, 3, 3, 90, 90, 90], "P m -3 m", ["Hg1 Hg 0 ? 0"]), "_atom_site_fract_y of Hg1 is missing"),
        (cif_text([3, 3, 3, 90, 90, 90], "P m -3 m", ["Hg1 Hg 0 1/2 0"]), "fract_y of Hg1 is 1/2, no number"),
        (cif_text([0, 3, 3, 90, 90, 90], "P 1", [TEXT]), "enclose nothing"),
        (cif_text([3, 3, 3, 90, 90, 180], "P 1", [TEXT]), "enclose nothing"),
        (cif_text([3, 3, 3, 90, 90, 179.9], "P 1", [TEXT]), "the cell is flat"),
        (cif_text([0.01, 0.01, 0.01, 90, 90, 90], "P 1", [TEXT]), "1 to 500 Å are allowed"),
        (
            cif_text([3, 3, 3, 90, 90, 90], "P m -3 m", ["Hg1 Hg 0 0 0 1.4"], columns=WITH_OCCUPANCY),
            "occupancy of Hg1 is 1.4",
        ),
        (
            cif_text([3, 3, 3, 90, 90, 90], "P m -3 m", ["A Hg 0 0 0 0.8", "B Au 0 0 0 0.8"], columns=WITH_OCCUPANCY),
            "A and B fill one place 1.6 times",
        ),
        (
            cif_text([3, 3, 3, 90, 90, 90], "P m -3 m", [TEXT], more=["_space_group_IT_number 225"]),
            "has number 221, not 225",
        ),
        (cif_text([3] * 3 + [90] * 3, "P m -3 m", [TEXT], operations=["x,y,z", "-x,-y,-z"]), "lists 2 symmetry op"),
        (cif_text([3] * 3 + [90] * 3, "", [TEXT], operations=["x,y,z", "y,z,x"]), "are no group"),
        (cif_text([3] * 3 + [90] * 3, "", [TEXT], operations=["x,y,q"]), "'x,y,q' cannot be read"),
    ],
)
def test_contradictions_are_named(text: str, message: str) -> None:
    assert re.search(message, refusal(text)), refusal(text)


def test_atoms_are_compared_with_the_formula() -> None:
    cell, sites = [3.744] * 3 + [90] * 3, ["Au1 Au 0 0 0", "Cu1 Cu 0 0.5 0.5"]
    right = cif_text(cell, "P m -3 m", sites, more=["_chemical_formula_sum 'Au Cu3'", "_cell_formula_units_Z 1"])
    assert len(only(right)) == 4
    other = cif_text(cell, "P m -3 m", sites, more=["_chemical_formula_sum 'Au Cu3 H2'"])
    assert "its atoms are Cu3Au, but its formula says" in refusal(other)
    of_cell = cif_text(
        [3.5] * 3 + [90] * 3,
        "F m -3 m",
        ["Au1 Au 0 0 0", "Cu1 Cu 0.5 0 0"],
        more=["_chemical_formula_sum 'Au4 Cu4'", "_cell_formula_units_Z 4"],
    )  # as pymatgen and the Materials Project write it
    assert len(only(of_cell)) == 8
    more = cif_text(cell, "P m -3 m", sites, more=["_chemical_formula_sum 'Au Cu3'", "_cell_formula_units_Z 2"])
    assert "give 4 atoms a cell, but 2 formula units of Cu3Au are 8" in refusal(more)


def test_a_whole_cell_with_its_symmetry_is_taken_once() -> None:
    sites = ["Cu1 Cu 0 0 0", "Cu2 Cu 0 0.5 0.5", "Cu3 Cu 0.5 0 0.5", "Cu4 Cu 0.5 0.5 0"]
    assert len(only(cif_text([3.61] * 3 + [90] * 3, "F m -3 m", sites))) == 4


@given(
    number=st.integers(1, 230).filter(lambda number: number not in (146, 148, 155, 160, 161, 166, 167)),
    place=st.tuples(*[st.integers(3, 45).map(lambda k: round(k / 97.0, 4))] * 3),
)
def test_expansion_agrees_with_pymatgen(number: int, place: tuple[float, float, float]) -> None:
    """A general position of every group, in the setting of its number, gives what pymatgen makes of the symbol."""
    lattice = _lattice_of(number)
    cell = [*lattice.abc, *lattice.angles]
    text = cif_text(cell, f"_space_group_IT_number {number}", ["Hg1 Hg " + " ".join(map(str, place))])
    try:
        ((mine, _),) = read_cif(text, "file")
    except InputError:
        assert number in _TWO_ORIGINS  # which the file leaves open
        return
    other = Structure.from_spacegroup(number, lattice, ["Hg"], [place])
    if number in _TWO_ORIGINS or min(other.get_neighbor_list(20.0)[3]) < 0.3:
        return  # images are taken as one
    assert len(mine) == len(other)
    assert np.allclose(mine.distance_matrix.sum(), other.distance_matrix.sum(), rtol=1e-6)


_TWO_ORIGINS = (
    48, 50, 59, 68, 70, 85, 86, 88, 125, 126, 129, 130, 133, 134, 137, 138, 141, 142, 201, 203, 222, 224, 227, 228,
)  # fmt: skip


def _lattice_of(number: int) -> Lattice:
    limits = ((2, (9, 10, 11, 80, 85, 95)), (15, (9, 10, 11, 90, 100, 90)), (74, (9, 10, 11, 90, 90, 90)))
    for last, parameters in limits:
        if number <= last:
            return Lattice.from_parameters(*parameters)
    if number <= 142:
        return Lattice.tetragonal(12, 13)
    return Lattice.hexagonal(12, 14) if number <= 194 else Lattice.cubic(17)


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("P6(3)/mmc", "P6_3/mmc"),
        ("P 6_3/m m c", "P6_3/mmc"),
        ("P_6_3/m_m_c", "P6_3/mmc"),
        ("P2(1)/n", "P2_1/c"),
        ("R -3 m (H)", "R-3m"),
        ("R-3mH", "R-3m"),
        ("FM3M", "Fm-3m"),
        ("Cmce", "Cmce"),
        ("Fd-3mS", "Fd-3m"),
        ("F d -3 m (origin choice 1)", "Fd-3m"),
        ("P 1", "P1"),
        ("P 2", "P2"),
    ],
)
def test_symbols_as_programs_spell_them(symbol: str, expected: str) -> None:
    """Two kinds of atoms in general places of a large cell of the right shape."""
    number = spglib.get_spacegroup_type(_hall_of(expected)).number
    lattice = _lattice_of(number)
    sites = ["Hg1 Hg 0.11 0.23 0.37", "Li1 Li 0.43 0.31 0.17"]
    structure = only(cif_text([*lattice.abc, *lattice.angles], symbol, sites))
    assert space_group(structure) == expected


def _hall_of(symbol: str) -> int:
    return next(k for k in range(1, 531) if spglib.get_spacegroup_type(k).international_short == symbol)


def test_a_short_monoclinic_symbol_takes_the_axis_of_the_cell() -> None:
    structure = only(cif_text([8, 9, 10, 90, 90, 100], "P 21/m", ["Hg1 Hg 0.15 0.2 0.05"]))
    assert len(structure) == 4
    assert space_group(structure) == "P2_1/m"


CUBE = [3.6, 3.6, 3.6, 90, 90, 90]


@pytest.mark.parametrize(
    "group",
    [
        "_space_group.IT_number 225",
        "_space_group.name_H-M_alt 'F m -3 m'",
        "_symmetry.space_group_name_H-M 'F m -3 m'",
        "_space_group_name_H-M 'F m -3 m'",
        "F 4/m -3 2/m",
        "_space_group_name_Hall '-F 4 2 3'",
    ],
)
def test_symmetry_is_read_under_every_tag(group: str) -> None:
    assert len(only(cif_text(CUBE, group, ["Cu1 Cu 0 0 0"]))) == 4


def test_operations_in_a_text_field() -> None:
    text = cif_text(CUBE, "", ["Cu1 Cu 0.1 0 0"], more=["_symmetry_equiv_pos_as_xyz", ";", "x,y,z", "-x,-y,-z", ";"])
    assert len(only(text)) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            cif_text(CUBE, "F m -3 m", ["Cu1 Cu 0 0 0"], more=["_space_group_name_Hall '-P 4 2 3'"]),
            "Hall symbol is of P m -3 m, and its space group 'F m -3 m'",
        ),
        (cif_text(CUBE, "F m -3 m", ["Cu1 Cu 0 0 0"], more=["_cell_volume 340"]), "_cell_volume says 340"),
        (cif_text(HG_RHOMBOHEDRAL, "R -3 m :H", [TEXT]), "does not have the symmetry of R -3 m:H"),
        (cif_text(CUBE, "P 1", ["Cu1 Cu 0 0 0"], more=["_cell_modulation_dimension 1"]), "modulated"),
        (
            cif_text(
                [5.9, 5.9, 5.9, 90, 90, 90],
                "F m -3 m",
                ["Cu1 Cu 0 0 0 4", "Al1 Al 0.25 0.25 0.25 4"],
                columns=("label", "type_symbol", "fract_x", "fract_y", "fract_z", "symmetry_multiplicity"),
            ),
            "other numbers of atoms than its multiplicities say",
        ),
        (cif_text(CUBE, "P 1", ["Cu1 Cu 0 0 0", "Cu2 Cu 0 0 1"]), "Cu1 and Cu2 are in one place"),
    ],
)
def test_contradictions_within_a_file(text: str, message: str) -> None:
    assert message in refusal(text)


@pytest.mark.parametrize("label", ["Va1", "Wat1", "H2O", "Du1", "Hal1", "Cent1", "OW1", "OH1", "X1"])
def test_labels_that_are_no_atoms_are_refused(label: str) -> None:
    columns = ("label", "fract_x", "fract_y", "fract_z")
    assert "is no element" in refusal(cif_text(CUBE, "P 1", [f"{label} 0 0 0"], columns=columns))


@pytest.mark.parametrize(
    ("type_symbol", "expected"), [("AU", "Au"), ("CU2+", "Cu"), ("HG", "Hg"), ("O2-", "O"), ("D", "H")]
)
def test_types_of_sites(type_symbol: str, expected: str) -> None:
    structure = only(cif_text(CUBE, "P 1", [f"x1 {type_symbol} 0 0 0"]))
    assert [str(element) for element in structure.composition] == [expected]


def test_charges_of_the_file_are_kept_for_its_ordering() -> None:
    sites = ["Li1 Li+ 0 0 0.5 0.5", "Co1 Co3+ 0 0 0 0.5", "Co2 Co4+ 0 0 0 0.5", "O1 O2- 0 0 0.26 1"]
    structure = only(cif_text([2.82, 2.82, 14.2, 90, 90, 120], "R -3 m", sites, columns=WITH_OCCUPANCY))
    assert structure.properties["oxidation_states"] == {"Li": 1.0, "Co": 3.5, "O": -2.0}
