"""The identity of a user's calculator: other numbers, another identity; the same text and files, the same one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from amalgamics.calculators.potentials import custom
from amalgamics.calculators.potentials import names as registry
from amalgamics.calculators.potentials.weights import file_sha256

CALCULATORS = """
import functools, os
from pathlib import Path
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.calculators.mixing import SumCalculator
from helpers import EPSILON

SCALE = float(os.environ.get("SCALE", "1"))

class Scaled(EMT):
    def __init__(self):
        super().__init__()
        self._scale = float(os.environ.get("ATTRIBUTE", "1"))
        self.scratch = f"/nowhere/{os.getpid()}"

class Network:
    def __init__(self, path):
        import numpy as np
        self.values = np.array([float(Path(path).read_text())])
    def state_dict(self):
        return {"values": self.values}

class Learned(EMT):
    def __init__(self):
        super().__init__()
        self.model = Network(os.environ["MODEL"])

def make():
    return LennardJones(sigma=3.4, epsilon=EPSILON)
def from_environment():
    return LennardJones(sigma=float(os.environ.get("SIGMA", "3")))
def from_file():
    return LennardJones(sigma=3.0 + len((Path(__file__).parent / "parameters.txt").read_text()))
def closure():
    shift = float(os.environ.get("SHIFT", "0"))
    class Shifted(EMT):
        def shift(self):
            return shift
    return Shifted()
def total():
    return SumCalculator([EMT(), LennardJones(sigma=float(os.environ.get("SIGMA", "3")))])

part = functools.partial(LennardJones, sigma=3.0)
anonymous = lambda: EMT()
ready = EMT()
"""
KINDS = ("make", "Scaled", "Learned", "from_file", "closure", "total", "part", "anonymous", "ready")
PROGRAM = """
import json, sys
from amalgamics.calculators.potentials.names import get_potential
from amalgamics.workflows.database.fingerprint import potential_identity
print(json.dumps({name: potential_identity(get_potential(name)) for name in sys.argv[1:]}))
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "mycalc.py").write_text(CALCULATORS)
    (tmp_path / "helpers.py").write_text("EPSILON = 0.01\n")
    (tmp_path / "parameters.txt").write_text("abc")
    (tmp_path / "model.pt").write_text("1.5")
    return tmp_path


def identities(folder: Path, *names: str, cwd: Path | None = None, **environment: str) -> dict[str, str]:
    """Return the identities as a process of its own finds them."""
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    found = os.environ | {"PYTHONPATH": path, "MODEL": str(folder / "model.pt"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", PROGRAM, *names]
    done = subprocess.run(
        command, env=found | environment, cwd=cwd or folder, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_other_processes_find_the_same_identities(folder, tmp_path_factory):
    names = [f"mycalc:{kind}" for kind in KINDS] + ["ase.calculators.emt:EMT"]
    here = identities(folder, *names, PYTHONHASHSEED="1")
    there = identities(folder, *names, PYTHONHASHSEED="2", cwd=tmp_path_factory.mktemp("elsewhere"))
    assert here == there
    assert len(set(here.values())) == len(names)


@pytest.fixture
def describe(folder, monkeypatch):
    """Return what is behind a name of the module, imported anew as another process would."""
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("MODEL", str(folder / "model.pt"))

    def forget():
        for name in ("mycalc", "helpers"):
            sys.modules.pop(name, None)
        custom._described.cache_clear()

    def again(kind):
        forget()
        return registry.get_potential(f"mycalc:{kind}").provenance()["calculator"]

    yield again
    forget()


@pytest.mark.parametrize(
    ("kind", "file", "content"),
    [
        ("make", "mycalc.py", CALCULATORS.replace("sigma=3.4", "sigma=3.5")),
        ("make", "helpers.py", "EPSILON = 0.02\n"),
        ("from_file", "parameters.txt", "abcd"),
        ("Learned", "model.pt", "1.6"),
    ],
)
def test_an_edited_file_is_another_potential(folder, describe, kind, file, content):
    before = describe(kind)
    assert describe(kind) == before
    (folder / file).write_text(content)
    assert describe(kind) != before


@pytest.mark.parametrize(
    ("kind", "variable"),
    [
        ("from_environment", "SIGMA"),
        ("Scaled", "ATTRIBUTE"),
        ("anonymous", "SCALE"),
        ("closure", "SHIFT"),
        ("total", "SIGMA"),
    ],
)
def test_another_parameter_from_the_environment_is_another_potential(describe, monkeypatch, kind, variable):
    before = describe(kind)
    monkeypatch.setenv(variable, "3.7")
    assert describe(kind) != before


def test_a_package_has_its_version_and_a_file_its_content_in_the_record(folder, describe):
    from ase import __version__

    record = registry.get_potential("ase.calculators.lj:LennardJones+d3@pbe").provenance()["calculator"]
    assert record["packages"] == {"ase": __version__}
    assert record["settings"]["parameters"]["sigma"] == 1.0
    record = describe("from_file")
    assert set(record["code"]) == {"mycalc", "helpers"}
    assert record["constants"]["helpers"] == {"EPSILON": 0.01}
    assert ["parameters.txt", file_sha256(folder / "parameters.txt")] in record["files"]
    assert str(folder) not in json.dumps(record)


UNKNOWN = """
import functools, os
from ase.calculators.emt import EMT
from ase.calculators.dftb import Dftb
from ase.calculators.mixing import SumCalculator
from plotly.graph_objects import Figure  # of another package, and with numbers of its own

class Wrapped(EMT):
    def __init__(self, weights=None, file=None):
        super().__init__()
        self.inside, self.weights, self.file = Figure(), weights, file

class Network:
    def state_dict(self):
        return {"values": 1.0}

program = functools.partial(Dftb, command="dftb+")
both = functools.partial(SumCalculator, [EMT(), Dftb(command="dftb+")])
wrapped = Wrapped
learned = functools.partial(Wrapped, Network())
from_file = functools.partial(Wrapped, None, os.environ["MODEL"])
"""


@pytest.mark.parametrize(
    ("kind", "unknown"),
    [
        ("program", ("the program that Dftb runs",)),
        ("both", ("the program that Dftb runs",)),
        ("wrapped", ("what is in plotly.graph_objs._figure.Figure",)),
        ("learned", ()),  # its weights tell
        ("from_file", ()),  # so does the file
    ],
)
def test_what_nobody_can_know_is_named_and_no_part_of_the_identity(folder, describe, kind, unknown):
    describe("make")  # so that it is forgotten afterwards
    (folder / "mycalc.py").write_text(UNKNOWN)
    record = describe(kind)
    assert registry.get_potential(f"mycalc:{kind}").unknown == unknown
    assert not any(text in json.dumps(record) for text in unknown)


@pytest.mark.parametrize("name", ["emt", "chgnet+d3", "7net-omni", "ase.calculators.lj:LennardJones", "mycalc:total"])
def test_of_most_all_is_known(describe, name):
    describe("make")
    assert registry.get_potential(name).unknown == ()


def test_code_in_no_file_is_not_known(monkeypatch):
    """As in a notebook."""
    module = type(sys)("typed_in")
    exec("from ase.calculators.emt import EMT\nclass Typed(EMT):\n    pass", module.__dict__)
    monkeypatch.setitem(sys.modules, "typed_in", module)
    (text,) = registry.get_potential("typed_in:Typed").unknown
    assert text == "the code of module typed_in, which is in no file"
