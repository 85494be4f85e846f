"""Calculators in files: found by path, run once, told apart by their content."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from ase.build import bulk

from amalgamics.calculators.potentials import custom, targets
from amalgamics.calculators.potentials.names import UnknownPotentialError, get_calculator, get_potential
from amalgamics.errors import InputError
from amalgamics.permissions import code_names
from amalgamics.workflows.database.fingerprint import identity_of

CODE = """
from ase.calculators.emt import EMT
from beside_it import FACTOR

with open(__file__ + ".log", "a") as log:
    log.write("run ")

class Scaled(EMT):
    def __init__(self, factor=FACTOR):
        super().__init__()
        self.factor = factor
    def calculate(self, *arguments, **more):
        super().calculate(*arguments, **more)
        self.results = {key: self.factor * value for key, value in self.results.items()}

class Inner:
    Scaled = Scaled

ready = Scaled()
def nothing():
    return 3
def stops():
    raise SystemExit(1)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder with a calculator, which is the current one; forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "mycalc.py").write_text(CODE)
    (tmp_path / "beside_it.py").write_text("FACTOR = 0.5\n")
    yield tmp_path
    forget()


def forget() -> None:
    targets._FOLDERS.clear()
    sys.path[:] = [path for path in sys.path if not Path(path).joinpath("beside_it.py").exists()]
    for name in [name for name in sys.modules if name.endswith("_py") or name == "beside_it"]:
        sys.modules.pop(name)
    custom._described.cache_clear()


def energy(given) -> float:
    atoms = bulk("Cu")
    atoms.calc = get_calculator(given)
    return atoms.get_potential_energy()


@pytest.mark.parametrize(
    "given",
    [
        "mycalc.py:Scaled",
        "./mycalc.py:Inner.Scaled",
        "../FOLDER/mycalc.py:ready",
        "link.py:Scaled",
        "a+d3 b:c#1/my calc.v-2+x.py:Scaled",
    ],
)
def test_a_file_is_found_from_the_current_folder(folder, given):
    (folder / "link.py").symlink_to(folder / "mycalc.py")
    odd = folder / "a+d3 b:c#1"
    odd.mkdir()
    for name in ("mycalc.py", "beside_it.py"):
        (odd / name.replace("mycalc", "my calc.v-2+x")).write_text((folder / name).read_text())
    assert energy(given.replace("FOLDER", folder.name)) == pytest.approx(0.5 * energy("emt"))
    log, *others = folder.rglob("*.log")
    assert not others
    assert log.read_text() == "run "
    assert code_names([f"{log.parent}/{log.stem}"], "allow") == (str((log.parent / log.stem).resolve()),)


def test_the_name_does_not_say_where_the_file_lies(folder, monkeypatch, tmp_path_factory):
    potential = get_potential("mycalc.py:Scaled+d3@pbe")
    identity = identity_of(potential.provenance())
    assert (potential.name, potential.model) == ("mycalc.py:Scaled+d3@pbe", "mycalc.py:Scaled")
    other = tmp_path_factory.mktemp("other") / "place"
    folder.rename(other)
    forget()
    monkeypatch.chdir("/")
    moved = get_potential("place/mycalc.py:Scaled+d3@pbe", other.parent)
    assert (moved.name, identity_of(moved.provenance())) == (potential.name, identity)
    assert str(folder) not in repr(moved.provenance())
    with pytest.raises(UnknownPotentialError, match="there is no file"):
        get_calculator(potential.name)


@pytest.mark.parametrize("file", ["mycalc.py", "beside_it.py"])
def test_other_text_is_another_potential(folder, file):
    def identity():
        forget()
        return identity_of(get_potential({"calculator": "mycalc.py:Scaled", "kwargs": {"factor": 2}}).provenance())

    before = identity()
    assert identity() == before
    (folder / file).write_text((folder / file).read_text() + "# a remark\n")
    assert identity() != before


def test_two_files_of_one_name_are_two_potentials(folder):
    (folder / "sub").mkdir()
    (folder / "sub" / "mycalc.py").write_text(CODE.replace("factor=FACTOR", "factor=0.25"))
    found = {given: energy(given) for given in ("mycalc.py:Scaled", "sub/mycalc.py:Scaled")}
    assert found["mycalc.py:Scaled"] == pytest.approx(2 * found["sub/mycalc.py:Scaled"])
    assert energy("mycalc.py:Scaled") == found["mycalc.py:Scaled"]


def test_neighbours_of_one_name_are_not_taken_for_each_other(folder):
    (folder / "sub").mkdir()
    (folder / "sub" / "other.py").write_text(CODE)
    (folder / "sub" / "beside_it.py").write_text("FACTOR = 0.25\n")
    assert energy("mycalc.py:Scaled") == pytest.approx(0.5 * energy("emt"))
    with pytest.raises(UnknownPotentialError, match=r"sub/beside_it.py has the name of .*beside_it.py, which another"):
        get_calculator("sub/other.py:Scaled")
    forget()
    (folder / "alone.py").write_text("from ase.calculators.emt import EMT\n")
    assert energy("alone.py:EMT") == energy("emt")
    assert energy("sub/other.py:Scaled") == pytest.approx(0.25 * energy("emt"))


def test_the_text_is_run_and_nothing_compiled_earlier(folder, monkeypatch):
    """As Python does not see a change that keeps the size of a file, within the second."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    assert energy("mycalc.py:Scaled") == pytest.approx(0.5 * energy("emt"))
    assert not list(folder.glob("__pycache__/mycalc*"))


def test_a_file_does_not_stand_for_an_installed_module(folder):
    (folder / "ase.py").write_text("from mycalc_py import Scaled\n")
    (folder / "numpy.py").write_text("raise RuntimeError('the wrong one')\n")
    (folder / "my calc-2.py").write_text("import numpy\n" + CODE)
    assert energy("my calc-2.py:Scaled") == pytest.approx(0.5 * energy("emt"))
    assert sys.modules["ase"].__name__ == "ase"


@pytest.mark.usefixtures("folder")
def test_objects_take_no_arguments():
    with pytest.raises(InputError, match=r"'mycalc.py:ready' is a calculator already and takes no options: factor"):
        get_potential({"calculator": "mycalc.py:ready", "kwargs": {"factor": 2}}).check_available()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("none.py:Scaled", "there is no file '.*none.py'"),
        (".py:Scaled", "there is no file|give module:attribute"),
        ("mycalc.py:", "give module:attribute"),
        ("mycalc.py:a b", "give module:attribute"),
        ("mycalc.py:Other", "has no 'Other'"),
        ("mycalc.py:Scaled+d3", "needs the functional"),
        ("mycalc.py:Scaled+d3@lda", "one of b3lyp"),
        ("mycalc.py:Scaled+", "METHOD one of"),
        ("mycalc.py:nothing", "gives a int, which is not an ASE calculator"),
        ("mycalc.py:stops", "cannot be built: SystemExit"),
        ("folder.py:Scaled", "there is no file"),
        ("broken.py:Scaled", "cannot be imported: SyntaxError"),
        ("exits.py:Scaled", "cannot be imported: SystemExit"),
        ("raises.py:Scaled", "cannot be imported: RuntimeError: two"),
        ("lacks.py:Scaled", "cannot import 'lacks_py': No module named 'not_there'"),
        ("bytes.py:Scaled", "cannot be imported"),
        ("my\0calc.py:Scaled", "control character"),
        ("~nobody_here/mycalc.py:Scaled", "home directory of a user"),
        ("a,b/mycalc.py:Scaled", "holds a comma"),
        ("my=calc.py:Scaled", "the name of the file may hold"),
        ("https://host/mycalc.py:Scaled", "is a URL"),
        ({"calculator": "mycalc.py:Scaled", "kwargs": {"unknown": 1}}, "cannot be built with options unknown"),
        ({"calculator": "mycalc.py:Scaled", "device": "cpu"}, "device: mycalc.py:Scaled takes no argument 'device'"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(folder, given, told):
    (folder / "folder.py").mkdir()
    (folder / "broken.py").write_text("class\n")
    (folder / "exits.py").write_text("import sys\nsys.exit('bye')\n")
    (folder / "raises.py").write_text("raise RuntimeError('two\\nlines')\n")
    (folder / "lacks.py").write_text("import not_there\n")
    (folder / "bytes.py").write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match=told) as refused:
        get_potential(given).check_available()
    assert "\n" not in str(refused.value)
    assert not any(name in sys.modules for name in ("exits_py", "raises_py", "lacks_py"))
