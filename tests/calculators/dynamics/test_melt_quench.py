"""Melt and quench, and the minima below frames."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.lj import LennardJones
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.calculators.dynamics.melt_quench import MeltQuenchSettings, make_glass, melt_and_quench
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.errors import InputError

SHORT = MeltQuenchSettings(
    melt_temperature_K=900, final_temperature_K=100, melt_steps=10, quench_rate_K_per_ps=8000, final_steps=5
)


@given(st.floats(400, 3000), st.floats(1, 399), st.floats(1, 1e4), st.floats(0.5, 10))
def test_the_ramp_is_no_faster_than_asked(melt, final, rate, timestep):
    settings = MeltQuenchSettings(
        melt_temperature_K=melt, final_temperature_K=final, quench_rate_K_per_ps=rate, timestep_fs=timestep
    )
    steps = settings.quench_steps
    assert (melt - final) / (steps * timestep / 1000) <= rate * (1 + 1e-9)
    assert steps == 1 or (melt - final) / ((steps - 1) * timestep / 1000) > rate * (1 - 1e-9)


def test_the_default_takes_two_picoseconds_to_cool():
    assert [stage.n_steps for stage in MeltQuenchSettings().stages()] == [750, 1000, 250]
    assert len(MeltQuenchSettings(final_steps=0).stages()) == 2


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"final_temperature_K": 1000}, "below the melt's 1000 K"),
        ({"melt_temperature_K": -5}, "melt_temperature_K"),
        ({"quench_rate_K_per_ps": 0}, "quench_rate_K_per_ps"),
        ({"melt_steps": 0}, "melt_steps"),
        ({"final_steps": -1}, "final_steps"),
    ],
)
def test_bad_settings_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        MeltQuenchSettings(**values)


def test_a_structure_is_melted_quenched_and_relaxed():
    start = bulk("Cu", cubic=True)
    result = melt_and_quench(start, "emt", SHORT, relaxation=RelaxationSettings(fmax=0.05))
    assert result.dynamics.n_steps == 10 + 50 + 5
    assert np.linalg.norm(result.atoms.get_forces(), axis=1).max() < 0.05
    assert result.atoms.get_potential_energy() < result.dynamics.potential_energies[-1]
    assert not result.atoms.has("momenta")
    rigid = melt_and_quench(start, "emt", SHORT)
    assert rigid.relaxation is None
    np.testing.assert_array_equal(rigid.atoms.positions, result.dynamics.final.positions)


def test_an_interrupted_melt_goes_on(tmp_path):
    start, path = bulk("Cu", cubic=True), tmp_path / "glass.npz"

    def stop(step, _):
        if step == 60:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        melt_and_quench(start, "emt", SHORT, checkpoint=path, on_step=stop)
    seen = []
    resumed = melt_and_quench(start, "emt", SHORT, checkpoint=path, on_step=lambda step, _: seen.append(step))
    assert seen[0] == 51
    np.testing.assert_array_equal(resumed.atoms.positions, melt_and_quench(start, "emt", SHORT).atoms.positions)


def test_a_glass_is_made_from_a_random_packing():
    """The stand-in potential is soft and short-ranged: this is about the way, not the glass."""
    soft = LennardJones(sigma=1.5, epsilon=0.01, rc=4.0)
    settings = MeltQuenchSettings(melt_steps=3, quench_rate_K_per_ps=350000, final_steps=0)
    result = make_glass(soft, 4, seed=2, settings=settings, relaxation=None)
    assert result.atoms.get_chemical_formula() == "Li12P4S16"
    assert result.dynamics.n_steps == 4
