"""Foundation models: how their packages are called, with packages made up here in their place."""

from __future__ import annotations

import json
import sys
import types
from typing import Any

import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from amalgamics.calculators.potentials import custom
from amalgamics.calculators.potentials.foundation import FOUNDATION_MODELS, build_foundation
from amalgamics.calculators.potentials.names import UnknownPotentialError, get_calculator, get_potential
from amalgamics.cli.main import main
from amalgamics.errors import InputError
from amalgamics.workflows.database.fingerprint import identity_of


@pytest.fixture
def package(monkeypatch):
    """Return what puts a made-up package in the place of that of a model; it notes how it is called."""
    custom._described.cache_clear()

    def put(name: str) -> list[dict[str, Any]]:
        model, calls = FOUNDATION_MODELS[name], []

        def make(**arguments: Any) -> Any:
            calls.append(arguments)
            print("a greeting")
            return EMT()

        parts = model.module.split(".")
        for end in range(1, len(parts) + 1):
            made = types.ModuleType(".".join(parts[:end]))
            made.__path__ = []
            monkeypatch.setitem(sys.modules, made.__name__, made)
        setattr(made, model.attribute, make)
        if name == "orb-v3":
            calculators = types.ModuleType("orb_models.forcefield.calculator")
            calculators.ORBCalculator = lambda model, device: model  # noqa: ARG005
            monkeypatch.setitem(sys.modules, calculators.__name__, calculators)
        return calls

    yield put
    custom._described.cache_clear()


EXPECTED = {
    "mace-mp-0": {"model": "medium", "default_dtype": "float64", "device": "cpu"},
    "orb-v3": {"precision": "float32-highest", "compile": False, "device": "cpu"},
    "mattersim": {"load_path": "MatterSim-v1.0.0-1M.pth", "device": "cpu"},
    "mattersim-5m": {"load_path": "MatterSim-v1.0.0-5M.pth", "device": "cpu"},
    "7net-omni": {"model": "7net-omni", "modal": "mpa", "device": "cpu"},
    "7net-omni-r2scan": {"model": "7net-omni", "modal": "matpes_r2scan", "device": "cpu"},
    "grace-2l-oam": {"model": "GRACE-2L-OAM"},
    "pet-mad": {"model": "pet-mad-s", "version": "1.6.0", "device": "cpu"},
    "nequix-mp": {"model_name": "nequix-mp-1", "backend": "jax", "use_kernel": False},
    "diep": {"device": "cpu"},
}


@pytest.mark.parametrize("name", FOUNDATION_MODELS)
def test_the_package_is_called_as_it_wants(package, capsys, name):
    calls = package(name)
    atoms = bulk("Cu")
    atoms.calc = get_calculator(name)
    assert atoms.get_potential_energy() < 0.1
    assert calls == [EXPECTED[name]]
    assert capsys.readouterr().out == ""
    record = get_potential(name).provenance()
    assert record["calculator"]["class"] == "ase.calculators.emt.EMT"
    assert record["functional"] == FOUNDATION_MODELS[name].functional
    assert record.get("device") == EXPECTED[name].get("device")


@pytest.mark.parametrize("name", [name for name, model in FOUNDATION_MODELS.items() if model.weights])
def test_weights_take_the_place_of_those_that_are_downloaded(package, tmp_path, name):
    calls, model = package(name), FOUNDATION_MODELS[name]
    (tmp_path / "mine.model").write_text("one")
    given = {"calculator": name, "kwargs": {"weights": "mine.model"}, "name": "mine"}
    potential = get_potential(given, tmp_path)
    first = identity_of(potential.provenance())
    assert calls[0][model.weights] == str(tmp_path / "mine.model")
    assert not set(model.replaced) & set(calls[0])
    assert str(tmp_path) not in repr(potential.provenance())
    (tmp_path / "mine.model").write_text("another")
    custom._described.cache_clear()
    assert identity_of(potential.provenance()) != first


def test_the_device_reaches_the_package(package, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    calls = package("mace-mp-0")
    get_calculator({"calculator": "mace-mp-0", "device": "cuda"})
    assert calls[0]["device"] == "cuda"


@pytest.mark.parametrize("name", [name for name in FOUNDATION_MODELS if not name.startswith("7net")])
def test_a_package_that_is_not_there_is_named(name):
    model = FOUNDATION_MODELS[name]
    if model.is_installed:
        pytest.skip("it is installed here")
    command = "'amalgamics.diep.'" if name == "diep" else f"{model.distribution} .in an environment of its own"
    with pytest.raises(
        InputError, match=f"needs the package {model.distribution}, which is not installed: pip install {command}"
    ):
        get_potential(name).check_available()
    assert model.state.startswith("not installed: pip install")


def test_naming_one_imports_nothing():
    for name, model in FOUNDATION_MODELS.items():
        before = set(sys.modules)
        potential = get_potential(name)
        assert (potential.name, potential.functional, potential.dispersion) == (name, model.functional, None)
        if model.functional:
            assert get_potential(f"{name}+d3").functional == model.functional
        assert {new.partition(".")[0] for new in set(sys.modules) - before} <= {"amalgamics"}


def test_an_unknown_name_lists_them_with_what_is_installed():
    with pytest.raises(UnknownPotentialError, match=r"Did you mean 'mace-mp-0'\?.*, not installed: .*orb-v3"):
        get_potential("mace-mp0")


@pytest.mark.parametrize(
    ("name", "kwargs", "device", "told"),
    [
        (
            "mace-mp-0",
            {"model": "https://evil.example.org/x"},
            None,
            "unknown argument 'model'; .* weights, default_dtype",
        ),
        ("grace-2l-oam", {"weights": "x"}, None, "unknown argument 'weights'; grace-2l-oam takes none"),
        ("grace-2l-oam", {}, "cpu", "device: grace-2l-oam takes none"),
        ("mace-mp-0", {"weights": 3}, None, "kwargs.weights: 3 is not allowed"),
        ("mace-mp-0", {"weights": ""}, None, "kwargs.weights: '' is empty"),
        ("mace-mp-0", {"weights": "a,b"}, None, "kwargs.weights: .* holds a comma"),
        ("mace-mp-0", {"weights": "https://host/x"}, None, "kwargs.weights: .* is a URL"),
        ("mace-mp-0", {"weights": "~nobody_here/x"}, None, "kwargs.weights: .* home directory of a user"),
    ],
)
def test_arguments_that_a_model_does_not_take_are_refused(name, kwargs, device, told):
    given = {"calculator": name, "kwargs": kwargs, **({"device": device} if device else {})}
    with pytest.raises(InputError, match=told):
        get_potential(given)


def test_weights_that_are_not_there_are_refused(package, tmp_path):
    package("mace-mp-0")
    with pytest.raises(InputError, match=r"kwargs.weights: there is no file or folder '.*none.model'"):
        get_potential({"calculator": "mace-mp-0", "kwargs": {"weights": "none.model"}}, tmp_path).check_available()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError("no\nnetwork"), "cannot be loaded: OSError: no network; give a file of weights instead"),
        (ImportError("no e3nn"), "mace-torch that is installed cannot be used, .*: ImportError: no e3nn"),
        (AttributeError("gone"), "another version than the one known here: AttributeError: gone"),
    ],
)
def test_what_a_package_raises_is_told_in_one_line(package, monkeypatch, error, told):
    package("mace-mp-0")

    def fail(**_: Any) -> None:
        raise error

    monkeypatch.setattr(sys.modules["mace.calculators"], "mace_mp", fail)
    with pytest.raises(InputError, match=told) as refused:
        build_foundation("mace-mp-0", {}, None)
    assert "\n" not in str(refused.value)


def test_doctor_says_which_are_installed(monkeypatch, tmp_path, capfd):
    monkeypatch.chdir(tmp_path)
    for variable in ("AMALGAMICS_DATABASE", "AMALGAMICS_LAUNCHPAD"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(SystemExit):
        main(["doctor", "--json"])
    checks = {one["check"]: one for one in json.loads(capfd.readouterr().out)}
    for name, model in FOUNDATION_MODELS.items():
        found = checks[f"potential {name}"]
        assert found["ok"]  # what is not there is no problem of this installation
        assert found["state"] == ("ok" if model.is_installed else "not installed")
        assert found["found"].startswith("not installed: pip install" if not model.is_installed else model.distribution)
