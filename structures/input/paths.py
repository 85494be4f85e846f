"""Paths of structure files: patterns, folders, and an index behind ``@``."""

from __future__ import annotations

from pathlib import Path

from ...permissions import check_path
from .checks import StructureFileError
from .reader import split_index

_SUFFIXES = (
    ".cif", ".vasp", ".poscar", ".contcar", ".xyz", ".extxyz", ".json", ".traj", ".xsf", ".res", ".cell", ".gen", ".db",
)  # fmt: skip
_VASP_NAMES = ("poscar", "contcar")
_MOST_FILES = 2000


def absolute_path(path: str) -> str:
    """Return the absolute path of a structure file, with the index behind its ``@``: workers run in other folders.

    Raises
    ------
    StructureFileError
        There is no such file, or the path cannot be one.
    """
    file, chosen = split_index(path)
    check_path(file, "structure file")
    found = file.resolve()
    if not found.exists():
        raise StructureFileError(f"no such structure file: {file}")
    if not found.is_file():
        raise StructureFileError(f"{file} is a folder; give a file" if found.is_dir() else f"{file} is no file")
    return f"{found}@{chosen}" if chosen else str(found)


def from_folder(path: str, folder: Path | None) -> str:
    """Return a path as a file in ``folder`` means it: from that folder, or else from the current one.

    Patterns and an index behind ``@`` stay as they are; so does what is in neither, to be refused by its name.

    Raises
    ------
    StructureFileError
        The path cannot be one.
    """
    split_index(path)
    if folder is None or folder == Path.cwd() or not path:
        return path
    try:
        there = str(folder / path)
        return there if split_index(there)[0].exists() or structure_files(there) != [there] else path
    except StructureFileError:
        return path


def structure_files(path: str) -> list[str]:
    """Return the files that a path stands for: itself, those that match a pattern, or the structure files of a folder.

    Raises
    ------
    StructureFileError
        A pattern matches nothing, a folder holds no structure file, or there are too many.
    """
    file, chosen = split_index(path)
    check_path(file, "structure file")
    if file.is_dir():
        found = sorted(one for one in file.iterdir() if one.is_file() and _is_structure(one) and one.name[0] != ".")
        what = f"the folder {file} holds no structure file ({' '.join(_SUFFIXES[:5])} ...)"
    elif is_pattern(file):
        found = matching_files(file, path)
        what = f"no file matches {path}"
    else:
        return [path]
    if not found:
        raise StructureFileError(what)
    if len(found) > _MOST_FILES:
        raise StructureFileError(f"{path} stands for {len(found)} files; at most {_MOST_FILES} are taken")
    return [f"{one}@{chosen}" if chosen else str(one) for one in found]


def is_pattern(file: Path) -> bool:
    """Return whether a path is none of a file but a pattern, such as ``runs/**/CONTCAR``."""
    return not file.exists() and any(mark in str(file) for mark in "*?[")


def matching_files(pattern: Path, path: str) -> list[Path]:
    """Return the files that match a pattern, sorted, hidden ones left out; ``path`` is how it was written.

    Raises
    ------
    StructureFileError
        It is no pattern that can be looked for.
    """
    anchor = Path(pattern.anchor or ".")
    try:
        found = anchor.glob(str(pattern.relative_to(pattern.anchor)))
        return sorted(one for one in found if one.is_file() and one.name[0] != ".")
    except (ValueError, NotImplementedError, OSError) as error:
        raise StructureFileError(f"{path}: {error}") from None


def _is_structure(file: Path) -> bool:
    return file.suffix.lower() in _SUFFIXES or file.name.lower().startswith(_VASP_NAMES)
