"""The temporary folder of a command, which the next one removes where it was killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .worker_identity import is_alive, own_name

_PREFIX = "amalgamics-"


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a temporary folder of this process, after removing those of dead processes of the same user."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if _is_left_over(left):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_own_prefix(), ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def own_scratch_folders() -> list[Path]:
    """Return the temporary folders that this process holds now."""
    return sorted(Path(tempfile.gettempdir()).glob(f"{_own_prefix()}*"))


def _own_prefix() -> str:
    """Return how the names of this process's folders begin; without colons, which separate folders of search paths."""
    return f"{_PREFIX}{own_name().replace(':', '-')}-"


def _is_left_over(path: Path) -> bool:
    """Return whether a folder is this user's, of a process of this host that is certainly dead."""
    parts = path.name.removeprefix(_PREFIX).rsplit("-", 3)
    try:
        own = path.is_dir() and not path.is_symlink() and path.lstat().st_uid == os.getuid()
    except OSError:  # removed since
        return False
    return own and len(parts) == 4 and is_alive(":".join(parts[:3])) is False
