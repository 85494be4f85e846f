"""A pytest plugin for FireWorks' own tests: they take the store of ``$FIREWORKS_STORE`` for a MongoDB on localhost.

``$FIREWORKS_OUTCOMES`` is the file that gets what became of each test, as JSON.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import fireworks
import pytest
from fireworks import fw_config
from fireworks.core import launchpad
from fireworks.utilities import filepad

from amalgamics.workflows.engine import fireworks_compat
from amalgamics.workflows.engine.embedded_store import SCHEME

URL = os.environ["FIREWORKS_STORE"]
OUTCOMES: dict[str, str] = {}

assert Path(fireworks.__file__).is_relative_to(Path.cwd()), (
    "the tests write beside themselves: never where it is installed"
)
fireworks_compat.apply()
_open = fw_config.MongoClient


def client(host: str = "localhost", port: int | None = None, **options: Any) -> Any:
    """Open the store instead of the MongoDB that FireWorks' tests expect on its usual port."""
    del host, port
    if URL.startswith(SCHEME):
        return _open(URL, **options)
    return _open("127.0.0.1", urlparse(URL).port, **options)


for module in (fw_config, launchpad, filepad):
    module.MongoClient = client


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "mongodb: FireWorks' own")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    before = OUTCOMES.get(report.nodeid, "passed")
    OUTCOMES[report.nodeid] = report.outcome if before == "passed" else before


def pytest_sessionfinish() -> None:
    Path(os.environ["FIREWORKS_OUTCOMES"]).write_text(json.dumps(OUTCOMES), encoding="utf-8")
