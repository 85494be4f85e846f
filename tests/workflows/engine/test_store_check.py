"""Looking through the files of an embedded LaunchPad finds damage and disturbs nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from fireworks import Firework, Workflow

from amalgamics.workflows.engine.embedded_store import EmbeddedMongoClient
from amalgamics.workflows.engine.launchpad import count_by_state, open_launchpad
from amalgamics.workflows.engine.launchpad_file import LaunchPadError
from amalgamics.workflows.engine.store_check import check_store

ADD = """
from fireworks import Firework, Workflow
from amalgamics.workflows.engine.launchpad import open_launchpad
open_launchpad({url!r}).add_wf(Workflow([Firework([])]))
"""


def test_what_another_process_writes_after_a_look_is_seen(embedded_url):
    """A file that is opened and closed beside SQLite loses its locks, and the other process the log of changes."""
    launchpad = open_launchpad(embedded_url)
    launchpad.add_wf(Workflow([Firework([])]))
    for number in (2, 3):
        check_store(EmbeddedMongoClient(embedded_url), thorough=True)
        subprocess.run([sys.executable, "-c", ADD.format(url=embedded_url)], check=True)
        assert count_by_state(launchpad) == {"READY": number}
        launchpad.add_wf(Workflow([Firework([])]))
        assert count_by_state(open_launchpad(embedded_url)) == {"READY": number + 1}
        launchpad.delete_wf(max(launchpad.get_fw_ids()))


def test_a_document_that_cannot_be_read_is_named(embedded_url, tmp_path: Path):
    launchpad = open_launchpad(embedded_url)
    launchpad.add_wf(Workflow([Firework([], name="x" * 50)]))
    launchpad.connection.close()
    (path,) = (tmp_path / "launchpad").rglob("fireworks/fireworks")
    content = path.read_bytes()
    place = content.index(b"x" * 50) - 4  # the length of the text
    path.write_bytes(content[:place] + b"\xff\xff\xff\x7f" + content[place + 4 :])
    with pytest.raises(LaunchPadError, match=r"document .* is damaged|is damaged.*document"):
        open_launchpad(embedded_url)


def test_an_empty_file_is_one_that_was_being_made(embedded_url, tmp_path: Path):
    (tmp_path / "launchpad" / "collections" / "fireworks").mkdir(parents=True)
    (tmp_path / "launchpad" / "collections" / "fireworks" / "fireworks").touch()
    assert open_launchpad(embedded_url).get_fw_ids() == []


def test_a_folder_of_something_else_is_no_launchpad_to_look_into(tmp_path: Path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "one.txt").write_text("Dear ...")
    with pytest.raises(LaunchPadError, match="no LaunchPad at"):
        open_launchpad(f"sqlite:///{tmp_path}/letters", create=False)
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["one.txt"]
