"""Tables, plots and the self-contained HTML report.

The names in ``__all__`` are those of the pages in ``docs/``; each is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import attach

# One line a name for type checkers, and once more for Python; a test holds the two together.
if TYPE_CHECKING:
    from .amalgams.self_healing_png import self_healing_png as self_healing_png
    from .diffraction.figures import overlay_png as overlay_png
    from .diffraction.figures import patterns_png as patterns_png
    from .flags.system import system_flags as system_flags
    from .phonons.figures import formation_free_energy_png as formation_free_energy_png
    from .phonons.figures import phonon_png as phonon_png
else:
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {
            ".amalgams.self_healing_png": ["self_healing_png"],
            ".diffraction.figures": ["overlay_png", "patterns_png"],
            ".flags.system": ["system_flags"],
            ".phonons.figures": ["formation_free_energy_png", "phonon_png"],
        },
    )
