"""The explorer in a real browser: filter, click, keys and sliders, on a screen and on a phone."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib.image import imread
from werkzeug.serving import make_server

from amalgamics.explorer.app import create_app
from amalgamics.explorer.guard import Keys
from amalgamics.explorer.sources import Sources, open_database
from amalgamics.tests.chromium import chromium_or_skip
from amalgamics.tests.conftest import MadeUpStudy
from amalgamics.tests.explorer.browser import Page, browsing
from amalgamics.tests.explorer.conftest import SCRIPT, add_odd_rows
from amalgamics.workflows.database.structure_database import StructureDatabase

# What a browser says without a fault of ours: of its software renderer.
_EXPECTED = ("GL Driver Message", "GroupMarkerNotSet", "software WebGL")
SIZES = [1280, 400]


@pytest.fixture(scope="module")
def chromium() -> str:
    return chromium_or_skip("the explorer")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where an explorer runs, its token included."""
    folder = tmp_path_factory.mktemp("explorer")
    study = MadeUpStudy(StructureDatabase(folder / "structures.db"))
    study.fill()
    study.add_crystals()
    add_odd_rows(folder / "structures.db")
    keys = Keys()
    sources = Sources(open_database(str(folder / "structures.db")), f"sqlite:///{folder}/launchpad")
    server = make_server("127.0.0.1", 0, create_app(sources, keys), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/?token={keys.key}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browsing(chromium, tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def page(browser: Page, address: str) -> Page:
    """The first view, with nothing written to the console yet."""
    browser.size(1280)
    browser.open("about:blank", wait=False)
    browser.console.clear()
    browser.requests.clear()
    browser.open(address)
    return browser


def complaints(page: Page) -> list[str]:
    return [line for line in page.console if not any(known in line for known in _EXPECTED)]


def fits(page: Page) -> bool:
    return bool(page.run("document.documentElement.scrollWidth <= innerWidth"))


def names(page: Page) -> list[str]:
    return page.run("[...document.querySelectorAll('tbody th')].map((cell) => cell.textContent)")


@pytest.mark.parametrize("width", SIZES)
def test_filter_click_and_sort(page, width, tmp_path):
    page.size(width)
    page.wait("document.querySelectorAll('tbody tr').length > 20")
    assert "token" not in page.run("location.href")
    page.type("input[name=query]", "Li-Hg,relax_cell=True")
    page.wait("document.querySelectorAll('tbody tr').length === 3")
    page.wait(
        "[...document.querySelectorAll('td[data-key=e_above_hull]')].every((cell) => cell.textContent === '0.0000')"
    )
    page.click("button[data-key=reduced_formula]")
    page.wait("document.querySelector('th[aria-sort=ascending] [data-key=reduced_formula]')")
    assert names(page) == ["Hg", "Li", "LiHg"]
    page.key("Enter", 13)  # the heading kept the focus
    page.wait("document.querySelector('th[aria-sort=descending] [data-key=reduced_formula]')")
    assert names(page) == ["LiHg", "Li", "Hg"]
    page.type("input[name=text]", "lih")
    page.wait("document.querySelectorAll('tbody tr').length === 1")
    assert fits(page)
    page.picture(tmp_path / "rows.png")
    page.click("tbody tr td[data-key=kind]")
    page.wait("document.querySelector('#structure')?.dataset.drawn === '2'")
    page.wait("document.querySelector('#pattern .main-svg')")
    assert page.run("document.querySelector('h1').textContent") == "LiHg"
    page.wait("document.querySelector('[data-place=e_above_hull]').textContent === '0.00000'")
    assert fits(page)
    page.run("history.back(); 0")
    page.wait("document.querySelector('input[name=text]')?.value === 'lih'")
    assert complaints(page) == []
    assert all(url.startswith(("http://127.0.0.1:", "data:", "blob:")) for url in page.requests)


def test_a_structure_is_drawn_and_turned_by_keys(page, tmp_path):
    page.type("input[name=text]", "LiHg")
    page.wait("document.querySelectorAll('tbody tr').length === 1")
    page.click("tbody th a")
    page.wait("document.querySelector('#structure')?.dataset.drawn === '2'")
    pictures = []
    for turn in range(2):
        page.run("document.querySelector('#structure').focus(); 0")
        for _ in range(4 * turn):
            page.key("ArrowRight", 39)
        page.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        page.picture(tmp_path / f"{turn}.png", whole=False)
        pictures.append(np.asarray(imread(tmp_path / f"{turn}.png"))[300:700, 60:600, :3])
    assert pictures[0].std() > 0.02
    assert np.abs(pictures[0] - pictures[1]).max() > 0.2
    assert complaints(page) == []


@pytest.mark.parametrize("width", SIZES)
def test_a_point_of_the_hull_leads_to_its_structure(page, width):
    page.size(width)
    page.go("#/hulls?system=Hg-Li")
    page.wait("document.querySelector('#hull .point')")
    assert fits(page)
    page.run("document.querySelector('#hull').scrollIntoView({ block: 'center' }); 0")
    where = page.run(
        "(() => { const plot = document.querySelector('#hull'); const box = plot.getBoundingClientRect();"
        " const { xaxis, yaxis } = plot._fullLayout; return [box.x + xaxis._offset + xaxis.l2p(0.5),"
        " box.y + yaxis._offset + yaxis.l2p(-0.4)]; })()"
    )
    page.move_to(*where)
    page.wait("document.querySelector('#hull')._hoverdata")  # a click on nothing hovered is none
    page.click_at(*where)
    page.wait("document.querySelector('h1').textContent === 'LiHg'")
    assert complaints(page) == []


@pytest.mark.parametrize("width", SIZES)
def test_a_slider_moves_the_angle(page, width):
    page.size(width)
    page.go("#/wetting")
    page.wait("document.querySelector('#angles .main-svg') && document.querySelector('tbody td')")
    angle = "document.querySelector('tbody tr td:nth-last-child(2)').textContent"
    before = page.run(angle)
    page.run("document.querySelector('input[name=gamma_lv]').focus(); 0")
    for _ in range(10):
        page.key("ArrowLeft", 37)
    page.wait(f"{angle} !== {before!r}")
    page.wait("document.querySelector('.command').textContent.includes('--gamma-lv 0.435')")
    # less tension, wider drop: cos θ = W_ad / γ_LV − 1
    theta = np.degrees(np.arccos(0.3 / 0.435 - 1))
    assert page.run(angle).startswith(f"{theta:.1f} (")
    page.click("input[name=endless]")
    page.wait("document.querySelector('.command').textContent.includes('--drop-radius 1')")
    page.run(
        "const one = document.querySelector('select[name=limit]'); one.value = 'fresh'; one.onchange?.();"
        " one.dispatchEvent(new Event('change')); 0"
    )
    page.wait("document.querySelectorAll('thead th').length === 4")
    assert fits(page)
    assert complaints(page) == []


def test_markup_in_names_is_text(page):
    page.type("input[name=text]", "<script>")
    page.wait("document.querySelectorAll('tbody tr').length === 1")
    assert names(page) == [SCRIPT]
    page.click("tbody th a")
    page.wait("document.querySelector('#structure')?.dataset.drawn")
    assert page.run("document.querySelector('h1').textContent") == SCRIPT
    assert page.run("document.querySelectorAll('main script, main img[src=x]').length") == 0
    page.go("#/hulls?system=Hg-Li")
    page.wait("document.querySelector('#hull .point')")
    assert complaints(page) == []


def test_every_view_is_reached_by_the_keyboard(page):
    page.wait("document.querySelectorAll('tbody tr').length > 20")
    reached = []
    page.run("document.querySelector('nav a').focus(); 0")
    for _ in range(22):
        reached.append(page.run("document.activeElement.textContent.trim() || document.activeElement.name"))
        page.key("Tab", 9)
    assert {"Structures", "Hulls", "Wetting", "Workflows", "query", "text", "formula"} <= set(reached)
    page.run("document.querySelector('nav a[href$=workflows]').focus(); 0")
    page.key("Enter", 13)
    page.wait("document.querySelector('.error')?.textContent.startsWith('no LaunchPad at')")


def test_what_is_refused_is_said_in_the_view(page):
    page.type("input[name=query]", "foo=1")
    page.wait("document.querySelector('.error')?.textContent.includes(\"unknown key 'foo'\")")
    page.go("#/hulls?system=Xx-Yy")
    page.wait("document.querySelector('.error')")
    page.go("#/rows/99999")
    page.wait("document.querySelector('.error')?.textContent.includes('there is no row 99999')")
    page.go("#/nothing")
    page.wait("document.querySelectorAll('tbody tr').length > 20")


@pytest.mark.parametrize("width", SIZES)
def test_the_page_follows_the_colour_scheme(page, width, tmp_path):
    page.size(width, dark=True)
    page.go("#/wetting")
    page.wait("document.querySelector('#angles .main-svg')")
    page.picture(tmp_path / "dark.png")
    pixels = np.asarray(imread(tmp_path / "dark.png"))[..., :3]
    assert np.median(pixels.reshape(-1, 3), axis=0).mean() < 0.2
    page.size(width)
    page.picture(tmp_path / "light.png")
    assert np.median(np.asarray(imread(tmp_path / "light.png"))[..., :3].reshape(-1, 3), axis=0).mean() > 0.9
