"""Amalgam phase stability, surfaces, adhesion and wetting from machine-learning potentials.

The names in ``__all__`` are the public face; each is imported when it is first asked for, so that ``import amalgamics``
costs nothing. ``help(amalgamics.relax)`` and ``docs/python.md`` say how to use them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = [
    "Database",
    "__version__",
    "hull",
    "load_job",
    "phases",
    "phonons",
    "potential",
    "read_structure",
    "relax",
    "run",
    "surface_energy",
    "wetting_curve",
    "work_of_adhesion",
]

# One line a name, once for type checkers and once for Python; a test holds the two together.
if TYPE_CHECKING:
    from .api.adhesion import work_of_adhesion
    from .api.energies import potential, relax
    from .api.hulls import hull
    from .api.jobs import load_job, run
    from .api.structures import phases, read_structure
    from .api.surfaces import surface_energy
    from .api.vibrations import phonons
    from .api.wetting import wetting_curve
    from .workflows.database.structure_database import StructureDatabase as Database
else:

    def __getattr__(name: str) -> object:
        """Import a public name when it is asked for: the command line must start without any of them."""
        if name in __all__:
            from .api import load

            # Kept, so that it is looked up once.
            globals()[name] = load(name)
            return globals()[name]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
