"""Formation energies that others computed with PBE, beside the phases of a hull."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...reference.formation_energies import formation_energies
from ...structures.compositions import parse_formula

if TYPE_CHECKING:
    from ...thermodynamics.hulls.hull import Hull


def published_pbe_energies(hull: Hull) -> dict[str, float]:
    """Return published PBE formation energies (eV/atom) by the name of the lowest phase of each composition."""
    found: dict[str, float] = {}
    for entry in formation_energies().entries:
        amounts = parse_formula(entry.formula)
        phase = hull.lowest(amounts) if set(amounts) <= set(hull.elements) else None
        if phase is not None:
            found[phase.name] = entry.formation
    return found
