"""Sentences say what the numbers say."""

from __future__ import annotations

from dataclasses import replace

from amalgamics.reports.hulls.findings import headline, key_numbers, remarks, report_headline
from amalgamics.reports.notation import enumeration, signed


def test_headline_names_the_stable_compounds(examples):
    text = report_headline(examples.li_hg)
    assert text.startswith("LiHg₃, LiHg and Li₃Hg are on the Li–Hg hull; LiHg lies deepest, 0.437 eV/atom below")
    voltage = examples.li_hg.systems[0].voltage.steps[0].voltage_V
    assert text.endswith(f"Li enters Hg at {voltage:.2f} V vs Li/Li⁺, forming LiHg₃.")


def test_headline_of_several_systems_counts(examples):
    assert report_headline(examples.both) == "7 compounds are on the hulls of Li–Hg and Na–Hg."


def test_headlines_without_and_with_one_compound(examples):
    ends = [examples.entry(s, s, 0.0, 20.0, "Im-3m") for s in ("Na", "Li")]
    bare = examples.make_system("Na-Li", [(p, {}) for p in ends], "Na")
    assert headline(bare).startswith("No compound is on the Na–Li hull")
    assert key_numbers(bare)[0][0] == "0"
    one = [*ends, examples.entry("NaLi", "NaLi", -0.1, 20.0, "Pm-3m")]
    text = headline(examples.make_system("Na-Li", [(p, {}) for p in one], "Na"))
    assert text.startswith("NaLi is the only compound on the Na–Li hull, 0.100 eV/atom below")


def test_remarks_point_at_what_deserves_a_second_look(examples):
    notes = " ".join(remarks(examples.both.systems[1]))
    assert "its observed structure (NaHg, Cmcm) is 3.0 meV/atom above the prototype NaHg-B2" in notes
    system = examples.li_hg.systems[0]
    assert "most of all Li₃Hg (−16.3 %)" in " ".join(remarks(system))
    changed = tuple(replace(r, space_group="P1") if r.name == "LiHg" else r for r in system.records)
    assert "LiHg relaxed from Pm-3m to P1." in remarks(replace(system, records=changed))


def test_an_observed_phase_far_above_its_rival_is_named(examples):
    system = examples.both.systems[1]
    energies = {"energy_per_atom": 0.1, "e_above_hull": 0.1, "formation_energy_per_atom": 0.1}
    phases = tuple(replace(p, **energies, stable=False) if p.name == "NaHg" else p for p in system.hull.phases)
    records = tuple(replace(r, **energies) if r.name == "NaHg" else r for r in system.records)
    notes = " ".join(remarks(replace(system, hull=replace(system.hull, phases=phases), records=records)))
    assert "NaHg is on the hull; its observed structure (NaHg, Cmcm) is 100.0 meV/atom above the prototype" in notes


def test_a_candidate_for_an_unknown_structure_is_pointed_out(examples):
    system = examples.both.systems[1]
    lone = replace(
        system,
        records=tuple(r for r in system.records if r.name != "NaHg"),
        hull=replace(system.hull, phases=tuple(p for p in system.hull.phases if p.name != "NaHg")),
        not_built=(("NaHg", "nobody knows"),),
        merged=(("one", "other"),),
    )
    notes = " ".join(remarks(lone))
    assert "NaHg is an observed phase whose structure is not known; NaHg-B2" in notes
    assert "one into other" in notes


def test_signed_numbers():
    assert [signed(value, 1) for value in (-1.0, 2.0, -0.04, 0.04)] == ["−1.0", "+2.0", "0.0", "0.0"]


def test_enumeration():
    assert [enumeration(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
