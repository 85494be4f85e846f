"""Write a set of files completely or not at all."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ..errors import InputError


def write_files(contents: Mapping[str, bytes], output_dir: Path) -> dict[str, Path]:
    """Write every file under a temporary name, then rename them all into place.

    Existing files of the same names are replaced; a failure leaves them as they were, and no directory that did not
    exist before.

    Raises
    ------
    InputError
        If the directory cannot be made or written to.
    """
    output_dir = Path(output_dir)
    created = _make_directory(output_dir)
    pending: dict[str, Path] = {}
    try:
        for name, content in contents.items():
            if (output_dir / name).is_dir():
                raise IsADirectoryError(21, "a directory has the name of a report file", str(output_dir / name))
            pending[name] = _write_temporary(output_dir, content)
        for name, temporary in pending.items():
            temporary.replace(output_dir / name)
    except OSError as error:
        for temporary in pending.values():
            temporary.unlink(missing_ok=True)
        _remove_directories(created)
        raise _unwritable(output_dir, error) from error
    return {name: output_dir / name for name in contents}


def check_writable(output_dir: Path) -> None:
    """Raise InputError if files cannot be written to ``output_dir``; leave nothing behind."""
    output_dir = Path(output_dir)
    created = _make_directory(output_dir)
    try:
        _write_temporary(output_dir, b"").unlink()
    except OSError as error:
        raise _unwritable(output_dir, error) from error
    finally:
        _remove_directories(created)


def _write_temporary(directory: Path, content: bytes) -> Path:
    # In the same directory, so that the rename stays within one file system and is atomic.
    with tempfile.NamedTemporaryFile(dir=directory, prefix=".report-", suffix=".part", delete=False) as handle:
        path = Path(handle.name)
        try:
            handle.write(content)
        except OSError:
            path.unlink(missing_ok=True)
            raise
    path.chmod(0o644)
    return path


def _make_directory(directory: Path) -> list[Path]:
    """Create ``directory`` with its parents and return the ones that are new, innermost first."""
    missing = []
    try:
        for candidate in (directory, *directory.parents):
            if candidate.is_dir():
                break
            missing.append(candidate)
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _remove_directories(missing)
        raise _unwritable(directory, error) from error
    return missing


def _remove_directories(directories: list[Path]) -> None:
    for directory in directories:
        with contextlib.suppress(OSError):  # never made, or somebody else put something there meanwhile
            directory.rmdir()


def _unwritable(directory: Path, error: OSError) -> InputError:
    return InputError(f"output directory {str(directory)!r} cannot be written to: {error.strerror or error}")
