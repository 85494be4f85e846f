"""Checkpoints: whole or absent, and exact."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from amalgamics.calculators.dynamics.checkpoint import (
    FrameState,
    MDState,
    describe_run,
    read_checkpoint,
    write_checkpoint,
)
from amalgamics.errors import InputError

RUN = {"structure": "abc", "seed": "0"}
finite = st.floats(-1e12, 1e12)
vectors = arrays(float, (3, 3), elements=finite)


def some_state() -> MDState:
    rng = np.random.default_rng(5)
    rng.standard_normal(3)
    return MDState(
        step=4,
        positions=rng.random((3, 3)),
        momenta=rng.random((3, 3)),
        forces=rng.random((3, 3)),
        energy=-1.25,
        rng_state=rng.bit_generator.state,
        wall_time_s=2.5,
        temperatures_K=[1.0, 2.0, 3.0, 4.0],
        potential_energies=[-1.0, -2.0, -3.0, -4.0],
    )


@settings(deadline=None, max_examples=30)  # files
@given(vectors, vectors, vectors, finite)
def test_numbers_come_back_exactly(tmp_path_factory, positions, momenta, forces, energy):
    path = tmp_path_factory.mktemp("checkpoint") / "md.npz"
    state = some_state()
    state.positions, state.momenta, state.forces, state.energy = positions, momenta, forces, energy
    state.frames = [FrameState(2, 2.0, -2.0, momenta, positions), FrameState(4, 4.0, -4.0, forces, momenta)]
    write_checkpoint(path, RUN, state)
    found = read_checkpoint(path, RUN)
    for name in ("positions", "momenta", "forces"):
        np.testing.assert_array_equal(getattr(found, name), getattr(state, name))
    for name in ("step", "energy", "rng_state", "wall_time_s", "temperatures_K", "potential_energies"):
        assert getattr(found, name) == getattr(state, name)
    for frame, wanted in zip(found.frames, state.frames, strict=True):
        assert (frame.step, frame.temperature_K, frame.energy) == (wanted.step, wanted.temperature_K, wanted.energy)
        np.testing.assert_array_equal(frame.positions, wanted.positions)
        np.testing.assert_array_equal(frame.forces, wanted.forces)


def test_the_random_numbers_go_on(tmp_path):
    state = some_state()
    write_checkpoint(tmp_path / "md.npz", RUN, state)
    first, second = np.random.default_rng(), np.random.default_rng()
    first.bit_generator.state = state.rng_state
    second.bit_generator.state = read_checkpoint(tmp_path / "md.npz", RUN).rng_state
    assert first.random(100).tolist() == second.random(100).tolist()


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "md.npz"
    write_checkpoint(path, RUN, some_state())
    before, broken = path.read_bytes(), some_state()
    broken.rng_state = {"state": object()}
    with pytest.raises(TypeError):
        write_checkpoint(path, RUN, broken)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_what_is_no_checkpoint_is_refused(tmp_path, content):
    path = tmp_path / "md.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"md\.npz' cannot be read"):
        read_checkpoint(path, RUN)


def test_a_cut_off_file_is_refused(tmp_path):
    path = tmp_path / "md.npz"
    write_checkpoint(path, RUN, some_state())
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match="cannot be read"):
        read_checkpoint(path, RUN)


def test_pickled_content_is_never_loaded(tmp_path):
    path = tmp_path / "md.npz"
    np.savez(path, header=np.array([{"format": "amalgamics-md-1"}], dtype=object))
    with pytest.raises(InputError, match="cannot be read"):
        read_checkpoint(path, RUN)


def test_what_differs_is_named(tmp_path):
    write_checkpoint(tmp_path / "md.npz", RUN, some_state())
    with pytest.raises(InputError, match=r"another run \(it differs in seed, structure\)"):
        read_checkpoint(tmp_path / "md.npz", {"structure": "abd", "seed": "1"})


def test_a_calculator_is_told_by_its_class_and_parameters():
    atoms = bulk("Cu")
    first = describe_run(atoms, EMT(), [], seed=0)
    assert first == describe_run(atoms.copy(), EMT(), [], seed=0)
    assert first != describe_run(atoms, EMT(asap_cutoff=True), [], seed=0)
    assert first != describe_run(atoms, "emt", [], seed=0)
