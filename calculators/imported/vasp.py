"""Finished calculations of VASP: ``vasprun.xml`` by pymatgen, ``OUTCAR`` by ASE with its settings from the text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .calculation import EXTRAPOLATED, CalculationFileError

if TYPE_CHECKING:
    from pymatgen.io.vasp.outputs import Vasprun

_OF_OUTCAR = {"8": "PBE", "PE": "PBE", "14": "PBEsol", "PS": "PBEsol", "RE": "revPBE", "RP": "RPBE", "AM": "AM05"}
_IVDW = {"1": "DFT-D2", "10": "DFT-D2", "11": "DFT-D3", "12": "DFT-D3-BJ", "13": "DFT-D4", "2": "TS", "20": "TS"}
# Of pseudopotentials: as a POTCAR calls them, and as the Materials Project and pymatgen's sets do (``PBE_54``).
_FAMILIES = {"PAW_PBE": "PBE", "PAW_GGA": "PW91", "PAW": "LDA", "PBE": "PBE", "PW91": "PW91", "LDA": "LDA"}
_IVDW |= {"21": "TS-H", "202": "MBD", "4": "dDsC"}


def read_vasprun(file: Path) -> list[dict[str, Any]]:
    """Return the final structure of a ``vasprun.xml`` with its energy and settings, as one keyword argument list.

    The energy is that extrapolated to zero smearing.

    Raises
    ------
    CalculationFileError
        It did not converge, was cut off, or is molecular dynamics.
    """
    from pymatgen.io.ase import AseAtomsAdaptor
    from pymatgen.io.vasp.outputs import Vasprun

    try:
        run = Vasprun(str(file), parse_dos=False, parse_eigen=False, parse_potcar_file=False)
    except SyntaxError:  # of each of the parsers that pymatgen may have
        raise CalculationFileError("the file is cut off: the calculation has not ended") from None
    if not run.ionic_steps:
        raise CalculationFileError("it holds no energy: the calculation has not got so far")
    _refuse_unfinished(run)
    last = run.ionic_steps[-1]
    atoms = AseAtomsAdaptor.get_atoms(run.final_structure, msonable=False)
    functional, dispersion = functional_of(run.run_type, run.potcar_symbols)
    nsw, isif = int(run.parameters.get("NSW", 0)), int(run.parameters.get("ISIF", 2))
    forces = last.get("forces")
    return [
        {
            "atoms": atoms,
            "energy": float(run.final_energy),
            "energy_kind": EXTRAPOLATED,
            "code": "VASP",
            "version": run.vasp_version,
            "functional": functional,
            "dispersion": dispersion,
            "hubbard_U": {symbol: float(value) for symbol, value in run.hubbards.items() if value},
            "cutoff_eV": float(run.incar.get("ENCUT") or run.parameters["ENMAX"]),
            "k_points": _k_points(run),
            "pseudopotentials": titles_by_element(run.potcar_symbols),
            "steps": _steps(nsw, isif),
            "converged": True,
            "forces": None if forces is None else np.array(forces, dtype=float),
            "n_steps": len(run.ionic_steps),
        }
    ]


def _refuse_unfinished(run: Vasprun) -> None:
    nelm, nsw = run.parameters.get("NELM"), int(run.parameters.get("NSW", 0))
    if run.incar.get("ML_LMLFF"):
        raise CalculationFileError("its energy is of a force field that VASP has learnt (ML_LMLFF), not of DFT")
    if float(run.incar.get("PSTRESS") or 0):
        raise CalculationFileError(f"it is under a pressure (PSTRESS = {run.incar['PSTRESS']:g} kB)")
    if run.parameters.get("IBRION") == 0 and nsw > 1:
        raise CalculationFileError("it is molecular dynamics; relax a structure of it and import that")
    if not run.converged_electronic:
        raise CalculationFileError(f"the electronic steps did not converge within NELM = {nelm}")
    if not run.converged_ionic:
        raise CalculationFileError(f"the relaxation did not converge within NSW = {nsw} steps")


def _k_points(run: Vasprun) -> str | None:
    if run.kpoints is None:
        return None
    style, grid = str(run.kpoints.style), run.kpoints.kpts
    count = f"{len(run.actual_kpoints or ())} irreducible"
    if len(grid) == 1 and len(grid[0]) == 3:
        return f"{style.rpartition('.')[2]} {'×'.join(f'{n:g}' for n in grid[0])}, {count}"
    return count


def _steps(nsw: int, isif: int) -> str:
    if nsw == 0:
        return "single point"
    return "relaxation" if isif in (3, 6, 7, 8) else "relaxation at fixed cell"


def functional_of(run_type: str, titles: Sequence[str] = ()) -> tuple[str | None, str]:
    """Return functional and dispersion from the type of a run as pymatgen writes it, such as ``GGA+U+vdW-DFT-D3``.

    ``GGA`` alone is that of the pseudopotentials, which in the Materials Project is PBE.

    Examples
    --------
    >>> from amalgamics.calculators.imported.vasp import functional_of
    >>> functional_of("GGA+U"), functional_of("R2SCAN+vdW-DFT-D3-BJ")
    (('PBE', 'none'), ('R2SCAN', 'DFT-D3-BJ'))
    >>> functional_of("GGA+U", ["PBE Fe_pv", "PBE O"]), functional_of("GGA", ["PBE_54 Li_sv"])
    (('PBE', 'none'), ('PBE', 'none'))
    """
    name, *rest = run_type.split("+")
    dispersion = next(
        (part.removeprefix("vdW-") for part in rest if part.startswith("vdW-") or part == "rVV10"), "none"
    )
    if name == "GGA":
        families = {re.sub(r"_\d+$", "", title.split()[0]) for title in titles if title.split()}
        name = _FAMILIES.get(families.pop(), "GGA") if len(families) == 1 else "GGA" if families else "PBE"
    return (name or None), "none" if dispersion == "no-correction" else dispersion


def titles_by_element(titles: Sequence[str]) -> dict[str, str]:
    """Return the titles of pseudopotentials, such as ``PAW_PBE Li_sv 10Sep2004``, by their elements."""
    return {words[1].partition("_")[0]: title for title in titles if len(words := title.split()) > 1}


def read_outcar(file: Path) -> list[dict[str, Any]]:
    """Return the final structure of an ``OUTCAR`` with its energy and settings; otherwise as :func:`read_vasprun`."""
    from ase.io import read

    text = file.read_text(encoding="utf-8", errors="replace")
    numbers = _outcar_numbers(text)
    _refuse_unfinished_outcar(text, numbers)
    atoms: Any = read(file, index=-1, format="vasp-out")
    energy, forces = float(atoms.calc.results["energy"]), atoms.calc.results.get("forces")
    atoms.calc = None
    atoms.set_constraint()  # ASE takes them from a CONTCAR of the current folder
    titles = list(dict.fromkeys(re.findall(r"TITEL\s*=\s*(.*\S)", text)))
    version = re.search(r"vasp\.(\d[\w.]*)", text)
    return [
        {
            "atoms": atoms,
            "energy": energy,
            "energy_kind": EXTRAPOLATED,
            "code": "VASP",
            "version": version[1] if version else None,
            "functional": _outcar_functional(text),
            "dispersion": _IVDW.get(numbers.get("IVDW", ""), "none"),
            "hubbard_U": _outcar_hubbard(text, titles),
            "cutoff_eV": float(numbers["ENCUT"]) if "ENCUT" in numbers else None,
            "k_points": f"{numbers['NKPTS']} irreducible" if "NKPTS" in numbers else None,
            "pseudopotentials": titles_by_element(titles) or None,
            "steps": _steps(int(float(numbers.get("NSW", 0))), int(float(numbers.get("ISIF", 2)))),
            "converged": True,
            "forces": None if forces is None else np.array(forces, dtype=float),
            "n_steps": text.count("TOTAL-FORCE (eV/Angst)"),
        }
    ]


def _outcar_numbers(text: str) -> dict[str, str]:
    """Settings of an OUTCAR by their names, the first where they stand twice."""
    found: dict[str, str] = {}
    for key, value in re.findall(r"\b(ENCUT|NSW|NELM|ISIF|IBRION|IVDW|NKPTS|PSTRESS)\s*=\s*([-\d.]+)", text):
        found.setdefault(key, value.rstrip(";."))
    return found


def _refuse_unfinished_outcar(text: str, numbers: Mapping[str, str]) -> None:
    nsw, ibrion = int(float(numbers.get("NSW", 0))), int(float(numbers.get("IBRION", -1)))
    if "General timing and accounting" not in text:
        raise CalculationFileError("the file is cut off: the calculation has not ended")
    if float(numbers.get("PSTRESS", 0)):
        raise CalculationFileError(f"it is under a pressure (PSTRESS = {numbers['PSTRESS']} kB)")
    if ibrion == 0 and nsw > 1:
        raise CalculationFileError("it is molecular dynamics; relax a structure of it and import that")
    # Each ionic step ends its electronic ones with this line, or else at the limit.
    if (
        "aborting loop because EDIFF is reached"
        not in text.rpartition("TOTAL-FORCE (eV/Angst)")[0].rpartition("TOTAL-FORCE (eV/Angst)")[2]
    ):
        raise CalculationFileError(f"the electronic steps did not converge within NELM = {numbers.get('NELM')}")
    if nsw > 1 and "reached required accuracy - stopping structural energy minimisation" not in text:
        raise CalculationFileError(f"the relaxation did not converge within NSW = {nsw} steps")


def _outcar_functional(text: str) -> str | None:
    if re.search(r"LHFCALC\s*=\s*T", text):
        screened = re.search(r"HFSCREEN\s*=\s*([\d.]+)", text)
        return "HSE06" if screened and 0.2 <= float(screened[1]) <= 0.21 else "hybrid"
    meta = re.search(r"METAGGA\s*=\s*(\w+)", text)
    if meta and meta[1].upper() not in ("F", "NONE"):
        return meta[1].upper()
    own, of_potentials = (re.search(rf"\b{key}\s*=\s*(\w+)", text) for key in ("GGA", "LEXCH"))
    for match in (own, of_potentials):
        if match and match[1] in _OF_OUTCAR:
            return _OF_OUTCAR[match[1]]
    return "LDA" if of_potentials and of_potentials[1] in ("2", "CA") else None


def _outcar_hubbard(text: str, titles: Sequence[str]) -> dict[str, float]:
    values = {key: re.search(rf"{key}\s+.*?=\s*(.*)", text) for key in ("LDAUU", "LDAUJ")}
    if "LDA+U is selected" not in text or values["LDAUU"] is None:
        return {}
    u = [float(word) for word in values["LDAUU"][1].split()]
    j = [float(word) for word in values["LDAUJ"][1].split()] if values["LDAUJ"] else [0.0] * len(u)
    symbols = [title.split()[1].partition("_")[0] for title in titles]
    return {symbol: one - other for symbol, one, other in zip(symbols, u, j, strict=False) if one - other}
