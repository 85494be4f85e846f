"""Measured contact angles of liquid metals on solids: ``data/contact_angles.yaml``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from ..errors import InputError, unknown_name
from .measured import Document, Listed, Measured, Number, load

KINDS = ("static", "advancing", "receding", "porosimetry")
ATMOSPHERES = ("air", "vacuum", "not stated")

Angle = Annotated[Number, Field(ge=0, le=180)]


class ContactAngle(Measured):
    """An angle between a liquid and a solid, measured through the liquid.

    Attributes
    ----------
    solvent
        Symbol of the liquid.
    solid
        Formula or name, as the source gives it.
    phase
        Key of the crystal in the phase library, where the source says which it is.
    plane
        Miller index of the face; None for surfaces that are polycrystalline, or as handled.
    value
        Degrees; the middle of ``range`` where there is one.
    range
        Least and largest value that the source gives, degrees.
    kind
        One of `KINDS`.
    atmosphere
        One of `ATMOSPHERES`.
    """

    solvent: str
    solid: str
    phase: str | None = None
    plane: Annotated[tuple[int, int, int], Listed] | None = None
    value: Angle
    range: Annotated[tuple[Angle, Angle], Listed] | None = None
    kind: str
    atmosphere: str

    @model_validator(mode="after")
    def _plausible(self) -> ContactAngle:
        if self.unit != "deg":
            raise ValueError(f"{self.solid}: unit {self.unit!r}, allowed: deg")
        if self.kind not in KINDS:
            raise ValueError(unknown_name("kind", self.kind, KINDS))
        if self.atmosphere not in ATMOSPHERES:
            raise ValueError(unknown_name("atmosphere", self.atmosphere, ATMOSPHERES))
        if self.range and not (self.range[0] < self.range[1] and abs(sum(self.range) - 2 * self.value) < 1e-9):
            raise ValueError(
                f"{self.solid}: range {list(self.range)} is not two rising angles about value {self.value:g}"
            )
        return self

    @property
    def bounds_deg(self) -> tuple[float, float]:
        """Least and largest angle: the range, or the value with its uncertainty on both sides, or the value twice."""
        spread = self.uncertainty or 0.0
        return self.range or (self.value - spread, min(self.value + spread, 180.0))


class ContactAnglesFile(Document):
    """``contact_angles.yaml``."""

    file = "contact_angles.yaml"
    angles: Annotated[tuple[ContactAngle, ...], Listed]


def contact_angles(solvent: str = "Hg", solid: str | None = None) -> tuple[ContactAngle, ...]:
    """Return measured contact angles, in the order of the file.

    Parameters
    ----------
    solvent
        Symbol of the liquid.
    solid
        Formula or name of the solid, or the key of its crystal in the phase library; None for all solids.

    Returns
    -------
    tuple of ContactAngle
        Empty where none was found for the solid.

    Raises
    ------
    InputError
        No angle of this liquid is known.

    Examples
    --------
    >>> for angle in contact_angles("Hg", "CaCO3_calcite"):
    ...     print(angle.value, angle.kind, angle.confidence)
    146.0 porosimetry checked
    """
    every = load(ContactAnglesFile).angles
    liquids = sorted({angle.solvent for angle in every})
    if solvent not in liquids:
        raise InputError(unknown_name("solvent", str(solvent), liquids))
    return tuple(
        angle for angle in every if angle.solvent == solvent and (solid is None or solid in (angle.solid, angle.phase))
    )
