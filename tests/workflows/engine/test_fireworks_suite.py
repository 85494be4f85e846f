"""FireWorks' own tests on both stores: which pass, and why the others cannot; as docs/workflows.md has it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

import amalgamics

DOCS = Path(amalgamics.__file__).parent / "docs" / "workflows.md"
_LAUNCHPAD = "fireworks/core/tests/test_launchpad.py"

LEFT_OUT = {
    "fireworks/utilities/tests/test_dagflow.py": "needs igraph, an optional package, and no store",
    "fireworks/utilities/tests/test_visualize.py::test_wf_to_graph": (
        "needs graphviz, an optional package, and no store"
    ),
    f"{_LAUNCHPAD}::WorkflowFireworkStatesTest::test_rerun_timed_fws": (
        "kills a process one second after its start: the speed of the machine decides what that hits"
    ),
}
_DETOURS = "wants a result of over 16 MB to be in GridFS; the embedded store keeps it in the launch itself"
_LOGINS = "creates a user with a password; the embedded store has none and refuses the command"
_PYMONGO = "FireWorks itself skips it with pymongo 4"
FAIL = {
    "embedded": {
        f"{_LAUNCHPAD}::GridfsStoredDataTest::test_many_detours": _DETOURS,
        f"{_LAUNCHPAD}::GridfsStoredDataTest::test_many_detours_offline": _DETOURS,
    },
    "mongodb": {},
}
_LOST_RUNS = ("detect_lostruns", "detect_lostruns_defuse", "state_after_run_start")
_SKIPPED_ANYWHERE = {
    **{f"{_LAUNCHPAD}::LaunchPadLostRunsDetectTest::test_{name}": _PYMONGO for name in _LOST_RUNS},
    "fireworks/user_objects/firetasks/tests/test_filepad_tasks.py::FilePadTasksTest::test_getfilesbyquerytask_run": (
        "FireWorks itself skips it: its name was that of another test"
    ),
}
_AUTHENTICATION = ("no_admin_privileges_for_plebs", "authenticating_to_users_db", "authsource_inferred_from_db_name")
SKIPPED = {
    "embedded": {
        **{f"{_LAUNCHPAD}::AuthenticationTest::test_{name}": _LOGINS for name in _AUTHENTICATION},
        **_SKIPPED_ANYWHERE,
    },
    "mongodb": _SKIPPED_ANYWHERE,
}


@pytest.fixture(scope="module")
def data_files(pytestconfig: pytest.Config) -> Path:
    """FireWorks' source distribution, unpacked: the wheel lacks the files that its tests read."""
    assert pytestconfig.cache is not None
    folder = pytestconfig.cache.mkdir("fireworks-sdist")
    version = importlib.metadata.version("fireworks")
    archive = folder / f"fireworks-{version}.tar.gz"
    if not archive.exists():
        wanted = ["--no-deps", "--no-binary", "fireworks", f"fireworks=={version}"]
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "-d", str(folder), *wanted]
        pip = subprocess.run(command, capture_output=True, text=True, check=False)
        if pip.returncode:
            pytest.skip(f"no source distribution of FireWorks: {(pip.stderr.strip().splitlines() or ['?'])[-1]}")
    with tarfile.open(archive) as stream:
        stream.extractall(folder, filter="data")
    return folder / f"fireworks-{version}"


@dataclass
class Suite:
    """A copy of the installed FireWorks with its tests, and the store they are to use."""

    folder: Path
    store: str

    def run(self, *tests: str) -> dict[str, str]:
        """Return what became of each test, by its name."""
        outcomes = self.folder / "outcomes.json"
        outcomes.unlink(missing_ok=True)
        paths = [str(self.folder), str(Path(amalgamics.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "HOME": str(self.folder),  # nobody's own settings of FireWorks
            "AMALGAMICS_ALLOW_IMPORT": "fireworks,fw_tutorials",  # its tests run its own tasks
            "FIREWORKS_STORE": self.store,
            "FIREWORKS_OUTCOMES": str(outcomes),
        }
        command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "fireworks_plugin", "-W", "ignore"]
        command += ["-p", "no:cacheprovider", "-o", "python_files=test_*.py *_tests.py", *tests]
        for name in LEFT_OUT:
            command += ["--deselect" if "::" in name else "--ignore", name]
        tested = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=1800, check=False
        )
        assert outcomes.exists(), tested.stdout + tested.stderr
        print(tested.stdout)  # pytest shows it when the test fails
        return dict(json.loads(outcomes.read_text(encoding="utf-8")))


@pytest.fixture
def suite(url: str, data_files: Path, tmp_path: Path) -> Suite:
    """FireWorks in a folder of its own, to be tested on a fresh store."""
    spec = importlib.util.find_spec("fireworks")
    assert spec is not None
    assert spec.origin is not None
    folder = tmp_path / "suite"
    shutil.copytree(data_files / "fireworks", folder / "fireworks", ignore=shutil.ignore_patterns("*.py"))
    shutil.copytree(Path(spec.origin).parent, folder / "fireworks", dirs_exist_ok=True)
    shutil.copytree(data_files / "fw_tutorials", folder / "fw_tutorials")
    shutil.copy(Path(__file__).with_name("fireworks_plugin.py"), folder)
    return Suite(folder, url)


def names(outcomes: dict[str, str], outcome: str) -> list[str]:
    return sorted(name for name, what in outcomes.items() if what == outcome)


def count_row(kind: str, outcomes: dict[str, str]) -> str:
    """The row of the table in the docs."""
    counts = Counter(outcomes.values())
    title = {"embedded": "embedded store", "mongodb": "MongoDB"}[kind]
    return f"| {title} | {counts['passed']} | {counts['failed']} | {counts['skipped']} |"


@pytest.mark.slow
def test_fireworks_own_tests(suite: Suite):
    kind = "embedded" if suite.store.startswith("sqlite") else "mongodb"
    # One by itself: it expects the ids that a process gives to its first Fireworks.
    alone = "fireworks/tests/master_tests.py::BasicTests::test_parent_connector"
    outcomes = suite.run(alone) | suite.run("fireworks", "--deselect", alone)
    assert names(outcomes, "failed") == sorted(FAIL[kind])
    assert names(outcomes, "skipped") == sorted(SKIPPED[kind])
    assert count_row(kind, outcomes) in DOCS.read_text(encoding="utf-8")


def exception_rows() -> list[str]:
    """The rows of the docs on tests that do not pass, each with store and reason."""
    rows = {}
    for what, by_store in (("fails", FAIL), ("skipped", SKIPPED), ("left out", dict.fromkeys(FAIL, LEFT_OUT))):
        for name in by_store["embedded"] | by_store["mongodb"]:
            stores = [kind for kind, exceptions in by_store.items() if name in exceptions]
            store = "both" if len(stores) > 1 else stores[0]
            short = name.rpartition("/")[2].rpartition("::")[2]
            reason = by_store[stores[0]][name]
            rows[short] = f"| `{short}` | {store} | {what}: {reason} |"
    return sorted(rows.values())


def test_the_docs_name_what_does_not_pass():
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    assert sorted(line for line in lines if line.startswith("| `test_")) == exception_rows()
