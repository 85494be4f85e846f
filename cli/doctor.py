"""``amalgamics doctor``: what is there, what is missing, and with ``--deep`` whether it all works together."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import DatabaseOption, JsonOption, LaunchpadOption

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..workflows.checks import Check

PACKAGES = (
    "ase",
    "pymatgen",
    "fireworks",
    "litemongo",
    "pymongo",
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
    deep: Annotated[
        bool, typer.Option("--deep", help="Also run a small job from input to report, half a minute.")
    ] = False,
    as_json: JsonOption = False,
    cluster: Annotated[
        Path | None, typer.Option("--cluster", help="Look through a folder of amalgamics cluster init, too.")
    ] = None,
) -> None:
    """Print what is installed, which weights are found, whether the LaunchPad answers; exit code 1 if one is not."""
    from ..calculators.threads import available_cores
    from .output import print_json, print_rows

    checks = [check for section in _sections(launchpad, database, cluster, deep) for check in section]
    if as_json:
        print_json([_as_json(check) for check in checks])
    else:
        title = (
            f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {available_cores()} cores"
        )
        timed = [() if not deep else ("" if one.seconds is None else f"{one.seconds:.1f}",) for one in checks]
        rows = [(one.name, one.state, *time, one.found) for one, time in zip(checks, timed, strict=True)]
        columns = ("check", "state", *(("s",) if deep else ()), "found")
        print_rows(title, columns, rows, as_json=False, as_csv=False)
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


def _sections(
    launchpad: str | None, database: str | None, cluster: Path | None, deep: bool
) -> Iterator[Iterable[Check]]:
    """Yield the checks, subject by subject; what else there is to check has its place here."""
    from ..workflows import checks
    from ..workflows.defaults import chosen_launchpad

    pad, store = chosen_launchpad(launchpad), checks.chosen_database(database)
    yield _packages()
    yield _processors()
    yield _potentials()
    yield [checks.check_launchpad(pad), checks.check_database(database)]
    yield checks.check_disks(pad, store)
    yield checks.check_credentials(pad)
    if cluster is not None:
        from ..workflows.cluster.checks import cluster_checks

        yield [checks.Check(*row) for row in cluster_checks(cluster)]
    if deep:
        from ..workflows.deep_checks import deep_checks

        with _progress_line() as tell:
            yield list(deep_checks(pad, store, tell))


@contextmanager
def _progress_line() -> Iterator[Callable[[str], None]]:
    """Give a function that shows a line in place of the one before, where somebody looks: not in a file or pipe."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("") as line:
        yield line.update


def _as_json(check: Check) -> dict[str, object]:
    content: dict[str, object] = {"check": check.name, "ok": check.ok, "state": check.state, "found": check.found}
    return content if check.seconds is None else content | {"seconds": round(check.seconds, 2)}


def _packages() -> Iterator[Check]:
    from ..workflows.checks import Check

    for package in ("amalgamics", *PACKAGES):
        try:
            yield Check(package, True, importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            yield Check(package, False, "not installed")


def _potentials() -> Iterator[Check]:
    from ..calculators.potentials.foundation import FOUNDATION_MODELS
    from ..calculators.potentials.names import get_potential, list_potentials
    from ..errors import InputError
    from ..workflows.checks import Check

    for name in list_potentials():
        if "+" in name:
            continue
        potential = get_potential(name)
        try:
            potential.check_available()
        except InputError as error:
            # An optional program that is not there is no problem of this installation.
            yield Check(f"potential {name}", name == "gpaw", str(error), absent="not installed" * (name == "gpaw"))
            continue
        weights = potential.provenance()["weights"]
        text = f"{weights['file']}, sha256 {weights['sha256'][:12]}…" if weights else "no weights needed"
        yield Check(f"potential {name}", True, text)
    for name, model in FOUNDATION_MODELS.items():
        yield Check(f"potential {name}", True, model.state, absent="not installed" * (not model.is_installed))


def _processors() -> Iterator[Check]:
    """Yield what there is to compute with: cores and the device of PyTorch, which is asked for only here."""
    from ..calculators.native.library import native_code
    from ..calculators.threads import available_cores
    from ..workflows.checks import Check

    native = native_code()
    yield Check("compiled code", True, native.reason, absent="none" * (native.library is None))
    cores = available_cores()
    yield Check("CPU", True, f"{cores} core{'s' * (cores != 1)} for this process, {platform.machine()}")
    try:
        import torch
    except ImportError:
        return  # the row of the package says so
    if not torch.cuda.is_available():
        yield Check("GPU", True, f"none that torch {torch.__version__} can use", absent="none")
    for number in range(torch.cuda.device_count()):
        memory = torch.cuda.get_device_properties(number).total_memory
        yield Check("GPU", True, f"{torch.cuda.get_device_name(number)}, {memory / 1e9:.0f} GB")
