"""Rows as they are printed: what is stored of them and their places on hulls, without the class of ``ase.db``.

That class comes with all of ``ase.io`` and much of SciPy, which take half a second to import: longer than it takes to
read thousands of rows and to build their hulls.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.data import chemical_symbols

from .row_hulls import HULL_KEYS

if TYPE_CHECKING:
    from .row_hulls import Place, RowPlaces

_UNREAD = ("key_value_pairs", "data", "constraints", "calculator_parameters")
# What JSON alone would read as something else than ase.db: objects of its own, and whole numbers as keys.
_SPELT_BY_ASE = re.compile(r'"(?:__|[\s\d_+-]+"\s*:)')


def stored_pairs(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return keys and values of a row; databases of before hold distances to the hull of whichever job came last."""
    pairs = content.get("key_value_pairs", {})
    return {key: pairs[key] for key in pairs if key not in HULL_KEYS}


class Placed:
    """A row that finds its place on the hull of its company when it is asked for one.

    ``row.e_above_hull`` and ``row.formation_energy_per_atom`` are in eV/atom; a row without a place has neither, and
    ``row.get`` gives None.
    """

    id: int
    _places: RowPlaces

    def _place(self) -> Place:
        place = self._places.of_row(self)
        if place is None:
            raise AttributeError(f"row {self.id} is not on a hull")
        return place

    @property
    def formation_energy_per_atom(self) -> float:
        """Formation energy from the elements' lowest crystals, eV/atom."""
        return self._place().formation_energy_per_atom

    @property
    def e_above_hull(self) -> float:
        """Distance to the hull, eV/atom."""
        return self._place().e_above_hull


class PlainRow(Placed):
    """The values of a row of ``ase.db``, under the names that they have there; no atoms, constraints or calculator.

    Parameters
    ----------
    content
        What ``AtomsRow`` of ``ase.db`` takes.
    places
        Finds the row's place; None where nobody asks for it.
    """

    numbers: np.ndarray[Any, np.dtype[np.int32]]

    def __init__(self, content: Mapping[str, Any], places: RowPlaces | None = None) -> None:
        self.cell, self.pbc = np.zeros((3, 3)), np.zeros(3, bool)
        self.__dict__ |= stored_pairs(content) | {key: content[key] for key in content if key not in _UNREAD}
        self._content = content
        if places is not None:
            self._places = places

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value of the row, or the default where it has none."""
        return getattr(self, key, default)

    @property
    def natoms(self) -> int:
        """Number of atoms."""
        return len(self.numbers)

    @property
    def symbols(self) -> list[str]:
        """Symbol of each atom."""
        return [chemical_symbols[number] for number in self.numbers]

    @property
    def volume(self) -> float:
        """Volume of the cell, Å³; a row without a cell has none."""
        volume = abs(float(np.linalg.det(self.cell)))
        if volume == 0.0:
            raise AttributeError(f"row {self.id} has no cell")
        return volume

    @property
    def data(self) -> Mapping[str, Any]:
        """What is stored beside the keys, as ``ase.db`` reads it."""
        text = _json_of(self._content.get("data", "{}"))
        if text is not None and not _SPELT_BY_ASE.search(text):
            found: dict[str, Any] = json.loads(text)
            return found
        from ase.db.row import AtomsRow

        decoded: dict[str, Any] = AtomsRow(dict(self._content)).data
        return decoded


def _json_of(stored: Any) -> str | None:
    """Return the JSON of ``data``: all of it on a server, what follows the arrays in a file; None of what is read."""
    if isinstance(stored, bytes):
        return stored[int.from_bytes(stored[:8], "little") :].decode()
    return stored if isinstance(stored, str) else None
