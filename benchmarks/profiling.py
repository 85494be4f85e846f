"""Where the time goes, for the numbers that miss their target: the top lines of cProfile, without paths."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable
from pathlib import Path
from typing import Any


def profile(run: Callable[[], Any], *, top: int = 12) -> list[dict[str, Any]]:
    """Run and return the functions with the most time of their own.

    Parameters
    ----------
    run
        What to profile.
    top
        How many functions.

    Returns
    -------
    list of dict
        ``function``, ``calls``, ``own time (%)`` and ``with callees (%)`` of the total, most first.
    """
    profiler = cProfile.Profile()
    profiler.runcall(run)
    stats: Any = pstats.Stats(profiler)
    total = stats.total_tt or 1.0
    lines = sorted(stats.stats.items(), key=lambda item: -item[1][2])[:top]
    return [
        {
            "function": _label(*where),
            "calls": int(calls),
            "own time (%)": round(100 * own / total, 1),
            "with callees (%)": round(100 * cumulative / total, 1),
        }
        for where, (_, calls, own, cumulative, _) in lines
    ]


def _label(file: str, line: int, name: str) -> str:
    if file == "~":
        return name.strip("<>").removeprefix("built-in ").removeprefix("method ")
    path = Path(file)
    return f"{path.parent.name}/{path.name}:{line} {name}"
