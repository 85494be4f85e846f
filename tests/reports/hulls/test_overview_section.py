"""The overview of several systems says what their numbers say."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from amalgamics.errors import InputError
from amalgamics.reports.figures.style import DPI
from amalgamics.reports.hulls.diagram import binary_diagram
from amalgamics.reports.hulls.overview_section import overview_section, summarize
from amalgamics.reports.hulls.png import LEGEND_INCHES, OVERVIEW_PANEL_INCHES, hull_overview_png
from amalgamics.reports.model import Report
from amalgamics.thermodynamics.hulls.fusion import get_fusion

ENERGIES = {"Al": -3.7, "Hg": -0.67, "Zn": -1.3}


@pytest.fixture(scope="module")
def aluminium(examples):
    """Al-Hg, where a candidate 20 meV/atom above the elements is all there is."""
    entries: Any = [(examples.entry(s, s, 0.0, 17.0, "X", ENERGIES), {}) for s in ("Al", "Hg")]
    entries.append((examples.entry("AlHg-B2", "AlHg", 0.02, 19.0, "Pm-3m", ENERGIES), {"kind": "prototype"}))
    return examples.make_system("Al-Hg", entries, "Al")


@pytest.fixture(scope="module")
def compound_of_zinc(examples):
    """Zn-Hg with a compound bound far more than the measured system allows."""
    entries: Any = [(examples.entry(s, s, 0.0, 17.0, "X", ENERGIES), {}) for s in ("Zn", "Hg")]
    entries.append((examples.entry("ZnHg-B2", "ZnHg", -0.08, 19.0, "Pm-3m", ENERGIES), {"kind": "prototype"}))
    return examples.make_system("Zn-Hg", entries, "Zn")


@pytest.fixture(scope="module")
def systems(examples, aluminium, compound_of_zinc):
    return (examples.li_hg.systems[0], compound_of_zinc, aluminium)


@pytest.fixture(scope="module")
def section(systems):
    return overview_section(Report(title="three", systems=systems, potential="chgnet+d3"))


def test_one_row_for_each_system(section):
    table = section.tables[0]
    assert [row[0] for row in table.rows] == ["Li–Hg", "Zn–Hg", "Al–Hg"]
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert row["computed stable"] == "LiHg₃, LiHg, Li₃Hg"
    assert "Li₂Hg" in row["observed compounds"]
    assert row["deepest compound"] == "LiHg"
    assert row["computed (eV/atom)"] == pytest.approx(-0.437)
    assert row["measured (eV/atom)"] == "−0.439 ± 0.052"
    assert row["measured (V)"] == pytest.approx(0.9433)
    assert row["verdict"].startswith("agrees")


def test_the_potential_of_the_amalgam_is_that_of_liquid_mercury(section, examples):
    table = section.tables[0]
    column = table.columns.index("saturated amalgam, computed (V)")
    # LiHg3, 298 K: its three atoms of mercury are lower in free energy when liquid.
    plateau = examples.li_hg.systems[0].voltage.steps[0].voltage_V
    assert table.rows[0][column] == pytest.approx(plateau + 3 * get_fusion("Hg").free_energy(298.15))
    assert table.rows[0][column] < plateau
    assert table.rows[2][column] == 0.0  # no compound: aluminium itself is in equilibrium with its amalgam


def test_first_paragraph_is_the_finding(section):
    first = section.paragraphs[0]
    assert first.startswith("In 2 of 3 systems nothing disagrees with the measured phases: Li–Hg and Al–Hg.")
    assert "Disagreements: 3 in Zn–Hg." in first
    assert "ZnHg is bound 92 meV/atom more strongly than measured" in first
    assert any("Al–Hg: no compound is stable, as measured" in text for text in section.paragraphs)
    offset = 1000 * (section.tables[0].rows[0][6] - 0.9433)
    assert f"Li–Hg {offset:+.0f} mV".replace("-", "−") in " ".join(section.paragraphs)


def test_every_flag_is_in_a_table(section, systems):
    expected = sum(len(summarize(system).flags) for system in systems)
    assert sum(len(table.rows) for table in section.tables[1:]) == expected
    weights = [row[4] for table in section.tables[1:] for row in table.rows]
    assert weights == sorted(weights, key=["disagrees", "within error", "agrees", "note"].index)


def test_failures_are_warnings(section):
    assert section.warnings == (
        "Li–Hg: Li5Hg-A5B_oC24_63_acfg_c could not be relaxed: not converged: max force 0.08 eV/Å after 500 steps",
    )


def test_all_in_agreement_is_said_plainly(aluminium):
    text = overview_section(Report(title="one", systems=(aluminium,), potential="x")).paragraphs[0]
    assert text == "Nothing disagrees with the measured phases of Al–Hg."


def test_verdicts(examples, aluminium, compound_of_zinc):
    assert summarize(aluminium).verdict == "agrees"
    assert summarize(examples.li_hg.systems[0]).verdict == "agrees; 2 observed not computed"
    assert summarize(compound_of_zinc).verdict.startswith("3 disagreements, the largest 92 meV/atom, ZnHg: ")
    entries: Any = [(examples.entry(s, s, 0.0, 17.0, "X", ENERGIES), {}) for s in ("Zn", "Hg")]
    entries.append((examples.entry("ZnHg-B2", "ZnHg", 0.05, 19.0, "Pm-3m", ENERGIES), {"kind": "prototype"}))
    zinc = summarize(examples.make_system("Zn-Hg", entries, "Zn"))
    assert zinc.verdict == "undecided; 1 observed not computed"


def test_the_picture_has_a_panel_for_each_system(section, systems):
    pixels = np.asarray(imread(io.BytesIO(section.pictures[0].png), format="png"))[..., :3]
    assert pixels.shape[:2] == (
        round((OVERVIEW_PANEL_INCHES[1] + LEGEND_INCHES) * DPI),
        round(3 * OVERVIEW_PANEL_INCHES[0] * DPI),
    )
    for edge in (pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:]):
        assert np.all(edge > 0.99)
    diagrams = [binary_diagram(system) for system in systems]
    assert hull_overview_png(diagrams) == section.pictures[0].png  # the same picture every time


def test_no_diagram_is_refused():
    with pytest.raises(InputError, match="no two-element system"):
        hull_overview_png([])
