"""Stability of electrolytes from made-up rows of a real database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from amalgamics.calculators.potentials.names import get_potential
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.calculators.relaxation.results import RelaxationError, RelaxationResult
from amalgamics.reports.stability.section import finding, stability_report_sections
from amalgamics.structures.compositions import parse_formula
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.studies.stability.analysis import (
    StabilityOptions,
    stabilities,
    stability_table,
)

# eV/atom against the elements; rounded ones of CHGNet + D3.
ENERGIES = {
    "Li_bcc": ("Li", 0.0),
    "Hg_alpha": ("Hg", 0.0),
    "Hg_beta": ("Hg", 0.01),
    "P_black": ("P", 0.0),
    "S_alpha": ("S", 0.0),
    "LiHg3": ("LiHg3", -0.2425),
    "LiHg": ("LiHg", -0.4369),
    "Li3Hg": ("Li3Hg", -0.3682),
    "Li2S": ("Li2S", -1.5626),
    "Li3P": ("Li3P", -0.6948),
    "HgS_beta": ("HgS", -0.3714),
    "Li3PS4-beta": ("Li3PS4", -1.2298),
}
OPTIONS = StabilityOptions(("Li3PS4-beta",))
Store = Callable[..., StructureDatabase]


def add(database: StructureDatabase, name: str, formula: str, energy: float, potential: str, failed: str) -> None:
    symbols = Atoms(formula)
    atoms = Atoms(symbols.symbols, [[3.0 * n, 0.3 * n, 0.0] for n in range(len(symbols))], cell=[40, 9, 8], pbc=True)
    kind: Any = "substrate" if "-" in name else "library"
    total = len(atoms) * energy
    final = atoms.copy()
    final.calc = SinglePointCalculator(final, energy=total, forces=0 * final.positions, stress=[0.0] * 6)
    outcome: Any = RelaxationError(failed, atoms) if failed else RelaxationResult(final, total, 0.0, 3, 4, 0.1)
    # Polymorphs differ in their labels here, not in their places.
    candidate = Candidate(name, kind, atoms, "made up", labels={"study": f"as-{name}"})
    database.add(candidate, outcome, get_potential(potential), RelaxationSettings())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Store the phases, with changes: an energy, None for no row, or a text for why its relaxation failed."""

    def _store(
        changes: Mapping[str, float | str | None] | None = None, potential: str = "chgnet+d3"
    ) -> StructureDatabase:
        database = StructureDatabase(tmp_path / "structures.db")
        for name, (formula, energy) in ENERGIES.items():
            value = (changes or {}).get(name, energy)
            if value is not None:
                failed = value if isinstance(value, str) else ""
                add(database, name, formula, 0.0 if isinstance(value, str) else value, potential, failed)
        return database

    return _store


def formula_energy(name: str) -> float:
    formula, energy = ENERGIES[name]
    return energy * sum(parse_formula(formula).values())


def test_reactions_are_those_worked_out_by_hand(store: Store) -> None:
    (item,), problems = stabilities(OPTIONS, store())
    assert problems == []
    assert [one.first for one in item.reactions] == ["Hg_alpha", "LiHg3", "LiHg", "Li3Hg", "Li_bcc"]
    assert [one.reacts for one in item.reactions] == [False, True, True, True, True]
    lithium = item.reactions[-1].most_exergonic_mutual
    by_hand = 4 * formula_energy("Li2S") + formula_energy("Li3P") - formula_energy("Li3PS4-beta")
    assert lithium.energy == pytest.approx(by_hand / 16)  # Li3PS4 + 8 Li
    onset = -(4 * formula_energy("Li2S") - formula_energy("Li3PS4-beta")) / 5
    assert item.window.reduction_onset_V == pytest.approx(onset)


def test_an_electrode_reacts_where_it_gives_off_its_metal_below_the_onset(store: Store) -> None:
    (item,), _ = stabilities(OPTIONS, store({"Li3PS4-beta": -1.75}))
    voltages = item.electrode_voltages
    assert voltages["Hg_alpha"] is None
    assert voltages["Li_bcc"] == 0.0
    assert voltages["LiHg3"] == pytest.approx(-formula_energy("LiHg3"))
    ordered = [voltages[one.first] for one in item.reactions[1:]]
    assert ordered == sorted(ordered, reverse=True)  # type: ignore[type-var]
    # No compound of mercury is among the products, so nothing else can drive a reaction.
    for one in item.reactions[1:]:
        assert one.reacts == (voltages[one.first] < item.window.reduction_onset_V)
    assert {one.reacts for one in item.reactions[1:]} == {True, False}


def test_electrodes_are_names_or_formulas_of_the_lowest_phase(store: Store) -> None:
    options = StabilityOptions(("Li3PS4-beta",), ("Hg", "Hg_beta", "Hg3Li", "LiHg5"))
    (item,), _ = stabilities(options, store())
    assert [one.first for one in item.reactions] == ["Hg_alpha", "Hg_beta", "LiHg3"]
    assert ("LiHg5", "there is no energy of such a phase") in item.left_out


def test_a_model_above_the_hull_does_not_make_mercury_react(store: Store) -> None:
    database = store()
    add(database, "Li3PS4_gamma", "Li3PS4", -1.25, "chgnet+d3", "")
    (item,), _ = stabilities(OPTIONS, database)
    assert item.window.e_above_hull == pytest.approx(0.0202)
    mercury = stability_table(item)["reactions"][0]
    assert (mercury["electrode"], mercury["reacts"], mercury["energy"]) == ("Hg_alpha", False, None)
    assert min(point["energy"] for point in mercury["points"]) == pytest.approx(-0.0202)


def test_phases_that_cannot_be_products_are_told(store: Store) -> None:
    (item,), _ = stabilities(OPTIONS, store({"HgS_beta": "it exploded"}))
    told = dict(item.left_out)
    assert "it exploded" in told["HgS_beta"]
    assert "not computed" in told["HgS_alpha"]
    assert "LiHg3" not in told
    assert {"P2S5", "Li7P3S11"} <= set(item.unknown)
    assert "Li3PS4" not in item.unknown  # its ordered model is in the library


def test_pairs_of_elements_without_a_compound_are_named(store: Store) -> None:
    (item,), _ = stabilities(OPTIONS, store())
    assert item.empty == ("P–S", "Li–P–S")
    assert item.empty_with_solvent == ("Hg–P",)
    assert stability_table(item)["empty_subsystems"] == [*item.empty, *item.empty_with_solvent]
    told = finding(item)
    assert "there is no compound of P–S and Li–P–S besides itself;" in told
    assert "Hg" not in told.partition("P–S")[0].partition("reduced")[2]


def test_a_compound_that_is_there_is_not_missed_and_one_that_failed_is(store: Store) -> None:
    (item,), _ = stabilities(OPTIONS, store({"Li3P": "it blew up"}))
    assert item.empty == ("Li–P", "P–S", "Li–P–S")


def test_energies_of_two_potentials_are_never_mixed(store: Store) -> None:
    store()
    database = store({"Li2S": -2.0, "Li3P": None}, potential="emt")
    found, problems = stabilities(OPTIONS, database)
    assert not found
    assert "choose one" in problems[0]
    (one,), _ = stabilities(OPTIONS, database, "chgnet+d3")
    (other,), _ = stabilities(OPTIONS, database, "emt")
    assert (one.potential, other.potential) == ("chgnet+d3", "emt")
    assert other.window.reduction_onset_V > one.window.reduction_onset_V
    assert "Li3P" in dict(other.left_out)
    keys = [row.fingerprint for row in database.select("")]
    _, problems = stabilities(OPTIONS, database, keys=keys)
    assert "one potential" in problems[0]


def test_only_the_relaxations_of_a_job_are_used(store: Store) -> None:
    database = store()
    keys = [row.fingerprint for row in database.select("") if row.name != "Li3P"]
    (item,), _ = stabilities(OPTIONS, database, keys=keys)
    assert "Li3P" in dict(item.left_out)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"Li3PS4-beta": "cell collapsed"}, "cell collapsed"),
        ({"Li3PS4-beta": None}, "no relaxed crystal"),
        ({"S_alpha": "it did not converge"}, "no entry of pure S"),
    ],
)
def test_what_is_missing_becomes_a_warning(store: Store, changes: Mapping[str, Any], told: str) -> None:
    database = store(changes)
    rows = [*database.select(""), *database.select("converged=False")]
    found, problems = stabilities(OPTIONS, database, keys=[row.fingerprint for row in rows])
    (section,) = stability_report_sections(found, warnings=problems)
    assert told in section.warnings[0]
    assert "Li3PS4-beta" in section.warnings[0]


def test_an_unknown_electrolyte_names_those_there_are(store: Store) -> None:
    _, problems = stabilities(StabilityOptions(("Li3PS4-bta",)), store())
    assert "Did you mean 'Li3PS4-beta'?" in problems[0]


def test_sections_are_one_over_all_and_one_for_each(store: Store) -> None:
    found, problems = stabilities(OPTIONS, store())
    sections = stability_report_sections(found, warnings=problems)
    assert [section.anchor for section in sections] == ["stability", "stability-Li3PS4-beta"]
    assert "reduced below 1.78 V" in sections[0].paragraphs[0]
    assert len(sections[1].pictures) == 2
