"""Structures in JSON as pymatgen writes it: a Structure, or entries of computed energies, one or a list."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .checks import StructureFileError

if TYPE_CHECKING:
    from pymatgen.core import Structure

_CLASSES = ("Structure", "IStructure", "ComputedStructureEntry", "Slab")


def structures_of_json(text: str, origin: str) -> list[Structure] | None:
    """Return the structures of a JSON text; None where they are not pymatgen's, as in ASE's JSON.

    Nothing but structures is made of it, whatever classes it names.

    Raises
    ------
    StructureFileError
        It is no JSON, or an object of pymatgen has no structure.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StructureFileError(f"{origin}: it is not valid JSON: {error}") from None
    items = content if isinstance(content, list) else [content]
    if not items or not all(isinstance(item, dict) and _is_structure(item) for item in items):
        if any(isinstance(item, dict) and str(item.get("@module", "")).startswith("pymatgen") for item in items):
            names = sorted({str(item.get("@class")) for item in items if isinstance(item, dict)})
            raise StructureFileError(f"{origin}: {', '.join(names)} holds no structure; {', '.join(_CLASSES)} do")
        return None
    return [_structure(item) for item in items]


def _is_structure(item: dict[str, Any]) -> bool:
    return item.get("@class") in _CLASSES or {"lattice", "sites"} <= item.keys()


def _structure(item: dict[str, Any]) -> Structure:
    from pymatgen.core import Structure

    inner = item["structure"] if item.get("@class") == "ComputedStructureEntry" else item
    found: Structure = Structure.from_dict({"lattice": inner["lattice"], "sites": inner["sites"]})
    found.remove_oxidation_states()
    return found
