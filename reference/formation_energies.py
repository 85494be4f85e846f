"""Formation energies that others computed with PBE, to lay beside a hull."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .measured import Confidence, Document, Entry, Listed, Number, Sourced, load


class FormationEnergy(Entry):
    """A compound as one functional has it.

    Attributes
    ----------
    formula
        Reduced formula.
    formation
        Formation energy at 0 K against the solid elements, eV/atom.
    decomposition
        Above the hull of all other compositions, or, negative, below it, eV/atom.
    """

    formula: Annotated[str, Field(min_length=1)]
    formation: Number
    decomposition: Number


class FormationEnergiesFile(Document, Sourced):
    """``formation_energies.yaml``."""

    file = "formation_energies.yaml"
    source: str
    confidence: Confidence
    basis: str
    entries: Annotated[tuple[FormationEnergy, ...], Listed]


def formation_energies() -> FormationEnergiesFile:
    """Return the published formation energies with their source; all have one functional and one reference state.

    Examples
    --------
    >>> from amalgamics.reference.formation_energies import formation_energies
    >>> {one.formula: one.formation for one in formation_energies().entries}["LiHg"]
    -0.3689
    """
    return load(FormationEnergiesFile)
