"""The page on finite temperature shows what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import amalgamics
from amalgamics.workflows.spec import WorkflowSpec
from amalgamics.workflows.studies.phonons.settings import PhononStudySettings

PAGE = Path(amalgamics.__file__).parent / "docs" / "finite-temperature.md"


def test_snippets_run_and_print_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    snippets = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(snippets) == 3
    exec("\n".join(snippets), {})
    printed = capsys.readouterr().out
    assert "dynamically stable: no imaginary mode beyond 0.1 THz" in printed
    assert "['Hg (liquid)', 'LiHg', 'Li']" in printed
    assert "zero-point energy 0.033 eV/atom" in printed


def test_the_input_section_is_as_the_page_says() -> None:
    text = PAGE.read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    assert WorkflowSpec.model_validate(yaml.safe_load(example)).phonons == PhononStudySettings()
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|", text, flags=re.MULTILINE)
    documented = {key: default for keys, default in rows for key in re.findall(r"`(\w+)`", keys)}
    assert documented.keys() == PhononStudySettings.model_fields.keys()
    assert documented["phases"] == f"`{PhononStudySettings().phases}`"
    assert documented["imaginary"] == f"`{PhononStudySettings().imaginary}`"
    for key in ("max_e_above_hull", "min_length", "displacement"):
        assert float(documented[key]) == getattr(PhononStudySettings(), key)
    assert documented["fmax"] == f"{PhononStudySettings().fmax:g}, {PhononStudySettings().max_steps}"
