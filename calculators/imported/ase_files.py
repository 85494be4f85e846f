"""Finished calculations in files that ASE reads: trajectories, databases, extended XYZ, and those of GPAW."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from .calculation import AS_GIVEN, EXTRAPOLATED, CalculationFileError

MAX_STRUCTURES = 1000
TOLD = ("code", "version", "functional", "dispersion", "cutoff_eV", "k_points", "energy_kind")
"""What a structure may tell of its calculation, in ``atoms.info`` or the keys of a row of ``ase.db``."""
_MAPPINGS = ("hubbard_U", "pseudopotentials")


def read_ase(file: Path, kind: str) -> list[dict[str, Any]]:
    """Return the structures of a file with their energies, and what they tell of their settings.

    Of a trajectory of one structure that moves, as a relaxation writes it, this is the last image.

    Parameters
    ----------
    file
        Path.
    kind
        ASE's name of the format.

    Raises
    ------
    CalculationFileError
        A structure has no energy, or there are too many.
    """
    images = list(islice(_images(file, kind), MAX_STRUCTURES + 1))
    if len(images) > MAX_STRUCTURES:
        raise CalculationFileError(f"it holds more than {MAX_STRUCTURES} structures; import them in parts")
    if not images:
        raise CalculationFileError("it holds no structure")
    n_images = len(images)
    moving = kind == "traj" and n_images > 1 and len({str(one.symbols) for one in images}) == 1
    return [_of_atoms(one) | ({"n_steps": n_images} if moving else {}) for one in (images[-1:] if moving else images)]


def _images(file: Path, kind: str) -> Iterator[Any]:
    from ase.db import connect
    from ase.io import iread

    if kind not in ("db", "json"):
        yield from iread(file, index=":", format=kind, do_not_split_by_at_sign=True)
        return
    for row in connect(str(file), type=kind).select():  # whose keys ase.io leaves out
        yield row.toatoms(add_additional_information=True)


def _of_atoms(atoms: Any) -> dict[str, Any]:
    calculator = atoms.calc
    results = dict(getattr(calculator, "results", None) or {})
    told = {**atoms.info, **(atoms.info.get("key_value_pairs") or {})}
    energy = results.get("energy", told.get("energy"))
    if energy is None:
        keys = ", ".join(sorted(str(key) for key in told)[:8])
        raise CalculationFileError(f"it holds a structure without an energy{f' (it has {keys})' if keys else ''}")
    forces = results.get("forces")
    plain = atoms.copy()
    plain.calc = None
    plain.info.clear()
    name = getattr(calculator, "name", None)
    return {
        "atoms": plain,
        "energy": float(np.asarray(energy).item()),
        "energy_kind": AS_GIVEN,
        "code": None if name in (None, "unknown") else str(name),
        "forces": None if forces is None else np.array(forces, dtype=float),
        **_told(told),
    }


def _told(info: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {key: str(info[key]) for key in TOLD if info.get(key) is not None}
    if "cutoff_eV" in found:
        try:
            found["cutoff_eV"] = float(found["cutoff_eV"])
        except ValueError:
            raise CalculationFileError(f"its cutoff_eV is {found['cutoff_eV']!r}, which is no number") from None
    for key in _MAPPINGS:
        value = info.get(key)
        if isinstance(value, Mapping):
            found[key] = {str(symbol): float(one) if key == "hubbard_U" else str(one) for symbol, one in value.items()}
    return found


def read_gpw(file: Path) -> list[dict[str, Any]]:
    """Return the structure of a ``.gpw`` file with its energy, extrapolated to zero smearing, and its settings."""
    from ase.io import read, ulm

    atoms = read(file, format="gpw")
    found = _of_atoms(atoms)
    with ulm.open(file) as reader:
        parameters = dict(reader.parameters.asdict())
        version = getattr(reader, "gpaw_version", None)
        if getattr(reader, "scf_converged", True) is False:
            raise CalculationFileError("the electronic steps did not converge")
    return [found | _gpaw_settings(parameters) | {"version": version and str(version)}]


def read_gpaw_text(file: Path) -> list[dict[str, Any]]:
    """Return the last structure of GPAW's text output with its energy, extrapolated to zero smearing.

    Raises
    ------
    CalculationFileError
        It did not converge, or was cut off.
    """
    from ase.io import read

    text = file.read_text(encoding="utf-8", errors="replace")
    if re.search(r"[Dd]id not converge", text):
        raise CalculationFileError("the electronic steps did not converge")
    if not re.search(r"Converged (after|in) \d+ (iterations|steps)", text, flags=re.IGNORECASE):
        raise CalculationFileError("the file is cut off: the electronic steps have not ended")
    try:
        found = _of_atoms(read(file, index=-1, format="gpaw-out"))
    except (UnboundLocalError, ValueError, OSError):
        raise CalculationFileError("ASE does not read the text of this version of GPAW; give its .gpw file") from None
    block = re.search(r"^\s*(?:Input parameters|parameters):?\s*\n(.*?)\n\s*\n", text, flags=re.M | re.S | re.I)
    given = block[1] if block else text
    cutoff = re.search(r"ecut['\"]?\s*[:=]\s*([\d.]+)", given)
    functional = re.search(r"\bxc['\"]?\s*[:=]\s*['\"]?([\w-]+)", given)
    version = re.search(r"^\s*(?:\|__ \|\s*)?.*?(\d+\.\d+\.\d+\w*)\s*$", text[:600], flags=re.MULTILINE)
    settings: dict[str, Any] = {"xc": functional[1] if functional else "LDA"}
    if cutoff:
        settings["mode"] = {"ecut": float(cutoff[1])}
    return [found | _gpaw_settings(settings) | {"version": version[1] if version else None}]


def _gpaw_settings(parameters: Mapping[str, Any]) -> dict[str, Any]:
    mode, functional = parameters.get("mode"), parameters.get("xc", "LDA")
    name = functional.get("name") if isinstance(functional, Mapping) else functional
    setups = parameters.get("setups")
    with_u = isinstance(setups, Mapping) and any(":" in str(value) for value in setups.values())
    return {
        "code": "GPAW",
        "energy_kind": EXTRAPOLATED,
        "functional": str(name).upper() if str(name).lower() == "pbe" else str(name),
        "dispersion": "none",
        "hubbard_U": _gpaw_hubbard(setups) if with_u and isinstance(setups, Mapping) else {},
        "cutoff_eV": float(mode["ecut"]) if isinstance(mode, Mapping) and "ecut" in mode else None,
        "k_points": str(parameters["kpts"]) if "kpts" in parameters else None,
        "converged": True,
    }


def _gpaw_hubbard(setups: Mapping[str, Any]) -> dict[str, float]:
    """U of setups such as ``{"Ti": ":d,4.0"}``."""
    found = {}
    for symbol, value in setups.items():
        match = re.search(r":[spdf],([\d.]+)", str(value))
        if match:
            found[str(symbol)] = float(match[1])
    return found
