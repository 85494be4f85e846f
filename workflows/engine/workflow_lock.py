"""The lock that FireWorks puts on a workflow, with its holder's name, and let go of whatever the connection does.

FireWorks' own says ``locked: true`` of nobody in particular. When the connection to a MongoDB server breaks while the
lock is taken or let go of, it stays for good, and who comes next, be it the same process, waits for five minutes.
"""

from __future__ import annotations

import logging
import random
import time
import uuid
from typing import TYPE_CHECKING, Any

from .heartbeats import is_lost
from .worker_identity import own_name

if TYPE_CHECKING:
    from fireworks import LaunchPad

logger = logging.getLogger(__name__)

_LONGEST_PAUSE_S = 0.5
_SAID_AFTER_S = 10.0
_RECONNECTING_S = 60.0  # how long a lock is tried to be let go of while the server does not answer


class WorkflowLock:
    """Does what ``fireworks.core.launchpad.WFLock`` does, for whom it stands in.

    Parameters
    ----------
    lp
        The LaunchPad.
    fw_id
        A Firework of the workflow.
    expire_secs
        How long to wait for the lock, s.
    kill
        Whether to take it then all the same.
    """

    def __init__(self, lp: LaunchPad, fw_id: int, expire_secs: float = 300, kill: bool = False) -> None:
        self.lp = lp
        self.fw_id = fw_id
        self.expire_secs = expire_secs
        self.kill = kill
        self._mark = f"{own_name()} {uuid.uuid4().hex[:8]}"

    def __enter__(self) -> None:
        from pymongo.errors import AutoReconnect

        began, pause, said = time.monotonic(), 0.02, False
        while True:
            try:
                if self._take({"$exists": False}):
                    return
                holder = self._holder()
                if isinstance(holder, str) and is_lost(self.lp, holder.rpartition(" ")[0]) and self._take(holder):
                    return
            except AutoReconnect:
                self._let_go([self._mark])  # it may have been taken before the connection broke
                raise
            waited = time.monotonic() - began
            if waited > self.expire_secs:
                self._give_up()
                return
            if waited > _SAID_AFTER_S and not said:
                said = True
                logger.warning("waiting for the lock of the workflow of Firework %s, held by %s", self.fw_id, holder)
            time.sleep(pause * (1 + random.random()))
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def __exit__(self, *_: object) -> None:
        # FireWorks writes true over the mark when the holder changes the workflow.
        self._let_go([self._mark, True])

    def _take(self, held: Any) -> bool:
        query = {"nodes": self.fw_id, "locked": held}
        return self.lp.workflows.find_one_and_update(query, {"$set": {"locked": self._mark}}) is not None

    def _holder(self) -> Any:
        workflow = self.lp.workflows.find_one({"nodes": self.fw_id}, {"locked": 1})
        if workflow is None:
            raise ValueError(f"Could not find workflow in database: {self.fw_id}")
        return workflow.get("locked")

    def _give_up(self) -> None:
        from fireworks.core.launchpad import LockedWorkflowError

        if not self.kill:
            raise LockedWorkflowError(f"Could not get workflow - LOCKED: {self.fw_id}")
        self.lp.workflows.find_one_and_update({"nodes": self.fw_id}, {"$set": {"locked": self._mark}})

    def _let_go(self, own: list[Any]) -> None:
        """Remove the lock, if it is this one; a server that comes back within a minute is waited for."""
        from pymongo.errors import AutoReconnect

        end = time.monotonic() + _RECONNECTING_S
        while True:
            try:
                query = {"nodes": self.fw_id, "locked": {"$in": own}}
                self.lp.workflows.find_one_and_update(query, {"$unset": {"locked": True}})
            except AutoReconnect:
                if time.monotonic() > end:
                    raise
                time.sleep(_LONGEST_PAUSE_S)
            else:
                return
