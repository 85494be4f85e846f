"""Relaxation: a converged minimum or an error, and nothing else touched."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import CalculationFailed, Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.constraints import FixAtoms
from ase.io import read
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.calculators.potentials import dispersion_sum
from amalgamics.calculators.potentials.dispersion import three_body_energy
from amalgamics.calculators.potentials.names import UnsupportedElementError, get_calculator
from amalgamics.calculators.relaxation.relax import (
    OPTIMIZERS,
    RelaxationSettings,
    check_plausible,
    relax,
    shortest_distance,
)
from amalgamics.calculators.relaxation.results import NotConvergedError, RelaxationError
from amalgamics.errors import InputError


def strained_cu() -> Atoms:
    """Copper of four atoms, stretched and rattled."""
    atoms = bulk("Cu", cubic=True, a=3.7)
    atoms.rattle(0.05, seed=1)
    return atoms


class Scripted(Calculator):
    """Gives back what a function makes of the atoms: (energy, forces, stress)."""

    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012 - as ASE declares it

    def __init__(self, function):
        super().__init__()
        self.function = function

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.results = dict(zip(("energy", "forces", "stress"), self.function(atoms), strict=True))


def pulling(sign):
    """A cell that wants to shrink (+) or grow (-) without end."""
    return Scripted(lambda atoms: (0.0, np.zeros((len(atoms), 3)), sign * 0.2 * np.array([1, 1, 1, 0, 0, 0])))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_copper_ends_at_the_minimum_of_its_energy(optimizer):
    settings = RelaxationSettings(fmax=0.002, optimizer=optimizer)
    result = relax(strained_cu(), "emt", settings)
    lattices = np.linspace(3.5, 3.7, 21)
    energies = [EMT().get_property("energy", bulk("Cu", a=a)) for a in lattices]
    fit = np.polynomial.Polynomial.fit(lattices, energies, 5)
    best = min((root.real for root in fit.deriv().roots() if 3.5 < root.real < 3.7), key=fit)
    assert result.atoms.cell.volume ** (1 / 3) == pytest.approx(best, abs=2e-3)
    assert result.energy / 4 == pytest.approx(fit(best), abs=1e-4)
    assert np.abs(result.atoms.get_stress()).max() < 3e-4
    assert result.max_force < settings.fmax
    assert result.n_force_calls > result.n_steps > 0


def test_result_holds_what_the_potential_gives_for_it():
    result = relax(strained_cu(), "emt")
    fresh = result.atoms.copy()
    fresh.calc = EMT()
    assert result.energy == result.atoms.get_potential_energy() == pytest.approx(fresh.get_potential_energy(), abs=1e-9)
    np.testing.assert_allclose(result.atoms.get_forces(), fresh.get_forces(), atol=1e-9)
    np.testing.assert_allclose(result.atoms.get_stress(), fresh.get_stress(), atol=1e-9)
    assert isinstance(result.energy, float)
    assert result.atoms.get_forces().dtype == result.atoms.get_stress().dtype == np.float64


@pytest.mark.parametrize(("method", "pairs"), [("d3atm", "d3"), ("d4", "d4pair")])
def test_the_three_body_term_is_a_single_point_at_the_end(method, pairs, tmp_path, monkeypatch):
    monkeypatch.setattr(dispersion_sum, "THREE_BODY_CUTOFFS", (5.0, 7.0))  # how far it goes does not matter here
    copper = bulk("Cu", "fcc", a=3.5)
    settings = RelaxationSettings(fmax=0.01)
    name, file = f"ase.calculators.emt:EMT+{method}@pbe", tmp_path / "steps.traj"
    whole = relax(copper, name, settings, trajectory=file)
    alone = relax(copper, f"ase.calculators.emt:EMT+{pairs}@pbe", settings)
    assert whole.n_steps == alone.n_steps > 0
    np.testing.assert_array_equal(whole.atoms.positions, alone.atoms.positions)
    np.testing.assert_array_equal(whole.atoms.cell.array, alone.atoms.cell.array)
    term = three_body_energy(alone.atoms, method, "pbe")
    assert abs(term) > 1e-6
    assert whole.energy == whole.atoms.get_potential_energy() == pytest.approx(alone.energy + term, abs=1e-12)
    np.testing.assert_array_equal(whole.atoms.get_forces(), alone.atoms.get_forces())
    np.testing.assert_array_equal(whole.atoms.get_stress(), alone.atoms.get_stress())
    assert whole.energy == pytest.approx(get_calculator(name).get_property("energy", alone.atoms), abs=1e-10)
    assert read(file).get_potential_energy() == pytest.approx(alone.energy, abs=1e-12)
    assert whole.wall_time_s > 0


def test_a_three_body_term_that_fails_is_a_relaxation_error(monkeypatch):
    def fail(*_):
        raise CalculationFailed("no")

    monkeypatch.setattr("amalgamics.calculators.relaxation.results.three_body_energy", fail)
    settings = RelaxationSettings(fmax=10.0, relax_cell=False)
    with pytest.raises(RelaxationError, match="the three-body dispersion failed: no"):
        relax(bulk("Cu", a=3.6), "ase.calculators.emt:EMT+d4@pbe", settings)
    monkeypatch.setattr("amalgamics.calculators.relaxation.results.three_body_energy", lambda *_: float("nan"))
    with pytest.raises(RelaxationError, match="non-finite energy"):
        relax(bulk("Cu", a=3.6), "ase.calculators.emt:EMT+d4@pbe", settings)


def test_input_is_left_alone():
    atoms = strained_cu()
    calculator = atoms.calc = EMT()
    atoms.set_constraint(FixAtoms([0]))
    before = atoms.copy()
    result = relax(atoms, "emt", RelaxationSettings(relax_cell=False))
    assert atoms == before
    assert atoms.calc is calculator
    assert len(atoms.constraints) == len(result.atoms.constraints) == 1
    np.testing.assert_array_equal(result.atoms.positions[0], before.positions[0])
    assert np.abs(result.atoms.positions - before.positions).max() > 0.01


def test_positions_only_keeps_the_cell():
    atoms = strained_cu()
    result = relax(atoms, EMT(), RelaxationSettings(relax_cell=False))
    np.testing.assert_array_equal(result.atoms.cell.array, atoms.cell.array)
    assert result.max_force < 0.02
    assert np.linalg.norm(result.atoms.get_forces(), axis=1).max() == pytest.approx(result.max_force)
    assert np.abs(result.atoms.get_stress()).max() > 0.01


def test_a_cluster_has_no_stress():
    atoms = Atoms("Cu3", positions=[[0, 0, 0], [2.4, 0, 0], [0, 2.5, 0]])
    result = relax(atoms, "emt", RelaxationSettings(relax_cell=False))
    assert "stress" not in result.atoms.calc.results
    assert result.atoms.get_distance(0, 1) == pytest.approx(result.atoms.get_distance(1, 2), abs=0.02)


def test_symmetry_is_kept_on_request():
    import spglib

    def number(atoms):
        cell = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
        return spglib.get_symmetry_dataset(cell, symprec=1e-4).number

    start = bulk("Cu", cubic=True, a=3.7)
    start.set_cell(start.cell.array @ np.diag([1.0, 1.0, 1.06]), scale_atoms=True)
    start.numbers[0] = 79
    result = relax(start, "emt", RelaxationSettings(keep_symmetry=True, fmax=0.005))
    assert number(result.atoms) == number(start) == 123
    assert not result.atoms.constraints
    start.numbers[0] = 29
    kept = relax(start, "emt", RelaxationSettings(keep_symmetry=True))
    lengths = kept.atoms.cell.lengths()
    assert lengths[0] == pytest.approx(lengths[1], abs=1e-8)


def test_not_converged_is_an_error_that_says_how_far():
    with pytest.raises(NotConvergedError, match=r"after 1 steps: the largest force is .* fmax is 0\.001") as caught:
        relax(strained_cu(), "emt", RelaxationSettings(fmax=0.001, max_steps=1))
    assert caught.value.atoms.symbols.get_chemical_formula() == "Cu4"
    again = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(again, NotConvergedError)
    assert again.reason == caught.value.reason
    assert again.atoms == caught.value.atoms


def test_a_converged_structure_takes_no_step():
    first = relax(strained_cu(), "emt", RelaxationSettings(fmax=0.01))
    second = relax(first.atoms, "emt", RelaxationSettings(fmax=0.05))
    assert second.n_steps == 0
    assert second.energy == pytest.approx(first.energy, abs=1e-9)


def test_trajectory_can_be_read(tmp_path):
    path = tmp_path / "relaxation.traj"
    atoms = strained_cu()
    result = relax(atoms, "emt", trajectory=path)
    images = read(path, ":")
    assert len(images) == result.n_steps + 1
    np.testing.assert_allclose(images[0].positions, atoms.positions)
    assert images[0].get_potential_energy() == pytest.approx(EMT().get_property("energy", atoms))
    assert images[-1].get_potential_energy() == pytest.approx(result.energy)
    assert relax(atoms, "emt", RelaxationSettings(relax_cell=False), trajectory=path).n_steps + 1 == len(
        read(path, ":")
    )


def test_trajectory_in_no_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="trajectory: the folder"):
        relax(strained_cu(), "emt", trajectory=tmp_path / "none" / "relaxation.traj")


def test_elements_are_checked_first():
    with pytest.raises(UnsupportedElementError, match="does not cover Hg"):
        relax(bulk("Hg", "sc", a=3.0), "emt")


@pytest.mark.parametrize(
    ("atoms", "told"),
    [
        (Atoms(cell=[3, 3, 3], pbc=True), "there are none"),
        (Atoms("Cu", cell=[3, 3, 3], pbc=[True, True, False]), "relax_cell: true needs a cell"),
        (Atoms("Cu", positions=[[np.nan, 0, 0]], cell=[3, 3, 3], pbc=True), "not a finite number"),
    ],
)
def test_what_cannot_be_relaxed_is_refused(atoms, told):
    with pytest.raises(InputError, match=told):
        relax(atoms, "emt")


@pytest.mark.parametrize(("sign", "told"), [(1, "collapsed"), (-1, "exploded")])
def test_runaway_cells_are_stopped(sign, told):
    with pytest.raises(RelaxationError, match=f"the cell {told} to .* times its initial volume") as caught:
        relax(bulk("Cu"), pulling(sign))
    assert not isinstance(caught.value, NotConvergedError)


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_numbers_that_are_not_finite_are_stopped(broken):
    def values(atoms):
        parts = [1.0, np.ones((len(atoms), 3)), np.ones(6)]
        parts[broken] = np.nan * parts[broken]
        return parts

    with pytest.raises(RelaxationError, match=f"non-finite {('energy', 'forces', 'stress')[broken]}"):
        relax(bulk("Cu"), Scripted(values))


def test_fused_atoms_are_stopped():
    atoms = Atoms("Cu2", positions=[[0, 0, 0], [0, 0, 1.0]], cell=[4, 4, 4], pbc=True)
    attraction = np.array([[0, 0, 5.0], [0, 0, -5.0]])
    settings = RelaxationSettings(relax_cell=False, optimizer="FIRE")
    with pytest.raises(RelaxationError, match=r"two atoms fused: they are 0\.\d+ Å apart"):
        relax(atoms, Scripted(lambda _: (0.0, attraction, np.zeros(6))), settings)


def test_auto_takes_the_robust_optimiser_for_cells_and_the_thrifty_one_for_positions():
    assert RelaxationSettings().optimizer_name == "FIRE"
    assert RelaxationSettings(relax_cell=False).optimizer_name == "BFGSLineSearch"
    assert RelaxationSettings(relax_cell=False, optimizer="LBFGS").optimizer_name == "LBFGS"


def test_a_failing_potential_is_a_relaxation_error():
    def fail(_):
        raise ValueError("the graph is empty")

    with pytest.raises(RelaxationError, match="ValueError: the graph is empty") as caught:
        relax(bulk("Cu"), Scripted(fail))
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_interrupted_disk_is_not_blamed_on_the_structure():
    def fail(_):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        relax(bulk("Cu"), Scripted(fail))


def test_check_plausible_accepts_what_is_plausible():
    atoms = bulk("Cu")
    check_plausible(atoms, atoms.cell.volume)
    check_plausible(Atoms("H2", positions=[[0, 0, 0], [0, 0, 0.74]]), None)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(*[st.floats(0, 1)] * 3), min_size=2, max_size=5),
    st.tuples(*[st.floats(-1.5, 1.5)] * 3),
    st.sampled_from([1.3, 2.0, 4.0]),
)
def test_shortest_distance_is_that_of_the_neighbour_list(scaled, skew, height):
    from ase.neighborlist import neighbor_list

    cell = np.diag([height] * 3)
    cell[1, 0], cell[2, 0], cell[2, 1] = skew
    atoms = Atoms(f"H{len(scaled)}", scaled_positions=scaled, cell=cell, pbc=True)
    reference = neighbor_list("d", atoms, 0.5).min(initial=np.inf)
    assert shortest_distance(atoms, 0.5) == pytest.approx(reference, abs=1e-9)


@given(
    st.floats(1e-6, 10),
    st.booleans(),
    st.integers(1, 10**6),
    st.booleans(),
    st.sampled_from(list(OPTIMIZERS)),
)
def test_valid_settings_survive_as_plain_data(fmax, relax_cell, max_steps, keep_symmetry, optimizer):
    settings = RelaxationSettings(fmax, relax_cell, max_steps, keep_symmetry, optimizer)
    assert RelaxationSettings(**settings.as_dict()) == settings


@given(
    st.one_of(st.floats(max_value=0), st.just(float("nan")), st.just(float("inf")), st.text(), st.none(), st.booleans())
)
def test_invalid_fmax_is_refused(value):
    with pytest.raises(InputError, match=r"^fmax: .* is not allowed; give a finite number above 0"):
        RelaxationSettings(fmax=value)


@given(st.one_of(st.integers(max_value=0), st.floats(), st.text(), st.none(), st.booleans()))
def test_invalid_max_steps_is_refused(value):
    with pytest.raises(InputError, match=r"^max_steps: .* is not allowed; give a whole number"):
        RelaxationSettings(max_steps=value)


@pytest.mark.parametrize("key", ["relax_cell", "keep_symmetry"])
def test_switches_are_true_or_false(key):
    with pytest.raises(InputError, match=f"^{key}: 'yes' is not allowed; give true or false"):
        RelaxationSettings(**{key: "yes"})


def test_unknown_optimizer_names_the_nearest():
    with pytest.raises(InputError, match=r"^optimizer: unknown optimizer 'Fire'\. Did you mean 'FIRE'"):
        RelaxationSettings(optimizer="Fire")


def test_any_ase_calculator_relaxes():
    atoms = bulk("Ar", a=5.4)
    result = relax(atoms, LennardJones(sigma=3.4, epsilon=0.0104, rc=12.0, smooth=True), RelaxationSettings(fmax=1e-3))
    assert result.atoms.cell.volume == pytest.approx((1.5496 * 3.4) ** 3 / 4, rel=0.02)  # a/sigma of the fcc sum


def test_mercury_and_its_lithium_amalgam_come_out_as_measured():
    hg = bulk("Hg", "rhombohedral", a=3.005, alpha=70.53)
    li = bulk("Li", "bcc", a=3.44)
    li_hg = Atoms("LiHg", scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], cell=[3.287] * 3, pbc=True)
    results = {str(atoms.symbols): relax(atoms, "chgnet+d3") for atoms in (hg, li, li_hg)}
    assert 24 < results["Hg"].atoms.cell.volume < 26.5  # measured 23.0, at 83 K
    formation = (results["LiHg"].energy - results["Li"].energy - results["Hg"].energy) / 2
    assert -0.48 < formation < -0.40  # measured about -0.45 eV/atom
