"""The written files."""

from __future__ import annotations

import csv
import json
import math
import re
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from amalgamics.errors import InputError
from amalgamics.reports.document import check_writable, write_files, write_report
from amalgamics.reports.export import summary_json
from amalgamics.reports.page import cell_parameters, render_page
from amalgamics.reports.sections import ReportSection

HOSTILE = "<script>alert('x')</script>\"&{{ 7 * 7 }}</script>"


class Page(HTMLParser):
    """Tags with their attributes, the texts outside scripts, and the scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self._inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        inside = self._inside[-1] if self._inside else ""
        if inside == "script":
            self.scripts.append(data)
        elif inside != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts))


@pytest.fixture(scope="module")
def written(examples, tmp_path_factory):
    return write_report(examples.li_hg, tmp_path_factory.mktemp("report") / "new")


def test_files_of_one_and_of_several_systems(written, examples, tmp_path):
    assert set(written) == {"report.html", "hull.png", "hull.csv", "summary.json"}
    assert {path.name for path in written["hull.png"].parent.iterdir()} == set(written)
    several = write_report(examples.both, tmp_path)
    assert set(several) == set(written) | {"hull-Li-Hg.png", "hull-Na-Hg.png"}


def test_a_report_of_five_hundred_crystals_is_small(examples, tmp_path):
    entries = [examples.entry(element, element, 0.0, 20.0, "Im-3m") for element in ("Li", "Hg")]
    entries += [examples.entry(f"LiHg-{i}", "LiHg", -0.4 + 0.001 * i, 17.0, "Pm-3m") for i in range(500)]
    more = {"source": "AFLOW prototype", "prototype": "AB_cP2_221_b_a", "kind": "prototype"}
    large = examples.make_system("Li-Hg", [(one, more) for one in entries], "Li")
    path = write_report(replace(examples.li_hg, systems=(large,)), tmp_path)["report.html"]
    assert path.read_text(encoding="utf-8").count("LiHg-4") > 100
    assert path.stat().st_size < 3_000_000


def test_csv_holds_every_record_exactly(written, examples):
    with written["hull.csv"].open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    system = examples.li_hg.systems[0]
    assert [row["name"] for row in rows] == [record.name for record in system.records]
    for row, record in zip(rows, system.records, strict=True):
        for key in ("energy_per_atom", "formation_energy_per_atom", "e_above_hull", "volume_per_atom"):
            assert float(row[key]) == getattr(record, key)
        assert (row["stable"] == "True") == (record.e_above_hull == 0.0)
        assert row["measured_a"] == ("" if record.measured_lattice is None else str(record.measured_lattice[0]))


def test_summary_holds_every_record_and_step_exactly(written, examples):
    data = json.loads(written["summary.json"].read_text(encoding="utf-8"))
    (system,) = data["systems"]
    report = examples.li_hg.systems[0]
    for row, record in zip(system["phases"], report.records, strict=True):
        for field in fields(record):
            value = getattr(record, field.name)
            assert row[field.name] == (list(value) if isinstance(value, tuple) else value)
    assert [step["voltage_V"] for step in system["voltage_steps"]] == [s.voltage_V for s in report.voltage.steps]
    assert system["mean_voltage_V"] == report.voltage.mean_voltage_V
    assert [step["from"] for step in system["voltage_steps"]] == ["Hg", "LiHg3", "LiHg"]
    assert [step["to"] for step in system["voltage_steps"]] == ["LiHg3", "LiHg", "Li3Hg"]
    assert system["stable"] == [phase.name for phase in report.hull.stable]
    assert system["not_built"][0] == {"phase": "LiHg2", "reason": "coordinates are not known"}
    assert data["provenance"] == examples.li_hg.provenance
    assert data["settings"] == examples.li_hg.settings


def test_numbers_that_are_not_finite_are_null_in_json(examples):
    section = ReportSection("films", "Films", summary={"films": {"volts": [0.5, math.nan, math.inf]}})

    text = summary_json(replace(examples.li_hg, sections=(section,)))

    assert json.loads(text, parse_constant=pytest.fail)["films"] == {"volts": [0.5, None, None]}


def test_page_shows_the_numbers(written, examples):
    page = Page(written["report.html"].read_text(encoding="utf-8"))
    assert "LiHg₃, LiHg and Li₃Hg are on the Li–Hg hull" in page.text
    for text in ("−0.4370", "17.76", "−16.3", "P6₃/mmc", "coordinates are not known", "not converged: max force"):
        assert text in page.text
    mean_V = examples.li_hg.systems[0].voltage.mean_voltage_V
    assert f"weighted with the charge: {mean_V:.3f} V vs Li/Li⁺" in page.text
    assert examples.li_hg.provenance["potential"]["weights_sha256"] in page.text
    rows = [attributes for tag, attributes in page.tags if tag == "tr" and "data-kind" in attributes]
    assert len(rows) == len(examples.li_hg.systems[0].records)
    assert sum("on-hull" in (row.get("class") or "") for row in rows) == 5


def test_page_is_self_contained(written):
    text = written["report.html"].read_text(encoding="utf-8")
    page = Page(text)
    for tag, attributes in page.tags:
        assert tag not in {"link", "iframe", "object", "embed"}
        source = attributes.get("src") or ""
        assert source.startswith("data:") or not source
        if tag != "a":
            assert "href" not in attributes
    assert "default-src 'none'" in text
    assert text.count("plotly.js (basic - minified) v") == 1
    css = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in css
    assert "@import" not in css


def test_page_is_accessible(written):
    page = Page(written["report.html"].read_text(encoding="utf-8"))
    tags = page.tags
    assert ("html", {"lang": "en"}) in tags
    assert all(attributes.get("scope") in {"col", "row"} for tag, attributes in tags if tag == "th")
    assert all(attributes.get("alt") for tag, attributes in tags if tag == "img")
    plots = [attributes for _, attributes in tags if "plot" in (attributes.get("class") or "").split()]
    assert len(plots) == 2
    assert all(plot["aria-label"] for plot in plots)


def test_hostile_texts_are_shown_and_not_run(examples):
    system = examples.li_hg.systems[0]
    first, *others = system.records
    spoilt = replace(first, prototype=HOSTILE, source=HOSTILE, note=HOSTILE, space_group=HOSTILE, confidence=HOSTILE)
    report = replace(
        examples.li_hg,
        title=HOSTILE,
        potential=HOSTILE,
        warnings=(HOSTILE,),
        provenance={HOSTILE: {"inner": [HOSTILE]}},
        settings={"key": HOSTILE},
        systems=(
            replace(
                system,
                records=(spoilt, *others),
                not_built=((HOSTILE, HOSTILE),),
                failed=((HOSTILE, HOSTILE),),
            ),
        ),
    )
    page = Page(render_page(report, {}))
    clean = Page(render_page(examples.li_hg, {}))
    assert len(page.scripts) == len(clean.scripts)
    assert not any("alert('x')" in script for script in page.scripts)
    assert page.text.count("{{ 7 * 7 }}") >= 12


def test_several_systems_get_an_overview_and_anchors(examples):
    page = Page(render_page(examples.both, {}))
    identifiers = {attributes.get("id") for _, attributes in page.tags}
    links = [str(attributes["href"]) for tag, attributes in page.tags if tag == "a"]
    targets = {link for link in links if link.startswith("#")}
    assert {target for target in targets if target.startswith("#system")} == {"#system-1", "#system-2"}
    assert {target[1:] for target in targets} <= identifiers
    assert "Na: no D3 for one entry" in page.text


def test_systems_without_diagram_or_voltage(examples, tmp_path):
    phases = [examples.entry(symbol, symbol, 0.0, 20.0, "Im-3m") for symbol in ("Li", "Na", "Mg", "Hg")]
    quaternary = examples.make_system("Li-Na-Mg-Hg", [(phase, {}) for phase in phases], None)
    paths = write_report(replace(examples.li_hg, systems=(quaternary,)), tmp_path)
    assert set(paths) == {"report.html", "hull.csv", "summary.json"}
    page = Page(paths["report.html"].read_text(encoding="utf-8"))
    assert "this one has 4" in page.text
    assert "No compound is on the Li–Na–Mg–Hg hull" in page.text


def test_unwritable_output_is_refused_before_anything_is_drawn(examples, tmp_path, monkeypatch):
    monkeypatch.setattr("amalgamics.reports.document.hull_png", lambda *_: pytest.fail("drawn in vain"))
    (tmp_path / "file").write_text("here")
    with pytest.raises(InputError, match="cannot be written to"):
        write_report(examples.li_hg, tmp_path / "file" / "report")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_cells_list_what_symmetry_leaves_free():
    measured = (6.0, 6.0, 4.0, 90.0, 90.0, 120.0)
    rows = cell_parameters((6.3, 6.3, 4.0, 90.0, 90.0, 120.0), measured)
    assert [(row.label, row.deviation_percent) for row in rows] == [("a = b", pytest.approx(5.0)), ("c", 0.0)]
    broken = cell_parameters((6.3, 6.2, 4.0, 90.0, 91.0, 120.0), measured)
    assert [row.label for row in broken] == ["a", "b", "c", "β"]
    assert [row.computed for row in cell_parameters(None, measured)] == [None, None]


def test_writes_into_a_new_directory(tmp_path):
    paths = write_files({"a.txt": b"one", "b.bin": b"\x00"}, tmp_path / "new" / "deep")
    assert {name: path.read_bytes() for name, path in paths.items()} == {"a.txt": b"one", "b.bin": b"\x00"}
    assert sorted(path.name for path in (tmp_path / "new" / "deep").iterdir()) == ["a.txt", "b.bin"]


def test_replaces_a_former_file(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    write_files({"a.txt": b"new"}, tmp_path)
    assert (tmp_path / "a.txt").read_text() == "new"


def test_a_failure_leaves_everything_as_it_was(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "b.txt").mkdir()
    with pytest.raises(InputError, match="cannot be written to"):
        write_files({"a.txt": b"new", "b.txt": b"new"}, tmp_path)
    assert (tmp_path / "a.txt").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "b.txt"]


def test_a_failure_while_writing_removes_the_new_directory(tmp_path, monkeypatch):
    def full(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("amalgamics.reports.document._write_temporary", full)
    with pytest.raises(InputError, match="No space left on device"):
        write_files({"a.txt": b"new"}, tmp_path / "x" / "y")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("function", [check_writable, lambda path: write_files({"a": b""}, path)])
def test_a_path_through_a_file_is_refused(tmp_path, function):
    (tmp_path / "file").write_text("here")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match=r"output directory '.*file.*' cannot be written to"):
            function(path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_checking_leaves_nothing_behind(tmp_path):
    check_writable(tmp_path / "x" / "y")
    assert list(tmp_path.iterdir()) == []
