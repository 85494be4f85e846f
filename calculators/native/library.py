"""Compiling the C sources beside this file, once per machine, and loading what came of it.

The compiled library lies in ``$XDG_CACHE_HOME/amalgamics`` (``~/.cache/amalgamics`` by default), under a name that
follows from the sources, the compiler, its flags, the processor and its own content, so that another version, compiler
or machine never meets it, nor anybody half of it. Nothing is compiled by, or loaded from, a folder that someone else
could write to.
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
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ...files import make_private_directory

SWITCH = "AMALGAMICS_NATIVE"
"""Environment variable; ``0`` leaves the compiled code out."""

SOURCES = Path(__file__).parent / "kernels"
"""Folder of the C sources."""
FLAGS = ("-O3", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC", "-w")
"""Options of the compiler."""
# The first that the compiler accepts. gcc uses half of an AVX-512 register unless told otherwise.
_TARGETS = (("-march=native", "-mprefer-vector-width=512"), ("-march=native",), ("-mcpu=native",), ())
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
    directory, name = _cache_directory(), f"kernels-{_digest(compiler, version)}"
    kept = _find_kept(directory, name)
    if kept is not None:
        return NativeCode(ctypes.CDLL(str(kept)), version)
    with tempfile.TemporaryDirectory(prefix="amalgamics-") as temporary:
        compiled = compile_sources(compiler, sorted(SOURCES.glob("*.c")), Path(temporary) / f"{name}.so")
        try:
            path = _keep(compiled, directory)
        except OSError:  # a read-only or full home: this process still has its own
            path = compiled
        return NativeCode(ctypes.CDLL(str(path)), version)


def _find_kept(directory: Path, name: str) -> Path | None:
    """Return what was kept, if it is ours and as it was written: loading half a file would end the process."""
    if not _is_ours(directory):
        return None
    for path in sorted(directory.glob(f"{name}-*.so")):
        if _is_ours(path) and path == _name_of_content(path, directory / f"{name}.so"):
            return path
    return None


def _name_of_content(path: Path, named: Path) -> Path:
    """Return what ``named`` is called when it holds what is in ``path``."""
    return named.with_stem(f"{named.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}")


def compile_sources(compiler: str, sources: Iterable[Path], path: Path) -> Path:
    """Compile C sources, which find the headers of the kernels, for this processor into a library at ``path``.

    Raises
    ------
    subprocess.SubprocessError
        The compiler refuses them, or takes minutes.
    """
    for number, target in enumerate(_TARGETS, start=1):
        try:
            _run([compiler, *FLAGS, *target, f"-I{SOURCES}", "-o", str(path), *map(str, sources)])
        except subprocess.CalledProcessError:
            if number == len(_TARGETS):
                raise
        else:
            return path
    raise AssertionError("there is always a target")


def _keep(compiled: Path, directory: Path) -> Path:
    """Put the compiled library into the cache in one step, so that another process sees all of it or nothing."""
    make_private_directory(directory)
    if not _is_ours(directory):
        raise PermissionError(f"{directory} can be written by others")
    path = _name_of_content(compiled, directory / compiled.name)
    handle, name = tempfile.mkstemp(dir=directory, prefix=compiled.stem)
    os.close(handle)
    try:
        shutil.copyfile(compiled, name)
        Path(name).chmod(0o700)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return path


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
    for part in (compiler, version, *FLAGS, *sum(_TARGETS, ()), platform.machine(), _processor()):
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
