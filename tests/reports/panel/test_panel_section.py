"""The section of the panel: tables, headline, files and picture."""

from __future__ import annotations

import csv
import io

import pytest

from amalgamics.reports.model import Report
from amalgamics.reports.page import render_page
from amalgamics.reports.panel.model import MeasuredAngle, PanelReport, PanelSolid
from amalgamics.reports.panel.section import CSV_COLUMNS, panel_section
from amalgamics.thermodynamics.uncertainty import Estimate

GAMMA = 0.4855


@pytest.fixture
def report() -> PanelReport:
    """Graphite is measured, MgO is not, and one method lacks MgO."""
    graphite = PanelSolid(
        "graphite",
        "C",
        "(001)",
        "C",
        {"near": Estimate(0.08, 0.01, 3), "far": Estimate(0.30)},
        {"near": 0.07},
        MeasuredAngle(145.0, 155.0, "porosimetry, air", "porosimetry tables", "recalled"),
    )
    magnesia = PanelSolid("MgO", "MgO", "(001)", "MgO", {"near": Estimate(0.45)})
    return PanelReport("Hg", 298.15, GAMMA, (graphite, magnesia), {"far": "near"}, {"near": 0.3}, ("MgO: far failed",))


def cell(table, row: int, column: str):
    return table.rows[row][table.columns.index(column)]


def test_the_tables_show_works_angles_and_errors(report: PanelReport) -> None:
    works, angles, errors = panel_section(report).tables
    assert cell(works, 0, "near") == 0.08
    assert cell(works, 1, "far") is None
    assert "far on structures of near" in works.note
    assert cell(angles, 0, "measured") == "145–155"
    assert cell(errors, 0, "method") == "near"
    assert cell(errors, 0, "solids") == 1
    # cos(angle) = W/u - 1 with the method's own u.
    own = report.angle_deg(report.solids[0], "near", 0.3)
    assert own is not None
    assert cell(errors, 0, "mean error of θ with own u (°)") == pytest.approx(own - 150.0)
    assert cell(errors, 1, "u of Hg (J/m²)") is None


def test_the_headline_names_the_nearest_and_the_farthest_method(report: PanelReport) -> None:
    lead = panel_section(report).lead
    assert lead is not None
    assert lead.headline.index("near errs by") < lead.headline.index("far by")


def test_without_measured_angles_nothing_is_scored(report: PanelReport) -> None:
    section = panel_section(PanelReport("Hg", 298.15, GAMMA, report.solids[1:]))
    assert len(section.tables) == 2
    assert section.lead is not None
    assert "none has a measured angle" in section.lead.headline


def test_the_csv_has_a_row_for_each_face_and_method(report: PanelReport) -> None:
    content = panel_section(report).files["panel.csv"].decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    assert list(rows[0]) == list(CSV_COLUMNS)
    assert [(row["solid"], row["method"]) for row in rows] == [
        ("graphite", "near"),
        ("graphite", "far"),
        ("MgO", "near"),
    ]
    assert float(rows[0]["dispersion_J_m2"]) == 0.07
    assert rows[2]["measured_low_deg"] == ""


def test_a_page_without_systems_opens_with_the_panel(report: PanelReport) -> None:
    page = render_page(Report("panel", potential="near", sections=(panel_section(report),)), {})
    assert page.index("errs by") < page.index("Work of adhesion (J/m²)")
    assert "MgO: far failed" in page
