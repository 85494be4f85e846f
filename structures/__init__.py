"""What exists in space: phases, slabs, interfaces, glass, powder patterns.

The names in ``__all__`` are those of the pages in ``docs/``; each is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import attach

# One line a name for type checkers, and once more for Python; a test holds the two together.
if TYPE_CHECKING:
    from .compositions import parse_formula as parse_formula
    from .diffraction.measured import overlay as overlay
    from .diffraction.measured import read_pattern as read_pattern
    from .diffraction.patterns import mix_patterns as mix_patterns
    from .diffraction.patterns import powder_pattern as powder_pattern
    from .diffraction.patterns import profile as profile
    from .diffraction.patterns import telling_lines as telling_lines
    from .diffraction.references import compare_cell as compare_cell
    from .diffraction.references import compare_lines as compare_lines
    from .diffraction.references import list_powder_references as list_powder_references
    from .glass.analysis import analyse_glass as analyse_glass
    from .glass.analysis import compare_glass as compare_glass
    from .library.lithiation import lithiated as lithiated
    from .library.llto_orderings import llto_orderings as llto_orderings
    from .library.llto_orderings import rank_orderings as rank_orderings
    from .library.prototypes import enumerate_prototypes as enumerate_prototypes
    from .slabs.checks import check_slab as check_slab
    from .slabs.slab import enumerate_slabs as enumerate_slabs
    from .slabs.slab import get_slab as get_slab
    from .slabs.slab import slab_series as slab_series
    from .surface_states.checks import surface_state as surface_state
    from .surface_states.hydroxyl import hydroxylated as hydroxylated
    from .surface_states.water import water_covered as water_covered
    from .symmetry import conventional_cell as conventional_cell
    from .symmetry import equivalent_planes as equivalent_planes
else:
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {
            ".compositions": ["parse_formula"],
            ".diffraction.measured": ["overlay", "read_pattern"],
            ".diffraction.patterns": ["mix_patterns", "powder_pattern", "profile", "telling_lines"],
            ".diffraction.references": ["compare_cell", "compare_lines", "list_powder_references"],
            ".glass.analysis": ["analyse_glass", "compare_glass"],
            ".library.lithiation": ["lithiated"],
            ".library.llto_orderings": ["llto_orderings", "rank_orderings"],
            ".library.prototypes": ["enumerate_prototypes"],
            ".slabs.checks": ["check_slab"],
            ".slabs.slab": ["enumerate_slabs", "get_slab", "slab_series"],
            ".surface_states.checks": ["surface_state"],
            ".surface_states.hydroxyl": ["hydroxylated"],
            ".surface_states.water": ["water_covered"],
            ".symmetry": ["conventional_cell", "equivalent_planes"],
        },
    )
