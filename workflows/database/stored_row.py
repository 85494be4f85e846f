"""Rows as users get them: those of ``ase.db``, with their places on hulls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ase.db.row import AtomsRow

from .plain_row import Placed, stored_pairs

if TYPE_CHECKING:
    from .row_hulls import RowPlaces


class StoredRow(Placed, AtomsRow):
    """A row of ``ase.db`` with its place on the hull of its company.

    Parameters
    ----------
    content
        What ``AtomsRow`` takes.
    places
        Finds the row's place.
    """

    def __init__(self, content: Mapping[str, Any], places: RowPlaces) -> None:
        super().__init__({**content, "key_value_pairs": stored_pairs(content)})
        self._places = places
