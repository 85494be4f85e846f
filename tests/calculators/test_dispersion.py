"""Dispersion corrections: the right parameters, no three-body term, forces that belong to the energies."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.fd import calculate_numerical_forces, calculate_numerical_stress
from dftd3.ase import DFTD3
from dftd4.ase import DFTD4

from amalgamics.calculators.dispersion import FUNCTIONALS, dispersion_provenance, get_dispersion_calculator

# As published: D3(BJ) doi 10.1002/jcc.21759, D4 doi 10.1063/1.5090222, r2SCAN doi 10.1063/5.0041008.
PUBLISHED = {
    ("d3", "pbe"): {"s8": 0.7875, "a1": 0.4289, "a2": 4.4407},
    ("d3", "r2scan"): {"s8": 0.78981345, "a1": 0.49484001, "a2": 5.73083694},
    ("d4", "pbe"): {"s8": 0.95948085, "a1": 0.38574991, "a2": 4.80688534},
    ("d4", "r2scan"): {"s8": 0.60187490, "a1": 0.51559235, "a2": 5.77342911},
}


def crystal() -> Atoms:
    """LiHg, distorted so that no force vanishes."""
    return Atoms(
        "LiHg",
        scaled_positions=[[0.02, 0.01, 0], [0.5, 0.5, 0.47]],
        cell=[[3.3, 0, 0], [0.1, 3.2, 0], [0, 0.05, 3.25]],
        pbc=True,
    )


def energy(calculator, atoms):
    return calculator.get_property("energy", atoms)


@pytest.mark.parametrize(("method", "functional"), PUBLISHED)
def test_parameters_are_the_published_ones_without_three_body(method, functional):
    tweaks = {**PUBLISHED[method, functional], "s6": 1.0, "s9": 0.0}
    direct = DFTD3(damping="d3bj", params_tweaks=tweaks) if method == "d3" else DFTD4(params_tweaks=tweaks)
    ours = get_dispersion_calculator(method, functional)
    assert energy(ours, crystal()) == pytest.approx(energy(direct, crystal()), abs=1e-10)


@pytest.mark.parametrize("method", ["d3", "d4"])
def test_the_three_body_term_would_show(method):
    with_three = {**PUBLISHED[method, "pbe"], "s6": 1.0, "s9": 1.0}
    mercury = bulk("Hg", "rhombohedral", a=3.005, alpha=70.53)
    direct = DFTD3(damping="d3bj", params_tweaks=with_three) if method == "d3" else DFTD4(params_tweaks=with_three)
    assert energy(direct, mercury) - energy(get_dispersion_calculator(method, "pbe"), mercury) > 0.02


@pytest.mark.parametrize("method", ["d3", "d4"])
def test_forces_and_stress_are_the_derivatives_of_the_energy(method):
    atoms = crystal()
    atoms.calc = get_dispersion_calculator(method, "pbe")
    np.testing.assert_allclose(
        atoms.get_forces(), calculate_numerical_forces(atoms, eps=1e-4, force_consistent=False), atol=1e-5
    )
    np.testing.assert_allclose(
        atoms.get_stress(), calculate_numerical_stress(atoms, eps=1e-5, force_consistent=False), atol=1e-5
    )


@pytest.mark.parametrize("functional", FUNCTIONALS)
@pytest.mark.parametrize("method", ["d3", "d4"])
def test_every_functional_binds(method, functional):
    pair = Atoms("Hg2", positions=[[0, 0, 0], [0, 0, 3.5]])
    assert -0.5 < energy(get_dispersion_calculator(method, functional), pair) < 0


def test_provenance_says_what_was_used():
    assert dispersion_provenance("d3", "r2scan") == {
        "method": "d3",
        "functional": "r2scan",
        "damping": "bj",
        "three_body": False,
    }
