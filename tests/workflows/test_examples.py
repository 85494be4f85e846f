"""The examples: each one loads, and reading it writes nothing."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from ase.build import bulk

import amalgamics
from amalgamics.workflows.spec import WorkflowSpec, load_spec
from amalgamics.workflows.submission import spec_document

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
    document = spec_document(spec)
    assert spec_document(WorkflowSpec.model_validate(document)) == document, "a worker reads another input"


@pytest.mark.parametrize(
    "section",
    [
        "surfaces: {phases: [Cu_fcc], planes: 4}",
        "surfaces: {}",
        "surfaces: {phases: elements, miller_indices: [[1, 1, 1]], adhesion: [{film: Cu, substrate: Au}]}",
        "surfaces: {phases: Cu_fcc, terminations: all}",
        "structures: {library: [Cu_fcc, Au_fcc], prototypes: false, files: [mine.cif]}",
        "structures: {library: true, files: [{file: mine.cif, name: my-Cu}]}",
        "stability: {electrolytes: [LLTO], metal: Li, solvent: Hg}",
        "phonons: {}",
        "equation_of_state: {}",
        "cycling: {metals: [Li], contact_angles_deg: [40, 120], map: null}",
    ],
)
def test_every_section_is_the_same_to_a_worker(section: str, tmp_path: Path) -> None:
    """Its document, with all defaults written out, is read again without complaint."""
    bulk("Cu", cubic=True).write(tmp_path / "mine.cif")
    text = "name: job\nsystems: [Cu-Au]\npotential: emt\n"
    if "stability" in section or "cycling" in section:
        text = "name: job\nsystems: [Li-Hg]\n"
    (tmp_path / "job.yaml").write_text(text + section + "\n", encoding="utf-8")
    document = spec_document(load_spec(tmp_path / "job.yaml"))
    assert spec_document(WorkflowSpec.model_validate(document)) == document
