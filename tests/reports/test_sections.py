from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from amalgamics.errors import InputError
from amalgamics.reports.document import write_report
from amalgamics.reports.model import Report
from amalgamics.reports.sections import (
    Bullets,
    Card,
    Column,
    Columns,
    Definitions,
    Drawing,
    Drawings,
    Figure,
    Lead,
    ReportSection,
    SectionPicture,
    SectionTable,
    Table,
    TableCell,
    Tree,
    Verdict,
    VerdictGroup,
    Verdicts,
)

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


def test_a_section_that_leads_comes_first_and_speaks_for_the_report(examples: Any, tmp_path: Path) -> None:
    lead = Lead("It boils.", (("pressure", "1 bar"),), warnings=("Hot.", "One study failed."))
    files = {"steam.csv": b"T,p", "steam.json": b"{}"}
    boiling = ReportSection("boiling", "Boiling", lead=lead, files=files, summary={"boiling": 7}, units="In bar.")
    report = replace(examples.li_hg, warnings=("One study failed.",), sections=(section(), boiling))
    paths = write_report(report, tmp_path)
    page = paths["report.html"].read_text(encoding="utf-8").split("</style>")[1]
    assert page.index("It boils.") < page.index("1 bar") < page.index('id="boiling"') < page.index('id="system-1"')
    assert page.index('id="system-1"') < page.index('id="metals"')
    assert "In bar. The same numbers are in <code>steam.csv</code> and <code>steam.json</code>." in page
    assert paths["steam.csv"].read_bytes() == b"T,p"
    summary = json.loads(paths["summary.json"].read_text(encoding="utf-8"))
    assert summary["headline"].startswith("It boils. LiHg")
    assert (summary["warnings"], summary["boiling"]) == (["Hot.", "One study failed."], 7)


def test_a_report_of_one_section_needs_no_hull(tmp_path: Path) -> None:
    paths = write_report(Report("Metals", sections=(section(),)), tmp_path)
    assert set(paths) == {"report.html", "summary.json", "metals.png"}
    assert "hull.csv" not in paths["report.html"].read_text(encoding="utf-8")


def test_every_block_is_shown_and_no_text_is_markup(tmp_path: Path) -> None:
    bad, cell = "<b>&", TableCell("a <i>", "sub <i>", span=2, is_head=True, is_number=False)
    fallback = SectionPicture("curve.png", PIXEL, f"fallback {bad}")
    blocks = (
        f"paragraph γ_LV {bad}",
        Card(f"card {bad}", (f"inner {bad}", Bullets((f"item {bad}",), f"list {bad}")), f"caption {bad}", folded=True),
        Columns((("left",), ("right", Definitions(((f"term {bad}", f"meaning {bad}", ""),))))),
        Table(f"table {bad}", bad, (Column(f"head {bad}", f"unit {bad}"),), ((cell,), ()), f"note {bad}"),
        Figure("curve", {"data": []}, f"figure {bad}", bad, f"seen {bad}", (("x", "X"), ("y", "Y")), fallback),
        Drawings((Drawing("<svg></svg>", f"drawn {bad}", bad, (("7°", f"angle {bad}", bad, ""),)),), "pictures"),
        Verdicts((VerdictGroup(f"claim {bad}", bad, (Verdict(bad, False, f"evidence {bad}", limit="fresh"),)),)),
        Tree(f"tree {bad}", {bad: [bad]}),
    )
    paths = write_report(Report("Blocks", sections=(ReportSection("all", "All", blocks=blocks),)), tmp_path)
    page = (
        paths["report.html"].read_text(encoding="utf-8").split("</style>")[1].split('<script type="application/json"')
    )
    assert "<b>&" not in page[0]
    assert "<i>" not in page[0].replace('<i class="limit-fresh">', "")
    for text in (
        "inner",
        "item",
        "list",
        "card",
        "caption",
        "term",
        "meaning",
        "table",
        "head",
        "unit",
        "note",
        "figure",
    ):
        assert f"{text} &lt;b&gt;&amp;" in page[0]
    for text in ("seen", "fallback", "drawn", "angle", "claim", "evidence", "tree", "paragraph γ<sub>LV</sub>"):
        assert f"{text} &lt;b&gt;&amp;" in page[0]
    assert 'rowspan="2"' in page[0]
    assert page[1].startswith(' id="figures">{"curve":')
    assert paths["curve.png"].read_bytes() == PIXEL


def test_a_long_table_is_folded() -> None:
    long = SectionTable("Many", ("n",), tuple((number,) for number in range(21)))
    (short, folded) = ReportSection("a", "A", tables=(replace(long, rows=long.rows[:20]), long)).content
    assert isinstance(short, Card) and isinstance(folded, Card)  # noqa: PT018
    assert (short.title, short.folded) == ("Many", False)
    assert (folded.title, folded.folded) == ("Many (21 rows)", True)
