"""Settings of space groups: which axes are conventional ones of a group, and its symbol and centring in them.

Axes are told by ``to_standard``, the matrix that takes scaled positions (columns) along them to those along the axes of
the standard setting, whose number in the list of Hall symbols (1 to 530) is ``hall_number``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EXACT = 1e-4
_RHOMBOHEDRAL = (146, 148, 155, 160, 161, 166, 167)
_THREEFOLD = ([[0, -1, 0], [1, -1, 0], [0, 0, 1]], [[-1, 1, 0], [-1, 0, 0], [0, 0, 1]])
"""The rotations by 120° and -120° around c along hexagonal axes."""
_OBVERSE = (2 / 3, 1 / 3, 1 / 3)
_N_SETTINGS = 530


def has_rhombohedral_lattice(space_group_number: int) -> bool:
    """Return whether a group is one of the seven with a rhombohedral lattice."""
    return space_group_number in _RHOMBOHEDRAL


def laue_rotations(hall_number: int, to_standard: NDArray[np.float64]) -> NDArray[np.int_]:
    """Return the rotations of a group and of its inverse along other axes, shape (n, 3, 3)."""
    turns = np.round(_in_axes(_operations(hall_number)[0], to_standard)).astype(int)
    return np.unique(np.concatenate([turns, -turns]), axis=0)


def centring_vectors(hall_number: int, to_standard: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the lattice translations within the cell of other axes, shape (n, 3), the zero first."""
    rotations, translations = _operations(hall_number)
    pure = translations[(rotations == np.eye(3)).all(axis=(1, 2))]
    inside = np.round(pure @ np.linalg.inv(to_standard).T, 6) % 1.0
    return np.unique(np.round(inside, 6) % 1.0, axis=0)


def is_conventional(number: int, hall_number: int, to_standard: NDArray[np.float64]) -> bool:
    """Return whether axes are conventional ones of a group.

    Notes
    -----
    They are where the rotations of the Laue group have the form that they have in some setting of the International
    Tables: signs and exchanges of axes; at 120° along hexagonal axes; one diagonal twofold axis in a monoclinic cell.
    The unique axis of tetragonal and hexagonal crystals is c, and rhombohedral lattices are obverse in hexagonal axes.
    """
    exact = _in_axes(_operations(hall_number)[0], to_standard)
    turns = np.round(exact).astype(int)
    size = abs(float(np.linalg.det(to_standard)))
    third = number in _RHOMBOHEDRAL and math.isclose(3.0 * size, 1.0, rel_tol=1e-3)
    if not np.allclose(exact, turns, atol=_EXACT) or not (third or math.isclose(size, 1.0, rel_tol=1e-3)):
        return False
    exchanges = bool((np.abs(turns).sum(axis=1) == 1).all())
    if third:
        return exchanges and all((turn >= 0).all() or (turn <= 0).all() for turn in turns)
    along_c = bool((np.abs(turns[:, 2]) == (0, 0, 1)).all() and (np.abs(turns[:, :, 2]) == (0, 0, 1)).all())
    if number <= 2:
        found = True
    elif number <= 74:
        found = bool((np.abs(turns) == np.eye(3)).all())
    elif number <= 142:
        found = exchanges and along_c
    elif number <= 194:
        threefold = any(turn.tolist() in _THREEFOLD for turn in turns)
        found = along_c and threefold and (number not in _RHOMBOHEDRAL or _is_obverse(hall_number, to_standard))
    else:
        found = exchanges
    return found


def symbol_in_axes(number: int, hall_number: int, to_standard: NDArray[np.float64]) -> tuple[str, bool]:
    """Return the Hermann-Mauguin symbol of a group along other axes, and whether there is one.

    Where no tabulated setting has the axes, the symbol is that of the standard setting.
    """
    import spglib

    inverse = tuple(np.round(np.linalg.inv(to_standard) * 6).astype(int).ravel().tolist())
    found = _find_setting(number, hall_number, inverse)
    kind = spglib.get_spacegroup_type(hall_number if found is None else found)
    symbol = str(kind.international_short)
    if 3 <= number <= 15 and not str(kind.choice).endswith("b1"):
        lattice, *axes = str(kind.international_full).split()
        symbol = lattice + (axes[1] if axes[0] == axes[2] == "1" else "".join(axes))
    return symbol, found is not None


@lru_cache(maxsize=256)
def _find_setting(number: int, hall_number: int, inverse6: tuple[int, ...]) -> int | None:
    """The Hall number of the setting with these axes, wherever its origin; the standard setting goes first."""
    inverse: NDArray[np.float64] = np.array(inverse6, dtype=np.float64).reshape(3, 3) / 6
    rotations, translations = _operations(hall_number)
    turned = _in_axes(rotations, np.asarray(np.linalg.inv(inverse), dtype=np.float64))
    moved = translations @ inverse.T
    places = (0.0, 0.25, 0.5, 0.75)
    for hall in dict.fromkeys([hall_number, *_settings(number)]):
        wanted = _as_set(*_operations(hall))
        for origin in itertools.product(places, repeat=3):
            if _as_set(turned, moved + (turned - np.eye(3)) @ np.array(origin)) == wanted:
                return hall
    return None


@lru_cache(maxsize=64)
def hall_of_full_symbol(symbol: str) -> str | None:
    """Return the Hall symbol of a full Hermann-Mauguin symbol such as ``F 4/m -3 2/m``; None where there is none.

    Examples
    --------
    >>> from amalgamics.structures.space_group_settings import hall_of_full_symbol
    >>> hall_of_full_symbol("F 4/m -3 2/m")
    '-F 4 2 3'
    """
    import spglib

    plain = symbol.replace(" ", "").replace("_", "")
    for hall in range(1, _N_SETTINGS + 1):
        kind = spglib.get_spacegroup_type(hall)
        if plain == str(kind.international_full).replace(" ", "").replace("_", ""):
            return str(kind.hall_symbol)
    return None


def _settings(number: int) -> Iterator[int]:
    import spglib

    return (hall for hall in range(1, _N_SETTINGS + 1) if spglib.get_spacegroup_type(hall).number == number)


def _as_set(rotations: NDArray[Any], translations: NDArray[np.float64]) -> frozenset[tuple[int, ...]]:
    steps = np.round(translations * 24).astype(int) % 24
    joined = np.concatenate([np.round(rotations).astype(int).reshape(-1, 9), steps], axis=1)
    return frozenset(map(tuple, joined.tolist()))


@lru_cache(maxsize=64)
def _operations(hall_number: int) -> tuple[NDArray[np.int_], NDArray[np.float64]]:
    """Rotations and translations of a setting, as the International Tables have them."""
    import spglib

    found = spglib.get_symmetry_from_database(hall_number)
    return np.asarray(found["rotations"]), np.asarray(found["translations"])


def _in_axes(rotations: NDArray[Any], to_standard: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.linalg.inv(to_standard) @ rotations @ to_standard
    return found


def _is_obverse(hall_number: int, to_standard: NDArray[np.float64]) -> bool:
    return any(np.allclose(vector, _OBVERSE, atol=1e-3) for vector in centring_vectors(hall_number, to_standard))
