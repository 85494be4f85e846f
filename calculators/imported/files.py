"""Files of finished calculations: patterns, folders with all below them, and an index behind ``@``."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from pathlib import Path

from ...structures.input.checks import StructureFileError
from ...structures.input.names import plain_name
from ...structures.input.paths import is_pattern, matching_files
from ...structures.input.reader import split_index
from .calculation import CalculationFileError

_OF_FOLDERS = ("vasprun*.xml", "OUTCAR*", "data-file-schema.xml", "*.pwo", "*.out", "*.gpw", "*.extxyz", "*.traj")
MOST_FILES = 10_000
_NAMES_OF_PROGRAMS = ("vasprun", "outcar", "data-file-schema", "pw", "espresso", "relax", "scf", "vc-relax", "gpaw")
"""What programs call their files, so that the folder is the name of a calculation."""


def calculation_files(paths: Sequence[str]) -> list[str]:
    """Return the files that paths stand for, each once: themselves, what matches a pattern, or what a folder holds.

    Of a folder these are the files of calculations in it and below. An ``OUTCAR`` beside a ``vasprun.xml`` that is
    among them is left out, because it tells of the same calculation.

    Raises
    ------
    CalculationFileError
        A pattern matches nothing, a folder holds no calculation, or there are too many files.
    """
    found: dict[str, None] = {}
    for path in paths:
        found |= dict.fromkeys(_files_of(path))
    if len(found) > MOST_FILES:
        raise CalculationFileError(f"import: {len(found)} files are too many; at most {MOST_FILES} are taken at once")
    runs = {Path(path).parent for path in found if Path(path).name.startswith("vasprun")}
    return [path for path in found if not (Path(path).name.startswith("OUTCAR") and Path(path).parent in runs)]


def _files_of(path: str) -> list[str]:
    try:
        file, chosen = split_index(path)
        if file.is_dir():
            found = [one for one in sorted(file.rglob("*")) if one.is_file() and _is_calculation(one)]
            if not found:
                raise CalculationFileError(
                    f"import: the folder {path} holds no finished calculation ({' '.join(_OF_FOLDERS[:5])} ...)"
                )
        elif is_pattern(file):
            found = matching_files(file, path)
            if not found:
                raise CalculationFileError(f"import: no file matches {path}")
        else:
            return [path]
    except StructureFileError as error:
        raise CalculationFileError(f"import: {error}") from None
    return [f"{one}@{chosen}" if chosen else str(one) for one in found]


def _is_calculation(file: Path) -> bool:
    name = file.name.removesuffix(".gz")
    return name[:1] != "." and any(fnmatch.fnmatchcase(name, pattern) for pattern in _OF_FOLDERS)


def name_of_calculation(path: str) -> str:
    """Return what a calculation is called: by its file, or by its folder where programs choose the name of the file.

    Examples
    --------
    >>> from amalgamics.calculators.imported.files import name_of_calculation
    >>> name_of_calculation("runs/LiHg3/vasprun.xml.gz"), name_of_calculation("runs/LiHg.extxyz")
    ('LiHg3', 'LiHg')
    """
    try:
        file, _ = split_index(path)
    except StructureFileError:  # which reading it will tell
        return "structure"
    stem = file.name.removesuffix(".gz").rpartition(".")[0] or file.name
    folder = file.absolute().parent
    if stem == "data-file-schema" and folder.suffix == ".save":
        folder = folder.parent
    is_usual = stem.lower().startswith(_NAMES_OF_PROGRAMS[:3]) or stem.lower() in _NAMES_OF_PROGRAMS
    return plain_name(folder.name if is_usual and folder.name else stem)
