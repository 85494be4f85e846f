"""The import rule: layers, no circles, no engine below the workflows; the contracts stand in pyproject.toml."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter import api

import amalgamics

ROOT = Path(__file__).parents[2]
CONFIGURATION = api.read_configuration(str(ROOT / "pyproject.toml"))
CONTRACTS = {contract["id"]: contract for contract in CONFIGURATION["contracts_options"]}
PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests")


def check(contract: str, configuration: Path, package: Path) -> tuple[bool, str]:
    """Check one contract of a configuration on the package in a folder; return whether it is kept, and the report."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    command += ["--no-cache", "--contract", contract, str(configuration)]
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "PYTHONUTF8": "1"}
    # Elsewhere than in the root, whose folders would hide the packages that are installed.
    done = subprocess.run(
        command, cwd=configuration.parent / "tests", env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    return done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_package_keeps_its_contracts(contract: str, tmp_path: Path) -> None:
    # Whatever the checkout is called, the package has its name.
    (tmp_path / "amalgamics").symlink_to(ROOT)
    kept, report = check(contract, ROOT / "pyproject.toml", tmp_path / "amalgamics")
    assert kept, report


FAULTS = [
    ("layers", "reports/page.py", "from ..workflows import page"),
    ("layers", "structures/page.py", "def late():\n    from ..thermodynamics import page"),
    ("layers", "calculators/page.py", "from ..thermodynamics import page"),
    ("layers", "errors.py", "from . import structures"),
    ("layers", "gadgets/__init__.py", ""),  # a package that no layer names
    ("circles", "workflows/page.py", "def late():\n    from . import other"),
    ("circles", "cli/page.py", "from . import other"),
    ("engine", "calculators/page.py", "def late():\n    import fireworks"),
    ("numbers", "thermodynamics/page.py", "import torch"),
]


@pytest.mark.parametrize(("contract", "file", "fault"), [(None, "errors.py", ""), *FAULTS])
def test_the_contracts_see_what_they_are_for(contract: str | None, file: str, fault: str, tmp_path: Path) -> None:
    package = tmp_path / "amalgamics"
    for name in PACKAGES:
        (package / name).mkdir(parents=True)
        (package / name / "__init__.py").touch()
        (package / name / "page.py").touch()
        (package / name / "other.py").write_text("from . import page\n")
    for name in ("__init__.py", "errors.py"):
        (package / name).touch()
    (package / file).parent.mkdir(exist_ok=True)
    (package / file).write_text(fault + "\n")
    (tmp_path / "tests").mkdir()
    configuration = tmp_path / "pyproject.toml"
    configuration.write_text(without_exceptions())
    for name in [contract] if contract else CONTRACTS:
        kept, report = check(name, configuration, package)
        assert kept == (contract is None), report


def without_exceptions() -> str:
    """Return the configuration as TOML, with none of the imports that it overlooks."""

    def lines(options: dict[str, Any]) -> list[str]:
        return [f"{key} = {json.dumps(value)}" for key, value in options.items() if key != "ignore_imports"]

    text = ["[tool.importlinter]", *lines(CONFIGURATION["session_options"])]
    for contract in CONTRACTS.values():
        text += ["[[tool.importlinter.contracts]]", *lines(contract)]
    return "\n".join(text) + "\n"


def test_types_come_from_the_layers_below_too() -> None:
    """The contracts look at what is imported at run time; what is imported for types goes down as well."""
    layers = [{name.strip().strip("()") for name in layer.split("|")} for layer in CONTRACTS["layers"]["layers"]]
    height = {name: -number for number, layer in enumerate(layers) for name in layer}
    graph = grimp.build_graph("amalgamics", cache_dir=None)
    upwards = [
        f"{module} -> {other}"
        for module in graph.modules
        for other in graph.find_modules_directly_imported_by(module)
        if module.count(".") and other.count(".") and height[module.split(".")[1]] < height[other.split(".")[1]]
    ]
    assert not upwards


def test_modules_take_nothing_but_the_version_from_the_root() -> None:
    """The root loads names of the upper layers, so what a module takes from it would hide an import upwards."""
    graph = grimp.build_graph("amalgamics", cache_dir=None)
    for module in graph.find_modules_that_directly_import("amalgamics"):
        if module.split(".")[1] == "benchmarks":  # the one that stands above the root
            continue
        for use in graph.get_import_details(importer=module, imported="amalgamics"):
            assert "import __version__" in use["line_contents"], f"{module}: {use['line_contents']}"


def test_the_package_is_the_one_of_this_checkout() -> None:
    """Or else the tests above look at another one."""
    assert Path(amalgamics.__file__).resolve().parent == ROOT.resolve()


def test_no_module_takes_a_private_name_of_another() -> None:
    """What ruff does not see: its PLC2701 leaves out relative imports."""
    taken = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {alias.name}"
        for folder in PACKAGES
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name.startswith("_") and not alias.name.startswith("__")
    ]
    assert not taken
