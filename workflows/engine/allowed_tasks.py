"""Which tasks may run: FireWorks imports whatever module a stored spec names as soon as it reads it.

So a spec is checked as the raw document it is in the database. And as a whole workflow at a time: finishing one
Firework reads the specs of its children too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fireworks import LaunchPad

OWN_TASKS = "amalgamics."
# Keys of a spec by which FireWorks reads or writes files anywhere on the worker's machine: trackers copy the end of any
# file into the LaunchPad. Ours have none of them.
_KEYS_WITH_FILES = ("_trackers", "_launch_dir", "_files_in", "_files_out", "_files_prev", "_background_tasks")


@cache
def is_gone(name: str) -> bool:
    """Return whether a name is that of a task of this package which an earlier version had and this one has not."""
    module, _, attribute = name.rpartition(".")
    if not name.startswith(OWN_TASKS):
        return False
    try:
        return not hasattr(import_module(module), attribute)
    except ModuleNotFoundError:
        return True


def foreign_tasks(spec: Any, allowed: Sequence[str] = (OWN_TASKS,)) -> list[str]:
    """Return the tasks and serialised classes in a spec that may not run, and keys that reach for files.

    Their names begin with none of ``allowed``, or they are tasks of this package that it does not have any more.
    """
    found: list[str] = []
    if isinstance(spec, dict):
        for key, value in spec.items():
            if key in {"_fw_name", "@module"}:
                name = str(value).strip("{}")
                if not name.startswith(tuple(allowed)) or is_gone(name):
                    found.append(name)
            elif key in _KEYS_WITH_FILES and value and not key.startswith(tuple(allowed)):
                found.append(key)
            else:
                found += foreign_tasks(value, allowed)
    elif isinstance(spec, list | tuple):
        for value in spec:
            found += foreign_tasks(value, allowed)
    return found


def foreign_tasks_of_workflow(launchpad: LaunchPad, nodes: Sequence[int], allowed: Sequence[str]) -> list[str]:
    """Return the names that are not allowed among the Fireworks ``nodes``, each once."""
    documents = launchpad.fireworks.find({"fw_id": {"$in": list(nodes)}}, {"spec": 1})
    return sorted({name for document in documents for name in foreign_tasks(document["spec"], allowed)})
