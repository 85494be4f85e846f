"""The page on films shows what the code does."""

import re
from pathlib import Path

import pytest

import amalgamics

PAGE = Path(amalgamics.__file__).parent / "docs" / "cycling.md"


def test_the_snippet_prints_what_its_comments_say(capsys):
    pytest.importorskip("pybamm")
    (snippet,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    exec(snippet, {})
    promised = re.findall(r"^(?:#|print\(.*\)  #) (.*)$", snippet, flags=re.MULTILINE)
    assert capsys.readouterr().out.splitlines() == promised
