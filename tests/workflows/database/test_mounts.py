"""Where SQLite's locks cannot be trusted: told from the table of mounts."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from amalgamics.workflows.database import mounts
from amalgamics.workflows.database.mounts import network_file_system, network_mount, network_warning
from amalgamics.workflows.database.structure_database import StructureDatabase

TABLE = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:33 / /home rw,relatime shared:2 master:1 - nfs4 server:/home rw,vers=4.2
31 30 8:2 / /home/me/scratch rw - xfs /dev/sdb1 rw
32 22 0:40 / /mnt/with\040space rw - fuse.sshfs me@host:/ rw
33 22 0:41 / /lustre rw - lustre 10.0.0.1@tcp:/work rw
34 22 0:42 / /tmp rw - tmpfs tmpfs rw
35 22 0:43 / /over rw - nfs server:/old rw
36 35 0:44 / /over rw - ext4 /dev/sdc1 rw
37 22 0:45 / /windows rw - cifs //host/share rw
a line that is none
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/structures.db", None),
        ("/home/me/results/structures.db", "nfs4"),
        ("/home/me/scratch/structures.db", None),
        ("/homes/structures.db", None),
        ("/mnt/with space/a.db", "fuse.sshfs"),
        ("/lustre/deep/down/a.db", "lustre"),
        ("/tmp/a.db", None),
        ("/over/a.db", None),
        ("/windows/a.db", "cifs"),
    ],
)
def test_the_mount_that_a_path_lies_on_counts(path, kind):
    assert network_mount(path, TABLE) == kind


@pytest.mark.parametrize(
    "kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "lustre", "gpfs", "beegfs", "afs", "ceph", "fuse.glusterfs"]
)
def test_kinds_that_several_machines_write(kind):
    assert network_mount("/a", f"1 0 0:1 / / rw - {kind} x rw") == kind


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuse.ntfs-3g", "fuse"])
def test_kinds_of_one_machine(kind):
    assert network_mount("/a", f"1 0 0:1 / / rw - {kind} x rw") is None


def test_the_folder_of_a_test_is_on_this_machine(tmp_path):
    """By the table of this machine, whose format is what the function reads."""
    assert network_file_system(tmp_path / "a.db") is None


@pytest.fixture
def on_nfs(tmp_path, monkeypatch):
    """A folder that the table of mounts takes for one of the network."""
    table = tmp_path / "mountinfo"
    table.write_text(f"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:9 / {tmp_path} rw - nfs4 server:/home rw\n")
    monkeypatch.setattr(mounts, "_TABLE", table)
    return tmp_path


def test_a_user_is_warned_once_and_not_refused(on_nfs, caplog):
    path = on_nfs / "structures.db"
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert StructureDatabase(path).select() == []
    (record,) = caplog.records
    assert f"{path} lies on nfs4" in record.getMessage()
    assert "postgresql://" in record.getMessage()


def test_doctor_says_it(on_nfs, monkeypatch):
    from amalgamics.workflows.checks import check_database

    monkeypatch.chdir(on_nfs)
    check = check_database("structures.db")
    assert (check.name, check.ok) == ("database", True)
    assert "lies on nfs4" in check.found


def test_where_no_table_tells_nothing_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(mounts, "_TABLE", Path("/nowhere/mountinfo"))
    assert network_warning(tmp_path) is None


def test_the_command_line_prints_one_line(on_nfs):
    """As a logger of its own would print it: to where errors go, without a traceback."""
    code = (
        "import pathlib, sys\n"
        "from amalgamics.workflows.database import mounts\n"
        f"mounts._TABLE = pathlib.Path({str(on_nfs / 'mountinfo')!r})\n"
        "from amalgamics.cli.main import main\n"
        "main(['query', '--database', sys.argv[1]])"
    )
    path = on_nfs / "structures.db"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    note, error = done.stderr.splitlines()
    assert note.startswith(f"note: {path} lies on nfs4")
    assert error.startswith("error: no structure database at")
