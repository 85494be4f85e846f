"""Files beside the documents: FilePad and GridFS do the same on both stores."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import zlib

import gridfs
import pytest
from bson import ObjectId
from fireworks.utilities.filepad import FilePad
from gridfs.errors import FileExists, NoFile
from pymongo.errors import DocumentTooLarge

from amalgamics.workflows.engine.embedded_gridfs import CHUNK_BYTES, EmbeddedGridFS
from amalgamics.workflows.engine.embedded_store import EmbeddedDatabase, EmbeddedMongoClient
from amalgamics.workflows.engine.launchpad import open_launchpad

BIG = 17 * 1024 * 1024
"""More than a document of MongoDB may have."""


@pytest.fixture
def database(url):
    """The database of a fresh LaunchPad, of each kind."""
    return open_launchpad(url).db


@pytest.fixture
def files(database):
    kind = EmbeddedGridFS if isinstance(database, EmbeddedDatabase) else gridfs.GridFS
    return kind(database, "attic")


@pytest.fixture
def filepad(url):
    launchpad = open_launchpad(url)
    return FilePad(host=launchpad.host, name=launchpad.name, uri_mode=True, strm_lvl="ERROR")


def test_a_filepad_adds_finds_updates_and_deletes(filepad, tmp_path):
    path = tmp_path / "file.txt"
    path.write_bytes(b"first")
    first, name = filepad.add_file(str(path), identifier="one", metadata={"kind": "text"})
    assert name == "one"
    assert filepad.add_file(str(path), identifier="one") == (first, "one")  # kept, not doubled
    content, document = filepad.get_file("one")
    assert content == b"first"
    assert document["metadata"] == {"kind": "text"}
    assert document["original_file_path"] == str(path)

    path.write_bytes(b"second")
    old, second = filepad.update_file("one", str(path), compress=False)
    assert old == first
    assert not filepad.gridfs.exists(ObjectId(first))
    assert filepad.get_file_by_id(first) == (None, None)
    assert filepad.get_file_by_id(second)[0] == b"second"

    other, _ = filepad.add_contents(b"third", identifier="two", metadata={"kind": "text"})
    found = filepad.get_file_by_query({"metadata.kind": "text"}, sort_key="identifier", sort_direction=1)
    assert [content for content, _ in found] == [b"second", b"third"]
    filepad.delete_file("one")
    assert filepad.get_file("one") == (None, None)
    filepad.delete_file_by_query({"metadata.kind": "text"})
    assert not filepad.gridfs.exists(ObjectId(other))
    assert filepad.db["filepad_gfs"].chunks.count_documents({}) == 0


def test_a_filepad_is_reset(filepad):
    filepad.add_contents(b"content", identifier="one")
    filepad.reset()
    assert filepad.get_file("one") == (None, None)
    assert filepad.db["filepad_gfs"].files.count_documents({}) == 0


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, BIG])
def test_files_of_any_size_come_back(files, size):
    content = os.urandom(size)
    stored = files.get(files.put(content))
    assert stored.read() == content
    assert stored.length == size


def test_files_have_names_and_metadata(files):
    first = files.put("Größe", encoding="utf-8", filename="a", metadata={"launch_id": 7})
    second = files.put(b"other", filename="b", _id="mine")
    assert second == "mine"
    assert files.get(first).read().decode() == "Größe"
    assert (files.get(first).filename, files.get(first).metadata) == ("a", {"launch_id": 7})
    assert files.get(second).upload_date >= files.get(first).upload_date
    assert [stored._id for stored in files.find({"metadata.launch_id": 7})] == [first]
    assert sorted(stored.filename for stored in files.find({})) == ["a", "b"]
    assert files.find_one({"filename": "b"}).read() == b"other"
    assert files.find_one("mine").filename == "b"
    assert files.find_one({"filename": "c"}) is None
    assert files.exists("mine")
    assert files.exists({"filename": "a"})
    assert sorted(files.list()) == ["a", "b"]


def test_what_is_wrong_with_files_is_said_alike(files):
    with pytest.raises(NoFile, match="no file in gridfs collection"):
        files.get(ObjectId()).read()
    with pytest.raises(TypeError, match="must specify an encoding"):
        files.put("text")
    files.put(b"content", _id=1)
    with pytest.raises(FileExists):
        files.put(b"other", _id=1)
    assert files.get(1).read() == b"content"
    files.delete(ObjectId())
    files.delete(1)
    assert not files.exists(1)


def test_documents_may_exceed_16_megabytes_in_the_embedded_store_alone(database):
    if isinstance(database, EmbeddedDatabase):
        database.large.insert_one({"text": "x" * BIG})
        assert len(database.large.find_one({})["text"]) == BIG
    else:
        with pytest.raises(DocumentTooLarge):
            database.large.insert_one({"text": "x" * BIG})


def test_what_sqlite_cannot_take_is_said_as_mongodb_says_it(tmp_path):
    client = EmbeddedMongoClient(f"sqlite:///{tmp_path}/store")
    client.test.large.insert_one({"text": "short"})

    def lower_limit(litemongo_client):
        store = litemongo_client["test"]["large"]._store
        store._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1000)

    client.store.run(lower_limit)
    with pytest.raises(DocumentTooLarge, match="up to a gigabyte"):
        client.test.large.insert_one({"text": "x" * 2000})
    assert [document["text"] for document in client.test.large.find({})] == ["short"]


PUT = """
import sys, zlib
from amalgamics.workflows.engine import fireworks_compat
from amalgamics.workflows.engine.embedded_store import EmbeddedMongoClient
from amalgamics.workflows.engine.embedded_gridfs import EmbeddedGridFS
files = EmbeddedGridFS(EmbeddedMongoClient(sys.argv[1])["test"], "attic")
who = sys.argv[2]
for n in range(12):
    name = f"{who}-{n}"
    content = (name * 100_000).encode()
    stored = files.put(content, metadata={"crc": zlib.crc32(content)}, filename=name)
    for other in files.find({}):  # all that are seen are whole, whoever wrote them
        assert zlib.crc32(other.read()) == other.metadata["crc"], other.filename
    if n % 3 == 0:
        files.delete(stored)
"""


def test_processes_write_files_at_once(tmp_path):
    url = f"sqlite:///{tmp_path}/store"
    writers = [subprocess.Popen([sys.executable, "-c", PUT, url, who]) for who in ("first", "second")]
    assert [writer.wait() for writer in writers] == [0, 0]
    stored = list(EmbeddedGridFS(EmbeddedMongoClient(url)["test"], "attic").find({}))
    assert sorted(str(file.filename) for file in stored) == sorted(
        f"{who}-{n}" for who in ("first", "second") for n in range(12) if n % 3
    )
    assert all(zlib.crc32(file.read()) == file.metadata["crc"] for file in stored)


def test_a_database_is_dropped_and_comes_again(url):
    launchpad = open_launchpad(url)
    client, database = launchpad.connection, launchpad.db
    client["other"].numbers.insert_one({"n": 1})
    database.numbers.insert_one({"n": 1})
    client.drop_database(database.name)
    assert database.name not in client.list_database_names()
    assert database.list_collection_names() == []
    assert database.numbers.count_documents({}) == 0
    client.drop_database(database)
    client.drop_database("never-there")
    database.numbers.insert_one({"n": 2})
    assert [document["n"] for document in database.numbers.find({})] == [2]
    assert client["other"].numbers.count_documents({}) == 1
    client.drop_database("other")


def test_other_processes_see_that_a_database_is_gone(tmp_path):
    url = f"sqlite:///{tmp_path}/store"
    numbers = EmbeddedMongoClient(url)["test"].numbers
    numbers.create_index("n", unique=True)
    numbers.insert_many([{"n": n} for n in range(3)])
    assert numbers.find_one({"n": 2})
    code = (
        "import sys\n"
        "from amalgamics.workflows.engine.embedded_store import EmbeddedMongoClient\n"
        "EmbeddedMongoClient(sys.argv[1]).drop_database('test')\n"
    )
    subprocess.run([sys.executable, "-c", code, url], check=True)
    assert numbers.find_one({"n": 2}) is None
    assert "n_1" not in numbers.index_information()
    numbers.insert_one({"n": 2})
    assert numbers.count_documents({}) == 1
