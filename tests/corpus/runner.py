"""The command line in this process, with what it said, what it cost and what it left behind."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from amalgamics.cli.main import main

del torch  # imported above so that no refusal is the first to do it

MOST_CPU_S = 2.0
"""What a refusal may cost, without the imports that come before it."""
_ABORTED_AFTER_S = 60


@dataclass(frozen=True)
class Outcome:
    """What one call of the command line did.

    Attributes
    ----------
    code
        Exit code; None where an exception came through, which a user would see as a traceback.
    out, err
        What was printed.
    cpu_s
        Time of the processor, s: another process on the same machine does not count.
    left
        Files and folders that are there now and were not, or were changed.
    """

    code: int | None
    out: str
    err: str
    cpu_s: float
    left: list[str] = field(default_factory=list)

    def problems(self) -> list[str]:
        """Return in which ways this is no proper refusal."""
        lines = self.err.strip().splitlines()
        found = []
        if self.code != 2:
            found.append(f"exit code {self.code}")
        if len(lines) != 1:
            found.append(f"{len(lines)} lines on stderr")
        elif not lines[0].startswith("error: "):
            found.append("the line does not start with 'error: '")
        if len(self.err) > 1000:
            found.append(f"a message of {len(self.err)} characters")
        if any(not character.isprintable() for character in self.err.strip()):
            found.append("unprintable characters")
        if "Traceback" in self.err:
            found.append("a traceback")
        if self.out.strip():
            found.append(f"output {self.out[:80]!r}")
        if self.cpu_s > MOST_CPU_S:
            found.append(f"{self.cpu_s:.1f} s")
        if self.left:
            found.append(f"left {', '.join(self.left)}")
        return found


def run(arguments: Sequence[str], folder: Path) -> Outcome:
    """Run the command line in a folder, as a shell would, and look at what it did."""
    before = _contents(folder)
    out, err = io.StringIO(), io.StringIO()
    here = Path.cwd()
    os.chdir(folder)
    began = time.process_time()
    code: int | None
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _like_a_shell():
            main(list(arguments))
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:
        code = None
        err.write(traceback.format_exc())
    finally:
        cpu_s = time.process_time() - began
        os.chdir(here)
    after = _contents(folder)
    left = sorted({Path(name).parts[0] for name, state in after.items() if before.get(name) != state})
    return Outcome(code, out.getvalue(), err.getvalue(), cpu_s, left)


def _contents(folder: Path) -> dict[str, Any]:
    found = {}
    for path in folder.rglob("*"):
        state = path.lstat()
        found[str(path.relative_to(folder))] = path.is_dir() or (state.st_size, state.st_mtime_ns)
    return found


@contextlib.contextmanager
def _like_a_shell() -> Iterator[None]:
    """Warnings go to stderr, as they do outside pytest, and nothing takes for ever."""

    def show(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        if not issubclass(category, DeprecationWarning | PendingDeprecationWarning | ImportWarning | ResourceWarning):
            sys.stderr.write(f"{category.__name__}: {message}\n")

    def abort(*_: Any) -> None:
        raise TimeoutError(f"not done after {_ABORTED_AFTER_S} s")

    previous = signal.signal(signal.SIGALRM, abort)
    signal.alarm(_ABORTED_AFTER_S)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = show
            yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)
