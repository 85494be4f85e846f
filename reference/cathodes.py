"""Measured voltages of cathodes against their capacity: ``cathode("LiFePO4").voltages``."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field, model_validator

from ..errors import InputError, unknown_name
from .measured import Document, Entry, Listed, Measured, Number, Sourced, in_units, load

Point = Annotated[tuple[Number, Number], Listed]


class VoltageCurve(Sourced):
    """Points (share of the capacity from the charged state, V against the metal), from 0 to 1."""

    points: Annotated[tuple[Point, ...], Listed, Field(min_length=2)]

    @model_validator(mode="after")
    def _runs_from_0_to_1(self) -> VoltageCurve:
        shares = [share for share, _ in self.points]
        if shares[0] != 0.0 or shares[-1] != 1.0 or any(b <= a for a, b in pairwise(shares)):
            raise ValueError("the shares of the points must rise from 0 to 1")
        if any(b[1] > a[1] for a, b in pairwise(self.points)):
            raise ValueError("the voltage of a cathode does not rise on discharge")
        return self


class Cathode(Entry):
    """A host of metal ions; the head of ``data/cathodes.yaml`` explains the fields."""

    ion: str
    capacity: Annotated[Measured, in_units("mAh/g")]
    voltages: VoltageCurve


class CathodesFile(Document):
    """``cathodes.yaml``."""

    file = "cathodes.yaml"
    cathodes: dict[str, Cathode]


def list_cathodes(ion: str) -> dict[str, Cathode]:
    """Return the cathodes for ions of a metal, by formula, in the order of the data file."""
    return {name: one for name, one in load(CathodesFile).cathodes.items() if one.ion == ion}


def cathode(formula: str) -> Cathode:
    """Return a cathode.

    Raises
    ------
    InputError
        For one that is not listed; the message names those that are.

    Examples
    --------
    >>> cathode("LiFePO4").capacity.value
    177.7
    """
    known = load(CathodesFile).cathodes
    if formula not in known:
        raise InputError(unknown_name("cathode", formula, known))
    return known[formula]
