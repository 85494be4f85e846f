"""The page on stability shows what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import amalgamics

PAGE = Path(amalgamics.__file__).parent / "docs" / "stability.md"


def test_snippets_run_and_give_the_numbers_of_the_page(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where there is no database: the first snippet finds nothing
    snippets = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(snippets) == 3
    exec("\n".join(snippets), {})
    printed = capsys.readouterr().out
    assert "no reaction" in printed
    assert "-0.15 eV/atom  Li3PS4 + 5 LiHg3 -> 15 Hg + 4 Li2S + P" in printed
    assert "-0.73 eV/atom  Li3PS4 + 8 Li -> 4 Li2S + Li3P" in printed
    assert "reduced below 1.78 V" in printed
    assert "-0.53 eV/atom" in printed
