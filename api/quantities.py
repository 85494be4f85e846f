"""Physical quantities as arguments: what values they can have, and which other unit one outside is likely to be in."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from ..arguments import as_float, items, number
from ..errors import InputError


@dataclass(frozen=True)
class Quantity:
    """A physical quantity in the unit of an argument.

    Attributes
    ----------
    unit
        Of the argument.
    above, least, below, most
        Bounds, those named ``least`` and ``most`` included; wide enough that a value outside is a mistake.
    other_unit, factor, offset
        The unit that a value out of bounds is likely to be in: value * factor + offset is in ``unit``.
    """

    unit: str
    above: float | None = None
    least: float | None = None
    below: float | None = None
    most: float | None = None
    other_unit: str = ""
    factor: float = 1.0
    offset: float = 0.0

    def check(self, name: str, value: object) -> float:
        """Return the value of the argument ``name``.

        Raises
        ------
        InputError
            It is no number, not finite or out of bounds; where it is possible in another unit the message says so.
        """
        try:
            return number(
                name, value, above=self.above, least=self.least, below=self.below, most=self.most, unit=self.unit
            )
        except InputError as error:
            raise InputError(f"{error}{self._advice(value)}") from None

    def check_each(self, name: str, values: object, allowed: str, *, shares: bool = False) -> list[float]:
        """Return the values of a list; with ``shares`` the n-th may be n times as large, as energies of n atoms are.

        Raises
        ------
        InputError
            It is no list, or has a value that `check` refuses.
        """
        found = items(name, values, allowed)
        sizes = range(1, len(found) + 1) if shares else [1] * len(found)
        for index, (size, value) in enumerate(zip(sizes, found, strict=True)):
            share = number(f"{name}[{index}]", value, unit=self.unit) / size
            self.check(f"{name}[{index}]{' per atom' if size > 1 else ''}", share)
        return [float(value) for value in found]

    def _advice(self, value: object) -> str:
        given = as_float(value)
        meant = given * self.factor + self.offset
        if not self.other_unit or not isfinite(meant):
            return ""
        try:
            number("", meant, above=self.above, least=self.least, below=self.below, most=self.most)
        except InputError:
            return ""
        return f"; {given:g} {self.other_unit} would be {meant:g} {self.unit}".rstrip()


def check(**arguments: tuple[Quantity, object]) -> None:
    """Check the value of each argument, given by its name with the quantity that it is.

    Raises
    ------
    InputError
        Of the first that is refused.
    """
    for name, (quantity, value) in arguments.items():
        quantity.check(name, value)


def check_given(**arguments: tuple[Quantity, object]) -> None:
    """Check as `check` does the arguments that are not None, which says that they were not given."""
    check(**{name: (quantity, value) for name, (quantity, value) in arguments.items() if value is not None})


INTERFACE_ENERGY = Quantity("J/m²", least=-10.0, most=10.0, other_unit="mN/m", factor=1e-3)
"""A work of adhesion; 2 gamma of tungsten, which bonds most strongly, is about 8."""
INTERFACE_ERROR = Quantity("J/m²", least=0.0, most=10.0, other_unit="mN/m", factor=1e-3)
SURFACE_TENSION = Quantity("J/m²", above=0.0, most=5.0, other_unit="mN/m", factor=1e-3)
"""Liquid metals have up to 2.7."""
LIQUID_TEMPERATURE = Quantity("K", least=200.0, other_unit="°C", offset=273.15)
"""No metal or amalgam is liquid below: thallium amalgam, the last, freezes at 213 K."""
AREA = Quantity("Å²", least=3.0, other_unit="nm²", factor=100.0)
"""Of a cell in the plane; the smallest there are, of beryllium and graphene, have 4.5 and 5.2."""
ENERGY = Quantity("eV")
SOLUTE_ENERGY = Quantity("eV", least=-20.0, most=20.0, other_unit="kJ/mol", factor=0.010364)
"""Of one atom in or on a liquid metal."""
SOLUTE_ERROR = Quantity("eV", least=0.0, most=20.0, other_unit="kJ/mol", factor=0.010364)
# Mole fractions, of which there is no unit.
MOLE_FRACTION = Quantity("", least=0.0, below=1.0, other_unit="at.%", factor=0.01)
SATURATION = Quantity("", above=0.0, below=1.0, other_unit="at.%", factor=0.01)
ROUGHNESS = Quantity("", least=1.0, most=100.0)
DROP_RADIUS = Quantity("mm", above=0.0)
FORCE = Quantity("eV/Å", above=0.0, most=5.0, other_unit="meV/Å", factor=1e-3)
"""To which structures are relaxed."""
LENGTH = Quantity("Å", above=0.0, most=200.0, other_unit="pm", factor=0.01)
"""Of cells that are to be computed."""
DISPLACEMENT = Quantity("Å", above=0.0, most=0.5, other_unit="pm", factor=0.01)
