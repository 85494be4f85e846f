"""``amalgamics doctor``: what is there and what is missing."""

from __future__ import annotations

import importlib.metadata
import platform
from pathlib import Path
from typing import Annotated

import typer

from .options import DatabaseOption, JsonOption, LaunchpadOption

PACKAGES = (
    "ase",
    "pymatgen",
    "fireworks",
    "litemongo",
    "torch",
    "chgnet",
    "sevenn",
    "dftd3",
    "dftd4",
    "numpy",
    "scipy",
)


def doctor(
    launchpad: LaunchpadOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
    cluster: Annotated[
        Path | None, typer.Option("--cluster", help="Look through a folder of amalgamics cluster init, too.")
    ] = None,
) -> None:
    """Print what is installed, which weights are found, whether the LaunchPad answers; exit code 1 if one is not."""
    from ..calculators.threads import available_cores
    from .output import print_json, print_rows

    checks = [*_packages(), *_potentials(), _launchpad(launchpad), _database(database)]
    if cluster is not None:
        from ..workflows.cluster.checks import cluster_checks

        checks += cluster_checks(cluster)
    if as_json:
        print_json([{"check": name, "ok": ok, "found": found} for name, ok, found in checks])
    else:
        title = (
            f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {available_cores()} cores"
        )
        rows = [(name, "ok" if ok else "PROBLEM", found) for name, ok, found in checks]
        print_rows(title, ("check", "state", "found"), rows, as_json=False, as_csv=False)
    if not all(ok for _, ok, _ in checks):
        raise typer.Exit(1)


def _packages() -> list[tuple[str, bool, str]]:
    found = []
    for package in PACKAGES:
        try:
            found.append((package, True, importlib.metadata.version(package)))
        except importlib.metadata.PackageNotFoundError:
            found.append((package, False, "not installed"))
    return found


def _potentials() -> list[tuple[str, bool, str]]:
    from ..calculators.potentials.names import get_potential, list_potentials
    from ..errors import InputError

    found = []
    for name in list_potentials():
        if "+" in name:
            continue
        potential = get_potential(name)
        try:
            potential.check_available()
        except InputError as error:
            # An optional program that is not there is no problem of this installation.
            found.append((f"potential {name}", name == "gpaw", str(error)))
            continue
        weights = potential.provenance()["weights"]
        text = f"{weights['file']}, sha256 {weights['sha256'][:12]}…" if weights else "no weights needed"
        found.append((f"potential {name}", True, text))
    return found


def _launchpad(url: str | None) -> tuple[str, bool, str]:
    from ..addresses import redacted
    from ..errors import InputError
    from ..workflows.engine.launchpad import count_by_state, open_launchpad
    from ..workflows.spec import chosen_launchpad

    url = chosen_launchpad(url)
    try:
        pad = open_launchpad(url, create=False)
    except InputError as error:
        fresh = "no LaunchPad" in str(error)
        return ("LaunchPad", fresh, str(error))
    return ("LaunchPad", True, f"{redacted(url)} answers, {sum(count_by_state(pad).values())} Fireworks")


def _database(address: str | None) -> tuple[str, bool, str]:
    from ..errors import InputError
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.spec import default_database

    target: object = address or "$AMALGAMICS_DATABASE"
    try:
        target = address or default_database()
        store = StructureDatabase(str(target))
        count = len(store.select())
        kind = store.backend.describe()
    except InputError as error:
        return ("database", False, str(error))
    if not store.backend.exists():
        return ("database", True, f"none yet at {target} ({kind}); the first run makes it")
    return ("database", True, f"{target} ({kind}), {count} structures")
