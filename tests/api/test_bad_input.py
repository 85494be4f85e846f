"""What is not allowed is refused before anything is computed, naming the argument, its value and what would do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule

import amalgamics as am
from amalgamics.calculators.relaxation import batch, lockstep
from amalgamics.calculators.relaxation import relax as relaxation
from amalgamics.calculators.relaxation.results import RelaxationError
from amalgamics.errors import InputError


@pytest.fixture
def _no_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any evaluation is a failure of the test."""

    def refuse(*_: Any, **__: Any) -> None:
        pytest.fail("something was computed before the input was refused")

    for module in (relaxation, batch, lockstep):
        for name in ("get_calculator", "get_batch_evaluator"):
            monkeypatch.setattr(module, name, refuse, raising=False)
    monkeypatch.setattr("ase.calculators.emt.EMT.calculate", refuse)


def slab_of(symbol: str, a: float) -> Atoms:
    return fcc111(symbol, (1, 1, 2), a=a, vacuum=6.0, periodic=True)


def with_nan() -> Atoms:
    atoms = bulk("Cu", cubic=True)
    atoms.positions[1, 2] = np.nan
    return atoms


WETTING = {"area": 59.0}
CASES: list[tuple[Callable[[], Any], str]] = [
    (lambda: am.potential("chgnt+d3"), "Did you mean 'chgnet"),
    (lambda: am.potential(3), "is not a name"),  # type: ignore[arg-type]
    (lambda: am.relax("LiHg3", potential="emt"), "does not cover Li"),
    (lambda: am.relax("Li_bbc", potential="emt"), "Did you mean 'Li_bcc'"),
    (lambda: am.relax("no/such.cif", potential="emt"), "does not exist"),
    (lambda: am.relax("Cu_fcc", potential="emt", fmax=-1.0), "fmax: -1.0"),
    (lambda: am.relax("Cu_fcc", potential="emt", fmax=float("nan")), "fmax: nan"),
    (lambda: am.relax(molecule("CO"), potential="emt"), "periodic in three directions"),
    (lambda: am.relax(with_nan(), potential="emt"), "not a finite number"),
    (lambda: am.relax(Atoms(), potential="emt"), "no atoms"),
    (lambda: am.relax(17, potential="emt"), "give the name of a phase"),  # type: ignore[arg-type]
    (lambda: am.relax("Cu_fcc", potential=object()), "ASE calculator"),  # type: ignore[arg-type]
    (lambda: am.phases("Li-Hx"), "Did you mean"),
    (lambda: am.read_structure("LiHg2"), "coordinates are unknown"),
    (lambda: am.hull("Cu", potential="emt"), "at least two elements"),
    (lambda: am.hull("Cu-Hg", potential="emt"), "does not cover Hg"),
    (lambda: am.hull("Cu-Au", ["Cu_fcc"], potential="emt"), "no phase of pure Au"),
    (lambda: am.hull("Cu-Au", ["Cu_fcc", "Ag_fcc"], potential="emt"), "Ag is not in the system"),
    (
        lambda: am.hull("Cu-Au", [Atoms("Au2", [[0, 0, 0], [0, 0, 2.5]]), "Cu_fcc", "Au_fcc"], potential="emt"),
        "not a molecule",
    ),
    (lambda: am.hull("Cu-Au", ["Cu_fcc", "Au_fcc", "Cu_fcc"], potential="emt"), "two structures are called 'Cu_fcc'"),
    (lambda: am.hull("Cu-Au", "Cu_fcc", potential="emt"), "a list of structures"),
    (lambda: am.hull("Li-Hg", {"Li": 0.0, "Hg": float("inf")}), "must be finite"),
    (lambda: am.hull("Li-Hg", {"Li": 0.0, "LiHg": -0.4}), "no reference energy for Hg"),
    (lambda: am.hull("Li-Hg", {"Li": 0.0, "Hg": 0.0}, potential="emt"), "nothing to compute"),
    (lambda: am.hull("Li-Hg", database="nowhere.db"), "no structure database"),
    (lambda: am.hull("Li-Hg", {"Li": 0.0}, database="nowhere.db"), "either phases or a database"),
    (lambda: am.surface_energy("Cu_fcc", (0, 0, 0), "emt"), "miller_index|Miller"),
    (lambda: am.surface_energy("Cu_fcc", (1, 0.5, 0), "emt"), "miller_index|Miller"),  # type: ignore[arg-type]
    (lambda: am.surface_energy("Cu_fcc", (1, 1), "emt"), "miller_index|Miller"),
    (lambda: am.surface_energy(molecule("CO"), (1, 1, 1), "emt"), "not a molecule"),
    (lambda: am.surface_energy("Cu_fcc", (1, 1, 1), "emt", termination="Au"), "unknown termination"),
    (lambda: am.surface_energy("Cu_fcc", (1, 1, 1), "emt", n_sizes=1), "n_sizes: 1"),
    (lambda: am.surface_energy("Cu_fcc", (1, 1, 1), "emt", min_slab_size=-3.0), "min_slab_size"),
    (lambda: am.work_of_adhesion(1.0, 2.0, slab_of("Cu", 3.6)), "not some of each"),
    (lambda: am.work_of_adhesion(1.0, 2.0, 3.0), "area: it is missing"),
    (lambda: am.work_of_adhesion(1.0, 2.0, 3.0, area=-49.0), "area is -49.0"),
    (lambda: am.work_of_adhesion(1.0, float("nan"), 3.0, area=49.0), "film is nan"),
    (lambda: am.work_of_adhesion(1.0, 2.0, 3.0, area=49.0, n_interfaces=3), "must be 1 or 2"),
    (lambda: am.work_of_adhesion(1.0, 2.0, 3.0, area=49.0, treatment="nvt"), "treatment"),  # type: ignore[arg-type]
    (lambda: am.work_of_adhesion(*[slab_of("Cu", 3.6)] * 3, potential="emt"), "does not hold the atoms"),
    (lambda: am.work_of_adhesion(slab_of("Cu", 3.6), *[slab_of("Au", 4.1)] * 2, potential="emt"), "in-plane cell"),
    (lambda: am.work_of_adhesion(*[slab_of("Cu", 3.6)] * 3, potential="emt", area=3.0), "leave it out"),
    (lambda: am.wetting_curve(0.35, [-1.3]), "area: it is missing"),
    (lambda: am.wetting_curve(0.35, [], **WETTING), "interface_energies"),
    (lambda: am.wetting_curve(0.35, [-1.3], area=-1.0), "area is -1.0"),
    (lambda: am.wetting_curve(float("nan"), [-1.3], **WETTING), "work_of_adhesion_J_m2 is nan"),
    (lambda: am.wetting_curve(0.35, [float("nan")], **WETTING), "must be finite"),
    (lambda: am.wetting_curve(0.35, [-1.3], temperature_K=-5.0, **WETTING), "temperature_K"),
    (lambda: am.wetting_curve(0.35, [-1.3], solute="K", **WETTING), "was not measured"),
    (lambda: am.wetting_curve(0.35, [-1.3], solvent="W", **WETTING), "was not measured"),
    (lambda: am.wetting_curve(0.35, [-1.3], x_saturation=0.1, **WETTING), "goes with mu_infinity"),
    (lambda: am.wetting_curve(0.35, [-1.3], x=[1.5], **WETTING), "mole fractions"),
    (lambda: am.phonons(molecule("CO"), "emt"), "not a molecule"),
    (lambda: am.phonons("Cu_fcc", "emt", displacement=0.0), "displacement: 0.0"),
    (lambda: am.load_job("nowhere.yaml"), "no such input file"),
    (lambda: am.run("nowhere.yaml"), "no such input file"),
    (lambda: am.run("nowhere.yaml", workers=0), "workers: 0"),
]


@pytest.mark.usefixtures("_no_compute")
@pytest.mark.parametrize(("call", "said"), CASES, ids=[said for _, said in CASES])
def test_it_is_refused(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        call()


def test_what_does_not_converge_is_an_error_not_a_result() -> None:
    stretched = bulk("Cu", a=3.9)
    with pytest.raises(RelaxationError, match="not converged after 1 steps"):
        am.relax(stretched, "emt", max_steps=1)
