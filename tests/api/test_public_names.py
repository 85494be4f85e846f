"""The names of the root package: few, lazy, typed, documented with examples that run."""

from __future__ import annotations

import doctest
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import amalgamics

NAMES = sorted(set(amalgamics.__all__) - {"__version__"})
HEAVY = {
    "ase",
    "fireworks",
    "matplotlib",
    "numpy",
    "phonopy",
    "plotly",
    "pydantic",
    "pymatgen",
    "scipy",
    "torch",
    "yaml",
}
ROOT_FILE = Path(amalgamics.__file__)


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_importing_the_package_imports_nothing_heavy() -> None:
    loaded = set(python("import sys, amalgamics; print(*sys.modules)").split())
    assert not loaded & HEAVY
    assert {name for name in loaded if name.startswith("amalgamics")} == {"amalgamics", "amalgamics.lazy"}


def test_importing_the_package_takes_no_time() -> None:
    # The least of several: other processes of a busy machine only ever add to it.
    code = "import time; s = time.perf_counter(); import amalgamics; print(time.perf_counter() - s)"
    assert min(float(python(code)) for _ in range(3)) < 0.1


def test_no_other_package_imports_the_public_face() -> None:
    """It stands on all of them; only the root and itself know it."""
    own = ROOT_FILE.parent
    packages = [path.parent for path in own.glob("*/__init__.py") if path.parent.name not in ("api", "benchmarks")]
    assert len(packages) > 4
    for path in (path for package in packages for path in package.rglob("*.py")):
        assert ".api" not in path.read_text(encoding="utf-8"), path


@pytest.mark.usefixtures("user_folder")
@pytest.mark.parametrize("name", NAMES)
def test_its_examples_run(name: str) -> None:
    found = getattr(amalgamics, name)
    text = inspect.getdoc(found) or ""
    assert "Examples\n--------" in text
    example = doctest.DocTestParser().get_doctest(text, {}, name, None, None)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    runner = doctest.DocTestRunner(optionflags=flags)
    said: list[str] = []
    runner.run(example, out=said.append)
    assert runner.tries > 0
    assert not runner.failures, "".join(said)
