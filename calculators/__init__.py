"""What gives energies and forces: potentials by name, relaxation, dynamics, phonons.

The names in ``__all__`` are those of the pages in ``docs/``; each is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import attach

# One line a name for type checkers, and once more for Python; a test holds the two together.
if TYPE_CHECKING:
    from .dynamics.melt_quench import make_glass as make_glass
    from .phonons.finite_displacements import plan_phonons as plan_phonons
    from .phonons.finite_displacements import run_phonons as run_phonons
    from .phonons.volumes import phonons_at_volumes as phonons_at_volumes
    from .potentials.dispersion import dispersion_energy as dispersion_energy
    from .potentials.names import get_calculator as get_calculator
else:
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {
            ".dynamics.melt_quench": ["make_glass"],
            ".phonons.finite_displacements": ["plan_phonons", "run_phonons"],
            ".phonons.volumes": ["phonons_at_volumes"],
            ".potentials.dispersion": ["dispersion_energy"],
            ".potentials.names": ["get_calculator"],
        },
    )
