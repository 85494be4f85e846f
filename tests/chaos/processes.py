"""Starting a command line in a process of its own, by a fork of this process.

Most of the life of a real command is imports, in which nothing is written and so nothing can be lost. A fork of a
process that has made them already spends its life where faults can do harm, and many more of them fit into an hour.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn


class Forked:
    """What callers use of ``subprocess.Popen``, for a fork of this process that calls a function."""

    def __init__(self, work: Callable[[], None], output: int, kept: Sequence[int] = ()) -> None:
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            _be_a_process(work, output, kept)

    def poll(self) -> int | None:
        """Return the exit code, None while it lives."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code."""
        end = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired("a fork", float(timeout or 0))
            time.sleep(0.01)
        return int(self.returncode or 0)

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


def _be_a_process(work: Callable[[], None], output: int, kept: Sequence[int]) -> NoReturn:
    """Become what ``exec`` would make: a session of its own, standard streams, no files but those kept."""
    code = 1
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        _let_go_of_others({0, 1, 2, *kept}, nothing)
        gc.freeze()  # what the parent had is not tidied up here
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - lives as long as the process
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        work()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except KeyboardInterrupt:  # before the command listens to signals
        code = 128 + signal.SIGINT
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _let_go_of_others(kept: set[int], nothing: int) -> None:
    """Let what the parent has open be nothing, so that its pipes end with their own processes."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers of open files, not paths
        if int(name) not in kept | {nothing}:
            with contextlib.suppress(OSError):
                os.fstat(int(name))
                os.dup2(nothing, int(name))


def start_forked(arguments: Sequence[str], folder: Path, environment: Mapping[str, str], output: int) -> Any:
    """Start the command line in a fork of this process; its workers are forks too."""

    def work() -> None:
        from amalgamics.cli.main import main
        from amalgamics.workflows.engine import launching

        _take_over(environment)
        nursery = Nursery()  # in the folder of this process: where processes are tells whose they are
        os.chdir(folder)
        setattr(launching, "subprocess", _Namespace(subprocess, Popen=nursery.start))  # noqa: B010 - no type fits
        main(list(arguments))

    return Forked(work, output)


def _take_over(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # looked up again, where the environment says


class Nursery:
    """A fork made before anything was opened, which makes the forks that become workers.

    A process must not use SQLite files that its parent had open when it was forked.
    """

    def __init__(self) -> None:
        self._socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.codes: dict[int, int] = {}
        if os.fork() == 0:
            self._socket.close()
            with contextlib.suppress(BaseException):
                _serve(other)
            os._exit(0)
        other.close()
        self._socket.setblocking(False)

    def start(self, command: Sequence[str], **options: Any) -> Any:
        """Start a worker, as ``subprocess.Popen`` would."""
        arguments = list(command[command.index("amalgamics.workflows.engine.worker") + 1 :])
        kept = list(options.get("pass_fds", ()))
        request = pickle.dumps((arguments, dict(options["env"]), kept, str(Path.cwd())))
        socket.send_fds(self._socket, [request], [options["stdout"].fileno(), *kept])
        while True:
            message = self.message(block=True)
            if message is not None and message[0] == "started":
                return _Nursed(self, message[1])

    def message(self, *, block: bool = False) -> tuple[str, int] | None:
        """Return what the nursery says, noting exit codes; None when it says nothing."""
        if block:
            select.select([self._socket], [], [])
        try:
            received = self._socket.recv(4096)
        except BlockingIOError:
            return None
        kind, pid, code = pickle.loads(received)
        if kind == "ended":
            self.codes[pid] = code
        return kind, pid


def _serve(requests: socket.socket) -> None:
    """Fork when asked, and tell of ends, until the other side is gone."""
    while True:
        if select.select([requests], [], [], 0.02)[0]:
            request, files, _, _ = socket.recv_fds(requests, 1_000_000, 8)
            if not request:
                return
            arguments, environment, kept, folder = pickle.loads(request)

            moved = list(zip(files[1:], kept, strict=True))
            child = Forked(partial(_work, arguments, environment, moved, folder), files[0], files[1:])
            for number in files:
                os.close(number)
            requests.send(pickle.dumps(("started", child.pid, 0)))
        with contextlib.suppress(ChildProcessError):
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid:
                requests.send(pickle.dumps(("ended", pid, os.waitstatus_to_exitcode(status))))


def _work(arguments: list[str], environment: dict[str, str], moved: list[tuple[int, int]], folder: str) -> None:
    """Be a worker, with the files it is given under the numbers that it expects."""
    from amalgamics.workflows.engine.worker import main

    for received, number in moved:
        os.dup2(received, number)
    _take_over(environment)
    os.chdir(folder)
    main(arguments)


class _Nursed(Forked):
    """A worker, whose exit code the nursery tells."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid, self.returncode = pid, None
        self._nursery = nursery

    def poll(self) -> int | None:
        while self._nursery.message() is not None:
            pass
        self.returncode = self._nursery.codes.get(self.pid)
        return self.returncode


class _Namespace:
    """A module with some of its names replaced."""

    def __init__(self, module: Any, **replaced: Any) -> None:
        self.__dict__.update(vars(module) | replaced)
