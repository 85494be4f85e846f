"""The examples: each one loads, and the job on all amalgams has the structures that its header promises."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

import amalgamics
from amalgamics.structures.systems import parse_system
from amalgamics.workflows.candidates import Candidate, gather_candidates
from amalgamics.workflows.spec import WorkflowSpec, load_spec

EXAMPLES = Path(amalgamics.__file__).parent / "examples"
ALL_AMALGAMS = EXAMPLES / "all-amalgams.yaml"
SYSTEMS = ("Li-Hg", "Na-Hg", "K-Hg", "Mg-Hg", "Zn-Hg", "Al-Hg", "Ag-Hg", "Au-Hg", "Sn-Hg")
FAMILIES = ("MgCu2", "MgZn2", "MoSi2", "Cr3Si", "CaIn2", "CeCu2", "Na3As")
"""Structure types that every system must have tried; each starts the description of a candidate."""


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


@pytest.fixture(scope="module")
def all_amalgams(tmp_path_factory: pytest.TempPathFactory) -> tuple[WorkflowSpec, list[Candidate]]:
    """The job on all amalgams and its structures, gathered once: it takes many seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("all-amalgams"))
        spec = load_spec(ALL_AMALGAMS)
    return spec, gather_candidates(spec)[0]


def within(system: str, candidates: list[Candidate]) -> list[Candidate]:
    """The compounds of one system."""
    elements = set(parse_system(system))
    return [candidate for candidate in candidates if set(candidate.atoms.get_chemical_symbols()) == elements]


def test_the_job_covers_the_nine_systems(all_amalgams: tuple[WorkflowSpec, list[Candidate]]) -> None:
    assert sorted(all_amalgams[0].systems) == sorted(SYSTEMS)


@pytest.mark.parametrize("system", SYSTEMS)
def test_at_least_twenty_prototypes(system: str, all_amalgams: tuple[WorkflowSpec, list[Candidate]]) -> None:
    prototypes = [candidate for candidate in within(system, all_amalgams[1]) if candidate.kind == "prototype"]
    assert len(prototypes) >= 20


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_family_is_tried(system: str, all_amalgams: tuple[WorkflowSpec, list[Candidate]]) -> None:
    """By a prototype, or by the library phase that has the type already (KHg2, MgHg2, Mg3Hg)."""
    types = [candidate.prototype for candidate in within(system, all_amalgams[1])]
    missing = [family for family in FAMILIES if not any(name.startswith(family) for name in types)]
    assert not missing


def test_no_two_structures_share_a_name(all_amalgams: tuple[WorkflowSpec, list[Candidate]]) -> None:
    names = [candidate.name for candidate in all_amalgams[1]]
    assert len(set(names)) == len(names)
