"""Published PBE formation energies: complete, in eV/atom, and laid beside the lowest phase of each composition."""

from __future__ import annotations

import pytest

from amalgamics.errors import InputError
from amalgamics.reference.formation_energies import FormationEnergiesFile, formation_energies
from amalgamics.reference.measured import Sources, load, parse
from amalgamics.reports.benchmarks.pbe_energies import published_pbe_energies
from amalgamics.structures.compositions import atomic_fractions, parse_formula
from amalgamics.thermodynamics.hulls.hull import PhaseEntry, build_hull

LISTED = formation_energies()


def test_every_compound_is_there_once_with_a_source():
    compositions = [tuple(sorted(atomic_fractions(parse_formula(one.formula)).items())) for one in LISTED.entries]
    assert len(set(compositions)) == len(compositions) > 100
    assert (LISTED.basis, LISTED.confidence, LISTED.doi) == ("PBE", "checked", "10.1038/s41524-020-00362-y")
    for one in LISTED.entries:
        assert "Hg" in parse_formula(one.formula)
        assert abs(one.formation) < 1.0  # eV/atom


def test_what_lies_on_a_hull_has_no_higher_formation_energy_than_its_decomposition_says():
    """A compound lies below the hull of all others no farther than it lies below the elements."""
    for one in LISTED.entries:
        assert one.decomposition >= one.formation - 1e-4


def test_the_lowest_phase_of_a_composition_has_the_published_value():
    entries = [PhaseEntry("Li", "Li", {"Li": 1}, 0.0, 20.0), PhaseEntry("Hg", "Hg", {"Hg": 1}, 0.0, 20.0)]
    entries += [
        PhaseEntry(name, "LiHg", {"Li": 2, "Hg": 2}, energy, 20.0) for name, energy in (("a", -0.3), ("b", -0.2))
    ]
    assert published_pbe_energies(build_hull("Li-Hg", entries)) == {"a": -0.3689}


def test_a_broken_entry_is_refused():
    entry = {"formula": "LiHg", "formation": "low", "decomposition": 0.0}
    raw = {"schema": 1, "source": "bartel-2020", "confidence": "checked", "basis": "PBE", "entries": [entry]}
    with pytest.raises(InputError, match=r"formation_energies\.yaml, entries\.0\.formation"):
        parse(FormationEnergiesFile, raw, load(Sources).sources)
