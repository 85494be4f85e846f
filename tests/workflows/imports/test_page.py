"""The page on own DFT does what it shows, in its order, and its table is that of the reference data."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
import yaml

import amalgamics
from amalgamics.cli.import_calculations import import_calculations
from amalgamics.reference.formation_energies import formation_energies
from amalgamics.tests.corpus.runner import run
from amalgamics.workflows.database.label_settings import MIXABLE
from amalgamics.workflows.imports.manifest import Manifest

PAGE = (Path(amalgamics.__file__).parent / "docs" / "own-dft.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)


def test_every_block_runs_in_the_order_of_the_page(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("AMALGAMICS_DATABASE", raising=False)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    printed = []
    first = True  # the first commands show folders that nobody has
    for language, body in BLOCKS:
        if language == "python":
            capsys.readouterr()
            exec(body, names)
            promised = re.findall(r"print\(.*\)  # (.*)$", body, flags=re.MULTILINE)
            assert capsys.readouterr().out.splitlines() == promised
        elif language == "yaml":
            content = yaml.safe_load(body)
            Manifest.model_validate(content)
            (tmp_path / body.splitlines()[0].strip("# ")).write_text(body)
        elif language == "console":
            for line in body.splitlines():
                words = shlex.split(line.removeprefix("$ "), comments=True)
                assert words[0] == "amalgamics"
                if not first:
                    outcome = run(words[1:], tmp_path)
                    assert outcome.code == 0, outcome.err
                    printed.append(outcome.out)
            first = False
    table = next(text for text in printed if text.startswith("Cu-Au with dft:mine"))
    assert re.search(r"AuCu +Pm-3m", table) or re.search(r"CuAu +Pm-3m", table)
    assert re.search(r"Cu_fcc +\(?1 ?1 ?1", printed[-1])
    assert os.listdir(tmp_path / "results" / "cu-au")  # noqa: PTH208


def test_settings_that_may_differ_are_those_of_the_page():
    (sentence,) = re.findall(r"`--allow-mixed KEY` lets one of (.*?) differ", PAGE, flags=re.DOTALL)
    assert set(re.findall(r"`(\w+)`", sentence)) == set(MIXABLE) - {"corrections"}
    assert import_calculations.__doc__


@pytest.mark.parametrize("formula", ["LiHg3", "LiHg", "Li3Hg"])
def test_published_values_are_those_of_the_data(formula):
    (shown,) = re.findall(rf"^\| {formula} \| (-[\d.]+) \|$", PAGE, flags=re.MULTILINE)
    (entry,) = [one for one in formation_energies().entries if one.formula == formula]
    assert float(shown) == pytest.approx(entry.formation, abs=5e-4)
