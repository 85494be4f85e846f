"""The names that the root and the packages of the layers offer, and that the pages for users take no others."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import amalgamics
from amalgamics.lazy import attach

ROOT = Path(amalgamics.__file__).parent
LAYERS = ["calculators", "reports", "structures", "thermodynamics", "workflows"]
PACKAGES = ["amalgamics", *(f"amalgamics.{layer}" for layer in LAYERS)]
OFFERED = [(layer, name) for layer in LAYERS for name in importlib.import_module(f"amalgamics.{layer}").__all__]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]
HEAVY = {"ase", "fireworks", "matplotlib", "numpy", "phonopy", "plotly", "pydantic", "pymatgen", "scipy", "torch"}


def package(name: str) -> ModuleType:
    return importlib.import_module(name)


def typed(module: ModuleType) -> dict[str, list[str]]:
    """What type checkers read: names by module."""
    body = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")).body
    (block,) = [node for node in body if isinstance(node, ast.If)]
    names: dict[str, list[str]] = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            assert alias.asname == alias.name
            names.setdefault(f".{node.module}", []).append(alias.name)
    return names


def at_run_time(module: ModuleType) -> dict[str, list[str]]:
    """What Python reads: the names given to ``attach``."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    (call,) = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "attach"
    ]
    return ast.literal_eval(call.args[1])


@pytest.mark.parametrize("name", PACKAGES)
def test_type_checkers_and_python_are_told_the_same(name: str) -> None:
    module = package(name)
    assert {key: sorted(names) for key, names in typed(module).items()} == {
        key: sorted(names) for key, names in at_run_time(module).items()
    }
    offered = [each for names in at_run_time(module).values() for each in names]
    assert sorted(offered) == sorted(set(module.__all__) - {"__version__"})
    assert set(offered) <= set(dir(module))


@pytest.mark.parametrize("name", PACKAGES)
def test_no_name_is_that_of_a_module(name: str) -> None:
    """An import of the module would put itself in the place of the name."""
    folder = Path(str(package(name).__file__)).parent
    assert not set(package(name).__all__) & {path.stem for path in folder.iterdir()}


@pytest.mark.parametrize("name", PACKAGES)
def test_importing_a_package_imports_nothing_heavy(name: str) -> None:
    code = f"import sys, {name}; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & HEAVY
    assert {module for module in loaded if module.startswith("amalgamics")} == {"amalgamics", "amalgamics.lazy", name}


@pytest.mark.parametrize("name", PACKAGES)
def test_each_name_is_there_and_stays_the_same_object(name: str) -> None:
    module = package(name)
    for each in module.__all__:
        assert getattr(module, each) is getattr(module, each)
    with pytest.raises(AttributeError, match=f"module '{name}' has no attribute 'hulks'"):
        module.hulks  # noqa: B018


def test_a_name_is_taken_from_its_module_once(monkeypatch: pytest.MonkeyPatch) -> None:
    here = ModuleType("here")
    monkeypatch.setitem(sys.modules, "here", here)
    get, names, offered = attach("here", {"math": ["floor", "ceil"]})
    assert offered == ["ceil", "floor"]
    assert {"ceil", "floor"} <= set(names())
    assert "floor" not in vars(here)
    assert get("floor")(1.5) == 1
    assert vars(here)["floor"] is get("floor")
    with pytest.raises(AttributeError, match="module 'here' has no attribute 'sqrt'"):
        get("sqrt")


@pytest.mark.parametrize(("layer", "name"), OFFERED)
def test_an_offered_name_says_what_it_takes(layer: str, name: str) -> None:
    found = getattr(package(f"amalgamics.{layer}"), name)
    text = inspect.getdoc(found) or ""
    assert text
    takes_something = not inspect.isfunction(found) or inspect.signature(found).parameters
    assert not takes_something or re.search(r"^(Parameters|Attributes)\n-{10}$", text, flags=re.MULTILINE)


def blocks(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_pages_import_from_the_root_and_from_the_layers_only() -> None:
    taken: set[tuple[str, str]] = set()
    for page in PAGES:
        for node in (node for block in blocks(page) for node in ast.walk(ast.parse(block))):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names if alias.name.split(".")[0] == "amalgamics"]
                assert set(modules) <= {"amalgamics"}, page.name
            elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "amalgamics":
                assert node.module in PACKAGES, f"{page.name}: {node.module}"
                names = {alias.name for alias in node.names}
                assert names <= set(package(node.module).__all__), f"{page.name}: {node.module}"
                taken |= {(node.module, name) for name in names}
    assert len(taken) > 30


def test_pages_name_nothing_deeper_in_their_text() -> None:
    for page in PAGES:
        for layer, name, more in re.findall(
            rf"`(?:amalgamics\.)?({'|'.join(LAYERS)})\.(\w+)(\.\w+)?", page.read_text(encoding="utf-8")
        ):
            if page.name == "workflows.md" and layer == "structures":
                continue  # the key of the input file
            assert not more, f"{page.name}: {layer}.{name}{more}"
            assert name in package(f"amalgamics.{layer}").__all__, f"{page.name}: {layer}.{name}"


@pytest.mark.parametrize(("layer", "name"), OFFERED)
def test_an_offered_name_is_shown_on_a_page(layer: str, name: str) -> None:
    shown = rf"`{name}\b|`amalgamics\.{layer}\.{name}\b"
    assert any(
        re.search(shown, page.read_text(encoding="utf-8")) or re.search(rf"\b{name}\b", "\n".join(blocks(page)))
        for page in PAGES
    )


def test_modules_of_the_package_import_from_where_a_thing_stands() -> None:
    """A name taken from the package of a layer would hide an import from the import rule."""
    own = [folder for folder in ROOT.glob("*/__init__.py") if folder.parent.name not in ("benchmarks", "tests")]
    for path in (path for folder in own for path in folder.parent.rglob("*.py") if path not in own):
        here = ["amalgamics", *path.relative_to(ROOT).parent.parts]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                base = here[: len(here) - node.level + 1] if node.level else []
                source = ".".join([*base, *([node.module] if node.module else [])])
                if source in PACKAGES:
                    names = {alias.name for alias in node.names} - {"__version__"}
                    assert not names & set(package(source).__all__), f"{path.relative_to(ROOT)}: {source} {names}"
