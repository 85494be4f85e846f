"""Who is told of each step of any molecular dynamics in this process, such as a worker that says how far it is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

_listeners: list[Callable[[int, int], None]] = []


@contextlib.contextmanager
def told_of_steps(listener: Callable[[int, int], None]) -> Iterator[None]:
    """Call a function after each step with its number and the number of all steps of that run.

    Examples
    --------
    >>> from amalgamics.calculators.dynamics.listening import tell, told_of_steps
    >>> with told_of_steps(lambda step, n_steps: print(f"{step} of {n_steps}")):
    ...     tell(1, 400)
    1 of 400
    >>> tell(2, 400)  # nobody listens
    """
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def tell(step: int, n_steps: int) -> None:
    """Tell everybody who listens of a step."""
    for listener in _listeners:
        listener(step, n_steps)
