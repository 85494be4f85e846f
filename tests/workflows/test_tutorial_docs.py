"""The tutorial and its example: the file is the one shown, and the numbers are those that come out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import amalgamics
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.structures.library.phases import get_phase
from amalgamics.workflows.database.calculations import Calculations
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.rows import conventional_of
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.studies.surfaces.phase_surfaces import relax_slabs, slab_candidates
from amalgamics.workflows.studies.surfaces.settings import SurfacesSettings
from amalgamics.workflows.studies.surfaces.stored import stored_surfaces

ROOT = Path(amalgamics.__file__).parent
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
EXAMPLE = yaml.safe_load((ROOT / "examples" / "emt-metals.yaml").read_text(encoding="utf-8"))
METALS = ("Al", "Ag", "Au")


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
    return [body for name, body in found if name == language]


def table_row(name: str, number: int) -> list[float]:
    """The numbers of the row of ``name`` in the page's table ``number``."""
    tables = re.findall(r"(?:^\|.*\n)+", PAGE, flags=re.MULTILINE)
    (row,) = [line for line in tables[number].splitlines() if line.startswith(f"| {name} |")]
    return [float(cell) for cell in row.strip("|").split("|")[1:]]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> StructureDatabase:
    """Surfaces of three of the metals, as the job of the example computes them."""
    found = StructureDatabase(tmp_path_factory.mktemp("tutorial") / "results" / "structures.db")
    section = SurfacesSettings(**EXAMPLE["surfaces"])
    bulk = Calculations(found, "emt", RelaxationSettings(**EXAMPLE["relaxation"]))
    slabs = Calculations(found, "emt", section.relaxation())
    for symbol in METALS:
        phase = get_phase(f"{symbol}_fcc")
        crystal = phase.structure().get_primitive_structure().to_ase_atoms(msonable=False)
        candidate = Candidate(phase.key, "library", crystal, phase.source)
        row = bulk.relax(candidate, relax_cell=True)
        for plane in section.miller_indices:
            cuts = slab_candidates(row.name, conventional_of(row).atoms, plane, min_slab_size=section.min_slab_size)
            relax_slabs(slabs, cuts)
    return found


def test_the_page_shows_the_example() -> None:
    (shown,) = blocks("yaml")
    assert yaml.safe_load(shown) == EXAMPLE


def test_lattice_constants_are_those_of_the_page(database: StructureDatabase) -> None:
    for symbol in METALS:
        (row,) = database.select(f"name={symbol}_fcc")
        measured = get_phase(f"{symbol}_fcc").lattice
        assert measured is not None
        assert table_row(symbol, 0) == pytest.approx([row.data["lattice"][0], measured.a], abs=6e-4)


def test_surface_energies_are_those_of_the_page(database: StructureDatabase) -> None:
    phases, problems = stored_surfaces(database)
    assert problems == []
    for item in phases:
        energies = {record.miller_index: record.surface_energy_J_m2 for record in item.surfaces}
        shown = [energies[plane] for plane in ((1, 1, 1), (1, 0, 0), (1, 1, 0))]
        assert table_row(item.formula, 1)[:3] == pytest.approx(shown, abs=0.006)


def test_the_snippet_prints_what_the_page_says(
    database: StructureDatabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(database.path.parent.parent)
    (snippet,) = blocks("python")
    exec(snippet, {})
    printed = capsys.readouterr().out
    assert printed in blocks("")


def test_the_tutorial_names_files_that_are_there() -> None:
    for path in re.findall(r"examples/[\w.-]+", PAGE):
        assert (ROOT / path).is_file()
    for page in re.findall(r"\]\((\S+?\.md)\)", PAGE):
        assert (ROOT / "docs" / page).is_file()
