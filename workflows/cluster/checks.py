"""What can be wrong with a folder of ``amalgamics cluster init``, found before a job waits in the queue for it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import yaml

from ...addresses import redacted
from ...errors import InputError
from ..database.address import is_server
from ..database.mounts import network_file_system
from ..database.structure_database import StructureDatabase
from ..engine.embedded_store import SCHEME
from ..engine.launchpad import count_by_state, open_launchpad
from ..engine.stopping import parse_duration
from .files import LAUNCHPAD_FILE, PLACEHOLDER
from .queue import QueueFile, read_queue_file

Check = tuple[str, bool, str]
_COMMANDS = {"SLURM": ("sbatch", "squeue", "sinfo"), "PBS": ("qsub", "qstat")}
_TIMEOUT_S = 30


def cluster_checks(folder: Path) -> list[Check]:
    """Return (what, whether it is right, what was found) for each thing that pilot jobs need.

    Parameters
    ----------
    folder
        As ``amalgamics cluster init`` wrote it.
    """
    found = [path for name in ("slurm.yaml", "pbs.yaml") if (path := folder / name).is_file()]
    if not found:
        return [
            ("cluster folder", False, f"{folder} has neither slurm.yaml nor pbs.yaml; amalgamics cluster init writes")
        ]
    checks: list[Check] = []
    for path in found:
        try:
            queue_file = read_queue_file(path)
        except InputError as error:
            checks.append((path.name, False, str(error)))
            continue
        partition = queue_file.keys.get("queue")
        checks.append((path.name, True, f"queue: {partition}" if partition else "queue: that of the site's default"))
        checks += _scheduler(queue_file)
        checks.append(_python(queue_file))
        checks += _launchpad(queue_file)
        checks.append(_database(queue_file))
    return checks


def _scheduler(queue_file: QueueFile) -> Iterator[Check]:
    commands = _COMMANDS[queue_file.system]
    missing = [command for command in commands if shutil.which(command) is None]
    text = f"no {', '.join(missing)} here" if missing else ", ".join(commands)
    yield f"{queue_file.system} commands", not missing, text
    asked = parse_duration(str(queue_file.keys["walltime"]), "walltime")
    if queue_file.system == "SLURM" and "sinfo" not in missing:
        yield _within_the_limit(queue_file, asked)
    else:
        yield "walltime", True, f"{queue_file.keys['walltime']}; the limit of the queue was not asked for"


def _within_the_limit(queue_file: QueueFile, asked_s: float) -> Check:
    """Compare the walltime with the limit of the partition, as ``sinfo`` tells it."""
    partition = queue_file.keys.get("queue")
    try:
        told = subprocess.run(
            ["sinfo", "-h", "-o", "%P %l"], capture_output=True, text=True, check=False, timeout=_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        return "walltime", False, f"sinfo does not answer within {_TIMEOUT_S} s"
    if told.returncode:
        return "walltime", False, f"sinfo does not answer ({' '.join(told.stderr.split())[:200]})"
    limits = dict(line.split(maxsplit=1) for line in told.stdout.splitlines() if " " in line)
    default = next((name for name in limits if name.endswith("*")), None)
    limits = {name.rstrip("*"): limit.strip() for name, limit in limits.items()}
    chosen = str(partition) if partition else (default or "").rstrip("*")
    if chosen not in limits:
        return "walltime", False, f"there is no partition {chosen!r}; there are {', '.join(sorted(limits)) or 'none'}"
    limit_s = _limit_s(limits[chosen])
    fits = limit_s is None or asked_s <= limit_s
    return "walltime", fits, f"{queue_file.keys['walltime']}, partition {chosen} allows {limits[chosen]}"


def _limit_s(text: str) -> float | None:
    """Return the seconds of a limit as ``sinfo`` prints it; None for no limit."""
    found = re.fullmatch(r"(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+)", text)
    if not found:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)


def _python(queue_file: QueueFile) -> Check:
    words = shlex.split(str(queue_file.keys["rocket_launch"]))
    programs = [word for word in words if word.startswith("/")]
    if not programs:
        return "python of the script", False, f"no absolute path in rocket_launch: {queue_file.keys['rocket_launch']}"
    there = os.access(programs[0], os.X_OK)
    return "python of the script", there, programs[0] if there else f"{programs[0]} is no program here"


def _several_hosts(queue_file: QueueFile) -> str:
    """Return in words where jobs run at the same time."""
    nodes = int(queue_file.keys.get("nodes", 1))
    return f"a job has {nodes} nodes" if nodes > 1 else "jobs may run on several nodes at once"


def _launchpad(queue_file: QueueFile) -> Iterator[Check]:
    address = queue_file.launchpad or LAUNCHPAD_FILE
    host = address
    if "://" not in address:
        path = Path(address)
        if not path.is_file():
            yield LAUNCHPAD_FILE, False, f"there is no {path}"
            return
        mode = stat.S_IMODE(path.stat().st_mode)
        private = not mode & (stat.S_IRWXG | stat.S_IRWXO)
        yield LAUNCHPAD_FILE, private, f"mode {mode:o}" + ("" if private else f", others may use it; chmod 600 {path}")
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError, OSError):
            content = None
        host = str(content.get("host", "")) if isinstance(content, dict) else ""
        if host in {PLACEHOLDER, ""}:
            yield "LaunchPad of the workers", False, f"{path} has no host yet; fill it in"
            return
    try:
        pad = open_launchpad(address, create=False)
    except InputError as error:
        yield "LaunchPad of the workers", False, redacted(str(error))
        return
    count = sum(count_by_state(pad).values())
    if host.startswith(SCHEME):
        text = f"{host} is an embedded store for one machine, and {_several_hosts(queue_file)}"
        network = network_file_system(Path(host.removeprefix(SCHEME)))
        where = f"; it lies on a network file system ({network})" if network else ""
        yield "LaunchPad of the workers", False, text + where + "; take a MongoDB server, or run --bundle on each node"
    else:
        yield "LaunchPad of the workers", True, f"{redacted(host)} answers, {count} Fireworks"


def _database(queue_file: QueueFile) -> Check:
    """Say whether the structure database will do for several nodes; jobs may name another one."""
    address = queue_file.database
    if address is None:
        return "database of the workers", True, "each job names its own; for several nodes postgresql://user@host/name"
    if is_server(address):
        try:
            StructureDatabase(address).backend.check_usable()
        except InputError as error:
            return "database of the workers", False, redacted(str(error))
        return "database of the workers", True, f"{redacted(address)} answers"
    network = network_file_system(Path(address))
    where = f"on a network file system ({network}), where SQLite's locks may fail, " if network else ""
    reason = _several_hosts(queue_file)
    text = f"{address} is an SQLite file {where}and {reason}; for several nodes postgresql://user@host/name is safe"
    return "database of the workers", not network and int(queue_file.keys.get("nodes", 1)) == 1, text
