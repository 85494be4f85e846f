"""Writing the files of ``amalgamics cluster init``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import yaml

from ...addresses import refuse_password
from ...errors import InputError
from ...files import check_writable, usable_path
from ..database.address import absolute_address, checked_address
from ..engine.embedded_store import SCHEME
from .settings import PilotSettings, quoted_path

LAUNCHPAD_FILE, WORKER_FILE = "my_launchpad.yaml", "my_fworker.yaml"
PLACEHOLDER = "CHANGE-ME"
_PRIVATE, _ORDINARY = 0o600, 0o644

_COMMENTS = {
    "queue": "the partition or queue; FireWorks' word for it is queue, and partition: would be passed over",
    "walltime": "in quotes: YAML reads 24:00:00 without them as a number",
    "account": "whom the job is charged to",
    "nodes": "of one job; the command below then starts a worker on each by srun",
    "mem": "of a node",
    "signal_s": "seconds before the end at which SLURM says so",
    "launchpad": "the file with the password, where one is needed",
    "database": "where a job does not name another; without its password",
    "pre_rocket": "shell commands before the worker starts, such as module load",
    "rocket_launch": "the Python that wrote this file",
}


@dataclass(frozen=True)
class ClusterFiles:
    """What was written.

    Attributes
    ----------
    queue_file
        ``slurm.yaml`` or ``pbs.yaml``, for ``launch --queue``.
    launchpad
        Path of the ``my_launchpad.yaml`` that workers use.
    written
        All files, in the order in which they were written.
    to_fill_in
        Whether the LaunchPad file holds placeholders.
    """

    queue_file: Path
    launchpad: Path
    written: tuple[Path, ...]
    to_fill_in: bool


def write_cluster_files(
    folder: Path,
    settings: PilotSettings,
    *,
    launchpad: str | None = None,
    database: str | None = None,
    force: bool = False,
) -> ClusterFiles:
    """Write what pilot workers need into ``folder``: all files or none.

    Parameters
    ----------
    folder
        Where; made if it is not there. All nodes must see it under this path.
    settings
        The pilot job.
    launchpad
        Address of the LaunchPad without password, or the path of a ``my_launchpad.yaml`` that is used as it is; by
        default a file with placeholders is written.
    database
        Structure database of jobs that name none: a path or a ``postgresql://`` address without password.
    force
        Replace files that are there.

    Raises
    ------
    InputError
        A file is there already, an address holds a password, or the folder cannot be written or named in a script.
    """
    folder = usable_path(folder).resolve()
    template = folder / f"pilot.{settings.scheduler}"
    contents: dict[Path, tuple[str, int]] = {}
    given = None if launchpad is None else _existing_file(launchpad)
    launchpad_file = given or folder / LAUNCHPAD_FILE
    quoted = None if database is None else quoted_path(absolute_address(checked_address(database, "--database")))
    keys = settings.queue_keys(template, quoted_path(launchpad_file), quoted)
    queue_file = folder / f"{settings.scheduler}.yaml"
    contents[queue_file] = (_commented(keys), _ORDINARY)
    source = resources.files(__package__).joinpath("templates", template.name)
    contents[template] = (source.read_text(encoding="utf-8"), _ORDINARY)
    worker = {"name": "pilot", "category": "", "query": "{}"}
    head = "# For FireWorks' own commands; workers of amalgamics name themselves by host and process.\n"
    contents[folder / WORKER_FILE] = (head + yaml.safe_dump(worker, sort_keys=False), _ORDINARY)
    if given is None:
        contents[launchpad_file] = (_launchpad_text(launchpad), _PRIVATE)
    _write_all(folder, contents, force=force)
    return ClusterFiles(queue_file, launchpad_file, tuple(contents), to_fill_in=launchpad is None)


def _existing_file(launchpad: str) -> Path | None:
    """Return the path of a LaunchPad file, None for the address of a LaunchPad."""
    if "://" in launchpad:
        refuse_password(launchpad, "--launchpad", f"leave it out and fill it in in {LAUNCHPAD_FILE}")
        return None
    path = usable_path(launchpad).resolve()
    if not path.is_file():
        raise InputError(f"--launchpad: there is no file {path}; give one, or mongodb://host:port/name")
    return path


def _launchpad_text(address: str | None) -> str:
    """Return a ``my_launchpad.yaml`` without a password, to be filled in where one is needed."""
    if address is None:
        content: dict[str, Any] = {"host": PLACEHOLDER, "port": 27017, "name": "fireworks"}
        content |= {"username": None, "password": None}
        head = "# Fill in the host of the MongoDB server and, where it asks for one, your name and password.\n"
    else:
        if address.startswith(SCHEME):
            address = f"{SCHEME}{usable_path(address.removeprefix(SCHEME)).resolve()}"
        name = "fireworks" if address.startswith(SCHEME) else urlparse(address).path.strip("/") or "fireworks"
        content = {"host": address, "name": name, "uri_mode": True}
        head = "# A password goes into host: mongodb://user:password@server:27017/fireworks\n"
    keep = "# Keep this file to yourself (chmod 600): others could read the password and run what they like here.\n"
    return head + keep + yaml.safe_dump(content, sort_keys=False)


def _commented(keys: Mapping[str, object]) -> str:
    """Return the keys as YAML with comments; those without a value stay as comments to be filled in."""
    lines = ["# Written by `amalgamics cluster init`, read by `amalgamics launch --queue` and FireWorks' own qlaunch."]
    for key, value in keys.items():
        line = f"{key}:" if value is None else _one_line(key, value)
        comment = f"  # {_COMMENTS[key]}" if key in _COMMENTS else ""
        lines.append(("# " if value is None else "") + line + comment)
    return "\n".join(lines) + "\n"


def _one_line(key: str, value: object) -> str:
    if key == "walltime":  # PyYAML would quote only what it reads itself as a number
        return f'{key}: "{value}"'
    return yaml.safe_dump({key: value}, width=10_000, allow_unicode=True).strip()


def _write_all(folder: Path, contents: Mapping[Path, tuple[str, int]], *, force: bool) -> None:
    present = [path.name for path in contents if path.exists() or path.is_symlink()]
    if present and not force:
        raise InputError(f"{folder} has {_listed(present)} already; give --force to replace, or another --folder")
    check_writable(folder, "--folder")
    folder.mkdir(parents=True, exist_ok=True)
    for path, (text, mode) in contents.items():
        unfinished = path.with_name(f".{path.name}.unfinished")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        unfinished.replace(path)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
