"""Potentials by name: what they cover, what they are, and that they give what their libraries give."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.stress import full_3x3_to_voigt_6_stress

from amalgamics.calculators.potentials import dispersion_sum
from amalgamics.calculators.potentials import loading as models
from amalgamics.calculators.potentials.cards import MODEL_CARDS
from amalgamics.calculators.potentials.chgnet.evaluator import LeanCHGNet
from amalgamics.calculators.potentials.dispersion import get_dispersion_calculator
from amalgamics.calculators.potentials.elements import describe
from amalgamics.calculators.potentials.loading import load_model
from amalgamics.calculators.potentials.names import (
    UnknownPotentialError,
    UnsupportedElementError,
    get_calculator,
    get_potential,
    list_potentials,
)
from amalgamics.calculators.potentials.weights import weights_path
from amalgamics.errors import InputError

CHGNETS = ["chgnet", "chgnet-r2scan"]
SEVENNETS = ["7net-0", "7net-l3i5", "7net-mf-r2scan"]
LEARNED = CHGNETS + SEVENNETS
CUSTOM = "ase.calculators.lj:LennardJones"


def li_hg() -> Atoms:
    """LiHg, distorted so that no force vanishes."""
    atoms = Atoms("LiHg", scaled_positions=[[0.02, 0.01, 0], [0.5, 0.5, 0.47]], cell=[3.3, 3.2, 3.25], pbc=True)
    atoms.set_cell(atoms.cell.array + 0.05 * np.eye(3)[[1, 2, 0]], scale_atoms=True)
    return atoms


def direct_calculator(model):
    """The calculator of the potential's own package."""
    card = MODEL_CARDS[model]
    if model in CHGNETS:
        from chgnet.model.dynamics import CHGNetCalculator
        from chgnet.model.model import CHGNet

        return CHGNetCalculator(CHGNet.load(model_name=card.version, verbose=False, use_device="cpu"), use_device="cpu")
    from sevenn.calculator import SevenNetCalculator

    path = weights_path(card.package, card.weights)
    return SevenNetCalculator(path, device="cpu", modal="R2SCAN" if model == "7net-mf-r2scan" else None)


@pytest.mark.parametrize("model", LEARNED)
def test_models_give_what_their_libraries_give_in_double_precision(model):
    calculator, direct = get_calculator(model, evaluator="stock"), direct_calculator(model)
    for key in ("energy", "forces", "stress"):
        ours, theirs = calculator.get_property(key, li_hg()), direct.get_property(key, li_hg())
        if np.shape(theirs) == (3, 3):
            theirs = full_3x3_to_voigt_6_stress(theirs)
        assert np.asarray(ours).dtype == np.float64
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-5, err_msg=key)
    assert np.abs(calculator.get_property("forces", li_hg())).max() > 1e-3


@pytest.fixture
def short_three_body_sums(monkeypatch):
    """Sums of triples that take no time; how far they go does not matter where two of them are compared."""
    monkeypatch.setattr(dispersion_sum, "THREE_BODY_CUTOFFS", (5.0, 7.0))


@pytest.mark.usefixtures("short_three_body_sums")
@pytest.mark.parametrize("method", ["d3", "d3atm", "d4", "d4pair"])
@pytest.mark.parametrize("model", LEARNED)
def test_dispersion_is_added_with_the_parameters_of_the_functional(model, method):
    functional = "r2scan" if "r2scan" in model else "pbe"
    summed, bare = get_calculator(f"{model}+{method}"), get_calculator(model)
    alone = get_dispersion_calculator(method, functional)
    for key in ("energy", "forces", "stress"):
        difference = summed.get_property(key, li_hg()) - bare.get_property(key, li_hg())
        np.testing.assert_allclose(difference, alone.get_property(key, li_hg()), atol=2e-5, err_msg=key)


@pytest.mark.parametrize("name", [*CHGNETS, "chgnet+d3"])
def test_the_lean_evaluator_is_the_default_and_equals_the_stock_one(name):
    fast, stock = get_calculator(name), get_calculator(name, evaluator="stock")
    for key, tolerance in (("energy", 1e-5), ("forces", 1e-4), ("stress", 1e-5)):
        found, expected = fast.get_property(key, li_hg()), stock.get_property(key, li_hg())
        np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance, err_msg=key)
    model = fast.mixer.calcs[0] if "+" in name else fast
    assert isinstance(model, LeanCHGNet)


def test_unknown_evaluator_is_refused():
    with pytest.raises(InputError, match="unknown evaluator 'fast'"):
        get_calculator("emt", evaluator="fast")


def test_emt_is_the_one_of_ase():
    atoms = bulk("Cu").copy()
    assert get_calculator("emt").get_property("energy", atoms) == EMT().get_property("energy", atoms)


@pytest.mark.parametrize("model", ["chgnet", "7net-0"])
def test_models_are_loaded_once_whatever_asks(model):
    with ThreadPoolExecutor(4) as pool:
        loaded = {id(module) for module in pool.map(load_model, [model] * 8)}
    assert loaded == {id(load_model(model))}
    stdout = sys.stdout
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(get_calculator, [model] * 16))
    assert sys.stdout is stdout
    first, second = (
        get_calculator(model, evaluator="stock"),
        get_calculator(f"{model}+d3", evaluator="stock").mixer.calcs[0],
    )
    assert first is not second
    assert first.model is second.model is load_model(model)


@pytest.mark.parametrize("model", CHGNETS)
def test_loading_prints_nothing(model, capfd):
    models._load_model.__wrapped__(model, "cpu")
    get_calculator(model, evaluator="stock").get_property("energy", li_hg())
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("model", SEVENNETS)
def test_sevennet_covers_what_its_checkpoint_maps(model):
    from ase.data import atomic_numbers

    numbers = {atomic_numbers[symbol] for symbol in get_potential(model).elements}
    mapped = load_model(model)
    if model == "7net-mf-r2scan":  # no r2SCAN data with Yb: its reference energy is exactly 0 in that fidelity only
        shift = mapped.rescale_atomic_energy.shift.detach().numpy()[mapped.modal_map["R2SCAN"]]
        untrained = {number for number, index in mapped.type_map.items() if shift[index] == 0}
        assert untrained == {atomic_numbers["Yb"]}
        assert numbers == set(mapped.type_map) - untrained
    else:
        assert numbers == set(mapped.type_map)


def test_chgnet_covers_what_its_weights_have_learnt():
    from ase.data import chemical_symbols

    base, tuned = (
        load_model(model).atom_embedding.embedding.weight.detach().cpu().numpy()
        for model in ("chgnet", "chgnet-r2scan")
    )
    symbols = np.array(chemical_symbols[1:95])
    trained = set(symbols[np.linalg.norm(base, axis=1) > 10])  # a random start of 64 numbers has norm 8
    moved = set(symbols[(base != tuned).any(axis=1)])
    assert get_potential("chgnet").elements == trained
    assert get_potential("chgnet-r2scan").elements == moved == trained - {"Yb"}


def test_every_listed_name_is_known_and_named_after_itself():
    names = list_potentials()
    assert len(names) == len(set(names))
    for name in names:
        potential = get_potential(name)
        assert potential.name == name
        assert name == potential.model + (f"+{potential.dispersion}" if potential.dispersion else "")
    methods = ("d3", "d3atm", "d4", "d4pair")
    models_with_dispersion = {f"{model}+{method}" for model in ["gpaw", *LEARNED] for method in methods}
    assert set(names) == {"emt", "gpaw", *LEARNED} | models_with_dispersion


@pytest.mark.parametrize(
    ("name", "relaxes_as"),
    [
        ("emt", "emt"),
        ("chgnet", "chgnet"),
        ("chgnet+d3", "chgnet+d3"),
        ("chgnet+d3atm", "chgnet+d3"),
        ("7net-mf-r2scan+d4", "7net-mf-r2scan+d4pair"),
        ("gpaw+d4pair", "gpaw+d4pair"),
        (f"{CUSTOM}+d4@pbe", f"{CUSTOM}+d4pair@pbe"),
        (f"{CUSTOM}+d3atm@r2scan", f"{CUSTOM}+d3@r2scan"),
        (CUSTOM, CUSTOM),
    ],
)
def test_relaxations_leave_the_three_body_term_out(name, relaxes_as):
    assert get_potential(name).relaxation_name == relaxes_as
    assert get_potential(relaxes_as).relaxation_name == relaxes_as
    assert get_potential(relaxes_as).functional == get_potential(name).functional


def test_the_identity_of_d3_is_what_it_always_was():
    record = get_potential(f"{CUSTOM}+d3@pbe").provenance()
    del record["packages"], record["elements"], record["calculator"]
    assert record == {
        "name": f"{CUSTOM}+d3@pbe",
        "model": CUSTOM,
        "version": None,
        "weights": None,
        "modal": None,
        "settings": None,
        "functional": "pbe",
        "dispersion": {"method": "d3", "functional": "pbe", "damping": "bj", "three_body": False},
    }


@pytest.mark.parametrize("name", ["chgnet+d3atm", "gpaw+d4", f"{CUSTOM}+d4@r2scan"])
def test_provenance_says_what_relaxes_where_the_energy_has_a_three_body_term(name):
    record = get_potential(name).provenance()["dispersion"]
    assert (record["three_body"], record["relaxed_with"]) == (True, "pair terms")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("chgent", "Did you mean 'chgnet'"),
        ("CHGNet+D3", r"Did you mean 'chgnet\+d3'"),
        ("chgnet+d5", r"Did you mean 'chgnet\+d"),
        ("emt+d3", "not fitted to a density functional"),
        ("", "unknown potential ''"),
        (None, "None is not a name"),
        ("no_such_package:Calculator", "no module 'no_such_package'"),
        ("ase.calculators.lj:", "give module:attribute"),
        ("chgnet+d3-atm", r"Did you mean 'chgnet\+d3atm'"),
        ("ase.calculators.lj:LennardJones+d3", r"\+d3@FUNCTIONAL"),
        ("ase.calculators.lj:LennardJones+d5@pbe", "METHOD one of d3, d3atm, d4, d4pair"),
        ("ase.calculators.lj:LennardJones+d3@lda", "one of b3lyp"),
        ("chgnet+d3@pbe", "unknown potential"),
    ],
)
def test_unknown_names_are_refused_with_help(name, told):
    with pytest.raises(UnknownPotentialError, match=told):
        get_potential(name)


@pytest.mark.parametrize(
    ("name", "symbols", "told"),
    [
        ("emt", ["Hg", "Cu"], r"'emt' does not cover Hg \(it covers Al, Ni, Cu, Pd, Ag, Pt, Au\).*'chgnet\+d3'"),
        ("emt", ["H"], "does not cover H "),
        ("chgnet+d3", ["Li", "Po"], "does not cover Po .*'module:attribute'"),
        ("chgnet-r2scan", ["Yb"], r"does not cover Yb .*'chgnet\+d3'"),
        ("7net-0+d4", ["Am"], "does not cover Am"),
        ("chgnet", ["Xx"], "Xx: not the symbol of an element"),
        ("ase.calculators.lj:LennardJones+d3@pbe", ["Rf"], "does not cover Rf"),
    ],
)
def test_elements_not_covered_are_refused(name, symbols, told):
    with pytest.raises(UnsupportedElementError, match=told):
        get_potential(name).check_elements(symbols)


def test_elements_covered_are_accepted():
    get_potential("emt").check_elements(["Cu", "Au"])
    get_potential("ase.calculators.lj:LennardJones").check_elements(["Og"])
    for name in list_potentials():
        if get_potential(name).model != "emt":
            get_potential(name).check_elements(
                ["Li", "Na", "K", "Mg", "Al", "Zn", "Ag", "Au", "Sn", "Hg", "La", "Ti", "O"]
            )


def test_describe_names_ranges():
    assert describe({"H", "He", "Li", "Hg", "Tl", "Og"}) == "H-Li, Hg, Tl, Og"


def test_a_calculator_of_any_module_is_found():
    atoms = bulk("Ar", a=5.26)
    options = {"sigma": 3.4, "epsilon": 0.01, "rc": 8.0}
    ours = get_calculator("ase.calculators.lj:LennardJones", **options)
    assert ours.get_property("energy", atoms) == LennardJones(**options).get_property("energy", atoms)
    for method in ("d3", "d4"):
        with_it = get_calculator(f"ase.calculators.lj:LennardJones+{method}@pbe", **options).get_property(
            "energy", atoms
        )
        alone = get_dispersion_calculator(method, "pbe").get_property("energy", atoms)
        assert with_it - ours.get_property("energy", atoms) == pytest.approx(alone, abs=1e-9)


def test_a_factory_and_an_instance_work_too(monkeypatch):
    module = types.ModuleType("made_up_for_the_test")
    module.make = lambda: EMT()  # noqa: PLW0108 - a class would be another case
    module.ready = EMT()
    module.number = 3
    module.not_a_calculator = dict
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert isinstance(get_calculator("made_up_for_the_test:make"), EMT)
    assert get_calculator("made_up_for_the_test:ready") is module.ready
    with pytest.raises(InputError, match="takes no options: a"):
        get_calculator("made_up_for_the_test:ready", a=1)
    with pytest.raises(InputError, match="not an ASE calculator"):
        get_calculator("made_up_for_the_test:not_a_calculator")
    with pytest.raises(InputError, match="cannot be built"):
        get_calculator("made_up_for_the_test:number")
    with pytest.raises(UnknownPotentialError, match="has no 'missing'"):
        get_potential("made_up_for_the_test:missing").check_available()


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("chgnet", {"devise": "cpu"}, "Did you mean 'device'"),
        ("7net-0", {"device": "tpu"}, "give cpu, cuda or auto"),
        ("emt", {"device": "cpu"}, "unknown option 'device'"),
        ("gpaw+d3", {"xc": "LDA"}, "does not go with dispersion parameters for PBE"),
    ],
)
def test_options_are_checked(name, options, told):
    with pytest.raises(InputError, match=told):
        get_calculator(name, **options)


@pytest.mark.parametrize("name", list_potentials())
def test_provenance_is_plain_and_repeatable(name):
    record = get_potential(name).provenance()
    assert json.loads(json.dumps(record)) == record == get_potential(name).provenance()
    assert record["name"] == name
    assert str(weights_path("chgnet", "__init__.py").parent) not in json.dumps(record)


def test_provenance_tells_potentials_apart():
    records = {json.dumps(get_potential(name).provenance(), sort_keys=True) for name in list_potentials()}
    assert len(records) == len(list_potentials())
    record = get_potential("7net-mf-r2scan+d3").provenance()
    assert record["modal"] == "R2SCAN"
    assert record["dispersion"] == {"method": "d3", "functional": "r2scan", "damping": "bj", "three_body": False}
    assert len(record["weights"]["sha256"]) == 64
    assert {"ase", "torch", "sevenn", "dftd3"} == set(record["packages"])


def test_names_and_provenance_load_no_model():
    code = (
        "import sys; from amalgamics.calculators.potentials.names import get_potential, list_potentials\n"
        "for name in list_potentials():\n"
        "    get_potential(name).provenance()\n"
        "    name.startswith('gpaw') or get_potential(name).check_available()\n"
        "assert not {'torch', 'chgnet', 'sevenn', 'pymatgen'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
