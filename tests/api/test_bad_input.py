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
    (lambda: am.import_calculations("no/such", "pbe"), "no/such"),
    (lambda: am.import_calculations([], "pbe"), "there is no file"),
    (lambda: am.import_calculations("no/such"), "label is missing"),
    (lambda: am.import_calculations(3, "pbe"), "files: 3"),  # type: ignore[arg-type]
    (lambda: am.import_calculations("no/such", "my label"), "not allowed"),
    (lambda: am.import_calculations("no/such", "pbe", corrections="mp2021"), "Did you mean 'mp2020'"),
    (lambda: am.import_calculations("no/such", "pbe", settings={"functionl": "PBE"}), "Did you mean 'functional'"),
    (lambda: am.import_calculations("no/such", "pbe", dry_run="yes"), "dry_run"),  # type: ignore[arg-type]
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
    (lambda: am.hull("Li-Hg", {"Li": 0.0, "Hg": float("inf")}), r"phases\['Hg'\]: inf"),
    (lambda: am.hull("Li-Hg", {"Li": 0.0, "LiHg": -0.4}), "no reference energy for Hg"),
    (lambda: am.hull("Li-Hg", {"Li": 0.0, "Hg": 0.0}, potential="emt"), "nothing to compute"),
    (lambda: am.hull("Li-Hg", database="nowhere.db"), "no structure database"),
    (lambda: am.hull("Li-Hg", {"Li": 0.0}, database="nowhere.db"), "either phases or a database"),
    (lambda: am.compare("Cu-Au"), "^potentials: comparing takes two or more; give a list, or a database"),
    (lambda: am.compare("Cu-Au", []), "^potentials: comparing takes two or more"),
    (lambda: am.compare("Cu-Au", ["emt"]), "^potentials: comparing takes two or more"),
    (lambda: am.compare("Cu-Au", ["emt", "emt"]), "^potentials: emt is there more than once"),
    (lambda: am.compare("Cu-Au", "emt"), "^potentials: 'emt' is not allowed; give a list"),
    (lambda: am.compare("Li-Hg", ["emt", "chgnet"]), "does not cover Li"),
    (lambda: am.compare("Cu-Au", ["emt", "chgnt"]), "Did you mean 'chgnet"),
    (lambda: am.compare("Cu-Au", ["emt", "chgnet"], database="nowhere.db"), "no structure database"),
    (lambda: am.compare("Cu-Au", ["emt", "chgnet"], fmax=0.0), "fmax: 0.0"),
    (lambda: am.surface_energy("Cu_fcc", (0, 0, 0), "emt"), "miller_index|Miller"),
    (lambda: am.surface_energy("Cu_fcc", (1, 0.5, 0), "emt"), "miller_index|Miller"),  # type: ignore[arg-type]
    (lambda: am.surface_energy("Cu_fcc", (1, 1), "emt"), "miller_index|Miller"),
    (lambda: am.surface_energy(molecule("CO"), (1, 1, 1), "emt"), "not a molecule"),
    (lambda: am.surface_energy("Cu_fcc", (1, 1, 1), "emt", termination="Au"), "unknown termination"),
    (lambda: am.surface_energy("Cu_fcc", (1, 1, 1), "emt", n_sizes=1), "n_sizes: 1"),
    (lambda: am.surface_energy("Cu_fcc", (1, 1, 1), "emt", min_slab_size=-3.0), "min_slab_size"),
    (lambda: am.work_of_adhesion(1.0, 2.0, slab_of("Cu", 3.6)), "not some of each"),
    (lambda: am.work_of_adhesion(1.0, None, 3.0, area=49.0), "film: None"),  # type: ignore[arg-type]
    (lambda: am.work_of_adhesion(1.0, 2.0, 3.0), "area: it is missing"),
    (lambda: am.work_of_adhesion(1.0, 2.0, 3.0, area=-49.0), "area: -49.0"),
    (lambda: am.work_of_adhesion(1.0, float("nan"), 3.0, area=49.0), "film: nan"),
    (lambda: am.work_of_adhesion(1.0, 2.0, 3.0, area=49.0, n_interfaces=3), "n_interfaces: 3 .* at most 2"),
    (lambda: am.work_of_adhesion(1.0, 2.0, 3.0, area=49.0, treatment="nvt"), "treatment"),  # type: ignore[arg-type]
    (lambda: am.work_of_adhesion(*[slab_of("Cu", 3.6)] * 3, potential="emt"), "does not hold the atoms"),
    (lambda: am.work_of_adhesion(slab_of("Cu", 3.6), *[slab_of("Au", 4.1)] * 2, potential="emt"), "in-plane cell"),
    (lambda: am.work_of_adhesion(*[slab_of("Cu", 3.6)] * 3, potential="emt", area=3.0), "leave it out"),
    (lambda: am.wetting_curve(0.35, [-1.3]), "area: it is missing"),
    (lambda: am.wetting_curve(0.35, [], **WETTING), "interface_energies"),
    (lambda: am.wetting_curve(0.35, [-1.3], area=-1.0), "area: -1.0"),
    (lambda: am.wetting_curve(float("nan"), [-1.3], **WETTING), "work_of_adhesion: nan"),
    (lambda: am.wetting_curve(0.35, [float("nan")], **WETTING), r"interface_energies\[0\]: nan"),
    (lambda: am.wetting_curve(0.35, [-1.3], temperature_K=-5.0, **WETTING), "temperature_K"),
    (lambda: am.wetting_curve(0.35, [-1.3], solute="K", **WETTING), "was not measured"),
    (lambda: am.wetting_curve(0.35, [-1.3], solvent="W", **WETTING), "was not measured"),
    (lambda: am.wetting_curve(0.35, [-1.3], x_saturation=0.1, **WETTING), "goes with mu_infinity"),
    (lambda: am.wetting_curve(0.35, [-1.3], x=[1.5], **WETTING), r"x\[0\]: 1.5 .*; 1.5 at.% would be 0.015$"),
    (lambda: am.phonons(molecule("CO"), "emt"), "not a molecule"),
    (lambda: am.phonons("Cu_fcc", "emt", displacement=0.0), "displacement: 0.0"),
    (lambda: am.phonons("Cu_fcc", "emt", min_supercell_length=60.0), "60.0 needs a supercell of 13824 atoms.* is 2000"),
    (lambda: am.surface_energy("Cu_fcc", (1, 1, 1), "emt", min_slab_size=190.0, max_slab_atoms=50), "thickest of 3"),
    (lambda: am.surface_energy("Cu_fcc", (10**9, 1, 0), "emt"), "max_slab_atoms is 2000"),
    (lambda: am.surface_energy("Cu_fcc", (1, 1, -2, 0), "emt"), "only a hexagonal cell has"),
    (lambda: am.surface_energy("Mg_hcp", (1, 1, 0, 0), "chgnet"), r"the third is -\(h \+ k\), here -2"),
    (lambda: am.load_job("nowhere.yaml"), "no such input file"),
    (lambda: am.run("nowhere.yaml"), "no such input file"),
    (lambda: am.run("nowhere.yaml", workers=0), "workers: 0"),
    (lambda: am.run("nowhere.yaml", recompute=1), "recompute: 1 is not allowed; give true or false"),  # type: ignore[arg-type]
]


OTHER_UNITS: list[tuple[Callable[[], Any], str]] = [
    (lambda: am.wetting_curve(485.0, [-1.3], **WETTING), "^work_of_adhesion: 485.0 .*; 485 mN/m would be 0.485 J/m²$"),
    (lambda: am.wetting_curve(0.35, [-1.3], surface_tension_J_m2=485, **WETTING), "485 mN/m would be 0.485 J/m²$"),
    (lambda: am.wetting_curve(0.35, [-1.3], surface_tension_J_m2=0, **WETTING), "^surface_tension_J_m2: 0 .* above 0"),
    (
        lambda: am.wetting_curve(0.35, [-1.3], temperature_K=25, **WETTING),
        "^temperature_K: 25 .*; 25 °C would be 298.15 K",
    ),
    (lambda: am.wetting_curve(0.35, [-1.3], area=0.59), "^area: 0.59 .*; 0.59 nm² would be 59 Å²$"),
    (
        lambda: am.wetting_curve(0.35, [-125.0], **WETTING),
        "; -125 kJ/mol would be -1.2955 eV$",
    ),
    (lambda: am.wetting_curve(0.35, [-1.3], **WETTING).at(13.3), "^x: 13.3 .*; 13.3 at.% would be 0.133$"),
    (lambda: am.work_of_adhesion(1.0, 2.0, 3.0, area=0.49), "^area: 0.49 .*; 0.49 nm² would be 49 Å²$"),
    (lambda: am.relax("Cu_fcc", "emt", fmax=20.0), "^fmax: 20.0 .*; 20 meV/Å would be 0.02 eV/Å$"),
    (lambda: am.phonons("Cu_fcc", "emt", min_supercell_length=1100), ".*; 1100 pm would be 11 Å$"),
    (lambda: am.relax(bulk("Cu", a=0.361), "emt"), "^structure: two atoms of Cu are 0.255 Å apart.* would be 2.55 Å"),
    (lambda: am.relax(bulk("Cu", a=361.0), "emt"), "^structure: the cell of Cu has 1.176e[+]07 Å³ per atom"),
    (lambda: am.hull("Cu-Au", [bulk("Cu", a=361.0), "Au_fcc"], potential="emt"), "^hull: the cell of Cu has"),
]


@pytest.mark.usefixtures("_no_compute")
@pytest.mark.parametrize(("call", "said"), OTHER_UNITS, ids=[said for _, said in OTHER_UNITS])
def test_a_value_in_another_unit_is_refused_and_the_unit_named(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        call()


NOT_NUMBERS = [
    "0.3",
    "",
    None,
    float("nan"),
    float("inf"),
    True,
    np.True_,
    [1.0],
    1j,
    {},
    object(),
    np.array([1.0, 2.0]),
]
ENERGIES = {"interface_energies": [-1.3]}
NUMBERS: dict[str, Callable[[Any], Any]] = {
    "work_of_adhesion": lambda value: am.wetting_curve(value, [-1.3], **WETTING),
    "area": lambda value: am.work_of_adhesion(1.0, 2.0, 3.0, area=value),
    "n_interfaces": lambda value: am.work_of_adhesion(1.0, 2.0, 3.0, area=49.0, n_interfaces=value),
    **{
        name: (lambda value, name=name: am.wetting_curve(0.35, [-1.3], **WETTING, **{name: value}))
        for name in ("temperature_K", "work_of_adhesion_standard_error_J_m2", "standard_error_per_solute", "roughness")
    },
    **{
        name: (lambda value, name=name: am.wetting_curve(0.35, [-1.3], **{"mu_infinity": -0.9, **WETTING, name: value}))
        for name in ("surface_tension_J_m2", "mu_infinity", "x_saturation", "drop_radius_mm")
    },
    **{
        name: (
            lambda value, name=name: am.wetting_curve(0.35, **{"interface_energies": [-1.3], **WETTING, name: [value]})
        )
        for name in ("interface_energies", "dry_face_energies", "free_surface_energies", "x")
    },
    **{name: (lambda value, name=name: am.relax("Cu_fcc", "emt", **{name: value})) for name in ("fmax", "max_steps")},
    "phases": lambda value: am.hull("Cu-Au", {"Cu": 0.0, "Au": 0.0, "CuAu": value}),
    "miller_index": lambda value: am.surface_energy("Cu_fcc", (1, 1, value), "emt"),
    **{
        name: (lambda value, name=name: am.surface_energy("Cu_fcc", (1, 1, 1), "emt", **{name: value}))
        for name in ("min_slab_size", "n_sizes", "max_slab_atoms")
    },
    **{
        name: (lambda value, name=name: am.phonons("Cu_fcc", "emt", **{name: value}))
        for name in ("min_supercell_length", "displacement", "max_supercell_atoms")
    },
}
MAY_BE_NONE = {"area", "surface_tension_J_m2", "mu_infinity", "x_saturation", "drop_radius_mm"}


@pytest.mark.usefixtures("_no_compute")
@pytest.mark.parametrize("value", NOT_NUMBERS, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("name", NUMBERS)
def test_what_is_no_number_is_refused_by_name(name: str, value: Any) -> None:
    if value is None and name in MAY_BE_NONE:
        pytest.skip("None says that it was not given")
    with pytest.raises(InputError, match=rf"^{name}"):
        NUMBERS[name](value)


OTHER_KINDS: dict[str, Callable[[Any], Any]] = {
    "x": lambda value: am.wetting_curve(0.35, [-1.3], x=value, **WETTING),
    "solute": lambda value: am.wetting_curve(0.35, [-1.3], solute=value, **WETTING),
    "substrate": lambda value: am.wetting_curve(0.35, [-1.3], substrate=value, **WETTING),
    "treatment": lambda value: am.work_of_adhesion(1.0, 2.0, 3.0, area=49.0, treatment=value),
    "optimizer": lambda value: am.relax("Cu_fcc", "emt", optimizer=value),
    "progress": lambda value: am.phonons("Cu_fcc", "emt", progress=value),
    "phases": lambda value: am.hull("Cu-Au", {"Cu": 0.0, "Au": 0.0, value: -0.1}),
    "database": lambda value: am.hull("Cu-Au", database=value),
    "structure": am.read_structure,
    "path": am.load_job,
    "job": am.run,
}


@pytest.mark.usefixtures("_no_compute")
@pytest.mark.parametrize("value", [3, float("nan"), (), frozenset({1})], ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("name", OTHER_KINDS)
def test_what_is_no_text_path_list_or_truth_value_is_refused_by_name(name: str, value: Any) -> None:
    if name == "x" and not isinstance(value, float | int):
        pytest.skip("a list of nothing, and one of the solute alone, are lists")
    with pytest.raises(InputError, match=rf"^{name}"):
        OTHER_KINDS[name](value)


@pytest.mark.usefixtures("_no_compute")
@pytest.mark.parametrize(("call", "said"), CASES, ids=[said for _, said in CASES])
def test_it_is_refused(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        call()


def test_what_does_not_converge_is_an_error_not_a_result() -> None:
    stretched = bulk("Cu", a=3.9)
    with pytest.raises(RelaxationError, match="not converged after 1 steps"):
        am.relax(stretched, "emt", max_steps=1)
