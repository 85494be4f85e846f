"""The pages on an electrolyte and a metal of one's own: their files, jobs and commands, as a reader types them."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

import amalgamics
from amalgamics.cli.main import main
from amalgamics.errors import InputError
from amalgamics.reference.metals import list_metals
from amalgamics.structures.library.phases import list_phases
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.spec import load_spec

ROOT = Path(amalgamics.__file__).parent
ELECTROLYTE, METAL = (
    (ROOT / "docs" / f"own-{name}.md").read_text(encoding="utf-8") for name in ("electrolyte", "metal")
)


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)


def write_files(page: str) -> None:
    """Run the first block of Python, which writes crystals, and write the jobs under the names in their first lines."""
    exec(blocks(page, "python")[0], {})
    for job in blocks(page, "yaml"):
        Path(job.partition("\n")[0].removeprefix("# ")).write_text(job, encoding="utf-8")


def typed(commands: Sequence[str]) -> str:
    """What commands print."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        for command in commands:
            with pytest.raises(SystemExit) as ended:
                main(shlex.split(command.removeprefix("$ amalgamics ")))
            assert not ended.value.code, command
    return said.getvalue()


def printed(code: str) -> list[str]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(code, {})
    return said.getvalue().splitlines()


def promised(code: str) -> list[str]:
    return re.findall(r"^(?:#|.*print\(.*\)  #) (.*)$", code, flags=re.MULTILINE)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("AMALGAMICS_DATABASE", "AMALGAMICS_LAUNCHPAD"):
        monkeypatch.delenv(name, raising=False)


def test_the_jobs_of_the_electrolyte_are_checked() -> None:
    write_files(ELECTROLYTE)
    assert load_spec("own-electrolyte.yaml").stability.names == ("Li3OCl",)
    spec = load_spec("own-wetting.yaml")
    assert spec.wetting.substrate.label == "Li3OCl"
    wrong = Path("own-wetting.yaml").read_text(encoding="utf-8").replace("LiCl}", "LiO}")
    Path("wrong.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_spec("wrong.yaml")
    assert re.findall(r"\(`('LiO' .*?)`\)", ELECTROLYTE)[0] in str(refused.value)
    without = Path("own-electrolyte.yaml").read_text(encoding="utf-8").replace(", Cl2.cif", "")
    Path("without.yaml").write_text(without, encoding="utf-8")
    with pytest.raises(InputError, match=r"pure Cl, .* products: \[Cl.cif\]"):
        load_spec("without.yaml")


def test_the_faces_of_the_electrolyte_are_those_of_the_page() -> None:
    write_files(ELECTROLYTE)
    (code,) = blocks(ELECTROLYTE, "python")[1:]
    assert printed(code) == promised(code)


@pytest.mark.slow
def test_the_commands_of_the_electrolyte_say_what_the_page_says() -> None:
    write_files(ELECTROLYTE)
    said = typed(blocks(ELECTROLYTE, "console")[0].splitlines())
    (shown,) = re.findall(r"^```\n(Li3OCl is .*?)^```$", ELECTROLYTE, flags=re.DOTALL | re.MULTILINE)
    assert " ".join(shown.split()) in " ".join(said.split())


def test_the_commands_of_the_metal_find_its_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    write_files(METAL)
    typed(blocks(METAL, "console")[0].splitlines())
    capsys.readouterr()
    database = StructureDatabase("results/structures.db")
    rows = database.select("Y-Hg")
    for formula, computed in re.findall(r"^\| (Y\w+) \| (\S+) \|$", METAL, flags=re.MULTILINE):
        found = [row.formation_energy_per_atom for row in rows if row.reduced_formula == formula]
        assert min(found) == pytest.approx(float(computed), abs=0.002)
    code = blocks(METAL, "python")[1]
    assert printed(code) == promised(code)


def test_the_metal_is_refused_where_the_page_says_so() -> None:
    Path("job.yaml").write_text("name: job\nsystems: [Y-Hg]\n", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_spec("job.yaml")
    assert re.findall(r"\(`(the hull of .*?)`\)", METAL)[0] in str(refused.value)
    write_files(METAL)
    job = "name: job\nsystems: [Y-Hg, Y-Li]\nstructures: {prototypes: false, files: [Y.cif]}\nwetting:\n"
    solid = "  substrate: MgO\n"
    Path("solvent.yaml").write_text(f"{job}  solvent: Y\n  solute: Hg\n{solid}", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_spec("solvent.yaml")
    assert re.findall(r"refused: `(unknown liquid metal .*?)`", METAL)[0] in str(refused.value)
    Path("solute.yaml").write_text(f"{job}  solute: Y\n{solid}", encoding="utf-8")
    assert load_spec("solute.yaml").wetting.solute == "Y"
    Path("metal.yaml").write_text(f"{job[: job.index('wetting')]}stability: {{metal: Y, electrolytes: [MgO]}}\n")
    assert load_spec("metal.yaml").stability.metal == "Y"


def test_the_metals_of_the_library_are_those_that_the_page_names() -> None:
    (named,) = re.findall(r"The library has (.*?) with\s+Hg", METAL)
    of_library = {e for phase in list_phases() if "Hg" in phase.elements for e in phase.elements} - {"Hg", "O", "S"}
    assert set(re.findall(r"\w+", named)) - {"and"} == of_library & {metal.symbol for metal in list_metals()}
