"""The page on Python does what it shows, and every name it lists is there."""

from __future__ import annotations

import re
import shutil
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import amalgamics
from amalgamics.reports.flags.flag import Flag

ROOT = Path(amalgamics.__file__).parent
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
FIRST, *OTHERS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
# The ten lines with metals that answer at once.
CHEAP = {"LiHg3": "Cu_fcc", "Li-Hg": "Cu-Au", "Li_bcc": "Cu_fcc", "chgnet+d3": "emt"}


def promised(code: str) -> list[str]:
    """What the comments say is printed: behind a print, or on lines of their own."""
    return re.findall(r"^(?:#|.*print\(.*\)  #) (.*)$", code, flags=re.MULTILINE)


def test_the_first_lines_are_ten_or_little_more() -> None:
    assert len([line for line in FIRST.splitlines() if line]) <= 10


def test_the_first_lines_run_with_other_metals(capsys: pytest.CaptureFixture[str]) -> None:
    code = FIRST
    for shown, cheap in CHEAP.items():
        assert shown in code
        code = code.replace(shown, cheap)
    exec(code, {})
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == len(promised(FIRST))
    assert printed[-1] == promised(FIRST)[-1]


def test_the_lines_of_the_readme_run_with_other_metals(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    for shown, cheap in {**CHEAP, "(1, 1, 0))": '(1, 1, 0), "emt")'}.items():
        assert shown in code
        code = code.replace(shown, cheap)
    exec(code, {})
    hull, surface, angles = capsys.readouterr().out.splitlines()
    assert hull == "('Au_fcc', 'Cu_fcc')"
    assert float(surface) > 0.5
    assert "equilibrated" in angles


@pytest.mark.slow
def test_the_first_lines_print_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    exec(FIRST, {})
    assert capsys.readouterr().out.splitlines() == promised(FIRST)


def test_the_others_print_what_the_page_says(
    capsys: pytest.CaptureFixture[str], filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(filled / "hull.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AMALGAMICS_DATABASE", raising=False)
    monkeypatch.delenv("AMALGAMICS_LAUNCHPAD", raising=False)
    code = "\n".join(OTHERS)
    exec("import amalgamics as am\n" + code, {})
    assert capsys.readouterr().out.splitlines() == promised(code)


def snippets(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), flags=re.DOTALL)


def test_the_page_on_structures_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    found = snippets("structures.md")
    quick = [one for one in found if "make_glass" not in one]  # which takes minutes
    assert len(quick) == len(found) - 1
    code = "\n".join(quick)
    exec(code, {})
    assert capsys.readouterr().out.splitlines() == promised(code)


@pytest.mark.usefixtures("user_folder")
def test_the_flags_of_a_system_are_read_from_the_database() -> None:
    (code,) = snippets("all-amalgams.md")
    names: dict[str, Any] = {}
    exec(code.replace("Li-Hg", "Cu-Au").replace("chgnet+d3", "emt"), names)
    assert {row.name for row in names["rows"]} == {"Cu_fcc", "Au_fcc", "CuAu"}
    # Nothing speaks against this hull, so that no flag was printed.
    known = {field.name for field in fields(Flag)} | set(dir(Flag))
    assert set(re.findall(r"flag\.(\w+)", code)) <= known


def test_the_page_lists_every_public_name() -> None:
    listed = set(re.findall(r"`(\w+)\(", "\n".join(re.findall(r"^\| (`.*?) \|", PAGE, flags=re.MULTILINE))))
    assert listed == set(amalgamics.__all__) - {"__version__"}


def test_its_links_lead_somewhere() -> None:
    for page in re.findall(r"\]\((\S+?\.md)(?:#\S*)?\)", PAGE):
        assert (ROOT / "docs" / page).is_file()
    assert "docs/python.md" in (ROOT / "README.md").read_text(encoding="utf-8")
