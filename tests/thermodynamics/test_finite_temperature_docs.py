"""The page on finite temperature shows what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import amalgamics

PAGE = Path(amalgamics.__file__).parent / "docs" / "finite-temperature.md"


def test_snippets_run_and_print_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    snippets = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(snippets) == 3
    exec("\n".join(snippets), {})
    printed = capsys.readouterr().out
    assert "dynamically stable: no imaginary mode beyond 0.1 THz" in printed
    assert "['Hg (liquid)', 'LiHg', 'Li']" in printed
    assert "zero-point energy 0.033 eV/atom" in printed
