"""The notebooks of the documentation run, and show what is stored in them."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from amalgamics.tests.notebooks import FOLDER, run, shown, slim

NUMBER = re.compile(r"[−-]?\d+\.\d+|[−-]?\d+")
NAMES = ("emt-metals", "li-hg", "na-hg", "own-substrate")


def numbers(text: str) -> list[float]:
    return [float(number.replace("−", "-")) for number in NUMBER.findall(text)]


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_shows_what_it_shows_when_it_is_run(name: str, tmp_path: Path) -> None:
    path = FOLDER / f"{name}.ipynb"
    expected, found = shown(nbformat.read(path, as_version=4)), shown(run(path, tmp_path))
    assert len(expected) > 2
    for one, other in zip(expected, found, strict=True):
        assert NUMBER.sub("0", one) == NUMBER.sub("0", other)
        assert numbers(other) == pytest.approx(numbers(one), rel=0.02, abs=0.02)


def test_every_notebook_is_run_and_small() -> None:
    paths = {path.stem: path for path in FOLDER.glob("*.ipynb")}
    assert sorted(paths) == sorted(NAMES)
    for path in paths.values():
        notebook = nbformat.read(path, as_version=4)
        assert notebook == slim(notebook)
        assert path.stat().st_size < 40_000
