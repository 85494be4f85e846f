"""Amalgam phase stability, surfaces, adhesion and wetting from machine-learning potentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .workflows.database import StructureDatabase as Database

__version__ = "0.1.0"
__all__ = ["Database", "__version__"]


def __getattr__(name: str) -> Any:
    """Import :class:`Database` when it is asked for: the command line must start without it."""
    if name == "Database":
        from .workflows.database import StructureDatabase

        return StructureDatabase
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
