"""Which tasks may run: FireWorks imports whatever module a stored document names as soon as it reads it.

So names are checked where FireWorks turns a document into objects, in the very document that it turns, whichever
command or worker reads it (:func:`guard`). What a worker could run is looked through once more beforehand, as the raw
document in the database, which gives one clear message and leaves it alone instead of failing it. That is done for a
whole workflow at a time: finishing one Firework reads its children too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ...permissions import MODULES_VARIABLE, NotAllowedError, is_allowed

if TYPE_CHECKING:
    from fireworks import LaunchPad

# By name and not by package: others of its modules import what they need, which could be named through them.
OWN_TASKS = frozenset(
    f"amalgamics.workflows.tasks.{name}" for name in ("PlanStudy", "RunStep", "WriteReport", "WriteComparison")
)
# Whoever allows FireWorks' own tasks allows everything: they run any command and call any function.
_TASKS_OF_FIREWORKS = "fireworks.user_objects"
# Of the keys by which a spec steers FireWorks, those that only say when, where and by whom it runs. Others read, write
# or copy files anywhere on the worker's machine, run tasks beside the task, or write into batch scripts.
_HARMLESS_KEYS = frozenset(
    ("_tasks", "_priority", "_fworker", "_category", "_preserve_fworker", "_allow_fizzled_parents")
    + ("_pass_job_info", "_job_info", "_exception_details")
)


class ForeignTaskError(NotAllowedError):
    """A stored document names something that is not imported here."""


def foreign_task_behind(error: BaseException | None) -> ForeignTaskError | None:
    """Return the refusal that an error comes from: FireWorks raises one of its own in its place."""
    while error is not None and not isinstance(error, ForeignTaskError):
        error = error.__cause__ or error.__context__
    return error


def is_gone(name: str) -> bool:
    """Return whether a name looks like that of a task of this package which this version does not have."""
    return name.startswith("amalgamics.workflows.") and name not in OWN_TASKS


def _may_be_read(name: Any) -> bool:
    """Return whether a ``_fw_name`` may be looked up: a task of ours, or one in a module that is allowed."""
    text = str(name)
    if not (text.startswith("{{") and text.endswith("}}")):
        return is_allowed(_TASKS_OF_FIREWORKS)  # FireWorks looks for it in all of its packages
    path = text.strip("{} ")  # as FireWorks does
    return path in OWN_TASKS or is_allowed(path.rpartition(".")[0])


def _names(document: Any) -> Iterator[str]:
    """Yield the names of tasks and classes anywhere in a document that may not be imported."""
    if isinstance(document, dict):
        if "_fw_name" in document and not _may_be_read(document["_fw_name"]):
            yield str(document["_fw_name"]).strip("{} ")
        if "@module" in document and not is_allowed(str(document["@module"])):
            yield str(document["@module"])
        for value in document.values():
            yield from _names(value)
    elif isinstance(document, list | tuple):
        for value in document:
            yield from _names(value)


def _keys(spec: Any) -> list[str]:
    """Return the keys of a spec that steer FireWorks and are not known to be harmless."""
    if not isinstance(spec, dict) or is_allowed(_TASKS_OF_FIREWORKS):
        return []
    return [key for key in map(str, spec) if key.startswith("_") and key not in _HARMLESS_KEYS and key != "_fw_name"]


def foreign_tasks(spec: Any) -> list[str]:
    """Return the tasks and serialised classes in a spec that may not be imported, and its keys that are not allowed."""
    return [*_names(spec), *_keys(spec)]


def foreign_tasks_of_workflow(launchpad: LaunchPad, nodes: Sequence[int]) -> list[str]:
    """Return the names that are not allowed among the Fireworks ``nodes`` and their launches, each once."""
    found: set[str] = set()
    for firework in launchpad.fireworks.find({"fw_id": {"$in": list(nodes)}}, {"_id": 0}):
        found.update(foreign_tasks(firework.pop("spec", {})), _names(firework))
    for launch in launchpad.launches.find({"fw_id": {"$in": list(nodes)}}, {"_id": 0}):
        found.update(_names(launch))
    return sorted(found)


def guard() -> None:
    """Have FireWorks refuse, before anything is imported, what may not be read; from now on, in this whole process.

    All that FireWorks reads goes through two places: ``_recursive_load``, which turns each mapping with a ``_fw_name``
    or ``@module`` into an object, and ``Firework.from_dict``, which gets each whole document of a Firework.
    """
    from fireworks.core import firework
    from fireworks.utilities import fw_serializers

    load = fw_serializers._recursive_load  # noqa: SLF001
    read_firework, read_launch = firework.Firework.from_dict.__func__, firework.Launch.from_dict.__func__

    def checked_load(document: Any) -> Any:
        if isinstance(document, dict):
            if "_fw_name" in document and not _may_be_read(document["_fw_name"]):
                _refuse([str(document["_fw_name"]).strip("{} ")])
            if "@module" in document:
                _refuse(list(_names(document)))  # monty reads all that is in it at once
        return load(document)

    def checked_firework(cls: type[Any], document: dict[str, Any]) -> Any:
        _refuse(foreign_tasks(document.get("spec")))
        return read_firework(cls, document)

    def launch_without_trackers(cls: type[Any], document: dict[str, Any]) -> Any:
        # A launch may be written to while it runs: each heartbeat would read the file into it.
        return read_launch(cls, document if is_allowed(_TASKS_OF_FIREWORKS) else {**document, "trackers": []})

    fw_serializers._recursive_load = checked_load  # noqa: SLF001
    firework.Launch.from_dict = classmethod(launch_without_trackers)
    firework.Firework.from_dict = classmethod(checked_firework)


def _refuse(names: Sequence[str]) -> None:
    if names:
        raise ForeignTaskError(
            f"a stored Firework names {', '.join(sorted(set(names)))}, which is not imported here; allow a module of"
            f" yours with --allow-import, or in ${MODULES_VARIABLE}"
        )
