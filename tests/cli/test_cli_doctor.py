"""What ``amalgamics doctor`` says of a machine: what is missing is not called ok, and what there is to compute with."""

from __future__ import annotations

import importlib.metadata
import json
from types import SimpleNamespace

import pytest
import torch

from amalgamics.cli import doctor as doctor_module
from amalgamics.cli.main import main
from amalgamics.workflows.checks import Check


@pytest.fixture
def found(tmp_path, monkeypatch, capfd):
    """What doctor finds in an empty folder, by name of the check; the exit code is that of ``ok``."""
    monkeypatch.chdir(tmp_path)
    for variable in ("AMALGAMICS_DATABASE", "AMALGAMICS_LAUNCHPAD"):
        monkeypatch.delenv(variable, raising=False)

    def look():
        with pytest.raises(SystemExit) as ended:
            main(["doctor", "--json"])
        checks = json.loads(capfd.readouterr().out)
        assert ended.value.code == (0 if all(check["ok"] for check in checks) else 1)
        assert not list(tmp_path.iterdir())
        return {check["check"]: check for check in checks}

    return look


def test_versions_and_processors_are_told(found, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: f"device {number}")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: SimpleNamespace(total_memory=150e9))
    checks = found()
    assert checks["amalgamics"]["found"] == importlib.metadata.version("amalgamics")
    assert "for this process" in checks["CPU"]["found"]
    assert (checks["GPU"]["state"], checks["GPU"]["found"]) == ("ok", "device 0, 150 GB")


def test_what_is_not_there_is_not_called_ok(found, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(doctor_module, "PACKAGES", ("ase", "no-such-package"))
    checks = found()
    states = {name: checks[name]["state"] for name in ("ase", "no-such-package", "GPU", "LaunchPad", "database")}
    assert states == {
        "ase": "ok",
        "no-such-package": "PROBLEM",
        "GPU": "none",
        "LaunchPad": "none yet",
        "database": "none yet",
    }


def test_a_problem_is_one_whatever_is_absent():
    assert [Check("a", False, "", absent="none").state, Check("a", True, "").state] == ["PROBLEM", "ok"]
