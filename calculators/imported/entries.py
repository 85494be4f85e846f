"""Finished calculations as pymatgen keeps them: JSON of one ``ComputedStructureEntry`` or a list of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .calculation import AS_GIVEN, EXTRAPOLATED, CalculationFileError
from .vasp import functional_of, titles_by_element


def read_entries(file: Path) -> list[dict[str, Any]] | None:
    """Return the structures of pymatgen's entries with their energies, corrections left out; None for other JSON.

    Nothing but structures is made of the file, whatever classes it names.

    Raises
    ------
    CalculationFileError
        It is no JSON, or an entry has no structure or no energy.
    """
    from pymatgen.io.ase import AseAtomsAdaptor

    from ...structures.input.checks import StructureFileError
    from ...structures.input.pymatgen_json import structures_of_json

    text = file.read_text(encoding="utf-8", errors="replace")
    try:
        structures = structures_of_json(text, "the file")
    except StructureFileError as error:
        reason = str(error).removeprefix("the file: ")
        hint = "; a ComputedEntry goes into amalgamics.hull" if "ComputedEntry" in reason else ""
        raise CalculationFileError(f"{reason}{hint}") from None
    if structures is None:
        return None
    content = json.loads(text)
    found = []
    for entry, structure in zip(content if isinstance(content, list) else [content], structures, strict=True):
        energy = entry.get("energy")
        if isinstance(energy, bool) or not isinstance(energy, int | float):
            raise CalculationFileError("it holds a structure without an energy")
        atoms = AseAtomsAdaptor.get_atoms(structure, msonable=False)
        found.append({"atoms": atoms, "energy": float(energy), **_settings(entry)})
    return found


def _settings(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What the parameters of an entry tell."""
    parameters = entry.get("parameters") or {}
    run_type = str(parameters.get("run_type") or "")
    specs = parameters.get("potcar_spec") or []
    titles = parameters.get("potcar_symbols") or [one.get("titel", "") for one in specs if isinstance(one, dict)]
    titles = [str(title) for title in titles]
    functional, dispersion = functional_of(run_type, titles) if run_type else (None, None)
    hubbards = parameters.get("hubbards")
    is_vasp = bool(run_type or titles)
    own = _own_correction(entry)
    notes = [f"its own correction of {own:.3f} eV is left out"] if own else []
    return {
        "energy_kind": EXTRAPOLATED if is_vasp else AS_GIVEN,
        "code": str(parameters.get("software") or parameters.get("potential") or ("VASP" if is_vasp else "")) or None,
        "functional": functional,
        "dispersion": dispersion,
        "hubbard_U": {key: float(value) for key, value in hubbards.items() if value} if hubbards is not None else None,
        "pseudopotentials": titles_by_element(titles) or None,
        "notes": (*notes, *([str(entry["entry_id"])] if entry.get("entry_id") else [])),
    }


def _own_correction(entry: Mapping[str, Any]) -> float:
    """Sum of the corrections that an entry brings along, eV."""
    adjustments = entry.get("energy_adjustments") or []
    values = [one.get("value", 0.0) for one in adjustments if isinstance(one, dict)]
    return sum(float(value) for value in values if isinstance(value, int | float)) or float(
        entry.get("correction") or 0.0
    )
