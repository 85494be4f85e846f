"""Indices of powder lines: in the printed cell each gives its own spacing, and the lattice lets it exist."""

from __future__ import annotations

import re

import numpy as np
import pytest
from ase import Atoms
from pymatgen.core import Lattice, Structure

from amalgamics.structures.diffraction.patterns import PowderPattern, powder_pattern
from amalgamics.structures.library.phases import Phase, get_phase, list_phases


def allowed(centring: str, index: tuple[int, ...]) -> bool:
    """The rule of the International Tables for the lattice with this letter."""
    h, k, i = index
    rules = {
        "P": True,
        "I": (h + k + i) % 2 == 0,
        "F": h % 2 == k % 2 == i % 2,
        "C": (h + k) % 2 == 0,
        "R": (-h + k + i) % 3 == 0,
    }
    return rules[centring]


def indices(label: str) -> list[tuple[int, ...]]:
    """The families of a label, read independently of how it is written."""
    return [
        tuple(int(part) for part in (text.split() if " " in text else re.findall(r"-?\d", text)))
        for text in label.split("/")
    ]


def at(pattern: PowderPattern, two_theta_deg: float) -> str:
    return min(pattern.lines, key=lambda line: abs(line.two_theta_deg - two_theta_deg)).hkl


@pytest.mark.parametrize(
    "phase", [phase for phase in list_phases() if phase.sites and len(phase.structure()) < 100], ids=lambda one: one.key
)
def test_each_index_gives_its_spacing_in_the_cell_that_the_library_lists(phase: Phase) -> None:
    reciprocal = np.linalg.inv(Lattice.from_parameters(*phase.lattice).matrix).T
    seen: set[tuple[int, ...]] = set()
    for line in powder_pattern(phase).lines:
        for index in indices(line.hkl):
            assert 1.0 / np.linalg.norm(np.array(index) @ reciprocal) == pytest.approx(line.d, rel=1e-4)
            assert allowed(str(phase.space_group_symbol)[0], index)
            assert index not in seen  # a family belongs to one line
            seen.add(index)


@pytest.mark.parametrize(
    ("key", "lines"),
    [
        # Barrett 1957; as on the cards of the corundum type, calcite and quartz.
        ("Hg_alpha", {32.79: "101", 40.51: "012", 40.62: "003", 52.97: "110"}),
        ("Ti2O3", {23.83: "012", 33.09: "104", 34.79: "110", 40.22: "113"}),
        ("Al2O3_corundum", {25.6: "012", 35.15: "104", 37.8: "110", 43.4: "113"}),
        ("CaCO3_calcite", {23.05: "012", 29.4: "104", 39.4: "113"}),
        ("SiO2_quartz", {20.9: "100", 26.65: "101/011"}),
        ("Cu_fcc", {43.3: "111", 50.4: "200", 74.1: "220", 89.9: "311"}),
    ],
)
def test_lines_are_named_as_on_the_cards(key: str, lines: dict[float, str]) -> None:
    pattern = powder_pattern(get_phase(key), two_theta_range=(10, 95))
    found = {angle: "/".join(sorted(at(pattern, angle).split("/"), reverse=True)) for angle in lines}
    assert found == lines


def test_families_that_coincide_are_all_named_the_strongest_first() -> None:
    silicon = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.431), ["Si"], [(0, 0, 0)])
    assert at(powder_pattern(silicon, two_theta_range=(90, 100)), 95.0) == "511/333"


def test_monoclinic_indices_have_a_sign() -> None:
    labels = [line.hkl for line in powder_pattern(get_phase("Li2CO3")).lines]
    assert "-111" in labels
    assert "-202" in labels
    assert all(k >= 0 and i >= 0 for label in labels for _, k, i in indices(label))


def test_a_small_distortion_splits_its_lines() -> None:
    # LaFeAsO below its transition, de la Cruz et al., Nature 453, 899 (2008): a and b differ by 0.5 %.
    crystal = Structure.from_spacegroup(
        "Cmma",
        Lattice.orthorhombic(5.6826, 5.7104, 8.7196),
        ["La", "Fe", "As", "O"],
        [(0, 0.25, 0.1426), (0.25, 0, 0.5), (0, 0.25, 0.6499), (0.25, 0, 0)],
    )
    pattern = powder_pattern(crystal, two_theta_range=(65, 66))
    assert [(line.hkl, round(line.two_theta_deg, 2)) for line in pattern.lines] == [("040", 65.37), ("400", 65.73)]
    (joined,) = powder_pattern(crystal, two_theta_range=(65, 66), symprec=0.1).lines
    assert joined.two_theta_deg == pytest.approx(65.55, abs=0.02)


@pytest.mark.parametrize("alpha", [89.0, 88.0, 86.0])
def test_a_skewed_cube_has_the_lines_of_its_own_cell(alpha: float) -> None:
    atoms = Atoms("LiHg", cell=[3.287] * 3 + [alpha] * 3, scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)], pbc=True)
    pattern = powder_pattern(atoms, two_theta_range=(20, 60))
    labels = {line.hkl: line.d for line in pattern.lines}
    reciprocal = np.linalg.inv(atoms.cell.array).T
    for index, label in (((1, 1, 0), "110"), ((1, 0, -1), "10-1")):
        assert labels[label] == pytest.approx(1.0 / np.linalg.norm(np.array(index) @ reciprocal))
    assert labels["110"] > labels["10-1"] + 0.01


def test_the_axes_may_be_the_standard_ones() -> None:
    mercury = get_phase("Hg_alpha").structure().get_primitive_structure()
    given, standard = powder_pattern(mercury), powder_pattern(mercury, axes="standard")
    assert given.cells["Hg"].rhombohedral
    assert at(given, 32.79) == "100"
    assert at(standard, 32.79) == "101"
    assert [line.intensity for line in given.lines] == pytest.approx([line.intensity for line in standard.lines])
