"""Energies alone: those of the calculators, in batches and without forces where the evaluator can."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.mixing import SumCalculator
from ase.constraints import FixAtoms

from amalgamics.calculators.potentials import dispersion_sum
from amalgamics.calculators.potentials import energies as module
from amalgamics.calculators.potentials.dispersion import get_dispersion_calculator
from amalgamics.calculators.potentials.energies import potential_energies
from amalgamics.calculators.potentials.lean import LeanCalculator
from amalgamics.calculators.potentials.names import get_calculator
from amalgamics.errors import InputError


class Counted(LeanCalculator):
    """An energy of 0.5 eV times its height for each atom, and what was asked of it."""

    max_atoms = 10

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def evaluate_atoms(self, structures: Sequence[Atoms]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        raise AssertionError(f"forces of {len(structures)} structures were asked for")

    def evaluate_energies(self, structures: Sequence[Atoms]) -> np.ndarray:
        self.batches.append(len(structures))
        return 0.5 * np.concatenate([atoms.positions[:, 2] for atoms in structures])

    def check_elements(self, atoms: Atoms) -> None:
        if "Xe" in atoms.symbols:
            raise InputError("atoms: Xe is not known")


def structures() -> list[Atoms]:
    rng = np.random.default_rng(1)
    return [Atoms(f"Cu{n}", rng.uniform(0, 8, (n, 3)), cell=[8.0] * 3, pbc=True) for n in (3, 4, 3, 12, 2)]


def heights(many: Sequence[Atoms]) -> list[float]:
    return [0.5 * float(atoms.positions[:, 2].sum()) for atoms in many]


def test_batches_are_as_large_as_may_be_and_have_no_forces():
    calculator = Counted()
    assert calculator.energies(structures()) == pytest.approx(heights(structures()))
    assert calculator.batches == [3, 1, 1]
    assert calculator.energies([]).shape == (0,)


@pytest.mark.parametrize(("bad", "named"), [(Atoms(), "there are none"), (Atoms("Xe"), "Xe")])
def test_what_is_not_allowed_is_refused_before_any_evaluation(bad, named):
    calculator = Counted()
    with pytest.raises(InputError, match=named):
        calculator.energies([*structures(), bad])
    assert calculator.batches == []


def test_an_evaluator_without_energies_alone_takes_those_of_all():
    class Plain(Counted):
        evaluate_energies = LeanCalculator.evaluate_energies

        def evaluate_atoms(self, structures: Sequence[Atoms]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            found = Counted.evaluate_energies(self, structures)
            return found, np.zeros((len(found), 3)), np.zeros((len(structures), 3, 3))

    calculator = Plain()
    assert calculator.energies(structures()) == pytest.approx(heights(structures()))
    assert calculator.batches == [3, 1, 1]


def test_a_dispersion_is_added_without_derivatives(monkeypatch):
    calculator = Counted()
    both = SumCalculator([calculator, get_dispersion_calculator("d3", "pbe")])
    monkeypatch.setattr(module, "get_calculator", lambda _: both)
    whole, asked = dispersion_sum.sum_dispersion, []

    def watched(*arguments, derivatives):
        asked.append(derivatives)
        return whole(*arguments, derivatives=derivatives)

    monkeypatch.setattr(dispersion_sum, "sum_dispersion", watched)
    dispersion_sum._remembered_energy.cache_clear()
    found = potential_energies(structures(), "chgnet+d3")
    own = [dispersion_sum.sum_energy(atoms, "d3", "pbe") for atoms in structures()]
    assert found == pytest.approx(np.add(heights(structures()), own))
    assert calculator.batches == [3, 1, 1]
    assert asked == [False] * 5


def test_other_calculators_take_one_after_the_other():
    many = [bulk("Cu", a=3.4 + 0.1 * n) for n in range(3)]
    many[1].set_constraint(FixAtoms([0]))
    wanted = []
    for atoms in many:
        atoms.calc = get_calculator("emt")
        wanted.append(atoms.get_potential_energy())
    assert potential_energies(many, "emt") == pytest.approx(wanted)
    assert potential_energies([], "emt").shape == (0,)
    assert many[1].constraints
