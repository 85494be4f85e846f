"""The pages on electrochemistry and diffraction show what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import amalgamics

DOCS = Path(amalgamics.__file__).parent / "docs"


@pytest.mark.parametrize(("page", "number"), [("electrochemistry.md", 2), ("diffraction.md", 2)])
def test_snippets_print_what_their_comments_say(
    page: str, number: int, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    snippets = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(snippets) == number
    exec("\n".join(snippets), {})
    printed = capsys.readouterr().out.splitlines()
    promised = re.findall(r"^(?:#|print\(.*\)  #) (.*)$", "\n".join(snippets), flags=re.MULTILINE)
    assert printed == promised
