"""Each way in which a computed diagram can differ from the measured one is flagged with its distance and its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ase.units import kB
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.reports.flags.candidates import mixing_entropy
from amalgamics.reports.flags.survey import hg_last
from amalgamics.reports.flags.system import WEIGHTS, Flag, system_flags
from amalgamics.reports.model import SystemReport
from amalgamics.structures.library.phases import get_phase, list_phases

ENERGIES = {"Na": -1.31, "Hg": -0.67, "Al": -3.7, "Ag": -2.8, "Zn": -1.3, "Sn": -3.9, "K": -1.1, "Au": -3.3, "Mg": -1.6}

Build = Callable[..., SystemReport]


@pytest.fixture(scope="module")
def build(examples) -> Build:
    """Return a system from (name, formula, formation energy in meV/atom) of its compounds, in library or prototype."""

    def _build(system: str, library: dict[str, tuple[str, float]], prototypes: Any = (), **extra: Any) -> SystemReport:
        entries: Any = [
            (examples.entry(symbol, symbol, 0.0, 20.0, "Im-3m", ENERGIES), {}) for symbol in system.split("-")
        ]
        for name, (formula, energy) in library.items():
            entries.append((examples.entry(name, formula, energy / 1000, 20.0, "Pm-3m", ENERGIES), {}))
        for name, energy in prototypes:
            formula = name.split("-")[0]
            found = examples.entry(name, formula, energy / 1000, 20.0, "P1", ENERGIES)
            entries.append((found, {"kind": "prototype"}))
        return examples.make_system(system, entries, None, **extra)

    return _build


def one(flags: list[Flag], kind: str, name: str | None = None) -> Flag:
    (flag,) = [flag for flag in flags if flag.kind == kind and name in (None, flag.name)]
    return flag


def test_an_observed_phase_above_the_hull_gets_its_distance_and_reason(build):
    system = build("Ag-Hg", {"Ag2Hg3": ("Ag2Hg3", 38.0)}, [("Ag3Hg-L12", -30.0)])
    flag = one(system_flags(system), "observed, above the hull")
    # The tie line from Hg to Ag3Hg passes Ag2Hg3 at 0.4 / 0.75 of -30 meV/atom.
    assert flag.distance_meV == pytest.approx(38.0 + 16.0)
    assert flag.weight == "disagrees"
    assert "38.0 above that of the compositions that were ever observed" in flag.text
    assert "−17 ± 31 measured (recalled)" in flag.text
    assert "packing search" in flag.reason
    assert flag.source


def test_cscl_like_nahg_is_flagged_with_its_reason(build):
    system = build("Na-Hg", {"NaHg": ("NaHg", -306.0), "NaHg2": ("NaHg2", -262.0)}, [("NaHg-B2", -330.0)])
    flags = system_flags(system)
    structure = one(flags, "other structure lower")
    assert (structure.name, structure.distance_meV) == ("NaHg", pytest.approx(24.0))
    assert "packing of CsCl" in structure.reason
    energy = one(flags, "formation energy off")
    assert energy.name == "NaHg-B2"
    assert energy.distance_meV == pytest.approx(-330 + 216, abs=1)
    assert "bound 114 meV/atom more strongly than measured" in energy.text
    assert "packing of CsCl" in energy.reason


def test_a_small_difference_is_within_error(build):
    system = build("Na-Hg", {"NaHg": ("NaHg", -225.0), "NaHg2": ("NaHg2", -262.0)}, [("NaHg-B2", -229.0)])
    flags = system_flags(system)
    assert one(flags, "other structure lower").weight == "within error"
    assert not [flag for flag in flags if flag.weight == "disagrees"]


def test_a_stable_structure_that_was_never_observed_gets_its_depth(build):
    library = {"MgHg2": ("MgHg2", -200.0), "MgHg": ("MgHg", -300.0)}
    flag = one(system_flags(build("Mg-Hg", library, [("MgHg3-X", -180.0)])), "stable, never observed")
    assert flag.distance_meV == pytest.approx(-180.0 + 0.75 * 200.0)  # below the tie line from Hg to MgHg2
    assert flag.weight == "disagrees"
    assert not flag.reason


def test_an_observed_phase_of_unknown_structure_may_take_its_place(build):
    library = {"NaHg2": ("NaHg2", -262.0)}
    flag = one(system_flags(build("Na-Hg", library, [("NaHg3-X", -220.0)])), "stable, never observed")
    assert "Na₁₁Hg₅₂" in flag.reason
    assert "Na₈Hg₃" not in flag.reason  # on the other side of NaHg2


def test_where_nothing_was_found_the_search_is_named(build):
    flag = one(system_flags(build("Au-Hg", {}, [("AuHg2-X", -22.0)])), "stable, never observed")
    assert "no phase richer in mercury" in flag.reason


def test_an_ordering_of_a_solid_solution_is_no_contradiction(build):
    flag = one(system_flags(build("Ag-Hg", {}, [("Ag3Hg-L12", -30.0)])), "ordering of a solid solution")
    assert flag.weight == "note"
    assert "fcc solid solution of mercury in silver" in flag.text


def test_a_candidate_for_an_unknown_structure_is_a_proposal(build):
    flag = one(system_flags(build("K-Hg", {}, [("KHg-X", -280.0)])), "structure proposed")
    assert (flag.weight, flag.formula) == ("note", "KHg")


def test_observed_phases_that_were_not_computed_are_listed(build):
    failed = (("MgHg", "not converged"),)
    flags = system_flags(build("Mg-Hg", {"MgHg2": ("MgHg2", -200.0)}, failed=failed))
    missing = {flag.name: flag.text for flag in flags if flag.kind == "not computed"}
    assert set(missing) == {"MgHg", "Mg5Hg3", "Mg2Hg", "Mg5Hg2", "Mg3Hg"}
    assert missing["MgHg"].endswith("not computed, because not converged.")


def test_a_compound_of_a_system_without_any_is_a_disagreement(build):
    flags = system_flags(build("Al-Hg", {}, [("AlHg-X", -5.0)]))
    assert [flag.kind for flag in flags] == ["compound where none is known"]
    assert (flags[0].weight, flags[0].distance_meV) == ("disagrees", pytest.approx(-5.0))
    fine = system_flags(build("Al-Hg", {}, [("AlHg-X", 17.0)]))
    assert [(flag.kind, flag.weight) for flag in fine] == [("no compound", "agrees")]


@pytest.mark.parametrize(
    ("energy", "weight"), [(-60.0, "disagrees"), (-7.0, "agrees"), (15.0, "agrees"), (40.0, "note")]
)
def test_nearly_ideal_systems_are_held_to_thermal_energy(build, energy, weight):
    flag = one(system_flags(build("Zn-Hg", {}, [("ZnHg-X", energy)])), "nearly ideal")
    assert flag.weight == weight
    assert flag.distance_meV == pytest.approx(energy)


def test_an_ordered_model_is_forgiven_what_mixing_gains(build):
    flags = system_flags(build("Sn-Hg", {"HgSn_gamma_ordered_model": ("Sn8Hg", 8.0)}))
    flag = one(flags, "ordered model")
    assert flag.weight == "note"
    assert "disordered phase HgSn_gamma" in flag.text
    assert "9 meV/atom at 298 K" in flag.text
    far = system_flags(build("Sn-Hg", {"HgSn_gamma_ordered_model": ("Sn8Hg", 30.0)}))
    assert one(far, "ordered model").weight == "disagrees"


def test_a_form_of_an_element_far_above_the_other_is_flagged(examples):
    forms = [("Sn_beta", 0.0), ("Sn_alpha", 0.21)]
    entries: Any = [(examples.entry(name, "Sn", e, 27.0, "X", ENERGIES), {}) for name, e in forms]
    entries.append((examples.entry("Hg_alpha", "Hg", 0.0, 23.0, "R-3m", ENERGIES), {}))
    flag = one(system_flags(examples.make_system("Sn-Hg", entries, None)), "form of an element")
    assert (flag.name, flag.distance_meV) == ("Sn_alpha", pytest.approx(210.0))
    assert "PBE" in flag.reason


def test_a_system_outside_the_library_is_not_called_unobserved(build):
    flags = system_flags(build("Ag-Au", {}, [("AgAu-X", -60.0)]))
    assert [flag.kind for flag in flags] == ["not in the library"]
    assert one(flags, "not in the library").weight == "note"


def test_the_polymorph_of_another_temperature_is_expected_above_the_hull(build):
    library = {"Na3Hg_alpha": ("Na3Hg", -180.0), "Na3Hg_beta": ("Na3Hg", -150.0), "NaHg2": ("NaHg2", -262.0)}
    flags = system_flags(build("Na-Hg", library))
    assert "Na3Hg_beta" not in {flag.name for flag in flags}
    swapped = build("Na-Hg", {**library, "Na3Hg_beta": ("Na3Hg", -200.0)})
    assert one(system_flags(swapped), "other structure lower").name == "Na3Hg_alpha"


def test_a_library_phase_that_became_another_is_named(build):
    system = build("Na-Hg", {"NaHg2": ("NaHg2", -262.0)}, merged=(("NaHg", "NaHg2"), ("some-prototype", "NaHg2")))
    flags = system_flags(system)
    assert one(flags, "left its structure").name == "NaHg"
    assert "NaHg" not in {flag.name for flag in flags if flag.kind == "not computed"}


def test_the_gravest_comes_first(build):
    system = build("Na-Hg", {"NaHg": ("NaHg", -306.0), "Na3Hg2": ("Na3Hg2", -200.0)}, [("NaHg-B2", -330.0)])
    order = [(WEIGHTS.index(flag.weight), -abs(flag.distance_meV or 0.0)) for flag in system_flags(system)]
    assert order == sorted(order)
    assert len({flag.weight for flag in system_flags(system)}) > 1


def test_li_hg_example_has_only_small_disagreements(examples):
    flags = system_flags(examples.li_hg.systems[0])
    assert {flag.weight for flag in flags} <= {"within error", "note"}


def test_sentences_hold_the_reason():
    flag = Flag("Na-Hg", "not computed", "note", "NaHg", "NaHg", None, "It is so.")
    assert flag.sentence == "It is so."
    assert replace(flag, reason="Because.").sentence == "It is so. Because."


def test_mixing_entropy_of_a_binary_solution():
    assert mixing_entropy(get_phase("Au3Hg_zeta")) == pytest.approx(0.5623 * kB, rel=1e-3)
    assert mixing_entropy(get_phase("LiHg")) == 0.0


@given(st.sampled_from([phase for phase in list_phases() if phase.formula and "." not in (phase.formula or "")]))
def test_formulas_of_amalgams_end_with_mercury(phase):
    turned = hg_last(phase.formula)
    assert hg_last(turned) == turned
    assert "Hg" not in phase.elements or turned.rstrip("0123456789").endswith("Hg")
