"""Amalgam phase stability, surfaces, adhesion and wetting from machine-learning potentials.

The names in ``__all__`` are the public face; each is imported when it is first asked for, so that ``import amalgamics``
costs nothing. ``help(amalgamics.relax)`` and ``docs/python.md`` say how to use them. The packages below offer what goes
deeper in the same way: ``from amalgamics.thermodynamics import build_hull``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lazy import attach

__version__ = "0.1.0"

# One line a name for type checkers, and once more for Python; a test holds the two together.
if TYPE_CHECKING:
    from .api.adhesion import work_of_adhesion as work_of_adhesion
    from .api.comparison import compare as compare
    from .api.database import Database as Database
    from .api.energies import potential as potential
    from .api.energies import relax as relax
    from .api.hulls import hull as hull
    from .api.imports import import_calculations as import_calculations
    from .api.jobs import load_job as load_job
    from .api.jobs import run as run
    from .api.structures import phases as phases
    from .api.structures import read_structure as read_structure
    from .api.surfaces import surface_energy as surface_energy
    from .api.vibrations import phonons as phonons
    from .api.wetting import wetting_curve as wetting_curve
else:
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {
            ".api.adhesion": ["work_of_adhesion"],
            ".api.comparison": ["compare"],
            ".api.database": ["Database"],
            ".api.energies": ["potential", "relax"],
            ".api.hulls": ["hull"],
            ".api.imports": ["import_calculations"],
            ".api.jobs": ["load_job", "run"],
            ".api.structures": ["phases", "read_structure"],
            ".api.surfaces": ["surface_energy"],
            ".api.vibrations": ["phonons"],
            ".api.wetting": ["wetting_curve"],
        },
    )
    __all__ += ["__version__"]
