"""The explorer as one file: opened from disk it filters, draws and calculates nothing, and asks nobody."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amalgamics.errors import InputError
from amalgamics.explorer import one_file
from amalgamics.explorer.one_file import Shown, explorer_page
from amalgamics.tests.chromium import chromium_or_skip
from amalgamics.tests.conftest import MadeUpStudy
from amalgamics.tests.explorer.browser import Page, browsing
from amalgamics.tests.explorer.conftest import SCRIPT
from amalgamics.workflows.database.structure_database import StructureDatabase

IDS = range(1, 40)


def content(page: str) -> dict[str, Any]:
    """Return the data of a page."""
    found = re.search(r'data-packed="data">(.*?)</script>', page)
    assert found
    data: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(found[1])))
    return data


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a made-up job, beside nothing else."""
    folder = tmp_path_factory.mktemp("one")
    study = MadeUpStudy(StructureDatabase(folder / "structures.db"))
    study.fill()
    study.add_crystals()
    shown = Shown(SCRIPT, ["Li-Hg"], "emt", IDS, {study.key: 298.15})
    path = folder / "explorer.html"
    path.write_text(explorer_page(str(folder / "structures.db"), shown, report="report.html"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def page(written: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browsing(chromium_or_skip("the explorer as one file"), tmp_path_factory.mktemp("profile")) as browser:
        browser.size(1280)
        browser.open(written.as_uri())
        yield browser


def test_it_holds_the_answers_of_the_server(written: Path) -> None:
    text = written.read_text(encoding="utf-8")
    assert len(text) < 1_500_000
    assert SCRIPT not in text
    assert "3Dmol" in text  # its licence
    data = content(text)
    asked = {name for name, *_ in data["answers"]}
    assert {"systems", "hull", "studies", "wetting", "about"} <= asked
    hull = next(answer for name, _, answer in data["answers"] if name == "hull")
    above = {row["id"]: row["e_above_hull"] for row in data["rows"]}
    assert {phase["id"]: phase["e_above_hull"] for phase in hull["phases"]}.items() <= above.items()


def test_structures_are_bounded_and_nothing_is_refused(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = str(written.with_name("structures.db"))
    monkeypatch.setattr(one_file, "MOST_ROWS", 4)
    data = content(explorer_page(database, Shown("few", ["Li-Hg"], "emt", IDS)))
    about = next(answer for name, _, answer in data["answers"] if name == "about")
    assert (len(data["rows"]), about["shown"]) == (4, 4)
    assert about["rows"] > 4
    with pytest.raises(InputError, match="no structure of this job"):
        explorer_page(database, Shown("none", ["Na-Hg"], "emt"))


@pytest.mark.parametrize("width", [1280, 400])
def test_from_the_table_and_the_hull_to_a_structure(page: Page, width: int) -> None:
    page.size(width)
    page.go("#/rows?query=e_above_hull%3C0.01,Hg")
    names = page.run("[...document.querySelectorAll('tbody th')].map((cell) => cell.textContent)")
    assert set(names) == {"Hg", "LiHg"}
    page.run("document.querySelector('button[data-key=energy_per_atom]').click(); 0")
    page.wait("document.querySelector('th[aria-sort]')?.textContent.startsWith('E')")
    page.go("#/hulls")
    page.wait("document.querySelector('#hull .main-svg')")
    assert page.run("document.querySelector('#hull').compareDocumentPosition(document.querySelector('table')) & 4")
    page.run("[...document.querySelectorAll('tbody th a')].find((link) => link.textContent === 'LiHg').click(); 0")
    page.wait("document.querySelector('#structure')?.dataset.drawn === '2'")
    page.wait("document.querySelector('[data-place=e_above_hull]').textContent === '0.00000'")
    page.wait("document.querySelector('.plot .main-svg')")
    assert page.run("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [1280, 400])
def test_sliders_show_what_was_computed(page: Page, width: int) -> None:
    page.size(width)
    page.go("#/rows")
    page.go("#/wetting")
    page.wait("document.querySelector('#angles')?.dataset.temperature === '298.15'")
    page.run(
        "{ const one = document.querySelector('input[name=temperature]'); one.value = 2;"
        " one.dispatchEvent(new Event('input')); }"
    )
    page.wait("document.querySelector('#angles').dataset.temperature === '348.15'")
    page.run(
        "{ const drop = document.querySelector('input[name=drop_radius]'); drop.value = 0;"
        " drop.dispatchEvent(new Event('input')); }"
    )
    page.wait("document.querySelector('.command').textContent.includes('--drop-radius 0.01')")
    page.wait("document.querySelector('#angles').dataset.temperature === '298.15'")  # one at a time
    assert "Wets: " in page.run("document.querySelector('.side .strong').textContent")


def test_what_is_not_in_it_is_said_and_nobody_is_asked(page: Page, written: Path) -> None:
    page.go("#/rows/99999")
    page.wait("document.querySelector('.error')?.textContent.includes('amalgamics serve shows it')")
    page.go("#/rows?query=foo%3D1")
    page.wait("document.querySelector('.error')?.textContent.startsWith('foo: a page without a server knows id, name')")
    local = (written.as_uri(), "data:", "blob:")
    assert all(address.startswith(local) for address in page.requests)
    assert page.run("document.querySelector('nav a[href=\"report.html\"]').textContent") == "Report"
