"""Reading a LaunchPad without FireWorks, whose import alone takes longer than the answer; nothing is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ...addresses import redacted
from .document_shapes import fault_of_firework, fault_of_launch, nodes_in
from .embedded_store import SCHEME, EmbeddedMongoClient
from .launchpad import launchpad_settings, server_client, server_error
from .launchpad_file import LaunchPadError
from .store_check import check_store


@dataclass(frozen=True)
class Collections:
    """The collections of a LaunchPad and its host, under the names that they have in FireWorks' ``LaunchPad``."""

    db: Any
    host: str

    @property
    def workflows(self) -> Any:
        """A document for each workflow."""
        return self.db.workflows

    @property
    def fireworks(self) -> Any:
        """A document for each Firework."""
        return self.db.fireworks

    @property
    def launches(self) -> Any:
        """A document for each time that a Firework was started."""
        return self.db.launches


@contextmanager
def reading(address: str) -> Iterator[Collections]:
    """Open the collections of the LaunchPad at an address; an error on the way is told in one line.

    Parameters
    ----------
    address
        As for :func:`~amalgamics.workflows.engine.launchpad.open_launchpad`.

    Raises
    ------
    LaunchPadError
        There is none yet, the address has another form, or it does not answer.
    """
    settings = launchpad_settings(address, create=False)
    from pymongo.errors import PyMongoError

    try:
        client = _client(address, settings)
        try:
            yield Collections(client[settings["name"]], str(settings["host"]))
        finally:
            client.close()
    except PyMongoError as error:
        raise server_error(address, error) from None
    except (OSError, sqlite3.Error) as error:
        raise LaunchPadError(f"launchpad: cannot use {redacted(address)} ({redacted(str(error))})") from None


def _client(address: str, settings: dict[str, Any]) -> Any:
    if str(settings["host"]).startswith(SCHEME):
        client = EmbeddedMongoClient(settings["host"])
        check_store(client)
        return client
    try:
        return server_client(settings)
    except (ValueError, TypeError) as error:  # a port or an option that cannot be one
        raise server_error(address, error) from None


def scope(launchpad: Any, workflow_of: int | None) -> dict[str, Any]:
    """Return the query for the Fireworks of one workflow as it is now, or for all of them."""
    if workflow_of is None:
        return {}
    workflow = launchpad.workflows.find_one({"nodes": workflow_of}, {"nodes": 1})
    return {"fw_id": {"$in": nodes_in(workflow) if workflow else []}}


def for_worker(name: str | None = None) -> dict[str, Any]:
    """Return the query for the Fireworks that a worker of this name may take, as FireWorks asks; None for any here."""
    anyone: list[Any] = [{"spec._fworker": {"$exists": False}}, {"spec._fworker": None}]
    return {"$or": anyone if name is None else [*anyone, {"spec._fworker": name}]}


@dataclass(frozen=True)
class Failure:
    """A Firework that failed: its name, what it said last, and the whole traceback; without passwords."""

    fw_id: int
    name: str
    message: str
    traceback: str


def failures(launchpad: Any, *, workflow_of: int | None = None) -> list[Failure]:
    """Return the Fireworks that failed, in one workflow or in all."""
    query = {**scope(launchpad, workflow_of), "state": "FIZZLED"}
    return failures_among(launchpad, list(launchpad.fireworks.find(query)))


def failures_among(launchpad: Any, fireworks: Sequence[dict[str, Any]]) -> list[Failure]:
    """Return those of these Fireworks that failed; of those whose documents can be read."""
    found = []
    for firework in fireworks:
        if firework.get("state") == "FIZZLED" and fault_of_firework(firework) is None:
            text = redacted(_stack_trace(launchpad, firework).strip()) or "no traceback was stored"
            found.append(Failure(firework["fw_id"], str(firework.get("name")), text.splitlines()[-1].strip(), text))
    return found


def _stack_trace(launchpad: Any, firework: dict[str, Any]) -> str:
    query = {"launch_id": {"$in": firework["launches"]}}
    launch = launchpad.launches.find_one(query, sort=[("launch_id", -1)]) or {}
    if launch and fault_of_launch(launch) is not None:
        launch = {}
    stored = (launch.get("action") or {}).get("stored_data") or {}
    # A Firework that cannot even be read, its task's module being gone for instance, has no launch.
    unread = (firework.get("spec") or {}).get("_exception_details") or {}
    return str((stored.get("_exception") or {}).get("_stacktrace") or unread.get("_stacktrace") or "")
