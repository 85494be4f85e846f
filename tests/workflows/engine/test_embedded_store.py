"""The embedded store: what it answers like MongoDB, and what it must not do."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from pymongo.errors import OperationFailure

from amalgamics.workflows.engine.embedded_store import EmbeddedMongoClient


@pytest.fixture
def collection(tmp_path):
    """Five numbered documents."""
    numbers = EmbeddedMongoClient(f"sqlite:///{tmp_path}/store").test.numbers
    numbers.insert_many([{"n": n, "odd": bool(n % 2)} for n in range(5)])
    return numbers


def test_cursors_are_lazy_and_pass_once(collection):
    cursor = collection.find({"odd": False}, {"_id": 0, "n": 1}).sort("n", -1).limit(2)
    assert next(cursor) == {"n": 4}
    assert list(cursor) == [{"n": 2}]
    assert list(cursor) == []
    assert cursor.rewind()[0] == {"n": 4}
    with pytest.raises(RuntimeError, match="sort comes too late"):
        cursor.sort("n")


def test_other_queries(collection):
    groups = collection.aggregate([{"$group": {"_id": "$odd", "sum": {"$sum": "$n"}}}, {"$sort": {"_id": 1}}])
    assert list(groups) == [{"_id": False, "sum": 6}, {"_id": True, "sum": 4}]
    assert sorted(collection.find({}).distinct("odd")) == [False, True]
    assert collection.count_documents({"n": {"$lt": 3}}) == 3
    collection.create_index("n", unique=True)
    assert {index["name"] for index in collection.list_indexes()} == {"_id_", "n_1"}


def test_unknown_operations_say_so(collection):
    with pytest.raises(NotImplementedError, match="'find_raw_batches'"):
        collection.find_raw_batches({})
    assert collection.part.full_name == "test.numbers.part"


def test_unknown_commands_are_refused(collection):
    database = collection.database
    assert database.command("ping")["ok"] == 1
    assert database.command({"compact": "numbers"})["ok"] == 1
    with pytest.raises(OperationFailure, match="no such command: 'createUser'"):
        database.command({"createUser": "me", "pwd": "secret", "roles": ["dbOwner"]})


def test_directories_may_have_any_name(tmp_path):
    names = ["a#1", "a#2", "a?engine=memory", "100 %"]
    for name in names:
        EmbeddedMongoClient(f"sqlite:///{tmp_path}/{name}").test.names.insert_one({"name": name})
    for name in names:
        stored = EmbeddedMongoClient(f"sqlite:///{tmp_path}/{name}").test.names.find({})
        assert [document["name"] for document in stored] == [name]


COUNT = """
import sys
from amalgamics.workflows.engine.embedded_store import EmbeddedMongoClient
counter = EmbeddedMongoClient(sys.argv[1]).test.counter
for _ in range(40):
    print(counter.find_one_and_update({}, {"$inc": {"value": 1}})["value"])
"""


def test_concurrent_processes_never_take_the_same_document(tmp_path):
    url = f"sqlite:///{tmp_path}/store"
    EmbeddedMongoClient(url).test.counter.insert_one({"value": 0})
    command = [sys.executable, "-c", COUNT, url]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    seen = [int(number) for process in processes for number in process.communicate()[0].split()]
    assert sorted(seen) == list(range(120))


WRITE = """
import itertools, sys
from amalgamics.workflows.engine.embedded_store import EmbeddedMongoClient
numbers = EmbeddedMongoClient(sys.argv[1]).test.numbers
for n in itertools.count():
    numbers.insert_one({"n": n})
    numbers.update_one({"n": n}, {"$set": {"done": True}})
    print(n, flush=True)
"""


def test_what_was_written_survives_a_kill(tmp_path):
    url = f"sqlite:///{tmp_path}/store"
    numbers = EmbeddedMongoClient(url).test.numbers
    reported = -1
    for start in range(3):
        with subprocess.Popen([sys.executable, "-c", WRITE, url], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for line in writer.stdout:
                reported = int(line)
                if reported == 10 + start:  # then go on reading: what it said before the kill took effect counts
                    writer.kill()
        done = [document["n"] for document in numbers.find({"done": True})]
        assert set(range(reported + 1)) <= set(done)
        assert numbers.count_documents({}) - len(done) <= 1  # killed between the two
        numbers.delete_many({})  # the lock of the dead process is no obstacle
        assert numbers.count_documents({}) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_opens_the_store_anew(collection):
    child = os.fork()
    if not child:
        try:
            collection.update_one({"n": 0}, {"$set": {"by": "child"}})
        finally:
            os._exit(0)
    collection.update_one({"n": 1}, {"$set": {"by": "parent"}})
    os.waitpid(child, 0)
    assert [document["by"] for document in collection.find({"n": {"$lt": 2}}).sort("n", 1)] == ["child", "parent"]


def test_closing_is_not_final(collection, tmp_path):
    EmbeddedMongoClient(f"sqlite:///{tmp_path}/store").close()
    assert collection.count_documents({}) == 5
