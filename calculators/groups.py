"""Splitting a batch into parts that memory and caches can take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def consecutive_groups(sizes: Sequence[int], limit: int) -> Iterator[slice]:
    """Split a batch, in its order, into groups whose sizes add up to at most ``limit``, or of one that is larger.

    Parameters
    ----------
    sizes
        What each member of the batch takes: atoms, or edges of its graph.
    limit
        Most of it in one group.

    Yields
    ------
    slice
        The members of each group; none when ``sizes`` is empty.
    """
    start, total = 0, 0
    for index, size in enumerate(sizes):
        if index > start and total + size > limit:
            yield slice(start, index)
            start, total = index, 0
        total += size
    if sizes:
        yield slice(start, len(sizes))
