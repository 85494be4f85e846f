"""A stopwatch with nested sections: the time of an inner section is taken from the outer one."""

from __future__ import annotations

import functools
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Stopwatch:
    """Shares out CPU and wall time between sections.

    Parameters
    ----------
    cpu_clock, wall_clock
        Clocks, s.
    """

    def __init__(
        self,
        cpu_clock: Callable[[], float] = time.process_time,
        wall_clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.cpu_s: dict[str, float] = defaultdict(float)
        self.wall_s: dict[str, float] = defaultdict(float)
        self._clocks = cpu_clock, wall_clock
        self._open: list[str] = []
        self._last = (0.0, 0.0)
        self._thread = threading.get_ident()

    def _charge(self) -> None:
        """Book the time since the last change to the innermost section."""
        now = self._clocks[0](), self._clocks[1]()
        if self._open:
            self.cpu_s[self._open[-1]] += now[0] - self._last[0]
            self.wall_s[self._open[-1]] += now[1] - self._last[1]
        self._last = now

    @contextmanager
    def section(self, name: str) -> Iterator[None]:
        """Time what is inside; other threads are not told apart from what this one does meanwhile."""
        if threading.get_ident() != self._thread:
            yield
            return
        self._charge()
        self._open.append(name)
        try:
            yield
        finally:
            self._charge()
            self._open.pop()

    def watch(self, owner: Any, attribute: str, name: str) -> None:
        """Replace a function of a module or class by one that is timed under ``name``."""
        inner = getattr(owner, attribute)

        @functools.wraps(inner)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.section(name):
                return inner(*args, **kwargs)

        setattr(owner, attribute, timed)
