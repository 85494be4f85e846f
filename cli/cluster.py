"""``amalgamics cluster``: files for the workers of a batch system."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Literal

import typer

COMMANDS = {"init": "Write the files by which pilot workers run on a cluster, and say what to do with them."}


def init(
    scheduler: Annotated[
        Literal["slurm", "pbs"], typer.Option("--scheduler", help="Batch system; pbs was tried for its syntax alone.")
    ] = "slurm",
    partition: Annotated[
        str | None, typer.Option("--partition", help="Partition or queue; default the site's.")
    ] = None,
    walltime: Annotated[str, typer.Option("--walltime", metavar="HH:MM:SS", help="Of one job.")] = "24:00:00",
    nodes: Annotated[int, typer.Option("--nodes", help="Nodes of one job.")] = 1,
    cores: Annotated[int, typer.Option("--cores", help="Cores on each node.")] = 4,
    memory: Annotated[str | None, typer.Option("--memory", help="On each node, for example 16G.")] = None,
    account: Annotated[str | None, typer.Option("--account", help="Whom jobs are charged to.")] = None,
    launchpad: Annotated[
        str | None,
        typer.Option("--launchpad", help="A my_launchpad.yaml to use, or an address; default a file to fill in."),
    ] = None,
    database: Annotated[
        str | None, typer.Option("--database", help="A path, or postgresql://user@host/name, for jobs that name none.")
    ] = None,
    allow_path: Annotated[
        list[Path] | None,
        typer.Option("--allow-path", metavar="DIR", help="What jobs may read and write; default the current folder."),
    ] = None,
    folder: Annotated[Path, typer.Option("--folder", help="Where the files go; seen by all nodes.")] = Path("cluster"),
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Write the queue file, the batch script, and worker and LaunchPad configuration."""
    from ..workflows.cluster.files import write_cluster_files
    from ..workflows.cluster.settings import PilotSettings

    paths = tuple(allow_path or [Path.cwd()])
    settings = PilotSettings(scheduler, partition, walltime, nodes, cores, memory, account, paths)
    written = write_cluster_files(folder, settings, launchpad=launchpad, database=database, force=force)
    typer.echo(f"written to {written.queue_file.parent}: {', '.join(path.name for path in written.written)}; next:")
    first = "fill in host, name and password" if written.to_fill_in else "add the password where one is needed"
    pad, queue_file = _from_here(written.launchpad), _from_here(written.queue_file)
    steps = (
        f"{first}: {pad}",
        f"amalgamics doctor --cluster {_from_here(written.queue_file.parent)}",
        f"amalgamics submit job.yaml --launchpad {pad}",
        f"amalgamics launch --queue {queue_file} --jobs 1 --dry-run, and without --dry-run",
        f"amalgamics status --launchpad {pad}",
    )
    for number, step in enumerate(steps, start=1):
        typer.echo(f"  {number}. {step}")


def _from_here(path: Path) -> str:
    """Return a path as it is given on a command line in this folder."""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if here in path.parents else path))
