from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from amalgamics.errors import InputError
from amalgamics.reports.model import Report
from amalgamics.reports.report_files import write_report
from amalgamics.reports.sections import ReportSection, SectionPicture, SectionTable

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


def section(anchor: str = "metals", picture: str = "metals.png") -> ReportSection:
    return ReportSection(
        anchor=anchor,
        title="Metals & <alloys>",
        paragraphs=("Gold is 0.3 J/m² dearer than silver.",),
        pictures=(SectionPicture(picture, PIXEL, "one pixel", "A pixel"),),
        tables=(
            SectionTable(
                "Surfaces", ("plane", "γ (J/m²)", "layers"), (("(111)", -1.23456, 7), ("(100)", None, 9)), digits=2
            ),
        ),
        warnings=("One slab failed.",),
    )


@pytest.fixture
def report(examples: Any) -> Report:
    return replace(examples.li_hg, sections=(section(),))


def test_a_section_is_on_the_page_and_its_picture_beside_it(report: Report, tmp_path: Path) -> None:
    paths = write_report(report, tmp_path)
    page = paths["report.html"].read_text(encoding="utf-8")
    assert paths["metals.png"].read_bytes() == PIXEL
    assert "data:image/png;base64," + base64.b64encode(PIXEL).decode() in page
    for text in ("Metals &amp; &lt;alloys&gt;", "One slab failed.", "−1.23", "γ (J/m²)", 'href="#metals"', "A pixel"):
        assert text in page
    assert ">-1.23<" not in page


def test_numbers_stand_right_and_what_is_unknown_is_a_dash(report: Report, tmp_path: Path) -> None:
    page = write_report(report, tmp_path)["report.html"].read_text(encoding="utf-8")
    assert '<td class="number">–</td>' in page
    assert '<td class="number">9</td>' in page


def test_names_that_repeat_are_refused(examples: Any) -> None:
    with pytest.raises(InputError, match="anchors; repeated: metals"):
        replace(examples.li_hg, sections=(section(), section(picture="other.png")))
    with pytest.raises(InputError, match=r"files and pictures; repeated: metals\.png"):
        replace(examples.li_hg, sections=(section(), section(anchor="other")))


def test_a_ragged_table_is_refused() -> None:
    with pytest.raises(InputError, match="1 cells for 2 columns"):
        SectionTable("Surfaces", ("plane", "energy"), (("(111)",),))
