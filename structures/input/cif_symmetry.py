"""The symmetry operations that a CIF means: listed, or behind a symbol or a number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..space_group_settings import hall_of_full_symbol
from .checks import StructureFileError
from .orbits import Operations

if TYPE_CHECKING:
    import gemmi
    from numpy.typing import NDArray

_LISTED = (
    "_space_group_symop_operation_xyz",
    "_symmetry_equiv_pos_as_xyz",
    "_space_group_symop_magn_operation_xyz",
)
_HALL = ("_space_group_name_Hall", "_symmetry_space_group_name_Hall")
_HERMANN_MAUGUIN = (
    "_space_group_name_H-M_alt",
    "_symmetry_space_group_name_H-M",
    "_space_group_name_H-M_full",
    "_space_group_name_H-M_ref",
    "_space_group_name_H-M",
    "_symmetry_space_group_name_H-M_alt",
)
_NUMBER = ("_space_group_IT_number", "_symmetry_Int_Tables_number")
# How ICSD and others write the choice of origin or axes.
_ENDINGS = {"S": "1", "Z": "2", "H": "H", "HR": "H", "R": "R", "RS": "R", "O1": "1", "O2": "2"}
_STRAIN = 0.005  # relative, by which operations may change a length of the cell; an angle by twice that: some 0.6°


@dataclass(frozen=True, eq=False)
class SymmetryChoice:
    """One reading of a file's symmetry: its symbol, its operations, and notes on what the file left open."""

    symbol: str
    operations: Operations
    notes: tuple[str, ...] = ()


def symmetry_choices(block: gemmi.cif.Block, cell: NDArray[np.float64], origin: str) -> list[SymmetryChoice]:
    """Return the readings of a block's symmetry that its cell allows; two where the origin is left open.

    Parameters
    ----------
    block
        Of the file.
    cell
        Vectors, Å, shape (3, 3).
    origin
        What messages start with: the file.

    Raises
    ------
    StructureFileError
        Operations that cannot be read, are no group or another one than the symbol, a symbol that is unknown, or a
        symmetry that the cell does not have.
    """
    named = _named(block, cell, origin)
    listed = _listed(block, origin)
    if listed is not None:
        choices = [_check_listed(listed, named, origin)]
    elif named:
        choices = named
    else:
        identity = Operations(np.eye(3)[None], np.zeros((1, 3)))
        choices = [
            SymmetryChoice("P 1", identity, ("the file has no symmetry; its atoms are taken as all of the cell",))
        ]
    fitting = [choice for choice in choices if _fits(choice.operations, cell)]
    if not fitting:
        lengths = np.linalg.norm(cell, axis=1)
        edges = ", ".join(f"{length:.4g}" for length in lengths)
        angles = ", ".join(f"{angle:.2f}" for angle in _angles(cell))
        raise StructureFileError(
            f"{origin}: a cell with edges of {edges} Å and angles of {angles}° does not have the symmetry of"
            f" {choices[0].symbol}"
        )
    return fitting


def _listed(block: gemmi.cif.Block, origin: str) -> gemmi.GroupOps | None:
    """The operations that the file lists; None where it does not."""
    import gemmi

    for tag in _LISTED:
        values = [value for value in block.find_values(tag) if not gemmi.cif.is_null(value)]
        texts = [line for value in values for line in gemmi.cif.as_string(value).splitlines() if line.strip()]
        if not texts:
            continue
        if "magn" in tag:
            raise StructureFileError(f"{origin}: it has a magnetic space group; give a CIF without magnetic moments")
        operations = []
        for text in texts:
            try:
                operations.append(gemmi.Op(text))
            except (ValueError, RuntimeError):
                raise StructureFileError(f"{origin}: the symmetry operation {text!r} cannot be read") from None
        distinct = {operation.wrap().triplet() for operation in operations}
        group = gemmi.GroupOps([gemmi.Op(text) for text in sorted(distinct | {"x,y,z"})])
        if len(list(group)) < len(distinct):
            raise StructureFileError(f"{origin}: the {len(distinct)} symmetry operations that it lists are no group")
        group.add_missing_elements()
        if len(list(group)) != len(distinct | {"x,y,z"}):
            raise StructureFileError(
                f"{origin}: the {len(distinct)} symmetry operations that it lists are no group; from them"
                f" {len(list(group))} follow"
            )
        return group
    return None


def _check_listed(listed: gemmi.GroupOps, named: list[SymmetryChoice], origin: str) -> SymmetryChoice:
    """Refuse operations of another order than those of the symbol, such as a list cut off."""
    import gemmi

    number = len(list(listed))
    orders = {len(choice.operations.rotations) for choice in named}
    if orders and number not in orders:
        raise StructureFileError(
            f"{origin}: it lists {number} symmetry operations, but its space group {named[0].symbol} has"
            f" {min(orders)}; mend the list or leave it out"
        )
    found = gemmi.find_spacegroup_by_ops(listed)
    return SymmetryChoice(found.xhm() if found else "its symmetry operations", _operations(listed))


def _named(block: gemmi.cif.Block, cell: NDArray[np.float64], origin: str) -> list[SymmetryChoice]:
    """Readings of the Hall symbol, the Hermann-Mauguin symbol or the number of a space group; none without these."""
    import gemmi

    symbol, number = _text(block, _HERMANN_MAUGUIN), _text(block, _NUMBER)
    hall = _of_hall(_text(block, _HALL))
    if hall is not None:
        group, operations = hall
        stated = _by_symbol(symbol, cell) if symbol else None
        if group is not None and stated is not None and group.number != stated.number:
            raise StructureFileError(f"{origin}: its Hall symbol is of {group.hm}, and its space group {symbol!r}")
        return [SymmetryChoice(group.xhm() if group else "its Hall symbol", operations)]
    if symbol:
        group = _by_symbol(symbol, cell)
        if group is None:
            raise StructureFileError(f"{origin}: the space group {symbol!r} is unknown")
        if number.isdecimal() and int(number) != group.number:
            raise StructureFileError(f"{origin}: the space group {symbol!r} has number {group.number}, not {number}")
        left_open = ":" not in _spelt(symbol)
    elif number:
        group = gemmi.find_spacegroup_by_number(int(number)) if number.isdecimal() else None
        if group is None:
            raise StructureFileError(f"{origin}: the space group number {number!r} is none of 1 to 230")
        group = gemmi.find_spacegroup_by_name(group.hm, *_angles(cell)[[0, 2]]) or group
        left_open = True
    else:
        return []
    same = [other for other in gemmi.spacegroup_table() if other.number == group.number]
    if left_open and group.ext in ("1", "2"):
        chosen = [other for other in same if other.hm == group.hm]
    elif not _fits(_operations(group.operations()), cell):
        # P 21/m does not say which axis is the unique one; the cell does.
        chosen = [
            other
            for other in same
            if _without_ones(other.hm) == _without_ones(group.hm) and (left_open or other.ext == group.ext)
        ]
    else:
        chosen = [group]
    return [SymmetryChoice(one.xhm(), _operations(one.operations())) for one in chosen]


def _of_hall(symbol: str) -> tuple[gemmi.SpaceGroup | None, Operations] | None:
    """The group and operations of a Hall symbol; None without one that can be read."""
    import gemmi

    if not symbol:
        return None
    try:
        found = gemmi.symops_from_hall(symbol)
    except (ValueError, RuntimeError):
        return None  # the other symbols are read instead
    return gemmi.find_spacegroup_by_ops(found), _operations(found)


def _by_symbol(symbol: str, cell: NDArray[np.float64]) -> gemmi.SpaceGroup | None:
    import gemmi

    alpha, _, gamma = _angles(cell)
    spelt = _spelt(symbol)
    # Axes that the symbol names are not for the cell to choose.
    angles = (0.0, 0.0) if ":" in spelt else (float(alpha), float(gamma))
    lattice, _, axis = spelt.partition(" ") if " " in spelt else (spelt[:1], "", spelt[1:])
    for name in (spelt, f"{lattice} 1 1 {axis}", f"{lattice} {axis} 1 1"):
        group = gemmi.find_spacegroup_by_name(name, *angles)
        if group is not None:
            return group
    hall = _of_hall(hall_of_full_symbol(spelt) or "")
    return None if hall is None else hall[0]


def _spelt(symbol: str) -> str:
    """The symbol with its choice of origin or axes as ``:1``, ``:2``, ``:H`` or ``:R``."""
    text = symbol.strip().replace("_", " " if symbol.count("_") > 1 else "").replace("~", "").rstrip(".")
    text = re.sub(r"(\d)\((\d)\)", r"\1\2", text)  # P6(3)/mmc
    text = re.sub(r"[\s(,:]*origin\s*(?:choice)?\s*([12])\)?$", r":\1", text, flags=re.IGNORECASE)
    match = re.fullmatch(r"(.*?[^\s:(])(?:\s*[:(]\s*|\s+|(?=[SZ]$))([A-Za-z]{1,2}\d?|[12])\)?", text)
    if match is None:
        return text
    plain, ending = match.group(1).strip(), match.group(2).upper()
    if ending in _ENDINGS:
        return f"{plain}:{_ENDINGS[ending]}"
    # "P 1" and "P 2" end in a number of their own.
    return f"{plain}:{ending}" if ending in ("1", "2") and re.search("[:(]", text) else text


def _without_ones(symbol: str) -> str:
    lattice, *axes = symbol.split()
    return " ".join([lattice, *(axis for axis in axes if axis != "1")])


def _text(block: gemmi.cif.Block, tags: tuple[str, ...]) -> str:
    import gemmi

    for tag in tags:
        value = block.find_value(tag)
        if value is not None and not gemmi.cif.is_null(value) and gemmi.cif.as_string(value).strip():
            return str(gemmi.cif.as_string(value)).strip()
    return ""


def _operations(group: gemmi.GroupOps) -> Operations:
    import gemmi

    each = list(group)
    rotations = np.array([operation.rot for operation in each], dtype=float) / gemmi.Op.DEN
    # Sixths and eighths are exact in 24ths.
    translations = np.array([operation.tran for operation in each], dtype=float) / gemmi.Op.DEN
    return Operations(rotations, translations)


def _fits(operations: Operations, cell: NDArray[np.float64]) -> bool:
    """Whether the operations leave the lengths and angles of the cell as they are."""
    metric = cell @ cell.T
    edges = np.sqrt(np.diag(metric))
    turned = np.einsum("nki,kl,nlj->nij", operations.rotations, metric, operations.rotations)
    change = np.abs(turned - metric) / np.outer(edges, edges)
    return bool(change.max() <= 2.0 * _STRAIN)


def _angles(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angles of the cell, degrees, shape (3,)."""
    unit = cell / np.linalg.norm(cell, axis=1, keepdims=True)
    cosines = [unit[1] @ unit[2], unit[0] @ unit[2], unit[0] @ unit[1]]
    found: NDArray[np.float64] = np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0)))
    return found
