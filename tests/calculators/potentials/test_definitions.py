"""Potentials as mappings and files: what they become, what their identity depends on, and what is refused."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from fireworks.utilities.fw_serializers import reconstitute_dates
from hypothesis import example, given
from hypothesis import strategies as st

from amalgamics.calculators.potentials.definitions import (
    Definition,
    PotentialName,
    check_labels,
    definition_of,
    on_device,
    read_arguments,
    read_definition,
)
from amalgamics.calculators.potentials.names import get_calculator, get_potential
from amalgamics.errors import InputError
from amalgamics.workflows.database.fingerprint import potential_identity

LJ = "ase.calculators.lj:LennardJones"
WITH_DEVICE = "amalgamics.tests.calculators.potentials.own_calculators:WithDevice"

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    # As FireWorks makes times of some texts with a T, and a path stands for the file.
    | st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="T:/"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abcxyz", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
ARGUMENTS = st.dictionaries(st.text("abcdef", min_size=1, max_size=5), PLAIN, max_size=4)


def identity(given: Any) -> str:
    return potential_identity(get_potential(given))


@given(ARGUMENTS)
def test_arguments_are_kept_as_they_are_in_any_order(arguments: dict[str, Any]) -> None:
    text = read_arguments(arguments, None, is_model=False)
    assert json.loads(text) == arguments
    assert read_arguments(dict(reversed(arguments.items())), None, is_model=False) == text


@given(st.text() | st.datetimes().map(lambda time: time.isoformat()) | st.from_regex(r"\d{4}-\d\d?-\d\d?T[\d:.]{1,9}"))
@example("2026-1-1T1:1:1")
def test_fireworks_gives_back_every_text_that_is_not_refused(text: str) -> None:
    try:
        read_arguments({"x": text}, None, is_model=False)
    except InputError:
        return
    assert reconstitute_dates({"x": [text]}) == {"x": [text]}


@given(
    kwargs=ARGUMENTS,
    functional=st.none() | st.sampled_from(["PBE", "r2SCAN"]),
    device=st.none() | st.sampled_from(["cpu", "cuda"]),
    name=st.none() | st.sampled_from(["soft", "a.b-c_1"]),
    dispersion=st.booleans(),
    calculator=st.sampled_from([LJ, "somewhere/mycalc.py:make"]),
)
def test_a_definition_comes_back_from_what_is_stored(
    kwargs: Any, functional: Any, device: Any, name: Any, dispersion: bool, calculator: str
) -> None:
    given = {"calculator": calculator, "kwargs": kwargs, "functional": functional, "device": device, "name": name}
    if functional and dispersion:
        given["dispersion"] = "d4"
    definition = read_definition(given)
    assert definition is not None
    document = json.loads(json.dumps(definition.document()))
    assert read_definition(document) == definition
    assert read_definition(document, Path("/elsewhere")) == definition
    assert read_definition(definition.named) == definition


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"calculator": "chgnet+d3"}, "chgnet+d3"),
        ({"calculator": "chgnet", "dispersion": "d3", "functional": "PBE"}, "chgnet+d3"),
        ({"calculator": LJ}, LJ),
        ({"calculator": LJ, "functional": "pbe", "dispersion": "d3"}, f"{LJ}+d3@pbe"),
        ({"calculator": f"{LJ}+d3@pbe"}, f"{LJ}+d3@pbe"),
    ],
)
def test_a_mapping_that_says_no_more_than_a_name_is_that_name(given, name):
    potential = get_potential(given)
    assert potential == get_potential(name)
    assert type(potential.name) is str


@pytest.mark.parametrize(
    ("given", "name", "relaxes_as"),
    [
        ({"calculator": LJ, "kwargs": {"epsilon": 0.1}}, LJ, LJ),
        ({"calculator": LJ, "name": "soft"}, "soft", "soft"),
        ({"calculator": LJ, "name": "soft", "functional": "pbe", "dispersion": "d4"}, "soft+d4@pbe", "soft+d4pair@pbe"),
        ({"calculator": "chgnet+d3atm", "device": "cuda"}, "chgnet+d3atm", "chgnet+d3"),
        ({"calculator": "mattersim", "functional": "pbe", "dispersion": "d3"}, "mattersim+d3@pbe", "mattersim+d3@pbe"),
        ({"calculator": "mace-mp-0", "dispersion": "d3", "name": "mine"}, "mine+d3", "mine+d3"),
    ],
)
def test_what_a_name_does_not_say_it_carries(given, name, relaxes_as):
    potential = get_potential(given)
    assert (potential.name, potential.relaxation_name) == (name, relaxes_as)
    for known in (potential.name, potential.model, potential.relaxation_name):
        assert isinstance(known, PotentialName)
        assert get_potential(known).name == known
    assert get_potential(potential.name) == potential
    assert get_potential(potential.model).dispersion is None
    for copied in (copy.deepcopy(potential.name), pickle.loads(pickle.dumps(potential.name))):
        assert definition_of(copied) == potential.definition


def test_arguments_reach_the_call_and_the_identity():
    with_them = {"calculator": LJ, "kwargs": {"epsilon": 0.1, "sigma": 2.0}}
    assert get_calculator(with_them).parameters.epsilon == 0.1
    assert identity(with_them) == identity({"calculator": LJ, "kwargs": {"sigma": 2.0, "epsilon": 0.1}})
    others = [{}, {"epsilon": 0.2, "sigma": 2.0}, {"epsilon": 0.1}, {"epsilon": 0.1, "sigma": 2.0, "smooth": False}]
    assert identity(with_them) not in {identity({"calculator": LJ, "kwargs": other}) for other in others}
    assert identity({"calculator": LJ}) == identity(LJ)


def test_a_file_beside_the_job_stands_in_arguments_by_its_absolute_path(tmp_path, monkeypatch):
    jobs, elsewhere = tmp_path / "jobs", tmp_path / "elsewhere"
    for folder in (jobs / "sub", elsewhere):
        folder.mkdir(parents=True)
    for name in ("pot.txt", "sub/deep", "medium", "ü b.txt"):
        (jobs / name).write_text("here")
    (elsewhere / "only.txt").write_text("there")
    monkeypatch.chdir(elsewhere)
    given = {
        "file": "pot.txt",
        "dotted": "./pot.txt",
        "inner": {"list": ["sub/deep", "sub/../pot.txt", 3, None]},
        "blank": "ü b.txt",
        # None of these is a file of the job, or looks like one.
        "word": "medium",
        "folder": "sub",
        "in_folder": "./sub",
        "missing": "none.txt",
        "current": "only.txt",
        "number": "1.5",
        "absolute": str(jobs / "pot.txt"),
        "home": "~/pot.txt",
        "url": "https://host/pot.txt",
        "two": "pot.txt pot.txt",
        "long": "x/" * 3000,
    }
    found = json.loads(read_arguments(given, jobs, is_model=False))
    changed = {key for key in given if found[key] != given[key]}
    assert changed == {"file", "dotted", "inner", "blank"}
    assert (found["file"], found["blank"]) == (str(jobs / "pot.txt"), str(jobs / "ü b.txt"))
    assert Path(found["dotted"]).read_text() == "here"
    assert found["inner"]["list"] == [str(jobs / "sub/deep"), str(jobs / "sub/../pot.txt"), 3, None]
    # In Python there is no job, and what is stored is read again as it is.
    assert json.loads(read_arguments(given, None, is_model=False)) == given
    assert json.loads(read_arguments(found, elsewhere, is_model=False)) == {
        **found,
        "current": str(elsewhere / "only.txt"),
    }


def test_the_content_of_such_a_file_and_not_its_folder_is_in_the_identity(tmp_path):
    calculator = {"calculator": "amalgamics.tests.calculators.potentials.own_calculators:hiding"}
    found = []
    for number, content in enumerate(("one", "one", "other")):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "pot.txt").write_text(content)
        potential = get_potential({**calculator, "kwargs": {"file": "pot.txt"}}, folder)
        assert potential.definition is not None
        assert potential.definition.kwargs == {"file": str(folder / "pot.txt")}
        found.append(potential_identity(potential))
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("key", ["label", "log", "nested", "deep"])
def test_arguments_that_a_calculator_hides_are_in_the_identity(key):
    values = {
        "label": ("a", "b"),
        "log": (1, 2),
        "nested": ({"log": 1}, {"log": 2}),
        "deep": ([[{"x": 1}]], [[{"x": 2}]]),
    }
    calculator = "amalgamics.tests.calculators.potentials.own_calculators:hiding"
    one, other = ({"calculator": calculator, "kwargs": {key: value}} for value in values[key])
    assert identity(one) != identity(other)


def test_the_device_is_recorded_and_not_in_the_identity(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    on = {device: get_potential({"calculator": WITH_DEVICE, "device": device}) for device in ("cpu", "cuda")}
    assert {device: one.provenance()["device"] for device, one in on.items()} == {"cpu": "cpu", "cuda": "cuda"}
    assert get_calculator({"calculator": WITH_DEVICE, "device": "cuda"}).device == "cuda"
    assert len({potential_identity(one) for one in on.values()} | {identity(WITH_DEVICE)}) == 1
    assert get_potential({"calculator": "chgnet", "device": "cuda"}).provenance()["device"] == "cuda"
    assert get_potential("chgnet").provenance()["device"] == "cpu"
    assert identity({"calculator": "chgnet", "device": "cuda"}) == identity("chgnet")
    assert "device" not in get_potential("emt").provenance()


def test_a_device_that_is_not_there_is_refused_before_anything(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    for calculator in (WITH_DEVICE, "chgnet+d3"):
        given = {"calculator": calculator, "device": "cuda"}
        with pytest.raises(InputError, match=r"device: 'cuda' is not there, torch .* give cpu"):
            get_potential(given).check_available()
        with pytest.raises(InputError, match="device: 'cuda' is not there"):
            get_calculator(given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "'calculator' is missing"),
        ({"calculator": 3}, "calculator: 3 is not allowed"),
        ({"calculator": " "}, "calculator: ' ' is not allowed"),
        ({"calculator": LJ, "kwarg": {}}, "unknown key 'kwarg'.*'kwargs'"),
        ({"calculator": LJ, "kwargs": [1]}, r"kwargs: \[1\] is not allowed; give a mapping"),
        ({"calculator": LJ, "kwargs": {"a b": 1}}, "kwargs: 'a b' is not allowed"),
        ({"calculator": LJ, "kwargs": {"_fw_name": 1}}, "kwargs: '_fw_name' is not allowed"),
        ({"calculator": LJ, "kwargs": {3: 1}}, "kwargs: 3 is not allowed"),
        ({"calculator": LJ, "kwargs": {"device": "cpu"}}, "device stands beside kwargs"),
        ({"calculator": LJ, "kwargs": {"x": float("inf")}}, "kwargs.x: inf is not allowed"),
        ({"calculator": LJ, "kwargs": {"x": 2**63}}, "kwargs.x: .* is not allowed"),
        ({"calculator": LJ, "kwargs": {"x": object}}, "kwargs.x: .*plain values of YAML"),
        ({"calculator": LJ, "kwargs": {"x": {"@module": "os"}}}, "kwargs.x: the key '@module' is not allowed"),
        ({"calculator": LJ, "kwargs": {"x": [{"a.b": 1}]}}, "kwargs.x: the key 'a.b' is not allowed"),
        ({"calculator": LJ, "kwargs": {"x": {"$set": 1}}}, "kwargs.x: the key '.set' is not allowed"),
        ({"calculator": LJ, "kwargs": {"x": "2026-01-01T00:00:00"}}, "kwargs.x: .* stored as a time"),
        ({"calculator": LJ, "kwargs": {"x": "a://me:hunter2@b/c"}}, "kwargs.x: it holds a password"),
        ({"calculator": LJ, "kwargs": {"x": "\ud800"}}, "kwargs.x: .*half a character"),
        ({"calculator": LJ, "functional": "lda"}, "functional: unknown functional 'lda'"),
        ({"calculator": LJ, "dispersion": "d3"}, "dispersion d3 needs the functional"),
        ({"calculator": LJ, "dispersion": "d5", "functional": "pbe"}, "dispersion: unknown method 'd5'"),
        ({"calculator": f"{LJ}+d3@pbe", "dispersion": "d3"}, "dispersion: .* names one already"),
        ({"calculator": f"{LJ}+d3@pbe", "functional": "scan"}, "functional: scan is not pbe"),
        ({"calculator": "chgnet", "functional": "scan"}, "functional: chgnet was trained on pbe, not on scan"),
        ({"calculator": "chgnet", "kwargs": {"x": 1}}, "kwargs: chgnet takes none"),
        ({"calculator": "chgnet", "name": "mine"}, "name: chgnet has one already"),
        ({"calculator": "emt", "device": "cpu"}, "device: emt has none"),
        ({"calculator": "emt", "dispersion": "d3"}, "dispersion: emt has no functional"),
        ({"calculator": "chgent"}, "calculator: unknown model 'chgent'.*'chgnet'"),
        ({"calculator": LJ, "device": "gpu"}, "device: 'gpu' is not allowed; give cpu or cuda"),
        ({"calculator": LJ, "device": ["cpu"]}, "device: .* is not allowed"),
        ({"calculator": LJ, "name": "chgnet"}, "name: chgnet is that of another potential"),
        ({"calculator": LJ, "name": "mace-mp-0"}, "name: mace-mp-0 is that of another potential"),
        *(
            ({"calculator": LJ, "name": name}, "name: .* is not allowed")
            for name in ("a:b", "a+b", "", 3, "nan", "True")
        ),
        *(({"calculator": LJ, "name": name}, "name: .* is not allowed") for name in ("x.py", "a b", "Infinity", "é")),
    ],
)
def test_a_mapping_that_means_nothing_is_refused(given, told):
    with pytest.raises(InputError, match=told) as refused:
        get_potential(given)
    assert "\n" not in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_two_of_one_name_that_differ_are_refused():
    one, other = (get_potential({"calculator": LJ, "kwargs": {"epsilon": x}}).name for x in (0.1, 0.2))
    check_labels([one, one, "chgnet+d3", on_cuda := get_potential({"calculator": "chgnet+d3", "device": "cuda"}).name])
    assert on_cuda == "chgnet+d3"
    for pair in ([one, other], [one, LJ], [LJ, one]):
        with pytest.raises(InputError, match=r"two potentials are called 'ase.calculators.lj:LennardJones'"):
            check_labels(pair)


def test_a_device_can_be_given_beside_any_way_to_name_a_potential():
    mapping = {"calculator": "chgnet+d3"}
    there = Definition("chgnet", dispersion="d3", device="cuda")
    for potential in ("chgnet+d3", mapping, get_potential({**mapping, "device": "cpu"}).name):
        assert get_potential(on_device(potential, "cuda")).definition == there
    assert on_device(3, "cuda") == 3
