"""Formats of structure files, told by name and content."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from .checks import StructureFileError

# ASE's names of the formats that hold crystals, and what messages call them. Left out are those whose reading runs
# code or needs a server, and those that leave the elements open (LAMMPS data).
_OF_ASE = {
    "extxyz": "extended XYZ",
    "xyz": "XYZ",
    "vasp": "POSCAR",
    "vasp-xdatcar": "XDATCAR",
    "vasp-xml": "vasprun.xml",
    "vasp-out": "OUTCAR",
    "traj": "ASE trajectory",
    "json": "JSON",
    "db": "ASE database",
    "xsf": "XSF",
    "res": "SHELX",
    "shelx": "SHELX",
    "espresso-in": "Quantum ESPRESSO input",
    "espresso-out": "Quantum ESPRESSO output",
    "aims": "FHI-aims geometry",
    "aims-output": "FHI-aims output",
    "castep-cell": "CASTEP cell",
    "castep-castep": "CASTEP output",
    "gen": "DFTB+ gen",
    "struct": "WIEN2k",
    "cube": "cube",
    "cp2k-restart": "CP2K restart",
    "gpaw-out": "GPAW output",
    "abinit-in": "ABINIT input",
    "siesta-xv": "SIESTA XV",
    "cfg": "AtomEye",
    "xtd": "XTD",
    "v-sim": "V_Sim",
    "netcdftrajectory": "NetCDF trajectory",
}
_HEAD = 8192
_SHELX_WORDS = ("TITL", "CELL", "ZERR", "SFAC", "UNIT", "FVAR", "REM", "WGHT", "HKLF", "PLAN", "L.S.", "SIZE")
_BINARY = ("traj", "db", "netcdftrajectory")


@dataclass(frozen=True)
class Format:
    """A format: its name for people, and that of ASE's reader, empty where another reads it."""

    name: str
    ase: str = ""


def format_of(file: Path, origin: str) -> Format:
    """Return the format of a file.

    Raises
    ------
    StructureFileError
        It is none that holds crystals.
    """
    with file.open("rb") as stream:
        head = stream.read(_HEAD)
    name, suffix = file.name.lower(), file.suffix.lower()
    if suffix in (".cif", ".mcif", ".cif2"):
        return Format("CIF")
    if suffix == ".json":
        return Format("JSON", "json")
    text = _decoded(head)
    if text is not None and re.search(r"^\s*data_\S", text, re.MULTILINE) and "_cell_length_a" in text:
        return Format("CIF")
    if suffix in (".vasp", ".poscar", ".contcar") or re.match(r"(.*[._-])?(poscar|contcar)", name):
        return Format("POSCAR", "vasp")
    if text is not None and text.lstrip()[:1] in ("{", "[") and "@module" in text:
        return Format("JSON", "json")
    found = _known_to_ase(file, text)
    if found not in _OF_ASE:
        kind = "a binary file" if text is None else "of no format that is known"
        raise StructureFileError(f"{origin} is {kind}; give a CIF, POSCAR, extended XYZ or another file of a crystal")
    if text is None and found not in _BINARY:
        raise StructureFileError(f"{origin} is a binary file, no {_OF_ASE[found]}")
    return Format(_OF_ASE[found], found)


def _known_to_ase(file: Path, text: str | None) -> str:
    """ASE's name of the format; empty where it knows none."""
    from ase.io.formats import UnknownFileTypeError, filetype

    try:
        return str(filetype(str(file)))
    except UnknownFileTypeError:
        return "vasp" if text is not None and _looks_like_poscar(text) else ""
    except Exception:
        return ""


def check_shelx(text: str, origin: str) -> None:
    """Refuse a SHELX file with symmetry or partial occupancies, which ASE leaves out.

    Raises
    ------
    StructureFileError
        Naming the line.
    """
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        keyword = words[0].upper() if words else ""
        if keyword == "SYMM" or (keyword == "LATT" and words[1:2] != ["-1"]):
            raise StructureFileError(
                f"{origin}, line {number}: the symmetry of SHELX files is not read; give a CIF, or all atoms in LATT -1"
            )
        if len(words) >= 6 and words[1].isdecimal() and keyword[:4] not in _SHELX_WORDS:
            try:
                filled = float(words[5])
            except ValueError:
                continue
            if filled not in (1.0, 11.0):
                raise StructureFileError(
                    f"{origin}, line {number}: the occupancy of {words[0]} is {words[5]}; those of SHELX files are not"
                    " read, so give a CIF"
                )


def read_text(file: Path, origin: str) -> str:
    """Return the text of a file: UTF-8 or UTF-16, with or without a byte-order mark, else Latin-1.

    Raises
    ------
    StructureFileError
        It holds NUL bytes: it is no text.
    """
    text = _decoded(file.read_bytes())
    if text is None:
        raise StructureFileError(f"{origin} is a binary file")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(content: bytes) -> str | None:
    """The text; None where there is none."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.removeprefix(codecs.BOM_UTF8).decode("latin-1")


def _looks_like_poscar(text: str) -> bool:
    """A number for the scale, then three lines of three numbers."""
    lines = [line.split() for line in text.splitlines()[1:5]]
    return (
        len(lines) == 4
        and len(lines[0]) in (1, 3)
        and all(len(line) >= 3 for line in lines[1:])
        and all(
            re.fullmatch(r"[-+]?\d*\.?\d+([eE][-+]?\d+)?", word)
            for line in (lines[0], *(row[:3] for row in lines[1:]))
            for word in line
        )
    )
