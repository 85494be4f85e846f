"""Phonons by finite displacements."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT

from amalgamics.calculators.phonons.finite_displacements import (
    PhononError,
    PhononSettings,
    _force_evaluator,
    plan_phonons,
    run_phonons,
)
from amalgamics.calculators.phonons.results import Phonons
from amalgamics.calculators.phonons.supercell import choose_supercell, shortest_lattice_vector
from amalgamics.errors import InputError
from amalgamics.thermodynamics.vibrations.harmonic import ModeSpectrum, UnstableCrystalError, vibrational_free_energy

SMALL = PhononSettings(min_supercell_length=5.0, mesh_length=25.0, path_spacing=0.05)


class Springs(Calculator):
    """Harmonic springs between nearest neighbours of fcc, at rest in the perfect crystal."""

    implemented_properties = ["energy", "forces"]  # noqa: RUF012 - as ASE has it

    def __init__(self, stiffness: float, lattice_constant: float) -> None:
        super().__init__()
        self.stiffness, self.rest = stiffness, lattice_constant / 2**0.5

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        from ase.neighborlist import neighbor_list

        super().calculate(atoms, properties, system_changes)
        first, lengths, vectors = neighbor_list("idD", self.atoms, 1.2 * self.rest)
        stretch = lengths - self.rest
        forces = np.zeros((len(self.atoms), 3))
        np.add.at(forces, first, (self.stiffness * stretch / lengths)[:, None] * vectors)
        self.results = {"energy": self.stiffness * float(stretch @ stretch) / 4.0, "forces": forces}


class Broken(Calculator):
    """Fails, or gives forces that are not numbers, once the crystal is displaced."""

    implemented_properties = ["energy", "forces"]  # noqa: RUF012 - as ASE has it

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error = error

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        bad = len(self.atoms) > 1
        if bad and self.error:
            raise self.error
        self.results = {"energy": 0.0, "forces": np.full((len(self.atoms), 3), np.nan if bad else 0.0)}


@pytest.fixture(scope="module")
def copper() -> Phonons:
    return run_phonons(bulk("Cu", "fcc", a=3.594), "emt", SMALL)


@pytest.fixture(scope="module")
def bcc_copper() -> Phonons:
    return run_phonons(bulk("Cu", "bcc", a=2.86), "emt", PhononSettings(min_supercell_length=9.0, mesh_length=25.0))


def translations_THz(phonons: Phonons) -> np.ndarray:
    """The three frequencies at Gamma that are closest to 0."""
    (gamma,) = phonons.frequencies_THz[np.linalg.norm(phonons.qpoints, axis=1) < 1e-9]
    return gamma[np.argsort(np.abs(gamma))[:3]]


@pytest.mark.parametrize(("symbol", "a"), [("Cu", 3.594), ("Al", 3.995)])
def test_fcc_metals_are_stable_and_obey_the_acoustic_sum_rule(symbol: str, a: float) -> None:
    phonons = run_phonons(bulk(symbol, "fcc", a=a), "emt", SMALL)
    assert phonons.dynamically_stable
    assert phonons.imaginary.n_modes == 0
    assert phonons.verdict.startswith("dynamically stable")
    assert np.abs(translations_THz(phonons)).max() < 1e-4
    assert 6.0 < phonons.frequencies_THz.max() < 11.0


def test_modes_and_density_of_states_count_three_per_atom(copper: Phonons) -> None:
    frequencies, weights = copper.modes
    assert weights.sum() == pytest.approx(3.0)
    assert np.abs(frequencies).min() > 0.05  # the translations are left out
    assert np.trapezoid(copper.dos, copper.dos_frequencies_THz) == pytest.approx(3.0, rel=0.01)
    assert copper.qpoint_weights.sum() == np.prod(copper.mesh)
    mean = np.trapezoid(copper.dos * copper.dos_frequencies_THz, copper.dos_frequencies_THz) / 3.0
    assert frequencies @ weights / 3.0 == pytest.approx(mean, rel=0.01)


def test_springs_of_fcc_give_the_textbook_frequencies() -> None:
    """At X of an fcc crystal with springs K: M omega^2 = 8 K (longitudinal) and 4 K (transverse)."""
    a, stiffness = 4.0, 2.0
    phonons = run_phonons(
        bulk("Al", "fcc", a=a),
        Springs(stiffness, a),
        PhononSettings(min_supercell_length=8.0, mesh_length=20.0, displacement=0.001),
    )
    segment = next(item for item in phonons.bands if item.labels == ("G", "X"))
    eigenvalues = np.array([4.0, 4.0, 8.0]) * stiffness / phonons.primitive.get_masses()[0]  # eV/Å^2/u
    expected = np.sqrt(eigenvalues * 1.602176634e-19 / 1e-20 / 1.66053907e-27) / (2 * np.pi) / 1e12
    assert segment.frequencies_THz[-1] == pytest.approx(expected, rel=1e-4)


def test_the_description_of_the_crystal_does_not_matter(copper: Phonons) -> None:
    crystal = bulk("Cu", "fcc", a=3.594, cubic=True)
    crystal.rotate(25, (1, 2, 3), rotate_cell=True)
    again = run_phonons(crystal, EMT(), SMALL)
    assert np.sort(again.frequencies_THz.ravel()) == pytest.approx(np.sort(copper.frequencies_THz.ravel()), abs=1e-4)
    assert len(again.primitive) == 1


def test_an_unstable_crystal_is_a_result_with_its_imaginary_modes(bcc_copper: Phonons) -> None:
    found = bcc_copper.imaginary
    assert not bcc_copper.dynamically_stable
    assert found.n_modes > 0
    assert found.lowest_frequency_THz < -0.5
    assert bcc_copper.frequencies_THz.min() < -0.1
    assert found.fraction == pytest.approx(found.n_modes / (3 * np.prod(bcc_copper.mesh) - 3))
    assert f"{found.fraction:.2%} of the modes on the mesh are imaginary" in bcc_copper.verdict
    assert "q = (" in bcc_copper.verdict
    assert (bcc_copper.modes[0] < 0).any()  # nothing is dropped


def test_imaginary_modes_within_the_tolerance_are_counted_apart(bcc_copper: Phonons) -> None:
    values = bcc_copper.as_dict() | {"stability_tolerance_THz": 2.0}
    lenient = Phonons.from_dict(values)
    assert lenient.dynamically_stable
    assert lenient.imaginary.n_modes == 0
    assert (
        lenient.imaginary.n_within_tolerance == bcc_copper.imaginary.n_modes + bcc_copper.imaginary.n_within_tolerance
    )


def test_an_instability_on_the_path_alone_counts(copper: Phonons) -> None:
    values = copper.as_dict()
    values["bands"][1]["frequencies_THz"][1][0] = -1.0
    unstable = Phonons.from_dict(values)
    assert unstable.imaginary.n_modes == 0
    assert not unstable.dynamically_stable
    with pytest.raises(UnstableCrystalError, match=r"Cu has no harmonic free energy"):
        vibrational_free_energy(ModeSpectrum.from_phonons(unstable), 300.0)
    assert unstable.imaginary.lowest_qpoint == pytest.approx(values["bands"][1]["qpoints"][1])


def test_results_survive_json(copper: Phonons) -> None:
    again = Phonons.from_dict(json.loads(json.dumps(copper.as_dict())))
    assert again.as_dict() == copper.as_dict()
    assert again.verdict == copper.verdict


def test_bands_are_connected_in_distance_and_end_at_named_points(copper: Phonons) -> None:
    assert copper.bands[0].labels[0] == "G"
    for before, after in pairwise(copper.bands):
        assert after.distances[0] == pytest.approx(before.distances[-1])
    for segment in copper.bands:
        assert np.all(np.diff(segment.distances) > 0)
        assert np.all(np.diff(segment.frequencies_THz, axis=1) >= 0)


def test_the_batch_evaluator_is_used_and_equals_the_calculator() -> None:
    settings = PhononSettings(min_supercell_length=6.0, mesh_length=15.0, path_spacing=0.1, max_residual_force=1.0)
    crystal = Atoms("LiHg", cell=[3.25] * 3, scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)], pbc=True)
    from amalgamics.calculators.potentials.names import get_calculator

    seen: list[tuple[int, int]] = []
    batched = run_phonons(crystal, "chgnet", settings, on_evaluation=lambda done, total: seen.append((done, total)))
    alone = run_phonons(crystal, get_calculator("chgnet"), settings)
    assert batched.frequencies_THz == pytest.approx(alone.frequencies_THz, abs=0.02)
    assert seen[-1] == (batched.n_displacements, batched.n_displacements)


@pytest.mark.parametrize("model", ["chgnet", "ase.calculators.lj:LennardJones"])
def test_forces_leave_the_three_body_term_out_as_relaxations_do(model: str) -> None:
    suffix = "@pbe" if ":" in model else ""
    crystal = Atoms("LiHg", cell=[3.25] * 3, scaled_positions=[(0.03, 0, 0), (0.5, 0.5, 0.5)], pbc=True)
    forces = [_force_evaluator(f"{model}+{method}{suffix}", ["Li", "Hg"])([crystal])[0] for method in ("d3atm", "d3")]
    np.testing.assert_allclose(forces[0], forces[1], rtol=0, atol=1e-7)


def test_a_crystal_that_is_not_relaxed_is_refused_before_the_supercell() -> None:
    crystal = bulk("Cu", "fcc", a=3.594) * (2, 1, 1)
    crystal.positions[0] += 0.2
    calls: list[int] = []
    with pytest.raises(PhononError, match=r"not relaxed: the largest force is .* max_residual_force is 0.05"):
        run_phonons(crystal, "emt", SMALL, on_evaluation=lambda done, _: calls.append(done))
    assert calls == []


@pytest.mark.parametrize("calculator", [Broken(), Broken(RuntimeError("boom"))])
def test_a_potential_that_fails_is_an_error(calculator: Calculator) -> None:
    with pytest.raises(PhononError, match=r"non-finite force|RuntimeError: boom"):
        run_phonons(bulk("Cu", "fcc", a=3.6), calculator, SMALL)


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="need a crystal"):
        run_phonons(molecule("H2O"), "emt")
    with pytest.raises(InputError, match="does not cover Hg"):
        run_phonons(bulk("Hg", "fcc", a=4.5), "emt")
    with pytest.raises(InputError, match=r"displacement: -0\.1 is not allowed"):
        PhononSettings(displacement=-0.1)
    with pytest.raises(InputError, match="symmetry"):
        plan_phonons(Atoms("Cu2", cell=[3, 3, 3], positions=[(0, 0, 0), (0, 0, 0)], pbc=True))


@pytest.mark.parametrize(
    "crystal",
    [
        bulk("Cu", "fcc", a=3.6),
        bulk("Na", "bcc", a=4.2),
        bulk("Mg", "hcp", a=3.2, c=5.2),
        Atoms("LiHg", cell=[3.2] * 3, scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)], pbc=True),
        bulk("Hg", "rhombohedral", a=3.0, alpha=70.5),
        Atoms("Cu", cell=[[3, 0, 0], [0.4, 3.5, 0], [0.7, 0.9, 9.0]], pbc=True),
    ],
    ids=lambda crystal: str(crystal.symbols),
)
@pytest.mark.parametrize("length", [8.0, 12.0])
def test_supercells_are_long_enough_and_keep_the_symmetry(crystal: Atoms, length: float) -> None:
    found = choose_supercell(crystal, length)
    vectors = found.unit_cell.cell.array * np.array(found.repeats)[:, None]
    assert found.shortest_image == pytest.approx(shortest_lattice_vector(vectors))
    assert found.shortest_image >= length - 1e-6
    assert all(repeat == 1 or repeat % 2 == 0 for repeat in found.repeats)  # the zone boundary fits in
    assert found.n_atoms < 40 * (length / 3.0) ** 3
    lengths = found.unit_cell.cell.lengths()
    for i, j in ((0, 1), (1, 2)):
        if lengths[i] == pytest.approx(lengths[j], rel=1e-4):
            assert found.repeats[i] == found.repeats[j]


def test_the_plan_tells_the_cost() -> None:
    plan = plan_phonons(bulk("Cu", "fcc", a=3.594), SMALL)
    assert plan.n_displacements == 1
    assert plan.supercell.shortest_image >= SMALL.min_supercell_length


def test_a_body_centred_tetragonal_crystal_keeps_its_symmetry_on_the_mesh() -> None:
    """Its primitive cell needs a generalised grid."""
    crystal = Atoms(
        "Cu2", cell=[3.594 / 2**0.5, 3.594 / 2**0.5, 3.65], scaled_positions=[(0, 0, 0), (0.5,) * 3], pbc=True
    )
    phonons = run_phonons(crystal, "emt", PhononSettings(min_supercell_length=5.0, mesh_length=25.0))
    assert phonons.space_group == "I4/mmm"
    assert np.abs(translations_THz(phonons)).max() < 1e-4
    assert phonons.modes[1].sum() == pytest.approx(3.0)
    assert np.trapezoid(phonons.dos, phonons.dos_frequencies_THz) == pytest.approx(3.0, rel=0.02)


def test_settings_survive_json() -> None:
    assert PhononSettings(**json.loads(json.dumps(SMALL.as_dict()))) == SMALL
