"""Finished calculations of Quantum ESPRESSO: the output of ``pw.x`` by ASE, and its XML (``data-file-schema.xml``)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.units import Bohr, Hartree, Ry

from .calculation import FREE_ENERGY, CalculationFileError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_FUNCTIONALS = {"slapwpbxpbc": "PBE", "slapwpsxpsc": "PBEsol", "slapznogxnogc": "LDA", "slapwnogxnogc": "LDA"}


def read_output(file: Path) -> list[dict[str, Any]]:
    """Return the final structure of an output of ``pw.x``; the energy is its ``total energy``, with smearing.

    Raises
    ------
    CalculationFileError
        It did not converge, or was cut off.
    """
    from ase.io import read

    text = file.read_text(encoding="utf-8", errors="replace")
    moves = text.count("ATOMIC_POSITIONS")
    if "JOB DONE" not in text:
        raise CalculationFileError("the file is cut off: the calculation has not ended (no JOB DONE)")
    last = text.rpartition("Self-consistent Calculation")[2]
    if "convergence NOT achieved" in last:
        raise CalculationFileError("the electronic steps did not converge (convergence NOT achieved)")
    if "Entering Dynamics" in text:
        raise CalculationFileError("it is molecular dynamics; relax a structure of it and import that")
    if "Maximum CPU time exceeded" in text:
        raise CalculationFileError("it was stopped by its time limit before the end")
    if "The maximum number of steps has been reached" in text:
        raise CalculationFileError("the relaxation did not converge (the maximum number of steps has been reached)")
    atoms: Any = read(file, index=-1, format="espresso-out")
    energy, forces = float(atoms.calc.results["energy"]), atoms.calc.results.get("forces")
    atoms.calc = None
    cutoff = _found(r"kinetic-energy cutoff\s*=\s*([\d.]+)", text)
    points = _found(r"number of k points=\s*(\d+)", text)
    return [
        {
            "atoms": atoms,
            "energy": energy,
            "energy_kind": FREE_ENERGY,
            "code": "Quantum ESPRESSO",
            "version": _found(r"Program PWSCF v\.?\s*(\S+)", text),
            "functional": functional_of(_found(r"Exchange-correlation\s*=\s*(.*?)\s*(?:\(|\n)", text)),
            "dispersion": _dispersion(text),
            "hubbard_U": _hubbard(text),
            "cutoff_eV": float(cutoff) * Ry if cutoff else None,
            "k_points": f"{points} irreducible" if points else None,
            "pseudopotentials": _pseudopotentials(text) or None,
            "steps": _steps(text, moves),
            "converged": True,
            "forces": None if forces is None else np.array(forces, dtype=float),
            "n_steps": text.count("!    total energy"),
        }
    ]


def _found(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text)
    return match[1] if match else None


def functional_of(name: str | None) -> str | None:
    """Return the usual name of a functional that ``pw.x`` writes in a long or a short form.

    Examples
    --------
    >>> from amalgamics.calculators.imported.espresso import functional_of
    >>> functional_of("SLA  PW   PBX  PBC"), functional_of("PBE"), functional_of("pbesol")
    ('PBE', 'PBE', 'PBEsol')
    """
    if not name or not name.strip():
        return None
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    known = {"pbe": "PBE", "pbesol": "PBEsol", "scan": "SCAN", "r2scan": "R2SCAN", "hse": "HSE06", "pz": "LDA"}
    return _FUNCTIONALS.get(plain) or known.get(plain) or " ".join(name.split())


def _dispersion(text: str) -> str:
    marks = {"DFT-D3 Dispersion": "DFT-D3", "DFT-D Dispersion": "DFT-D2", "Dispersion XDM": "XDM", "MBD": "MBD"}
    return next((name for mark, name in marks.items() if mark in text), "none")


def _hubbard(text: str) -> dict[str, float] | None:
    """U of each element; None where there is one in a form that is not read."""
    if not re.search(r"Hubbard|LDA\+U|DFT\+U", text):
        return {}
    found = re.findall(r"^\s*U\(([A-Z][a-z]?)\w*[^)]*\)\s*=\s*([\d.]+)", text, flags=re.MULTILINE)
    table = re.search(r"atomic species\s+L\s+U\b.*\n((?:\s+[A-Z][a-z]?\w*\s+\d\s+[\d.]+.*\n)+)", text)
    if table:
        found += re.findall(r"^\s+([A-Z][a-z]?)\w*\s+\d\s+([\d.]+)", table[1], flags=re.MULTILINE)
    return {symbol: float(value) for symbol, value in found if float(value)} or None


def _pseudopotentials(text: str) -> dict[str, str]:
    pairs = re.findall(r"PseudoPot\. #\s*\d+ for\s+([A-Z][a-z]?)\S*\s+read from file:?\s*(\S+)", text)
    return {symbol: path.rpartition("/")[2] for symbol, path in pairs}


def _steps(text: str, moves: int) -> str:
    if not moves:
        return "single point"
    return "relaxation" if "CELL_PARAMETERS" in text else "relaxation at fixed cell"


def read_xml(file: Path) -> list[dict[str, Any]]:
    """Return the final structure of an XML of ``pw.x``; the energy is its ``etot``, with smearing.

    Raises
    ------
    CalculationFileError
        It did not converge, or was cut off.
    """
    from xml.etree.ElementTree import ParseError, parse

    try:
        root = parse(file).getroot()
    except ParseError:
        raise CalculationFileError("the file is cut off, or no XML of pw.x") from None
    output = root.find("output")
    if output is None or output.find("total_energy/etot") is None:
        raise CalculationFileError("it holds no energy: the calculation has not ended")
    _refuse_unfinished(output)
    atoms = _atoms(output)
    species = {one.get("name", ""): one.findtext("pseudo_file", "") for one in output.iter("species")}
    forces = output.findtext("forces")
    kind = root.findtext("input/control_variables/calculation", "scf").strip()
    creator = root.find("general_info/creator")
    points = output.findtext("band_structure/nks")
    return [
        {
            "atoms": atoms,
            "energy": float(output.findtext("total_energy/etot", "nan")) * Hartree,
            "energy_kind": FREE_ENERGY,
            "code": "Quantum ESPRESSO",
            "version": None if creator is None else creator.get("VERSION"),
            "functional": functional_of(output.findtext("dft/functional")),
            "dispersion": output.findtext("dft/vdW/vdw_corr", "none").strip() or "none",
            "hubbard_U": _xml_hubbard(output),
            "cutoff_eV": float(output.findtext("basis_set/ecutwfc", "nan")) * Hartree,
            "k_points": f"{points.strip()} irreducible" if points else None,
            "pseudopotentials": {_symbol(name): title.strip() for name, title in species.items()} or None,
            "steps": {"scf": "single point", "relax": "relaxation at fixed cell", "vc-relax": "relaxation"}.get(kind),
            "converged": True,
            "forces": _numbers(forces).reshape(-1, 3) * Hartree / Bohr if forces else None,
            "n_steps": max(len(root.findall("step")), 1),
        }
    ]


def _refuse_unfinished(output: Element) -> None:
    electronic = output.findtext("convergence_info/scf_conv/convergence_achieved", "true")
    ionic = output.findtext("convergence_info/opt_conv/convergence_achieved", "true")
    if electronic.strip().lower() != "true":
        raise CalculationFileError("the electronic steps did not converge")
    if ionic.strip().lower() != "true":
        raise CalculationFileError("the relaxation did not converge")


def _atoms(output: Element) -> Any:
    from ase import Atoms

    structure = output.find("atomic_structure")
    if structure is None:
        raise CalculationFileError("it holds no structure")
    cell = [_numbers(structure.findtext(f"cell/a{axis}", "")) for axis in (1, 2, 3)]
    sites: Sequence[Element] = structure.findall("atomic_positions/atom")
    positions = [_numbers(site.text or "") for site in sites]
    symbols = [_symbol(site.get("name", "")) for site in sites]
    return Atoms(symbols, np.array(positions) * Bohr, cell=np.array(cell) * Bohr, pbc=True)


def _symbol(name: str) -> str:
    return re.sub(r"[^A-Za-z].*", "", name)[:2].capitalize() if name[1:2].islower() else name[:1].upper()


def _xml_hubbard(output: Element) -> dict[str, float]:
    return {
        _symbol(one.get("specie", "")): float(one.text or 0) * Hartree
        for one in output.iter("Hubbard_U")
        if float(one.text or 0)
    }


def _numbers(text: str) -> Any:
    return np.array(text.split(), dtype=float)
