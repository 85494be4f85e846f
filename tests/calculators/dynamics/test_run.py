"""Molecular dynamics: the right ensemble, the right frames, and a resumed run that equals one never stopped."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, fcc111
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms

from amalgamics.calculators.dynamics.run import MDError, MDStage, run_md
from amalgamics.calculators.potentials.names import UnsupportedElementError
from amalgamics.errors import InputError

STAGES = [MDStage(25, 800), MDStage(22, 800, final_temperature_K=300, frame_interval=10)]


class StoppedError(Exception):
    """The user's Ctrl-C."""


class Springs(Calculator):
    """Einstein's solid: every atom on its own spring of 5 eV/Å^2; or whatever ``forces`` makes of the displacements."""

    implemented_properties = ["energy", "forces"]  # noqa: RUF012 - as ASE declares it

    def __init__(self, origin, forces=lambda _, displacements: -5.0 * displacements):
        super().__init__()
        self.origin, self.make_forces, self.n_calls = origin.copy(), forces, 0

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        displacements = atoms.positions - self.origin
        self.results = {
            "energy": 2.5 * float((displacements**2).sum()),
            "forces": self.make_forces(self.n_calls, displacements),
        }
        self.n_calls += 1


def slab() -> Atoms:
    """Copper on a frozen bottom layer, tagged by layer."""
    atoms = fcc111("Cu", (2, 2, 3), vacuum=7.0)
    atoms.set_constraint(FixAtoms(indices=[atom.index for atom in atoms if atom.tag == 3]))
    return atoms


def stop_at(wanted):
    def on_step(step, _):
        if step == wanted:
            raise StoppedError

    return on_step


def same(first, second):
    """Whether two results are equal, bit by bit."""
    return (
        np.array_equal(first.potential_energies, second.potential_energies)
        and np.array_equal(first.temperatures_K, second.temperatures_K)
        and np.array_equal(first.final.positions, second.final.positions)
        and np.array_equal(first.final.get_momenta(), second.final.get_momenta())
        and all(
            np.array_equal(a.positions, b.positions) and np.array_equal(a.get_forces(), b.get_forces())
            for a, b in zip(first.frames, second.frames, strict=True)
        )
    )


@pytest.mark.parametrize("potential", ["emt", EMT()], ids=["name", "calculator"])
@pytest.mark.parametrize("stops", [[1], [13, 21, 22], [45, 47]])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, potential, stops):
    whole = run_md(slab(), potential, STAGES, seed=3, checkpoint_interval=7)
    for step in stops:
        with pytest.raises(StoppedError):
            run_md(
                slab(),
                potential,
                STAGES,
                seed=3,
                checkpoint_interval=7,
                checkpoint=tmp_path / "md.npz",
                on_step=stop_at(step),
            )
    resumed = run_md(slab(), potential, STAGES, seed=3, checkpoint_interval=7, checkpoint=tmp_path / "md.npz")
    assert same(resumed, whole)
    assert [path.name for path in tmp_path.iterdir()] in (["md.npz"],)


@pytest.mark.parametrize("pauses", [[1], [13, 21, 22], [45, 47, 99]])
def test_a_run_that_paused_equals_an_uninterrupted_one(tmp_path, pauses):
    """It stops at the first checkpoint from there on, which is after a multiple of seven steps."""
    options: dict[str, Any] = {"seed": 3, "checkpoint_interval": 7}
    whole = run_md(slab(), "emt", STAGES, **options)
    path, taken = tmp_path / "md.npz", []
    for step in pauses:
        part = run_md(
            slab(), "emt", STAGES, checkpoint=path, pause_at=step, on_step=lambda n, _: taken.append(n), **options
        )
        assert part.n_steps == 47
        assert len(part.temperatures_K) == min(47, 7 * math.ceil(step / 7))
        assert np.array_equal(part.temperatures_K, whole.temperatures_K[: len(part.temperatures_K)])
        assert all(
            np.array_equal(one.positions, other.positions)
            for one, other in zip(part.frames, whole.frames, strict=False)
        )
    rest = run_md(slab(), "emt", STAGES, checkpoint=path, on_step=lambda n, _: taken.append(n), **options)
    assert same(rest, whole)
    assert taken == list(range(1, 48))


def test_a_finished_run_is_read_from_its_checkpoint_without_compute(tmp_path):
    origin = slab().positions
    stages = [MDStage(10, 300, frame_interval=5)]
    first = run_md(slab(), Springs(origin), stages, checkpoint=tmp_path / "md.npz")
    idle = Springs(origin)
    again = run_md(slab(), idle, stages, checkpoint=tmp_path / "md.npz")
    assert same(again, first)
    assert idle.n_calls == 0


def test_resuming_counts_on_from_the_checkpoint(tmp_path):
    path, steps = tmp_path / "md.npz", []
    with pytest.raises(StoppedError):
        run_md(slab(), "emt", STAGES, checkpoint=path, checkpoint_interval=10, on_step=stop_at(24))
    run_md(
        slab(), "emt", STAGES, checkpoint=path, checkpoint_interval=10, on_step=lambda step, n: steps.append((step, n))
    )
    assert steps[0] == (21, 47)
    assert steps[-1] == (47, 47)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"seed": 1}, "seed"),
        ({"timestep_fs": 2.0}, "timestep_fs"),
        ({"friction_per_ps": 1.0}, "friction_per_ps"),
        ({"stages": STAGES[:1]}, "stages"),
        ({"potential": EMT()}, "potential"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, change, named):
    path = tmp_path / "md.npz"
    run_md(slab(), "emt", STAGES, checkpoint=path)
    before = path.read_bytes()
    inputs = {"potential": "emt", "stages": STAGES, **change}
    with pytest.raises(InputError, match=rf"md\.npz.*differs in {named}\)"):
        run_md(slab(), inputs.pop("potential"), inputs.pop("stages"), checkpoint=path, **inputs)
    assert path.read_bytes() == before


@pytest.mark.parametrize("change", ["positions", "tags", "constraint", "masses", "cell"])
def test_a_checkpoint_of_another_structure_is_refused(tmp_path, change):
    run_md(slab(), "emt", STAGES, checkpoint=tmp_path / "md.npz")
    other = slab()
    if change == "positions":
        other.positions[-1] += 1e-9
    elif change == "tags":
        other.set_tags(0)
    elif change == "constraint":
        other.set_constraint()
    elif change == "masses":
        other.set_masses([*other.get_masses()[:-1], 64.0])
    else:
        other.set_cell(other.cell.array * 1.0001)
    with pytest.raises(InputError, match="differs in structure"):
        run_md(other, "emt", STAGES, checkpoint=tmp_path / "md.npz")


def test_frames_are_kept_as_asked():
    start = slab()
    start.positions[:] += 0.0
    result = run_md(start, "emt", [MDStage(12, 500, frame_interval=5), MDStage(4, 500), MDStage(4, 500, None, 2)])
    assert [frame.info["step"] for frame in result.frames] == [5, 10, 18, 20]
    assert [frame.info["time_fs"] for frame in result.frames] == [25.0, 50.0, 90.0, 100.0]
    assert result.n_steps == len(result.temperatures_K) == len(result.potential_energies) == 20
    for frame in result.frames:
        step = frame.info["step"]
        assert frame.get_potential_energy() == result.potential_energies[step - 1]
        assert frame.info["temperature_K"] == result.temperatures_K[step - 1]
        assert frame.get_tags().tolist() == start.get_tags().tolist()
        assert frame.constraints[0].index.tolist() == start.constraints[0].index.tolist()
        assert not frame.has("momenta")
        fresh = frame.copy()
        fresh.calc = EMT()
        np.testing.assert_allclose(frame.get_forces(), fresh.get_forces(), atol=1e-10)
    np.testing.assert_array_equal(result.frames[-1].positions, result.final.positions)


def test_the_start_is_left_alone_and_held_atoms_stay():
    start = slab()
    start.calc = SinglePointCalculator(start, energy=1.0)
    before = start.positions.copy()
    result = run_md(start, "emt", STAGES)
    np.testing.assert_array_equal(start.positions, before)
    assert not start.has("momenta")
    assert start.get_potential_energy() == 1.0
    moved = np.linalg.norm(result.final.positions - before, axis=1)
    held = start.constraints[0].index
    assert moved[held].max() == 0.0
    assert np.delete(moved, held).min() > 0.0


def test_the_centre_of_mass_stays_where_nothing_is_held():
    start = bulk("Cu", cubic=True)
    start.set_chemical_symbols(["Cu", "Au", "Cu", "Al"])
    result = run_md(start, "emt", [MDStage(50, 600)])
    np.testing.assert_allclose(result.final.get_center_of_mass(), start.get_center_of_mass(), atol=1e-10)
    assert result.final.constraints == []


@pytest.mark.parametrize("held", [False, True])
def test_the_ensemble_is_canonical(held):
    """Equipartition: kinetic and (on springs) potential energy are kT/2 for each degree of freedom."""
    start = bulk("Cu", cubic=True) * (3, 3, 3)
    if held:
        start.set_constraint(FixAtoms(indices=range(8)))
    dof = 3 * 100 if held else 3 * len(start) - 3
    stages = [MDStage(600, 500)]
    result = run_md(start, Springs(start.positions), stages, friction_per_ps=50, checkpoint_interval=600)
    # Some 30 correlation times of 300 degrees of freedom: the standard error of the means is near 1.5 %.
    assert result.temperatures_K[100:].mean() == pytest.approx(500, rel=0.06)
    assert result.potential_energies[100:].mean() == pytest.approx(dof * units.kB * 500 / 2, rel=0.06)


def test_the_temperature_follows_a_ramp():
    assert MDStage(4, 1000, 200).target_K(1) == 800
    assert MDStage(4, 1000, 200).target_K(4) == 200
    start = bulk("Cu", cubic=True) * (3, 3, 3)
    stages = [MDStage(100, 900), MDStage(300, 900, 100)]
    result = run_md(start, Springs(start.positions), stages, friction_per_ps=50)
    assert result.temperatures_K[50:100].mean() > 700
    assert result.temperatures_K[-20:].mean() < 250


def test_seeds_repeat_and_differ():
    stages = [MDStage(5, 300)]
    first, again, other = (run_md(slab(), "emt", stages, seed=seed) for seed in (1, 1, 2))
    assert same(first, again)
    assert not np.array_equal(first.potential_energies, other.potential_energies)


def blow_up(_, displacements):
    return np.full_like(displacements, 1e4) * np.where(np.arange(len(displacements)) % 2, 1, -1)[:, None]


def not_a_number(step, displacements):
    return displacements * (np.nan if step == 3 else 0.0)


def fail(step, displacements):
    if step == 4:
        raise KeyError("no neighbours")
    return 0.0 * displacements


def fuse(step, displacements):
    """Pull the last atom through the one below it, faster than heat would tell."""
    forces = np.zeros_like(displacements)
    if step >= 1:
        forces[-1] = [0, 0, -0.4]
    return forces


@pytest.mark.parametrize(
    ("forces", "message"),
    [
        (blow_up, r"step 1: exploded"),
        (not_a_number, r"step 3: the potential gives a non-finite forces"),
        (fail, r"step 4: the potential failed: KeyError: 'no neighbours'"),
    ],
)
def test_a_run_that_leaves_the_physics_names_the_step(forces, message):
    start = slab()
    with pytest.raises(MDError, match=message) as caught:
        run_md(start, Springs(start.positions, forces), [MDStage(20, 300)])
    assert str(caught.value.step) in message
    assert len(caught.value.atoms) == len(start)


def test_fused_atoms_are_named():
    start = Atoms("He2", positions=[[0, 0, 0], [0, 0, 2.0]])
    start.set_constraint(FixAtoms([0]))
    with pytest.raises(MDError, match=r"two atoms fused: they are 0\.\d\d Å apart"):
        run_md(start, Springs(start.positions, fuse), [MDStage(200, 1)], timestep_fs=2)


@pytest.mark.parametrize(
    ("stage", "key"),
    [
        ((0, 300), "n_steps"),
        ((True, 300), "n_steps"),
        ((1.5, 300), "n_steps"),
        ((10, 0), "temperature_K"),
        ((10, float("nan")), "temperature_K"),
        ((10, "hot"), "temperature_K"),
        ((10, 300, -1), "final_temperature_K"),
        ((10, 300, None, 0), "frame_interval"),
        ((10, 300, None, 11), "frame_interval"),
    ],
)
def test_bad_stages_are_refused(stage, key):
    with pytest.raises(InputError, match=f"^{key}: "):
        MDStage(*stage)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"timestep_fs": 10.5}, "timestep_fs: 10.5 .* at most 10"),
        ({"timestep_fs": 0}, "timestep_fs"),
        ({"friction_per_ps": -1}, "friction_per_ps"),
        ({"seed": -1}, "seed"),
        ({"checkpoint_interval": 0}, "checkpoint_interval"),
        ({"stages": []}, "stages"),
        ({"atoms": Atoms()}, "no atom that can move"),
        ({"atoms": Atoms("Cu")}, "no atom that can move"),
        ({"atoms": Atoms("Cu2", positions=[[0, 0, 0], [0, 0, 0.3]])}, r"0\.30 Å apart"),
        ({"atoms": Atoms("Cu2", positions=[[0, 0, 0], [0, 0, np.nan]])}, "not a finite number"),
        ({"checkpoint": "nowhere/md.npz"}, "folder of 'nowhere/md.npz'"),
    ],
)
def test_bad_input_is_refused_before_any_compute(inputs, message):
    arguments = {"atoms": slab(), "stages": STAGES, **inputs}
    calculator = Springs(arguments["atoms"].positions)
    with pytest.raises(InputError, match=message):
        run_md(arguments.pop("atoms"), calculator, arguments.pop("stages"), **arguments)
    assert calculator.n_calls == 0


def test_an_element_that_is_not_covered_is_refused():
    with pytest.raises(UnsupportedElementError, match="Li"):
        run_md(bulk("Li", cubic=True), "emt", STAGES)


def test_a_machine_learning_potential_resumes_bit_by_bit(tmp_path):
    start = bulk("Li", cubic=True) * (2, 1, 1)
    stages, options = [MDStage(8, 300)], {"timestep_fs": 2, "checkpoint_interval": 3}
    whole = run_md(start, "chgnet+d3", stages, **options)
    with pytest.raises(StoppedError):
        run_md(start, "chgnet+d3", stages, checkpoint=tmp_path / "md.npz", on_step=stop_at(7), **options)
    assert same(run_md(start, "chgnet+d3", stages, checkpoint=tmp_path / "md.npz", **options), whole)


def test_dynamics_leave_the_three_body_term_out(tmp_path):
    atoms = bulk("Cu", "fcc", a=3.6, cubic=True)
    stages = [MDStage(3, 40)]
    emt = "ase.calculators.emt:EMT"
    file = tmp_path / "run.npz"
    whole = run_md(atoms, f"{emt}+d4@pbe", stages, checkpoint=file)
    pairs = run_md(atoms, f"{emt}+d4pair@pbe", stages)
    # The library adds up what its threads found in any order: equal but for rounding, not bit by bit.
    np.testing.assert_allclose(whole.potential_energies, pairs.potential_energies, rtol=0, atol=1e-9)
    np.testing.assert_allclose(whole.final.positions, pairs.final.positions, rtol=0, atol=1e-9)
    np.testing.assert_allclose(whole.final.get_momenta(), pairs.final.get_momenta(), rtol=0, atol=1e-9)
    assert same(run_md(atoms, f"{emt}+d4pair@pbe", stages, checkpoint=file), whole)  # one and the same run, taken up
