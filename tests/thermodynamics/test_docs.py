"""The page on thermodynamics shows what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import amalgamics

PAGE = Path(amalgamics.__file__).parent / "docs" / "thermodynamics.md"


def test_snippets_run_and_print_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    snippets = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(snippets) == 3
    exec("\n".join(snippets), {})
    printed = capsys.readouterr().out
    assert "['Hg', 'LiHg3', 'LiHg', 'Li3Hg', 'Li']" in printed
    for capacity in ("44.5", "133.6", "400.8"):
        assert f"{capacity} mAh/g" in printed
    assert "1.11" in printed
    assert "0.943" in printed
