"""The page on potentials: its calculator, its jobs and its lines work as they stand, and its tables are true."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from pathlib import Path

import pytest
import yaml

import amalgamics
from amalgamics.calculators.potentials import custom
from amalgamics.calculators.potentials.definitions import KEYS
from amalgamics.calculators.potentials.foundation import FOUNDATION_MODELS
from amalgamics.calculators.potentials.names import get_calculator, get_potential
from amalgamics.cli.main import main
from amalgamics.tests.workflows.test_comparison import relax_library
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.spec import load_spec

ROOT = Path(amalgamics.__file__).parent
PAGE = (ROOT / "docs" / "potentials.md").read_text(encoding="utf-8")
ELEMENTS = {"as `chgnet`": get_potential("chgnet").elements, "not checked": None}
FUNCTIONALS = {"PBE (+U)": {"pbe"}, "r2SCAN": {"r2scan"}, "PBE (+U), or r2SCAN": {"pbe", "r2scan"}}


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
    return [body for name, body in found if name == language]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder with the calculator and the job of the page."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    code, *_ = blocks("python")
    job, _ = blocks("yaml")
    Path(code.partition("\n")[0].removeprefix("# ")).write_text(code)
    Path(job.partition("\n")[0].removeprefix("# ")).write_text(job)
    yield tmp_path
    sys.modules.pop("mycalc_py", None)
    custom._described.cache_clear()


def test_its_jobs_are_checked(folder):
    spec = load_spec(folder / "job.yaml")
    assert spec.potential == "mycalc.py:make"
    _, mapping = blocks("yaml")
    (folder / "mapping.yaml").write_text(
        re.sub(r"^potential: .*\n", mapping, (folder / "job.yaml").read_text(), flags=re.MULTILINE)
    )
    spec = load_spec(folder / "mapping.yaml")
    assert f"`{spec.potential}`" in PAGE
    assert f"hull Cu-Au --potential {spec.potential}`" in PAGE
    calculator, _ = get_calculator(spec.potential).mixer.calcs
    assert calculator.parameters["epsilon"] == yaml.safe_load(mapping)["potential"]["kwargs"]["epsilon"]


@pytest.mark.usefixtures("folder")
def test_its_lines_print_what_they_say():
    _, lines, _ = blocks("python")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(lines, "page", "exec"), {})
    assert said.getvalue().split() == re.findall(r"#\s*(.*)$", lines, flags=re.MULTILINE)[0].split()


def test_its_comparison_prints_what_it_says(folder):
    database = StructureDatabase(folder / "results" / "structures.db")
    relaxation = yaml.safe_load((folder / "job.yaml").read_text())["relaxation"]
    for potential in ("emt", "mycalc.py:make"):
        relax_library(database, "Cu-Au", potential, **relaxation)
    *_, lines = blocks("python")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(lines, "page", "exec"), {})
    section = PAGE.partition("## Comparing")[2].partition("## Dispersion")[0]
    shown = re.findall(r"^prints\n\n```\n(.*?)^```$", section, flags=re.DOTALL | re.MULTILINE)
    assert shown == [said.getvalue()]
    commands = re.findall(r"^amalgamics compare (.*?)(?:\s+#.*)?$", section, flags=re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        with pytest.raises(SystemExit) as ended:
            main(["compare", *command.split()])
        assert not ended.value.code
    assert (folder / "comparison" / "report.html").is_file()


def test_its_table_has_the_keys_of_the_mapping():
    table = PAGE.partition("| key | default | meaning |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"^\| `(\w+)`", table, flags=re.MULTILINE)) == sorted(KEYS)


def test_its_foundation_models_are_those_of_the_code():
    table = PAGE.partition("## Foundation models")[2].partition("`diep` has")[0]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines() if row.startswith("| `")]
    named = {name: row for row in rows for name in re.findall(r"`([\w.-]+)`", row[0])}
    assert named.keys() == FOUNDATION_MODELS.keys()
    for name, (_, package, called, _, functional, elements) in named.items():
        model = FOUNDATION_MODELS[name]
        assert package.split()[0] == model.distribution
        assert model.attribute in called
        assert model.functional in FUNCTIONALS.get(functional, {None})
        assert model.elements == ELEMENTS[elements]
