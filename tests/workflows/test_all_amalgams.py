"""The input that computes every system of the paper: it loads, and its candidates are what it promises."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from amalgamics.structures.library.phases import get_phase
from amalgamics.workflows.database.candidates import Candidate, gather_candidates
from amalgamics.workflows.spec import WorkflowSpec, load_spec

EXAMPLE = Path(__file__).parents[2] / "examples" / "all-amalgams.yaml"
FAMILIES = ("MgCu2", "MgZn2", "MoSi2", "Cr3Si", "CaIn2", "CeCu2", "Na3As")
"""Structure types that every system must have tried; each starts the description of a candidate."""
METALS = ("Li", "Na", "K", "Mg", "Zn", "Al", "Ag", "Au", "Sn")


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> WorkflowSpec:
    folder = tmp_path_factory.mktemp("all")
    return load_spec(EXAMPLE, output=folder / "out", database=folder / "structures.db")


@pytest.fixture(scope="module")
def candidates(spec: WorkflowSpec) -> list[Candidate]:
    return gather_candidates(spec)[0]


def test_it_holds_the_nine_systems(spec):
    assert sorted(spec.systems) == sorted(f"{metal}-Hg" for metal in METALS)
    assert spec.potential == "chgnet+d3"


def test_every_system_has_its_library_phases_and_twenty_candidates(candidates):
    prototypes = Counter(_metal(candidate) for candidate in candidates if candidate.kind == "prototype")
    assert set(prototypes) == set(METALS)
    assert min(prototypes.values()) >= 20
    library = {candidate.name for candidate in candidates if candidate.kind == "library"}
    assert {"LiHg3", "NaHg2", "KHg2", "MgHg", "Ag2Hg3", "Au6Hg5", "HgSn_gamma_ordered_model", "Hg_alpha"} <= library


@pytest.mark.parametrize("metal", METALS)
def test_every_family_is_tried(metal, candidates):
    """By a prototype, or by the library phase that has the type already (KHg2, MgHg2, Mg3Hg)."""
    compounds = [item for item in candidates if set(item.atoms.get_chemical_symbols()) == {metal, "Hg"}]
    missing = [family for family in FAMILIES if not any(item.prototype.startswith(family) for item in compounds)]
    assert not missing


def test_no_two_structures_share_a_name(candidates):
    assert max(Counter(candidate.name for candidate in candidates).values()) == 1


def test_candidates_are_small_and_start_near_the_volume_of_their_elements(candidates):
    for candidate in candidates:
        if candidate.kind != "prototype":
            continue
        atoms = candidate.atoms
        elements = Counter(atoms.get_chemical_symbols())
        mixed = sum(count * _volume(symbol) for symbol, count in elements.items()) / len(atoms)
        assert len(atoms) <= 24
        assert 0.7 * mixed < atoms.get_volume() / len(atoms) <= mixed * (1 + 1e-9), candidate.name


def test_no_two_atoms_of_a_candidate_are_on_top_of_each_other(candidates):
    from ase.neighborlist import neighbor_list

    for candidate in candidates:
        distances = neighbor_list("d", candidate.atoms, 2.2)
        assert not np.any(distances < 2.0), candidate.name


def _metal(candidate: Candidate) -> str:
    (metal,) = set(candidate.atoms.get_chemical_symbols()) - {"Hg"}
    return metal


def _volume(symbol: str) -> float:
    keys = {"Sn": "Sn_beta", "Hg": "Hg_alpha", "Mg": "Mg_hcp", "Zn": "Zn_hcp"}
    cubic = "fcc" if symbol in ("Al", "Ag", "Au") else "bcc"
    volume = get_phase(keys.get(symbol, f"{symbol}_{cubic}")).measured_volume_per_atom
    assert volume is not None
    return volume
