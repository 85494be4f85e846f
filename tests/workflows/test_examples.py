"""The examples: each one loads, and reading it writes nothing."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

import amalgamics
from amalgamics.workflows.spec import load_spec

EXAMPLES = Path(amalgamics.__file__).parent / "examples"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative paths of the examples lead into a directory of their own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AMALGAMICS_DATABASE", raising=False)
    monkeypatch.delenv("AMALGAMICS_LAUNCHPAD", raising=False)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_loads(path: Path, tmp_path: Path) -> None:
    if "gpaw" in path.read_text(encoding="utf-8") and find_spec("gpaw") is None:
        pytest.skip("the example needs GPAW")
    spec = load_spec(path)
    assert spec.name == path.stem
    assert spec.output_dir == tmp_path / "results" / path.stem
    assert not list(tmp_path.iterdir()), "reading an input must write nothing"
