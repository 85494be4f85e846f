"""From rows to the benchmark table: a database that holds everything gives every value that has a rule."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator

from amalgamics.calculators.potentials.names import get_potential
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.calculators.relaxation.results import RelaxationResult
from amalgamics.errors import InputError
from amalgamics.reports.benchmarks.published import benchmarks
from amalgamics.reports.benchmarks.rules import SURFACE_PHASES, requirement
from amalgamics.structures.compositions import parse_formula, same_composition
from amalgamics.structures.library.phases import get_phase, list_phases
from amalgamics.structures.slabs.lattice_planes import densest_planes, distinct_planes, planar_cell_area
from amalgamics.structures.symmetry import conventional_cell
from amalgamics.thermodynamics.units import EV_PER_A2
from amalgamics.workflows.benchmarks.computed_values import benchmark_rows, computed_values, stored_potentials
from amalgamics.workflows.benchmarks.free_atoms import compute_free_atoms, free_atom, free_atom_energies
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.rows import miller_text
from amalgamics.workflows.database.structure_database import StructureDatabase

CRYSTAL = RelaxationSettings()
SLAB = RelaxationSettings(relax_cell=False)
METALS = ("Li", "Na", "K", "Mg", "Zn", "Al", "Ag", "Au", "Sn")
BINDING = -0.3  # eV/atom of every compound, so that all formation energies are known
GAMMA = 0.5  # J/m² of every plane
ATOM, INSERTION = 1.25, -0.2  # eV


class Filled:
    """A database with made-up energies of one potential."""

    def __init__(self, path, potential="emt"):
        self.store = StructureDatabase(path)
        self.potential = get_potential(potential)

    def add(self, name, kind, atoms, energy, settings=CRYSTAL, **labels):
        final = atoms.copy()
        final.calc = SinglePointCalculator(final, energy=energy, forces=np.zeros((len(atoms), 3)), stress=np.zeros(6))
        result = RelaxationResult(final, energy, 0.0, 1, 1, 0.1)
        candidate = Candidate(name, kind, atoms, "made up", labels=labels)
        self.store.add(candidate, result, self.potential, settings)

    def crystal(self, name, kind, atoms, shift=0.0):
        """One whose energy is 0 per atom for elements and BINDING for compounds."""
        per_atom = shift + (BINDING if len(set(atoms.symbols)) > 1 else 0.0)
        self.add(name, kind, atoms, per_atom * len(atoms))

    def slabs(self, phase, planes):
        crystal = get_phase(phase).atoms()
        for plane in planes:
            area = planar_cell_area(crystal, plane)
            for n_layers in (4, 6, 8):
                atoms = Atoms([min(get_phase(phase).elements)] * n_layers, cell=[area / 4, 4, 30], pbc=True)
                atoms.positions[:, 2] = np.arange(n_layers)
                labels = {"miller": f"({miller_text(plane)})", "termination": "A", "n_layers": n_layers}
                labels |= {"study": "surfaces", "role": "surface", "substrate": phase}
                self.add(f"{phase} {plane} {n_layers}", "slab", atoms, 2 * area * GAMMA / EV_PER_A2, SLAB, **labels)

    def solution(self, metal):
        film = Atoms("Hg4", positions=np.arange(12).reshape(4, 3), cell=[9, 9, 30], pbc=True)
        labels = {"study": f"LLTO-{metal}-Hg", "solvent": "Hg", "solute": metal, "substrate": "LLTO", "seed": 0}
        self.add(f"film {metal}", "film", film, -4.0, SLAB, role="film", frame=0, **labels)
        inside = film + Atoms(metal, positions=[[5, 5, 5]])
        self.add(f"{metal} inside", "film", inside, -4.0 + INSERTION, SLAB, role="solute-in-film", frame=0, **labels)


def planes_of(phase):
    conventional = conventional_cell(get_phase(phase).atoms()).atoms
    low = [(1, 0, 0), (0, 0, 1), (1, 1, 0), (1, 1, 1)]
    return distinct_planes(conventional, [*densest_planes(conventional, 1), *low])


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    everything = Filled(tmp_path_factory.mktemp("benchmarks") / "structures.db")
    for phase in list_phases(buildable=True):
        everything.crystal(phase.key, "library", phase.atoms())
    everything.crystal("Hg_fcc", "file", bulk("Hg", "fcc", a=4.8), shift=0.01)
    for metal in METALS:
        for formula, a in ((f"{metal}Hg", 3.3), (f"{metal}2Hg", 4.0)):
            atoms = Atoms(formula, cell=[a, a, a], pbc=True)
            atoms.set_scaled_positions(np.linspace(0, 0.7, len(atoms))[:, None] * [1, 1, 1])
            everything.crystal(f"{formula}-prototype", "prototype", atoms)
        everything.solution(metal)
    for names in SURFACE_PHASES.values():
        if "-" not in names[0]:
            everything.slabs(names[0], planes_of(names[0]))
    for symbol in (*METALS, "Hg"):
        atom = free_atom(symbol)
        everything.add(atom.name, "atom", atom.atoms, ATOM, None, **atom.labels)
    return everything


@pytest.fixture(scope="module")
def rows(filled):
    return benchmark_rows([filled.store])[0]


def computed(rows, quantity, subject, label=""):
    found = [row.computed for row in rows if row.benchmark.key == (quantity, subject, label)]
    assert found
    return found[0].get("emt")


def test_every_value_with_a_rule_is_computed_and_no_other(rows):
    assert [row.benchmark for row in rows] == list(benchmarks())
    missing = {row.benchmark.key for row in rows if not row.computed}
    without_rule = {item.key for item in benchmarks() if not requirement(item).computed}
    # Axes of these cells are not the standard ones; their volume is compared.
    other_setting = {key for key in missing - without_rule if key[0] == "cell_length"}
    no_crystal = {key for key in missing if key[0] == "pbe_formation_energy"}
    known = [parse_formula(phase.formula) for phase in list_phases(buildable=True) if phase.formula]
    for _, formula, _ in no_crystal:
        assert not any(same_composition(parse_formula(formula), one) for one in known), formula
    assert missing == without_rule | other_setting | no_crystal
    assert len({subject for _, subject, _ in other_setting}) <= 6


def test_made_up_energies_come_back(rows):
    assert computed(rows, "formation_enthalpy", "Li2CO3") == pytest.approx(BINDING)
    assert computed(rows, "formation_enthalpy", "LiHg3") == pytest.approx(BINDING)
    assert computed(rows, "e_above_hull", "Hg", "Fm-3m") == pytest.approx(0.01)
    assert computed(rows, "cohesive_energy", "Hg") == pytest.approx(ATOM)
    assert computed(rows, "surface_energy", "Al", "111") == pytest.approx(GAMMA)
    assert computed(rows, "surface_energy", "Mg", "0001") == pytest.approx(GAMMA)
    assert computed(rows, "surface_energy", "Sn", "average") == pytest.approx(GAMMA)
    assert computed(rows, "surface_energy", "Hg", "close-packed") == pytest.approx(GAMMA)
    assert computed(rows, "standard_emf", "K") == pytest.approx(-INSERTION)
    assert computed(rows, "excess_free_energy_in_mercury", "Sn") == pytest.approx(INSERTION * 96.48533, rel=1e-5)
    assert computed(rows, "volume_per_atom", "LiHg") == pytest.approx(3.287**3 / 2, rel=1e-3)
    # All compounds have one energy per atom: the richest in mercury saturates it, at x = 1/4 for lithium. At 298 K
    # liquid mercury is 0.00648 eV per atom lower than solid.
    assert computed(rows, "saturated_emf", "Li") == pytest.approx(-BINDING * 4 - 3 * 0.00648, abs=1e-5)


def test_the_dilute_voltage_falls_by_the_nernst_slope(rows):
    low = computed(rows, "emf", "Li", "x = 3e-05")
    high = computed(rows, "emf", "Li", "x = 0.01002")
    assert low - high == pytest.approx(8.617333e-5 * 298.15 * np.log(0.01002 / 3e-5), rel=1e-6)


def test_one_plane_is_no_average(tmp_path):
    some = Filled(tmp_path / "structures.db")
    some.crystal("Al_fcc", "library", get_phase("Al_fcc").atoms())
    some.slabs("Al_fcc", [(1, 1, 1), (0, 0, 1)])
    found = {(v.subject, v.label) for v in computed_values(some.store, "emt") if v.quantity == "surface_energy"}
    assert found == {("Al", "111"), ("Al", "100")}


def test_a_hull_with_a_gap_gives_no_reduction_onset(tmp_path):
    some = Filled(tmp_path / "structures.db")
    phases = list_phases("Li-P-S", buildable=True)
    for phase in phases[:-1]:
        some.crystal(phase.key, "library", phase.atoms())
    assert not [v for v in computed_values(some.store, "emt") if v.quantity == "reduction_onset"]
    some.crystal(phases[-1].key, "library", phases[-1].atoms())
    assert [v.subject for v in computed_values(some.store, "emt") if v.quantity == "reduction_onset"] == ["Li3PS4"]


def test_metals_without_a_compound_saturate_at_zero(tmp_path):
    some = Filled(tmp_path / "structures.db")
    for key in ("Zn_hcp", "Hg_alpha"):
        some.crystal(key, "library", get_phase(key).atoms())
    assert not [v for v in computed_values(some.store, "emt") if v.quantity == "saturated_emf"]
    some.crystal("ZnHg", "prototype", Atoms("ZnHg", cell=[3, 3, 3], positions=[[0, 0, 0], [1.5] * 3]), shift=0.5)
    (value,) = [v for v in computed_values(some.store, "emt") if v.quantity == "saturated_emf"]
    assert value.value == 0.0


def test_of_several_databases_the_first_counts_and_potentials_are_columns(tmp_path):
    stores = []
    for number, (a, potential) in enumerate(((4.4, "emt"), (4.0, "emt"), (4.2, "chgnet"))):
        some = Filled(tmp_path / f"{number}.db", potential)
        some.crystal("Al_fcc", "library", bulk("Al", a=a))
        stores.append(some.store)
    first, second, _ = stores
    for order, edge in (([first, second], 4.4), ([second, first], 4.0)):
        assert computed(benchmark_rows(order)[0], "cell_length", "Al_fcc", "a") == pytest.approx(edge)
    rows, potentials = benchmark_rows(stores)
    assert potentials == ["chgnet", "emt"]
    (row,) = [row for row in rows if row.benchmark.key == ("cell_length", "Al_fcc", "a")]
    assert row.computed == {"chgnet": pytest.approx(4.2), "emt": pytest.approx(4.4)}
    rows, potentials = benchmark_rows(stores, ["chgnet"])
    assert {one for row in rows for one in row.computed} == set(potentials) == {"chgnet"}
    with pytest.raises(InputError, match=r"'chgne' .*; there are: emt, chgnet"):
        benchmark_rows(stores, ["chgne"])


def test_other_weights_under_the_same_name_are_not_mixed(tmp_path, monkeypatch):
    some = Filled(tmp_path / "structures.db")
    some.crystal("Al_fcc", "library", bulk("Al", a=4.0))
    monkeypatch.setattr(
        "amalgamics.workflows.database.structure_database.potential_identity", lambda _: "potential-other"
    )
    some.crystal("Ag_fcc", "library", bulk("Ag", a=4.0))
    assert {v.subject for v in computed_values(some.store, "emt")} == {"Ag_fcc"}


def test_free_atoms_are_computed_once_and_only_those_that_the_potential_knows(tmp_path):
    store = StructureDatabase(tmp_path / "structures.db")
    rows = compute_free_atoms(store, "emt", ["Al", "Au", "Hg"])
    assert [row.name for row in rows] == ["Al atom", "Au atom"]
    assert [row.id for row in compute_free_atoms(store, "emt", ["Al"])] == [rows[0].id]
    energies = free_atom_energies(store, "emt", rows[0].potential_identity)
    # EMT was fitted to cohesive energies, and its bulk lies at zero.
    assert energies == {"Al": pytest.approx(3.28, abs=0.02), "Au": pytest.approx(3.80, abs=0.02)}
    assert stored_potentials(store) == []
