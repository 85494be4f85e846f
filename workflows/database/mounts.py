"""Whether a file lies on a file system of the network, where SQLite's locks cannot be trusted."""

from __future__ import annotations

import functools
import logging
import os
import re
from pathlib import Path

logger = logging.getLogger(__name__)

_TABLE = Path("/proc/self/mountinfo")
# Kinds of file systems that several machines may write at once, as the kernel calls them.
_SHARED = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "ncpfs", "afs", "coda", "9p"),
        *("lustre", "gpfs", "beegfs", "fhgfs", "ceph", "glusterfs", "orangefs", "pvfs2", "panfs", "wekafs", "acfs"),
        *("gfs", "gfs2", "ocfs2"),  # one disk that several machines write
        *("sshfs", "cephfs", "ceph-fuse", "glusterfs", "beegfs", "juicefs", "s3fs", "gcsfuse", "rclone"),
    }
)
_ESCAPED = re.compile(r"\\([0-7]{3})")  # a space in a name stands as \040


def network_mount(path: str | os.PathLike[str], table: str) -> str | None:
    r"""Return the kind of the network file system that a path lies on, such as ``nfs4``; None on a local one.

    Parameters
    ----------
    path
        Absolute, without links.
    table
        Text of ``/proc/self/mountinfo``: the mounts of a Linux system, later ones over earlier ones.

    Examples
    --------
    >>> from amalgamics.workflows.database.mounts import network_mount
    >>> table = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n40 22 0:33 / /home rw shared:1 - nfs4 server:/home rw"
    >>> network_mount("/home/me/results/structures.db", table)
    'nfs4'
    """
    kind, longest = None, -1
    for line in table.splitlines():
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if not separator or len(fields) < 5 or not after:
            continue
        point = _ESCAPED.sub(lambda match: chr(int(match[1], 8)), fields[4])
        if len(point) >= longest and (Path(point) == Path(path) or Path(point) in Path(path).parents):
            kind, longest = after.split(" ")[0], len(point)
    return kind if kind and kind.removeprefix("fuse.") in _SHARED else None


def network_file_system(path: Path) -> str | None:
    """Return the kind of the network file system that a path lies on here; None on a local one, or where none tells."""
    try:
        table = _TABLE.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:  # another system than Linux
        return None
    return network_mount(path.resolve(), table)


def network_warning(path: Path) -> str | None:
    """Return what a user should know of a database file on a network file system, with what to do; None elsewhere."""
    kind = network_file_system(path)
    if kind is None:
        return None
    return (
        f"{path} lies on {kind}, a file system of the network, where SQLite's locks cannot be trusted when several"
        " machines write; take a folder of this machine, or a PostgreSQL server (postgresql://host/name)"
    )


@functools.cache
def warn_of_network(path: Path) -> None:
    """Warn once in this process that a database file lies on a network file system, if it does."""
    warning = network_warning(path)
    if warning:
        logger.warning("note: %s", warning)
