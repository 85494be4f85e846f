"""Computed works of adhesion on solids whose contact angle was measured: ``data/adhesion_panel.yaml``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from .measured import Document, Listed, Number, Sourced, load

Angle = Annotated[Number, Field(ge=0, le=180)]


class PanelEntry(Sourced):
    """One face of one solid under a pure liquid.

    Attributes
    ----------
    solvent
        Symbol of the liquid.
    solid
        Key of the crystal in the phase library.
    face
        Miller indices and termination, as text.
    angle_deg
        Least and largest measured angle, degrees.
    works_J_m2
        Computed work of adhesion, J/m2, by the name of the potential.
    """

    solvent: str
    solid: str
    face: str
    angle_deg: Annotated[tuple[Angle, Angle], Listed]
    works_J_m2: Annotated[dict[str, Number], Field(min_length=1)]

    @model_validator(mode="after")
    def _rises(self) -> PanelEntry:
        if self.angle_deg[0] > self.angle_deg[1]:
            raise ValueError(f"{self.solid}: angle_deg {list(self.angle_deg)} falls; give the smaller angle first")
        return self


class AdhesionPanelFile(Document):
    """``adhesion_panel.yaml``."""

    file = "adhesion_panel.yaml"
    solids: Annotated[tuple[PanelEntry, ...], Listed]


def adhesion_panel(solvent: str = "Hg") -> tuple[PanelEntry, ...]:
    """Return the computed works of adhesion of a pure liquid, in the order of the file; empty for one without any.

    Examples
    --------
    >>> from amalgamics.reference.adhesion_panel import adhesion_panel
    >>> [entry.solid for entry in adhesion_panel()][0]
    'graphite'
    """
    return tuple(entry for entry in load(AdhesionPanelFile).solids if entry.solvent == solvent)
