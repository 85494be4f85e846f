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
    # Documents of the Materials Project have the structure inside.
    inner = item.get("structure")
    return (
        item.get("@class") in _CLASSES
        or {"lattice", "sites"} <= item.keys()
        or (isinstance(inner, dict) and {"lattice", "sites"} <= inner.keys())
    )


def _structure(item: dict[str, Any]) -> Structure:
    from pymatgen.core import Structure

    inner = item if {"lattice", "sites"} <= item.keys() else item["structure"]
    sites = [{**site, "properties": _plain(site.get("properties") or {})} for site in inner["sites"]]
    found: Structure = Structure.from_dict({"lattice": inner["lattice"], "sites": sites})
    found.remove_oxidation_states()
    return found


def _plain(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of a site that are no objects: pymatgen would import the modules that these name."""
    return {key: value for key, value in properties.items() if "@" not in json.dumps(value)}


def constraints_of(structure: Structure) -> tuple[Any, ...]:
    """Return ASE's constraints for the selective dynamics of a pymatgen structure."""
    from ase.constraints import FixAtoms, FixScaled

    free = structure.site_properties.get("selective_dynamics")
    if not free:
        return ()
    held = [number for number, axes in enumerate(free) if axes is not None and not any(axes)]
    partly = [number for number, axes in enumerate(free) if axes is not None and any(axes) and not all(axes)]
    found: list[Any] = [FixAtoms(held)] if held else []
    return (*found, *(FixScaled([number], tuple(not axis for axis in free[number])) for number in partly))
