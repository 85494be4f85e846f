"""FireWorks: input spec, tasks, LaunchPad, structure database, recovery, studies.

The names in ``__all__`` are those of the pages in ``docs/``; each is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import attach

# One line a name for type checkers, and once more for Python; a test holds the two together.
if TYPE_CHECKING:
    from .database.export import export_rows as export_rows
    from .studies.hulls.analysis import rows_for_system as rows_for_system
    from .studies.hulls.analysis import system_report as system_report
    from .studies.stability.analysis import StabilityOptions as StabilityOptions
    from .studies.stability.analysis import stabilities as stabilities
    from .studies.surfaces.stored import stored_surfaces as stored_surfaces
else:
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {
            ".database.export": ["export_rows"],
            ".studies.hulls.analysis": ["rows_for_system", "system_report"],
            ".studies.stability.analysis": ["StabilityOptions", "stabilities"],
            ".studies.surfaces.stored": ["stored_surfaces"],
        },
    )
