"""A progress bar for what takes more than a few seconds: in a terminal and in a notebook, nowhere else."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def progress_bar(label: str, total: int | None, *, wanted: bool = True) -> Iterator[Callable[..., None]]:
    """Show a bar while the block runs; what it yields is called with the number done so far, and of all."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    # In a notebook rich draws with ipywidgets, and complains where there are none.
    shown = importlib.util.find_spec("ipywidgets") is not None if console.is_jupyter else console.is_terminal
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not (wanted and shown)) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done, of=total: bar.update(task, completed=done, total=of)
