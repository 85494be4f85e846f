from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from amalgamics.errors import InputError
from amalgamics.structures.library.phases import get_phase, list_phases
from amalgamics.structures.library.prototypes import (
    PrototypeCandidate,
    atomic_volume,
    contraction,
    enumerate_prototypes,
    estimated_contraction,
    expected_volume_per_atom,
    prototype_matcher,
)
from amalgamics.structures.library.structure_types import WELL_KNOWN, binary_prototypes

NINE = ("Li", "Na", "K", "Mg", "Zn", "Al", "Ag", "Au", "Sn")
# Types that must be tried in every system; Strukturbericht symbol or prototype, and AFLOW label.
FAMILIES = {
    "C14": "AB2_hP12_194_f_ah",
    "C15": "A2B_cF24_227_d_a",
    "C36": "AB2_hP24_194_ef_fgh",
    "CaIn2": "AB2_hP6_194_b_f",
    "MoSi2": "AB2_tI6_139_a_e",
    "Cr3Si": "A3B_cP8_223_c_a",
    "Na3As": "AB3_hP8_194_c_bf",
    "Ni3Sn": "A3B_hP8_194_h_c",
    "CeCu2": "AB2_oI12_74_e_h",
    "La3Al11": "A11B3_oI28_71_dh2l_ai",
    "BaAl4": "A4B_tI10_139_de_a",
    "CsCl": "AB_cP2_221_b_a",
    "NaTl": "AB_cF16_227_a_b",
}
RATIOS = ("1:5", "1:4", "3:11", "1:3", "1:2", "2:3", "1:1", "3:2", "5:3", "2:1", "3:1")
KNOWN = [get_phase(key).structure() for key in ("LiHg", "Li3Hg", "LiHg3")]


@pytest.fixture(scope="module")
def candidates() -> list[PrototypeCandidate]:
    return enumerate_prototypes("Li-Hg", known=KNOWN)


def test_every_well_known_type_is_found_and_comes_first() -> None:
    prototypes = binary_prototypes()
    first = [(one.label, one.strukturbericht) for one in prototypes[: len(WELL_KNOWN)]]
    assert first == list(WELL_KNOWN)
    assert len({one.tag for one in prototypes}) == len(prototypes) > 100
    assert all(len(one.structure.composition) == 2 for one in prototypes)


def test_default_enumeration_is_of_useful_size(candidates: list[PrototypeCandidate]) -> None:
    assert 20 <= len(candidates) <= 30
    assert all(2 <= len(candidate.structure) <= 12 for candidate in candidates)
    assert {"LiHg", "LiHg2", "Li2Hg", "LiHg3", "Li3Hg"} <= {candidate.formula for candidate in candidates}


def test_names_are_unique_and_tell_the_composition(candidates: list[PrototypeCandidate]) -> None:
    names = [candidate.name for candidate in candidates]
    assert len(set(names)) == len(names)
    for candidate in candidates:
        assert candidate.name.startswith(f"{candidate.formula}-{candidate.prototype}")
        amounts = candidate.structure.composition.reduced_composition
        assert amounts == get_composition(candidate.formula)
        assert candidate.source
        assert "type" in candidate.description


def get_composition(formula: str) -> object:
    from pymatgen.core import Composition

    return Composition(formula).reduced_composition


def test_volumes_follow_the_elements_and_the_contraction(candidates: list[PrototypeCandidate]) -> None:
    k = contraction("Li", "Hg")
    for candidate in candidates:
        structure = candidate.structure
        x = structure.composition.get_atomic_fraction("Li")
        mixed = x * atomic_volume("Li") + (1 - x) * atomic_volume("Hg")
        assert structure.volume / len(structure) == pytest.approx(mixed * (1 - 4 * k * x * (1 - x)))
        assert np.linalg.det(structure.lattice.matrix) > 0


def test_atoms_do_not_overlap(candidates: list[PrototypeCandidate]) -> None:
    for candidate in candidates:
        *_, distances = candidate.structure.get_neighbor_list(4.0)
        assert distances.min() > 2.3, candidate.name


def test_no_two_candidates_match_and_none_is_known(candidates: list[PrototypeCandidate]) -> None:
    matcher = prototype_matcher()
    structures = [candidate.structure for candidate in candidates]
    assert not any(matcher.fit(one, other) for one, other in combinations([*structures, *KNOWN], 2))


def test_known_types_return_when_they_are_not_known(candidates: list[PrototypeCandidate]) -> None:
    free = enumerate_prototypes("Li-Hg", max_candidates=12)
    matcher = prototype_matcher()
    for known in KNOWN:
        assert any(matcher.fit(candidate.structure, known) for candidate in free)
    assert "LiHg-AB_cP2_221_b_a" in {candidate.name for candidate in free}
    assert "LiHg-AB_cP2_221_b_a" not in {candidate.name for candidate in candidates}


def test_a_known_structure_is_recognised_in_another_cell() -> None:
    supercell = Structure(Lattice.cubic(3.5), ["Hg", "Li"], [[0, 0, 0], [0.5, 0.5, 0.5]]).make_supercell([2, 1, 1])
    names = [one.name for one in enumerate_prototypes("Li-Hg", known=[supercell], max_candidates=3)]
    assert "LiHg-AB_cP2_221_b_a" not in names


def test_enumeration_is_deterministic_and_the_cap_cuts_its_end(candidates: list[PrototypeCandidate]) -> None:
    again = enumerate_prototypes("Li-Hg", known=KNOWN, max_candidates=10)
    assert [one.name for one in again] == [one.name for one in candidates[:10]]
    for one, other in zip(again, candidates, strict=False):
        np.testing.assert_allclose(one.structure.lattice.matrix, other.structure.lattice.matrix)
        np.testing.assert_allclose(one.structure.frac_coords, other.structure.frac_coords)


def test_stoichiometries_and_sizes_are_obeyed() -> None:
    chosen = enumerate_prototypes("Li-Hg", stoichiometries=["1:2", "2:4"], max_atoms=6, max_candidates=None)
    assert {one.formula for one in chosen} == {"LiHg2"}
    assert max(len(one.structure) for one in chosen) <= 6
    assert "LiHg2-AB2_hP3_191_a_d" in {one.name for one in chosen}
    turned = enumerate_prototypes("Hg-Li", stoichiometries=["2:1"], max_atoms=6, max_candidates=None)
    assert [one.name for one in turned] == [one.name for one in chosen]


def test_more_than_two_elements_are_paired_with_mercury() -> None:
    names = [one.name for one in enumerate_prototypes("Li-Hg-Na", stoichiometries=["1:1"], max_candidates=2)]
    assert names == [
        "LiHg-AB_cP2_221_b_a",
        "LiHg-AB_tP2_123_a_d",
        "NaHg-AB_cP2_221_b_a",
        "NaHg-AB_tP2_123_a_d",
    ]


@pytest.mark.parametrize("metal", NINE)
def test_every_system_gets_twenty_candidates_and_every_family(metal: str) -> None:
    known = [phase.structure() for phase in list_phases(f"{metal}-Hg", buildable=True)]
    assert len(enumerate_prototypes(f"{metal}-Hg", known=known, max_candidates=20)) == 20
    # Without known structures: a type that an observed phase has needs no candidate of its own.
    found = enumerate_prototypes(f"{metal}-Hg", stoichiometries=RATIOS, max_atoms=24, max_candidates=56)
    missing = {name for name, label in FAMILIES.items() if label not in {one.prototype for one in found}}
    assert not missing
    for one in found:
        radii = {symbol: (3 * atomic_volume(symbol) / (4 * np.pi)) ** (1 / 3) for symbol in (metal, "Hg")}
        centers, neighbors, _, distances = one.structure.get_neighbor_list(4.0)
        sums = np.array([radii[site.specie.symbol] for site in one.structure])
        assert np.all(distances > 0.67 * (sums[centers] + sums[neighbors])), one.name


def test_the_hexagonal_laves_phases_are_stackings_of_one_layer() -> None:
    """C14, C15 and C36 have the same coordination: 12 of 16 neighbours of the large atom at one distance."""
    types = {one.strukturbericht: one for one in binary_prototypes() if one.strukturbericht in ("C14", "C15", "C36")}
    shells = {}
    for name, prototype in types.items():
        structure = prototype.structure.copy()
        structure.scale_lattice(10.0 * len(structure))
        large = next(i for i, site in enumerate(structure) if site.specie.symbol == "Mg")
        shells[name] = sorted(neighbor.nn_distance for neighbor in structure.get_neighbors(structure[large], 4.5))[:16]
    assert shells["C36"] == pytest.approx(shells["C15"], rel=0.01)
    assert shells["C14"] == pytest.approx(shells["C15"], rel=0.03)
    assert types["C36"].structure.get_space_group_info() == ("P6_3/mmc", 194)


def test_contraction_without_measured_compounds_follows_the_electronegativities() -> None:
    for metal in ("Li", "Na", "K", "Mg", "Ag", "Au", "Sn"):
        assert estimated_contraction(metal, "Hg") == pytest.approx(contraction(metal, "Hg"), abs=0.06), metal
    for metal in ("Zn", "Al"):  # no measured compound
        assert contraction(metal, "Hg") == estimated_contraction(metal, "Hg") < 0.05
    assert estimated_contraction("Li", "Hg") == estimated_contraction("Hg", "Li")
    assert estimated_contraction("Ar", "Hg") == 0.15  # no electronegativity


def test_types_that_do_not_suit_the_sizes_are_refused() -> None:
    names = {one.name for one in enumerate_prototypes("Cs-Hg", stoichiometries=["2:1"], max_candidates=None)}
    assert "Cs2Hg-AB2_tI6_139_a_e" in names
    assert "Cs2Hg-AB2_oI12_74_e_h" not in names  # Cs-Cs would be shorter than in any amalgam


@pytest.mark.parametrize(
    ("system", "options", "message"),
    [
        ("Li", {}, "one element"),
        ("Li-Na-K", {}, "no Hg"),
        ("Li-Xx", {}, "unknown element 'Xx'"),
        ("At-Hg", {}, "no tabulated atomic volume"),
        ("Li-Hg", {"stoichiometries": ["AB3"]}, "stoichiometry 'AB3'"),
        ("Li-Hg", {"stoichiometries": ["0:1"]}, "stoichiometry '0:1'"),
        ("Li-Hg", {"stoichiometries": "1:3"}, "must be a list"),
        ("Li-Hg", {"max_atoms": 1}, "max_atoms = 1"),
        ("Li-Hg", {"max_candidates": 0}, "max_candidates = 0"),
        ("Li-Hg", {"max_candidates": 2.5}, "max_candidates = 2.5"),
    ],
)
def test_bad_input_is_refused(system: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        enumerate_prototypes(system, **options)  # type: ignore[arg-type]


def test_atomic_volumes_come_from_measured_cells_first() -> None:
    assert atomic_volume("Hg") == get_phase("Hg_alpha").measured_volume_per_atom
    assert atomic_volume("Li") == get_phase("Li_bcc").measured_volume_per_atom
    assert atomic_volume("Rb") == pytest.approx(92.6, rel=0.01)  # molar volume 55.76 cm3/mol


@given(st.sampled_from(["Li", "Na", "K", "Mg", "Ag", "Cd"]), st.floats(0, 1))
def test_expected_volume_is_symmetric_and_exact_for_the_elements(metal: str, x: float) -> None:
    assert expected_volume_per_atom(metal, "Hg", x) == pytest.approx(expected_volume_per_atom("Hg", metal, 1 - x))
    assert expected_volume_per_atom(metal, "Hg", 0) == pytest.approx(atomic_volume("Hg"))
    assert expected_volume_per_atom(metal, "Hg", 1) == pytest.approx(atomic_volume(metal))


def test_expected_volume_reproduces_measured_amalgams() -> None:
    for metal in ("Li", "Na", "K", "Mg", "Ag", "Au"):
        for phase in list_phases(f"{metal}-Hg"):
            if phase.elements == {metal, "Hg"} and phase.measured_volume_per_atom and phase.ordered:
                x = phase.structure().composition.get_atomic_fraction(metal)
                expected = expected_volume_per_atom(metal, "Hg", x)
                assert phase.measured_volume_per_atom == pytest.approx(expected, rel=0.1), phase.key
