"""Sections of the report on the stability of electrolytes, from plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from amalgamics.reports.sections import SectionTable
from amalgamics.reports.stability.model import ElectrolyteStability, held_voltages, published_onsets
from amalgamics.reports.stability.section import finding, held_voltage_finding, phases_text, stability_report_sections
from amalgamics.structures.compositions import parse_formula
from amalgamics.thermodynamics.hulls.hull import PhaseEntry
from amalgamics.thermodynamics.stability.electrolyte_window import electrolyte_window
from amalgamics.thermodynamics.stability.reactivity import interface_reaction, reaction_hull

ENERGIES = {"Li": 0.0, "P": 0.0, "S": 0.0, "Hg": 0.0, "Li2S": -1.5, "Li3P": -0.7, "Li3PS4": -1.2, "Li3Hg": -0.37}
PNG = b"\x89PNG\r\n"


def stability(
    changes: Mapping[str, float] | None = None,
    electrodes: tuple[str, ...] = ("Hg", "Li3Hg", "Li"),
    name: str = "Li3PS4",
) -> ElectrolyteStability:
    energies = {**ENERGIES, **(changes or {})}
    formula = {key: "Li3PS4" if key == name else key.split("-")[0] for key in energies}
    entries = [PhaseEntry(key, formula[key], parse_formula(formula[key]), e, 20.0) for key, e in energies.items()]
    hull = reaction_hull(entries, [*electrodes, name])
    return ElectrolyteStability(
        name=name,
        potential="made+up",
        window=electrolyte_window(hull, name),
        reactions=tuple(interface_reaction(hull, electrode, name) for electrode in electrodes),
        electrode_voltages={"Hg": None, "Li3Hg": 0.3, "Li": 0.0},
        left_out=(("Li4P2S6", "it was not computed"),),
        unknown=("P2S5",),
    )


def column(table: SectionTable, name: str) -> list[Any]:
    return [row[table.columns.index(name)] for row in table.rows]


def test_the_finding_says_what_the_numbers_say() -> None:
    text = finding(stability())
    assert "reduced below 1.68 V against Li/Li⁺ (published calculation: 1.71 V), first to Li₂S and P" in text
    assert "Hg does not react with it. Li₃Hg and Li can, Li most strongly: −0.70 eV/atom to Li₂S and Li₃P." in text
    weaker = finding(stability({"Li2S": -0.8, "Li3P": 0.1, "Li3Hg": -0.9}))
    assert "is not reduced above 0 V" in weaker
    assert "Hg, Li₃Hg and Li do not react with it" in weaker


def test_an_amalgam_reduces_only_below_the_onset() -> None:
    saturated, dilute = held_voltages("Li", "Hg")
    assert dilute.voltage_V > saturated.voltage_V > 0.9
    reduced, safe = stability(), stability({"Li3PS4": -1.7})
    assert f"and can reduce Li3PS4 ({reduced.window.reduction_onset_V - saturated.voltage_V:.2f} V below" in (
        held_voltage_finding([reduced], saturated)
    )
    assert safe.window.reduction_onset_V < saturated.voltage_V
    assert held_voltage_finding([safe], saturated).endswith("at 0.94 V and cannot reduce Li3PS4.")
    assert "; it cannot reduce Li3PS4" in held_voltage_finding([reduced, safe], saturated)
    assert held_voltages("Li", "Ga") == ()


def test_published_values_stand_beside_the_computed_one_whatever_the_model_is_called() -> None:
    plain = published_onsets(stability())
    assert [onset.value for onset in plain] == [1.71]
    assert plain[0].computed
    named = stability({"Li3PS4-beta": -1.21}, name="Li3PS4-beta")
    assert published_onsets(named) == plain


def test_one_section_over_all_and_one_each() -> None:
    overview, own = stability_report_sections([stability()], warnings=["LLTO: it failed"])
    assert (overview.anchor, own.anchor) == ("stability", "stability-Li3PS4")
    assert overview.warnings == ("LLTO: it failed",)
    assert any("P₂S₅" in text and "made+up" in " ".join(overview.paragraphs) for text in overview.paragraphs)
    (onsets,) = overview.tables
    assert column(onsets, "reduced below (V)") == [pytest.approx(1.68)]
    assert "1.71" in column(onsets, "published (V)")[0]
    assert "Zhu" in onsets.note
    assert [picture.file_name for picture in own.pictures] == [
        "stability-Li3PS4-reactions.png",
        "stability-Li3PS4-reduction.png",
    ]
    assert all(picture.png.startswith(PNG) for picture in own.pictures)
    assert own.warnings == ("Li4P2S6 is left out: it was not computed",)


def test_the_tables_hold_the_reactions_and_the_plateaus() -> None:
    item = stability()
    _, own = stability_report_sections([item])
    reactions, plateaus = own.tables
    assert column(reactions, "electrode") == ["Hg", "Li₃Hg", "Li"]
    assert column(reactions, "products")[0] == "no reaction"
    assert column(reactions, "reaction")[2] == "Li₃PS₄ + 8 Li → 4 Li₂S + Li₃P"
    energies = column(reactions, "energy (eV/atom)")
    assert energies[0] is None
    assert energies[2] == pytest.approx((4 * 3 * -1.5 + 4 * -0.7 - 8 * -1.2) / 16)
    assert column(reactions, "of the contact (eV/atom)") == energies  # all reactants are on the hull
    assert plateaus.rows[0][0] == pytest.approx(item.window.reduction_onset_V)
    assert plateaus.rows[0][3] == "4 Li₂S + P"
    assert plateaus.rows[-1][2] == pytest.approx(8.0)


def test_a_model_above_the_hull_is_told_and_its_own_gain_is_kept_apart() -> None:
    item = stability({"Li3PS4-model": -1.17}, name="Li3PS4-model")
    overview, own = stability_report_sections([item])
    assert any("30 meV/atom above Li3PS4" in text for text in overview.paragraphs)
    energy, contact = (own.tables[0].rows[2][index] for index in (2, 3))
    assert energy < contact < 0


def test_without_reduction_or_results_there_is_still_a_section() -> None:
    _, own = stability_report_sections([stability({"Li2S": -0.8, "Li3P": 0.1})])
    assert [picture.file_name for picture in own.pictures] == ["stability-Li3PS4-reactions.png"]
    (empty,) = stability_report_sections([], warnings=["LLTO: it failed"])
    assert empty.warnings
    assert not empty.tables


def test_amounts_of_one_are_left_out() -> None:
    assert (
        phases_text({"a": 1.0, "b": 0.5, "c": 4.0}, {"a": "P", "b": "La2O3", "c": "Li2S"}) == "P + 0.5 La₂O₃ + 4 Li₂S"
    )
