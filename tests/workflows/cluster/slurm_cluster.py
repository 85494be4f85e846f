"""A real SLURM of two nodes on this machine, each a host of its own: network namespace, address and name."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue", "sinfo", "scancel")
_PATIENCE_S = 60


def lacking(*programs: str) -> str:
    """Return why these programs cannot be run here; empty when they can."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        return f"no {', '.join(missing)} here"
    return "" if os.geteuid() == 0 else "needs root"


def free_port(address: str = "127.0.0.1") -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


@dataclass
class Host:
    """A network namespace with an address of its own, in which programs run under a host name of their own."""

    name: str
    address: str
    namespace: str

    def command(self, *command: str) -> list[str]:
        """Return the command that runs on this host."""
        renamed = f'hostname {self.name} && exec "$@"'
        # Not by `ip netns exec`, which mounts another /sys without the control groups that slurmd asks for.
        entered = ["nsenter", f"--net=/run/netns/{self.namespace}", "unshare", "--uts"]
        return [*entered, "sh", "-c", renamed, "sh", *command]


@dataclass
class Network:
    """Hosts on a bridge of this machine."""

    address: str
    hosts: list[Host]

    @property
    def subnet(self) -> str:
        """All of its addresses."""
        return f"{self.address.rpartition('.')[0]}.0/24"


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


@contextlib.contextmanager
def hosts_on_a_bridge(*names: str) -> Iterator[Network]:
    """Make a host for each name, and take all away afterwards."""
    tag = uuid.uuid4().hex[:6]
    bridge, subnet = f"am{tag}", f"10.{197}.{int(tag[:2], 16)}"
    hosts = [Host(name, f"{subnet}.{10 + n}", f"am-{tag}-{name}") for n, name in enumerate(names)]
    with contextlib.ExitStack() as undo:
        _ip("link", "add", bridge, "type", "bridge")
        undo.callback(_ip, "link", "delete", bridge)
        _ip("address", "add", f"{subnet}.1/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        for number, host in enumerate(hosts):
            outside, inside = f"am{tag}o{number}", f"am{tag}i{number}"
            _ip("netns", "add", host.namespace)
            undo.callback(_ip, "netns", "delete", host.namespace)
            _ip("link", "add", outside, "type", "veth", "peer", "name", inside)
            _ip("link", "set", outside, "master", bridge, "up")
            _ip("link", "set", inside, "netns", host.namespace)
            _ip("-n", host.namespace, "address", "add", f"{host.address}/24", "dev", inside)
            _ip("-n", host.namespace, "link", "set", inside, "up")
            _ip("-n", host.namespace, "link", "set", "lo", "up")
        yield Network(f"{subnet}.1", hosts)


CONFIGURATION = """
ClusterName=test
SlurmctldHost={controller}({address})
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
SlurmUser=root
SlurmctldPort={port}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
KillWait=20
OverTimeLimit=0
SchedulerParameters=batch_sched_delay=1,sched_interval=1,bf_interval=1
SlurmdParameters=config_overrides
{nodes}
PartitionName=main Nodes={names} Default=YES MaxTime=01:00:00 State=UP
"""


@dataclass
class Slurm:
    """A running SLURM."""

    folder: Path
    network: Network
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *command: str) -> str:
        done = subprocess.run(
            command, env={**os.environ, **self.environment}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def states(self) -> dict[str, str]:
        """State of each job that SLURM remembers, by id."""
        lines = self.run("squeue", "-h", "-t", "all", "-o", "%A %T").splitlines()
        return dict(line.split() for line in lines)

    def wait_for(self, job: str, *states: str, patience_s: float = 240) -> str:
        """Wait until a job is in one of these states."""
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            state = self.states().get(job, "GONE")
            if state in states:
                return state
            assert state in ("PENDING", "CONFIGURING", "RUNNING", "COMPLETING"), f"{job}: {state}\n{self.logs()}"
            time.sleep(0.2)
        raise AssertionError(f"job {job} is {self.states().get(job)}, not {states}\n{self.logs()}")

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-1500:] for path in self.folder.glob("*.log"))


@contextlib.contextmanager
def slurm_running(folder: Path, network: Network) -> Iterator[Slurm]:
    """Start SLURM with a node on each host, and stop it with everything that it runs."""
    munge = folder / "munge"
    for path in (folder / "state", munge):
        path.mkdir(mode=0o700)
    folder.chmod(0o755)
    munge.chmod(0o755)
    key = munge / "key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    port = free_port(network.address)
    topology = "CPUs=2 Boards=1 SocketsPerBoard=1 CoresPerSocket=2 ThreadsPerCore=1 RealMemory=4000 State=UNKNOWN"
    nodes = "\n".join(
        f"NodeName={host.name} NodeAddr={host.address} Port={free_port()} {topology}" for host in network.hosts
    )
    text = CONFIGURATION.format(
        controller=socket.gethostname().split(".")[0],
        address=network.address,
        folder=folder,
        port=port,
        nodes=nodes,
        names=",".join(host.name for host in network.hosts),
    )
    (folder / "slurm.conf").write_text(text)
    slurm = Slurm(folder, network, {"SLURM_CONF": str(folder / "slurm.conf")})
    environment = {**os.environ, **slurm.environment}
    with contextlib.ExitStack() as stop:
        command = ["munged", "--foreground", "--force", f"--key-file={key}", f"--socket={munge}/socket"]
        command += [f"--{name}-file={munge}/{name}" for name in ("pid", "log", "seed")]
        _started(stop, command, environment, folder)
        _wait_until((munge / "socket").exists)
        _started(stop, ["slurmctld", "-D", "-c"], environment, folder)
        for host in network.hosts:
            _started(stop, host.command("slurmd", "-D", "-N", host.name), environment, folder)
        idle = len(network.hosts)
        ask = ["sinfo", "-h", "-t", "idle", "-o", "%D"]
        _wait_until(lambda: _answer(ask, environment) == str(idle), slurm)
        stop.callback(_end_jobs, slurm)
        yield slurm


def _started(stop: contextlib.ExitStack, command: list[str], environment: dict[str, str], folder: Path) -> None:
    log = stop.enter_context((folder / "start.log").open("ab"))
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    stop.callback(_end, process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_jobs(slurm: Slurm) -> None:
    subprocess.run(["scancel", "-u", "root"], env={**os.environ, **slurm.environment}, check=False)
    ask = ["squeue", "-h", "-o", "%A"]
    with contextlib.suppress(AssertionError):
        _wait_until(lambda: not _answer(ask, {**os.environ, **slurm.environment}), slurm)


def _answer(command: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout.strip()


def _wait_until(condition, slurm: Slurm | None = None) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < end, slurm.logs() if slurm else "does not start"
        time.sleep(0.2)
