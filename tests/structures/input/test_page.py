"""The page on structures of one's own: its job is checked and its lines run, on small files of those names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ase.build import bulk
from ase.io import write

import amalgamics
from amalgamics.workflows.spec import WorkflowSpec

from .cif_files import WITH_OCCUPANCY, cif_text

ROOT = Path(amalgamics.__file__).parent
PAGE = (ROOT / "docs" / "own-structures.md").read_text(encoding="utf-8")
CUBIC = [90, 90, 90]


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lihg = bulk("LiHg", "cesiumchloride", a=3.29)
    for folder in ("relaxed", "runs/a"):
        (tmp_path / folder).mkdir(parents=True)
    lihg.write("LiHg_new.cif")
    write("relaxed/one.vasp", lihg * (1, 1, 2), format="vasp")
    write("runs/a/CONTCAR", lihg, format="vasp")
    write("relaxation.traj", [lihg, lihg])
    shared = ["A Li 0 0 0 0.75", "B Hg 0 0 0 0.25"]
    Path("Li3Hg_disordered.cif").write_text(cif_text([4.2] * 3 + CUBIC, "F m -3 m", shared, columns=WITH_OCCUPANCY))
    sites = ["A La 0 0 0 0.5", "A Li 0 0 0 0.5", "Ti Ti 0.5 0.5 0.5 1", "O O 0.5 0.5 0 1"]
    Path("my_LLTO.cif").write_text(cif_text([3.87] * 3 + CUBIC, "P m -3 m", sites, columns=WITH_OCCUPANCY))


def test_its_job_names_every_structure() -> None:
    pytest.importorskip("icet")
    text, _ = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    spec = WorkflowSpec.model_validate(yaml.safe_load(text))
    from amalgamics.workflows.database.candidates import file_candidates

    names = [one.name for one in file_candidates(spec.structures.files, spec.systems)]
    assert names == ["LiHg_new", "one", "LiHg-a", "relaxation-1", "Li3Hg_disordered"]
    assert spec.wetting.substrate.crystal().symbols.formula.count() == {"La": 1, "Li": 1, "Ti": 2, "O": 6}


def test_its_llto_is_ordered_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    _, text = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    monkeypatch.chdir(ROOT)
    solid = WorkflowSpec.model_validate(yaml.safe_load(text)).wetting.substrate
    assert solid.label == "LLTO-x11"
    assert solid.crystal().symbols.formula.count() == {"La": 7, "Li": 3, "Ti": 12, "O": 36}
    assert solid.notes[0].startswith("2 x 3 x 1 cells of the file")
    assert "all 540 orderings" in solid.notes[0]
    assert "La7Li3Ti12O36 in 2 × 3 × 1 cells, of all 540 orderings" in PAGE


def test_its_lines_run() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)
    assert str(names["llto"].symbols.formula.format("hill")) == "LaLiO6Ti2"  # type: ignore[attr-defined]


def test_it_says_the_limits_that_there_are() -> None:
    from amalgamics.structures.input.checks import MAX_ATOMS
    from amalgamics.structures.input.reader import MAX_BYTES
    from amalgamics.structures.ordering import order, supercell

    assert f"{MAX_BYTES // 10**6}\nMB" in PAGE or f"{MAX_BYTES // 10**6} MB" in PAGE
    assert f"{MAX_ATOMS:,}".replace(",", " ") in PAGE
    assert f"`max_atoms` sites, {order.MAX_ATOMS} unless given" in PAGE
    assert f"{order._ENUMERATED:,}".replace(",", " ") in PAGE
    assert f"{order._RANDOM:,}".replace(",", " ") in PAGE
    assert f"closer than {supercell._SHARED_PLACE:g} Å" in PAGE
