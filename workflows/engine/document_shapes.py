"""What the documents of a LaunchPad must look like to be read, by FireWorks and by us.

Anybody who can write to a LaunchPad, and any program that was cut off while it wrote, can leave a document there that
is of no use: an id that is a list, tasks that are a number. It is left alone, with the workflow that it belongs to and
one warning, and stops nobody else. What only disagrees with other documents is another matter (:mod:`.damage`).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeGuard

from ...addresses import redacted
from ...errors import InputError, shown

logger = logging.getLogger(__name__)

STATES = frozenset(("ARCHIVED", "DEFUSED", "PAUSED", "WAITING", "READY", "RESERVED", "RUNNING", "FIZZLED", "COMPLETED"))
OVER = ("COMPLETED", "ARCHIVED", "DEFUSED")
"""States of workflows that need nothing any more."""
MALFORMED = "MALFORMED"
"""Stands for the state of a workflow that cannot be read."""
_LARGEST_ID = 2**63  # what MongoDB and SQLite hold
_ID_AS_KEY = re.compile(r"-?[0-9]{1,18}", re.ASCII)


class MalformedError(InputError):
    """The workflow that was asked for has a document that cannot be read."""


Check = Callable[[Any], bool]
_said: set[str] = set()  # what was warned of in this process


def is_id(value: Any) -> TypeGuard[int]:
    """Return whether a value is one that a Firework or launch can have as its id."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST_ID


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_state(value: Any) -> bool:
    return isinstance(value, str) and value in STATES


def _are_ids(value: Any) -> bool:
    return isinstance(value, list) and all(map(is_id, value))


def _are_nodes(value: Any) -> bool:
    return _are_ids(value) and bool(value)


def _by_id(check: Check) -> Check:
    """Return a check for a mapping from ids, as texts, to what another check is for."""

    def is_mapping_by_id(value: Any) -> bool:
        return isinstance(value, dict) and all(
            isinstance(key, str) and _ID_AS_KEY.fullmatch(key) and check(one) for key, one in value.items()
        )

    return is_mapping_by_id


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _are_mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _are_tasks(value: Any) -> bool:
    return _are_mappings(value) and bool(value) and all(_is_name(task.get("_fw_name")) for task in value)


def is_date(value: Any) -> bool:
    """Return whether a value is a date, or a text that says one as FireWorks writes it."""
    if not isinstance(value, str):
        return isinstance(value, datetime)
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def moment_of(value: datetime | str) -> datetime:
    """Return a time as a LaunchPad holds it, a text or a date without a zone, as one of UTC."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value


def is_number(value: Any) -> TypeGuard[float]:
    """Return whether a value is a number, and none of the two truth values."""
    return isinstance(value, int | float) and not isinstance(value, bool)


# Keys that must be there, and keys that may be missing or null. A dot leads into a mapping.
Shape = tuple[Mapping[str, Check], Mapping[str, Check]]
_WORKFLOW: Shape = (
    {"nodes": _are_nodes, "links": _by_id(_are_ids), "fw_states": _by_id(_is_state), "state": _is_state},
    {
        **{"name": _is_text, "parent_links": _by_id(_are_ids), "created_on": is_date, "updated_on": is_date},
        **{"metadata": _is_mapping, "metadata.output": _is_path, "metadata.potential": _is_path},
    },
)
_FIREWORK: Shape = (
    {"fw_id": is_id, "state": _is_state, "launches": _are_ids, "spec": _is_mapping, "spec._tasks": _are_tasks},
    {
        **{"name": _is_text, "archived_launches": _are_ids, "created_on": is_date, "updated_on": is_date},
        **{"spec._exception_details": _is_mapping},
    },
)
_LAUNCH: Shape = (
    {
        **{"launch_id": is_id, "fw_id": is_id, "state": _is_state, "host": _is_name},
        **{"fworker": _is_mapping, "fworker.name": _is_name, "state_history": _are_mappings},
    },
    {
        **{"time_start": is_date, "time_end": is_date, "runtime_secs": is_number, "launch_dir": _is_path},
        **{"trackers": _are_mappings, "action": _is_mapping, "action.stored_data": _is_mapping},
        **{"action.stored_data._exception": _is_mapping, "action.update_spec": _is_mapping},
        **{"action.mod_spec": _are_mappings, "action.additions": _are_mappings, "action.detours": _are_mappings},
    },
)
_OF_HISTORY: Shape = ({"state": _is_state}, {"created_on": is_date, "updated_on": is_date})
_ABSENT = object()

# What to ask the LaunchPad for, so that a document can be checked without its large parts.
OF_FIREWORKS = {
    **dict.fromkeys(("fw_id", "name", "state", "launches", "archived_launches", "created_on", "updated_on"), 1),
    **{"spec._tasks._fw_name": 1, "spec._exception_details": 1},
}
OF_LAUNCHES = {
    **dict.fromkeys(("launch_id", "fw_id", "state", "host", "fworker", "time_start", "time_end"), 1),
    **{"state_history.state": 1, "state_history.created_on": 1, "state_history.updated_on": 1},
}


def _value(document: Mapping[str, Any], key: str) -> Any:
    found: Any = document
    for part in key.split("."):
        if not isinstance(found, dict):
            return _ABSENT
        found = found.get(part, _ABSENT)
    return found


def _fault(document: Any, shape: Shape) -> str | None:
    required, optional = shape
    for key, check in required.items():
        if not check(_value(document, key)):
            return key
    for key, check in optional.items():
        value = _value(document, key)
        if value is not _ABSENT and value is not None and not check(value):
            return key
    return None


def fault_of_workflow(document: Mapping[str, Any]) -> str | None:
    """Return the first key of the document of a workflow that is missing or of a wrong type; None if none is."""
    return _fault(document, _WORKFLOW)


def fault_of_firework(document: Mapping[str, Any]) -> str | None:
    """Return the first key of the document of a Firework that is missing or of a wrong type; None if none is."""
    return _fault(document, _FIREWORK)


def fault_of_launch(document: Mapping[str, Any]) -> str | None:
    """Return the first key of the document of a launch that is missing or of a wrong type; None if none is."""
    fault = _fault(document, _LAUNCH)
    if fault is None and any(_fault(entry, _OF_HISTORY) for entry in document["state_history"]):
        return "state_history"
    return fault


def fault_among(
    workflow: Mapping[str, Any], fireworks: Iterable[Mapping[str, Any]], launches: Iterable[Mapping[str, Any]]
) -> str | None:
    """Return which key of which document of a workflow is wrong, in words; None when all of them can be read.

    Those of Fireworks and launches may be without their large parts, as :data:`OF_FIREWORKS` and :data:`OF_LAUNCHES`.
    """
    key = fault_of_workflow(workflow)
    if key is not None:
        return f"its {key}"
    for document in fireworks:
        key = fault_of_firework(document)
        if key is not None:
            return f"{key} of Firework {shown(document.get('fw_id'))}"
    for document in launches:
        key = fault_of_launch(document)
        if key is not None:
            return f"{key} of launch {shown(document.get('launch_id'))}"
    return None


def find_fault(launchpad: Any, workflow: Mapping[str, Any]) -> str | None:
    """Return which key of which document of a workflow is wrong, after reading all of them as they are.

    Parameters
    ----------
    launchpad
        FireWorks' ``LaunchPad``, or :class:`~.reading.Collections`.
    workflow
        The whole document of the workflow.
    """
    fault = fault_among(workflow, (), ())
    if fault is not None:
        return fault
    query = {"fw_id": {"$in": workflow["nodes"]}}
    return fault_among(workflow, own(launchpad.fireworks.find(query)), own(launchpad.launches.find(query)))


def own(documents: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the documents of a query by ids that have one: MongoDB finds ``[1]``, too, when asked for 1."""
    return (document for document in documents if is_id(document.get("fw_id")))


def find(collection: Any, query: Mapping[str, Any], parts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the documents of a query with these parts of them; as they are, where they cannot be taken apart.

    The embedded store fails where a part is looked for in a list that has other things than mappings.
    """
    try:
        return list(collection.find(query, parts))
    except (AttributeError, TypeError):
        return list(collection.find(query))


def nodes_in(workflow: Mapping[str, Any]) -> list[int]:
    """Return the ids among the nodes of a workflow, whatever these look like."""
    nodes = workflow.get("nodes")
    return [node for node in (nodes if isinstance(nodes, list) else [nodes]) if is_id(node)]


def ids_in(workflow: Mapping[str, Any]) -> set[int]:
    """Return the ids of Fireworks that can be made out in the document of a workflow, whatever it looks like."""
    found = set(nodes_in(workflow))
    for key in ("links", "fw_states", "parent_links"):
        named = workflow.get(key)
        if isinstance(named, dict):
            found |= {int(one) for one in named if isinstance(one, str) and _ID_AS_KEY.fullmatch(one)}
    return found


def name_of(workflow: Mapping[str, Any]) -> str:
    """Return how a workflow is called where it may be malformed, on one line."""
    name = workflow.get("name")
    return shown(name if name is not None else workflow.get("_id"))


def worker_of(launch: Mapping[str, Any]) -> str:
    """Return the name of the worker that has a launch; empty where it has none."""
    name = _value(launch, "fworker.name")
    return name if isinstance(name, str) else ""


def leave_alone(what: str) -> str:
    """Warn of a document that cannot be read, once in a process; return the text."""
    text = redacted(what)
    if text not in _said:
        _said.add(text)
        logger.warning("%s; it is left alone", text)
    return text


def unreadable(workflow: Mapping[str, Any], fault: str) -> str:
    """Return in words that a workflow cannot be read, and why."""
    return f"workflow {name_of(workflow)} cannot be read: {fault} is malformed"


def leave_workflow_alone(workflow: Mapping[str, Any], fault: str) -> str:
    """Warn of a workflow that cannot be read, once in a process; return the text."""
    return leave_alone(unreadable(workflow, fault))
