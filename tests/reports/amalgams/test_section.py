"""Sections on amalgams as electrodes, from made-up hulls."""

from __future__ import annotations

import pytest

from amalgamics.reports.amalgams.section import electrochemistry_sections, percent
from amalgamics.reports.amalgams.values import electrochemistry_values
from amalgamics.reports.sections import ReportSection, SectionTable
from amalgamics.structures.compositions import parse_formula
from amalgamics.thermodynamics.amalgams.electrochemistry import list_electrodes
from amalgamics.thermodynamics.amalgams.solubility import list_solubilities
from amalgamics.thermodynamics.hulls.hull import Hull, PhaseEntry, build_hull

PHASES = {"Hg": (0.0, 23.3), "LiHg3": (-0.235, 20.3), "LiHg": (-0.40, 17.8), "Li3Hg": (-0.28, 17.6), "Li": (0.0, 21.6)}
PNG = b"\x89PNG\r\n"


def made_up(system: str, phases: dict[str, tuple[float, float]]) -> Hull:
    entries = [PhaseEntry(name, name, parse_formula(name), *values) for name, values in phases.items()]
    return build_hull(system, entries)


LI_HG = made_up("Li-Hg", PHASES)


def table(section: ReportSection, start: str) -> SectionTable:
    return next(one for one in section.tables if one.caption.startswith(start))


def test_without_hulls_the_measured_values_stand_alone() -> None:
    (overview,) = electrochemistry_sections([], "")
    assert overview.anchor == "electrochemistry"
    electrodes, solubilities = overview.tables
    flagged = [row[0] for row in electrodes.rows if "⚠" in str(row[5])]
    assert len(electrodes.rows) == len(list_electrodes()) == 6
    assert flagged == ["Al/Al³⁺"]
    assert "fluoro complex" in electrodes.note
    assert [row[0] for row in solubilities.rows] == [one.metal for one in list_solubilities()]
    assert all(row[3:] == (None, None, None) for row in solubilities.rows)


def test_hulls_without_mercury_have_no_section() -> None:
    hull = made_up("Li-Na", {"Li": (0.0, 21.6), "Na": (0.0, 37.0)})
    assert electrochemistry_sections([hull], "made+up") == []


def test_plateau_and_saturated_amalgam_differ_by_the_fusion_of_mercury() -> None:
    values = electrochemistry_values([LI_HG])
    (row,) = values.plateaus
    assert row.plateau_V == pytest.approx(4 * 0.235)
    assert row.compound == "LiHg3"
    # Three liquid mercury atoms per lithium atom are higher in free energy when frozen, so the solid gains less.
    assert row.saturated_V < row.plateau_V
    assert row.deviation_V == pytest.approx(row.saturated_V - row.measured_V)
    lithium = values.solubilities[0]
    # The same error in energy shows in the voltage and in the solubility.
    assert lithium.compared.energy_error == pytest.approx(-row.deviation_V, abs=0.02)
    deeper = made_up("Li-Hg", {**PHASES, "LiHg3": (-0.25, 20.3)})
    assert electrochemistry_values([deeper]).solubilities[0].compared.computed < lithium.compared.computed


def test_self_healing_section_names_the_pairs_and_their_volumes() -> None:
    overview, healing = electrochemistry_sections([LI_HG], "made+up")
    assert overview.warnings == ()
    assert healing.anchor == "self-healing-li-hg"
    assert healing.pictures[0].png.startswith(PNG)
    assert healing.pictures[0].file_name == "self-healing-li-hg.png"
    text = healing.paragraphs[0]
    assert "LiHg₃ and LiHg between 25 and 50 at.%" in text
    assert "LiHg and Li₃Hg between 50 and 75 at.% (+98 % on plating)" in text
    assert "LiHg₃ and Li₃Hg are not neighbours in equilibrium: LiHg lies between them." in healing.paragraphs[1]
    steps = table(healing, "Steps")
    assert [row[1] for row in steps.rows] == ["saturated liquid Hg", "LiHg₃", "LiHg", "Li₃Hg", "Li", "Li₃Hg"]
    growth, shrinkage = steps.rows[3][3:5]
    assert growth == pytest.approx(100 * ((17.6 / 0.25) / (17.8 / 0.5) - 1))
    assert (1 + growth / 100) * (1 + shrinkage / 100) == pytest.approx(1)
    assert "298.15" in [row[0] for row in table(healing, "Liquid").rows]


def test_molten_metal_ends_the_solid() -> None:
    hot, warm = (electrochemistry_sections([LI_HG], "made+up", kelvin)[1].paragraphs[0] for kelvin in (480.0, 420.0))
    assert "solid above, until there is enough molten Li" in hot
    assert "molten" not in warm


def test_frozen_mercury_is_said_and_warned_about() -> None:
    overview, healing = electrochemistry_sections([LI_HG], "made+up", 220.0)
    assert "mercury is solid" in healing.paragraphs[0]
    assert any("no measured potential" in warning for warning in overview.warnings)


def test_what_one_system_lacks_is_a_warning() -> None:
    """Nothing is known of caesium in mercury; lithium keeps its sections, also as part of a ternary hull."""
    caesium = made_up("Cs-Hg", {"Hg": (0.0, 23.3), "CsHg": (-0.2, 45.0), "Cs": (0.0, 110.0)})
    ternary = made_up("Li-Na-Hg", {**PHASES, "Na": (0.0, 37.0)})
    overview, *healing = electrochemistry_sections([caesium, ternary], "made+up")
    assert [one.anchor for one in healing] == ["self-healing-li-hg"]
    assert any(warning.startswith("Cs-Hg: no potential") for warning in overview.warnings)
    assert [row[0] for row in table(overview, "Potential").rows] == ["Li–Hg", "Na–Hg"]


def test_percent_has_no_bare_exponent() -> None:
    assert percent(0.0133) == "1.33"
    assert percent(1.5e-9) == "1.5×10^-7"
    assert percent(None) is None
