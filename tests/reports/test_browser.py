"""The report in a real browser, opened from disk without a network."""

from __future__ import annotations

import html
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from amalgamics.reports.document import write_report
from amalgamics.reports.wetting.section import wetting_section
from amalgamics.tests.chromium import chromium_or_skip

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--enable-logging=stderr",
    "--virtual-time-budget=8000",
)


@pytest.fixture(scope="module")
def chromium():
    return chromium_or_skip("the report")


@pytest.fixture(scope="module")
def report_html(examples, tmp_path_factory):
    return write_report(examples.both, tmp_path_factory.mktemp("browser"))["report.html"]


@pytest.fixture(scope="module")
def wetting_html(wetting, examples, tmp_path_factory):
    report = replace(examples.li_hg, sections=(wetting_section(wetting),))
    return write_report(report, tmp_path_factory.mktemp("browser"))["report.html"]


@pytest.fixture(scope="module")
def browse(chromium, tmp_path_factory):
    """Open a page and return (document after scripts ran, lines of its console)."""

    def run(page: Path, *flags: str) -> tuple[str, list[str]]:
        profile = tmp_path_factory.mktemp("profile")
        command = [chromium, *FLAGS, f"--user-data-dir={profile}", *flags, page.resolve().as_uri()]
        done = subprocess.run(command, capture_output=True, timeout=120, check=True)
        console = [line for line in done.stderr.decode(errors="replace").splitlines() if ":CONSOLE" in line]
        return done.stdout.decode(errors="replace"), console

    return run


def with_script(page: Path, script: str, name: str) -> Path:
    """A copy of the page with one more script at its end."""
    changed = page.with_name(name)
    text = page.read_text(encoding="utf-8")
    head, _, tail = text.rpartition("</body>")
    changed.write_text(f"{head}<script>{script}</script></body>{tail}", encoding="utf-8")
    return changed


def body_of(document: str) -> str:
    return re.sub(r"<(script|style)\b.*?</\1>", "", document, flags=re.DOTALL)


def test_figures_are_drawn_without_errors_or_requests(browse, report_html, examples):
    document, console = browse(report_html, "--dump-dom")
    assert console == []  # a request would be refused by the content security policy, and reported here
    assert 'data-ready="true"' in document
    body = body_of(document)
    n_records = sum(len(system.records) for system in examples.both.systems)
    n_references = 8
    drawn = len(re.findall(r'<path[^>]*class="point[ "]', body))
    # One phase lies above the frame and is clipped, but drawn; legends draw one more point per trace.
    assert drawn >= n_records + n_references
    assert body.count('class="trace scatter') >= 2 * 4
    for text in ("LiHg₃", "Li₃Hg", "V vs Li/Li⁺", "V vs Na/Na⁺", "formation energy (eV/atom)"):
        assert text in body
    assert "upload" not in body.lower()
    assert "sendChart" not in body
    for source in re.findall(r'(?:src|xlink:href)="([^"]*)"', body):
        assert source.startswith(("data:", "#"))


def test_a_request_would_be_noticed(browse, report_html):
    script = 'fetch("https://example.org/x"); new Image().src = "https://example.org/i.png";'
    _, console = browse(with_script(report_html, script, "requests.html"), "--dump-dom")
    assert sum("Content Security Policy" in line for line in console) >= 2


def test_sorting_filtering_and_switching_the_axis(browse, report_html, examples):
    script = """
    const out = {};
    const table = document.getElementById("phases-1");
    const names = () => Array.from(table.tBodies[0].rows).filter((row) => !row.hidden)
      .map((row) => row.cells[0].dataset.value);
    const headers = Array.from(table.querySelectorAll("thead th"));
    const column = headers.findIndex((header) => header.textContent.includes("Δ volume"));
    const value = (row) => row.cells[column].dataset.value;
    const shifts = () => Array.from(table.tBodies[0].rows).map(value);
    headers[column].querySelector("button").click();
    out.up = shifts();
    headers[column].querySelector("button").click();
    out.down = shifts();
    out.sorted = headers[column].getAttribute("aria-sort");
    const form = document.querySelector("form[data-table=phases-1]");
    const set = (name, value) => {
      form.elements[name].value = value;
      form.dispatchEvent(new Event("input"));
    };
    set("text", "li3hg2"); out.text = names(); set("text", "");
    set("limit", "0"); out.stable = names(); set("limit", "");
    set("kind", "prototype"); out.prototypes = names().length;
    out.count = form.querySelector("output").textContent;
    document.querySelector("[data-figure=voltage-1] [data-axis=alloy]").click();
    const plot = document.getElementById("voltage-1");
    out.axis = plot.layout.xaxis.title.text;
    out.end = Math.max(...plot.data[0].x);
    document.documentElement.dataset.result = JSON.stringify(out);
    """
    document, console = browse(with_script(report_html, script, "driven.html"), "--dump-dom")
    assert console == []
    result = re.search(r'data-result="([^"]*)"', document)
    assert result
    out = json.loads(html.unescape(result[1]))
    system = examples.both.systems[0]
    known = sorted(r.volume_deviation_percent for r in system.records if r.volume_deviation_percent is not None)
    unknown = [""] * (len(system.records) - len(known))
    assert list(map(float, out["up"][: len(known)])) == pytest.approx(known)
    assert out["up"][len(known) :] == unknown
    assert list(map(float, out["down"][: len(known)])) == pytest.approx(known[::-1])
    assert out["down"][len(known) :] == unknown
    assert out["sorted"] == "descending"
    assert out["text"] == ["Li3Hg2"]
    assert sorted(out["stable"]) == sorted(phase.formula for phase in system.hull.stable)
    prototypes = sum(record.kind == "prototype" for record in system.records)
    assert out["prototypes"] == prototypes
    assert out["count"] == f"{prototypes} of {len(system.records)} phases"
    assert out["axis"] == "capacity (mAh per g alloy)"
    assert out["end"] == pytest.approx(system.voltage.steps[-1].cumulative_mAh_per_g_alloy)


def test_wetting_figure_switches_its_axis_and_hovers_over_all_panels(browse, wetting_html, wetting):
    script = """
    const plot = document.getElementById("wetting-curve");
    const ticks = () => Array.from(plot.querySelectorAll(".xtick text")).map((text) => text.textContent);
    const out = { before: ticks() };
    document.querySelector("[data-figure=wetting-curve] [data-axis=voltage]").click();
    out.after = ticks();
    out.title = plot.layout.xaxis.title.text;
    const shape = plot.layout.shapes[1];
    out.shaded = [shape.x0, shape.x1];
    document.querySelector("[data-figure=wetting-curve] [data-axis=composition]").click();
    Plotly.Fx.hover(plot, { xval: 1e-4 }, ["xy", "xy2", "xy3", "xy4"]);
    out.hover = plot._hoverdata ? plot._hoverdata.map((point) => point.yaxis._id) : [];
    document.documentElement.dataset.result = JSON.stringify(out);
    """
    document, console = browse(with_script(wetting_html, script, "wetting.html"), "--dump-dom")
    assert console == []
    result = re.search(r'data-result="([^"]*)"', document)
    assert result
    out = json.loads(html.unescape(result[1]))
    assert out["before"][0] == "0"
    assert "1.1" in out["after"]
    assert out["title"] == "V vs Li/Li⁺"
    assert out["shaded"][0] == pytest.approx(wetting.curve.at(0.0133).fresh.voltage_V)
    assert set(out["hover"]) == {"y", "y2", "y3", "y4"}
    assert len(re.findall(r'class="infolayer"', body_of(document))) == 3
    assert "observed: wets better" in document


@pytest.mark.parametrize("kind", ["report_html", "wetting_html"])
@pytest.mark.parametrize(("width", "scheme"), [(1300, "light"), (500, "light"), (1300, "dark")])
def test_page_fits_the_window_and_follows_the_colour_scheme(browse, request, tmp_path, kind, width, scheme):
    report_html = request.getfixturevalue(kind)
    script = """
    const root = document.documentElement;
    root.dataset.fits = root.scrollWidth <= window.innerWidth;
    """
    page = with_script(report_html, script, f"fits-{width}-{scheme}.html")
    flags = [f"--window-size={width},1400"]
    if scheme == "dark":
        flags.append("--blink-settings=preferredColorScheme=0")
    picture = tmp_path / "page.png"
    document, _ = browse(page, *flags, "--dump-dom", f"--screenshot={picture}")
    assert 'data-fits="true"' in document
    pixels = np.asarray(imread(picture))[..., :3]
    assert pixels.shape[1] == width
    background = np.median(pixels.reshape(-1, 3), axis=0).mean()
    assert background > 0.9 if scheme == "light" else background < 0.2
    assert pixels.std() > 0.05
