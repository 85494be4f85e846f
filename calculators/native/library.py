"""Compiling the C sources beside this file, once per machine, and loading what came of it.

The compiled library lies in ``$XDG_CACHE_HOME/amalgamics`` (``~/.cache/amalgamics`` by default), under a name that
follows from the sources, the compiler, its flags and the processor, so that another version, compiler or machine never
meets it. Nothing is compiled by, or loaded from, a folder that someone else could write to.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import platform
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ...files import make_private_directory

SWITCH = "AMALGAMICS_NATIVE"
"""Environment variable; ``0`` leaves the compiled code out."""

SOURCES = Path(__file__).parent / "kernels"
"""Folder of the C sources."""
FLAGS = ("-O3", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC", "-w")
"""Options of the compiler."""
TARGETS = (("-march=native", "-mprefer-vector-width=512"), ("-march=native",), ("-mcpu=native",), ())
"""More of them, of which the first are taken that it accepts. gcc uses half of an AVX-512 register unless told."""
_COMPILERS = ("cc", "gcc", "clang")
_SECONDS = 120
_OTHERS_CAN_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True)
class NativeCode:
    """What became of the C sources on this machine.

    Attributes
    ----------
    library
        The loaded library; None where there is none.
    reason
        What compiled it, or why there is none, in words.
    """

    library: ctypes.CDLL | None
    reason: str


@functools.cache
def native_code() -> NativeCode:
    """Return the compiled library of this machine, compiled now (about a second) if it has not been before.

    Never raises: without a compiler, or with ``AMALGAMICS_NATIVE=0``, there is no library and everything runs on torch.
    """
    if os.environ.get(SWITCH) == "0":
        return NativeCode(None, f"switched off by {SWITCH}=0")
    if not hasattr(os, "getuid"):
        return NativeCode(None, "it is compiled on Linux and macOS only")
    compiler = find_compiler()
    if compiler is None:
        return NativeCode(None, "no C compiler was found (cc, gcc, clang or $CC)")
    try:
        return _load(compiler)
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:  # RuntimeError: no home
        return NativeCode(None, f"{compiler} could not compile it: {_first_line(error)}")


def find_compiler() -> str | None:
    """Return the path of the C compiler: what ``$CC`` names, else the first of cc, gcc and clang; None for none."""
    named = os.environ.get("CC", "").split()
    return next((path for name in (*named[:1], *_COMPILERS) if (path := shutil.which(name))), None)


def _load(compiler: str) -> NativeCode:
    version = _run([compiler, "--version"]).partition("\n")[0].strip()
    path = _cache_directory() / f"kernels-{_digest(compiler, version)}.so"
    if _is_ours(path.parent) and _is_ours(path):
        return NativeCode(ctypes.CDLL(str(path)), version)
    with tempfile.TemporaryDirectory(prefix="amalgamics-") as directory:
        compiled = _compile(compiler, Path(directory) / path.name)
        try:
            _keep(compiled, path)
        except OSError:  # a read-only or full home: this process still has its own
            return NativeCode(ctypes.CDLL(str(compiled)), version)
    return NativeCode(ctypes.CDLL(str(path)), version)


def _compile(compiler: str, path: Path) -> Path:
    for number, target in enumerate(TARGETS, start=1):
        try:
            _run([compiler, *FLAGS, *target, "-o", str(path), *map(str, sorted(SOURCES.glob("*.c")))])
        except subprocess.CalledProcessError:
            if number == len(TARGETS):
                raise
        else:
            return path
    raise AssertionError("there is always a target")


def _keep(compiled: Path, path: Path) -> None:
    """Put the compiled library into the cache in one step, so that another process sees all of it or nothing."""
    make_private_directory(path.parent)
    if not _is_ours(path.parent):
        raise PermissionError(f"{path.parent} can be written by others")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem)
    os.close(handle)
    try:
        shutil.copyfile(compiled, name)
        Path(name).chmod(0o700)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _is_ours(path: Path) -> bool:
    """Return whether a file or folder is there and only this user can write to it."""
    try:
        found = path.stat()
    except OSError:
        return False
    return found.st_uid == os.getuid() and not found.st_mode & _OTHERS_CAN_WRITE


def _cache_directory() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "amalgamics"


def _digest(compiler: str, version: str) -> str:
    digest = hashlib.sha256()
    for part in (compiler, version, *FLAGS, *sum(TARGETS, ()), platform.machine(), _processor()):
        digest.update(part.encode() + b"\0")
    for source in sorted(SOURCES.iterdir()):
        digest.update(source.read_bytes() + b"\0")
    return digest.hexdigest()[:24]


def _processor() -> str:
    """Return what tells processors apart: a home folder is shared by the machines of a cluster."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return "\n".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_SECONDS)
    return done.stdout


def _first_line(error: Exception) -> str:
    text = error.stderr if isinstance(error, subprocess.CalledProcessError) else ""
    return (text or str(error)).strip().partition("\n")[0]
