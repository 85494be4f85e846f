"""One place says what the colours are."""

from __future__ import annotations

import re
from pathlib import Path

import amalgamics.reports
from amalgamics.reports.figures import style

REPORTS = Path(amalgamics.reports.__file__).parent


def test_pictures_have_the_colours_of_the_light_page() -> None:
    page = (REPORTS / "templates" / "report.css").read_text(encoding="utf-8")
    light = page[: page.index("}")]
    for name in ("STABLE", "PROTOTYPE", "REFERENCE", "FRESH", "EQUILIBRATED", "VOLUME", "MUTED", "GRID", "SOLID"):
        assert f"--{name.lower()}: {getattr(style, name)};" in light
    assert f"--text: {style.INK};" in light


def test_no_picture_says_a_colour_of_the_page_by_its_number() -> None:
    own = {value for value in style.light_colours().values() if re.fullmatch(r"#[0-9a-f]{6}", value)}
    own -= {"#ffffff"}
    for path in REPORTS.rglob("*.py"):
        said = set(re.findall(r"#[0-9a-f]{6}", path.read_text(encoding="utf-8")))
        assert not said & own, path
