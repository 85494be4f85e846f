"""The wheel: built as for an upload, installed and used from a folder far from the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Folders of the root with an __init__.py that are no part of what users install.
NOT_INSTALLED = {"benchmarks", "tests"}


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INDEX": "1", **variables}
    return call(sys.executable, *command, cwd=cwd, environment=environment)


def call(*command: str | Path, cwd: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of the checkout, where no build before has left anything."""
    source = tmp_path_factory.mktemp("wheel") / "checkout"

    def unwanted(folder: str, names: list[str]) -> set[str]:
        left_by_tools = {name for name in names if name.startswith(".") or name.endswith((".egg-info", "__pycache__"))}
        return left_by_tools | ({"build", "dist", "results", "shared"} & set(names) if Path(folder) == ROOT else set())

    shutil.copytree(ROOT, source, ignore=unwanted)
    run("-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", "built", ".", cwd=source)
    (path,) = (source / "built").glob("amalgamics-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """The folder the wheel is installed into, on its own."""
    target = wheel.parents[2] / "site"
    run("-m", "pip", "install", "--no-deps", "--target", target, wheel, cwd=wheel.parent)
    return target


def test_the_wheel_holds_every_module_template_and_data_file_and_nothing_else(wheel: Path) -> None:
    folders = [path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name not in NOT_INSTALLED]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    files += [path for path in (*ROOT.glob("*.py"), ROOT / "py.typed") if path.name != "setup.py"]
    expected = {f"amalgamics/{path.relative_to(ROOT).as_posix()}" for path in files if path.suffix != ".pyc"}
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == expected
    assert {"amalgamics/structures/__init__.py", "amalgamics/reports/templates/report.html.j2"} <= held


def test_every_module_of_the_installed_wheel_can_be_imported(installed: Path) -> None:
    imports = (
        "import importlib, pkgutil, amalgamics\n"
        "names = [module.name for module in pkgutil.walk_packages(amalgamics.__path__, 'amalgamics.')]\n"
        "print(amalgamics.__file__, len([importlib.import_module(name) for name in names]))"
    )
    place, count = run("-c", imports, cwd=installed.parent, PYTHONPATH=str(installed)).split()
    assert Path(place).parent == installed / "amalgamics"
    assert int(count) == sum(1 for _ in (installed / "amalgamics").rglob("*.py")) - 1


def test_the_installed_wheel_knows_the_phases(installed: Path, tmp_path: Path) -> None:
    output = run("-m", "amalgamics.cli.main", "phases", "Li-Hg", cwd=tmp_path, PYTHONPATH=str(installed))
    assert "LiHg3" in output


@pytest.mark.slow
def test_the_wheel_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """The lines of docs/installation.md, with the wheel in the place of the checkout; downloads two gigabytes."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "AMALGAMICS_"))}
    environment |= {"OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    call(sys.executable, "-m", "venv", "empty", cwd=tmp_path, environment=environment)
    binaries, away = tmp_path / "empty" / "bin", tmp_path / "away"
    away.mkdir()

    def typed(program: str, *arguments: str | Path) -> str:
        return call(binaries / program, *arguments, cwd=away, environment=environment)

    page = (ROOT / "docs" / "installation.md").read_text(encoding="utf-8")
    lines = re.findall(r"^pip (install --constraint constraints\.txt \S+)$", page, flags=re.MULTILINE)
    assert [line.split()[-1] for line in lines] == ["torch", "."]
    for line in lines:
        *options, what = line.replace("constraints.txt", str(ROOT / "constraints.txt")).split()
        typed("pip", *options, wheel if what == "." else what)
    assert "Usage: amalgamics" in typed("amalgamics", "--help")
    assert "LiHg3" in typed("amalgamics", "phases", "Li-Hg")
    (away / "job.yaml").write_text("name: job\nsystems: [Cu-Au]\npotential: emt\nstructures: {prototypes: false}\n")
    typed("amalgamics", "run", "job.yaml")
    assert "Au_fcc" in typed("amalgamics", "hull", "Cu-Au", "--potential", "emt")
    assert (away / "results" / "job" / "report.html").is_file()
    first, *_ = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(), flags=re.DOTALL)
    assert "P6_3/mmc" in typed("python", "-c", first)
    place = typed("python", "-c", "import amalgamics; print(amalgamics.__file__)").strip()
    assert Path(place).is_relative_to(tmp_path / "empty")
