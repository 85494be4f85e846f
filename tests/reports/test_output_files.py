"""Files appear completely or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from amalgamics.errors import InputError
from amalgamics.reports.output_files import check_writable, write_files


def test_writes_into_a_new_directory(tmp_path):
    paths = write_files({"a.txt": b"one", "b.bin": b"\x00"}, tmp_path / "new" / "deep")
    assert {name: path.read_bytes() for name, path in paths.items()} == {"a.txt": b"one", "b.bin": b"\x00"}
    assert sorted(path.name for path in (tmp_path / "new" / "deep").iterdir()) == ["a.txt", "b.bin"]


def test_replaces_a_former_file(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    write_files({"a.txt": b"new"}, tmp_path)
    assert (tmp_path / "a.txt").read_text() == "new"


def test_a_failure_leaves_everything_as_it_was(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "b.txt").mkdir()
    with pytest.raises(InputError, match="cannot be written to"):
        write_files({"a.txt": b"new", "b.txt": b"new"}, tmp_path)
    assert (tmp_path / "a.txt").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "b.txt"]


def test_a_failure_while_writing_removes_the_new_directory(tmp_path, monkeypatch):
    def full(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("amalgamics.reports.output_files._write_temporary", full)
    with pytest.raises(InputError, match="No space left on device"):
        write_files({"a.txt": b"new"}, tmp_path / "x" / "y")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("function", [check_writable, lambda path: write_files({"a": b""}, path)])
def test_a_path_through_a_file_is_refused(tmp_path, function):
    (tmp_path / "file").write_text("here")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match=r"output directory '.*file.*' cannot be written to"):
            function(path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_checking_leaves_nothing_behind(tmp_path):
    check_writable(tmp_path / "x" / "y")
    assert list(tmp_path.iterdir()) == []
