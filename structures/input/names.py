"""Names of structures: what a file is called in the database, in queries and in reports."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ...errors import InputError

NAME_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9_.+()-]{0,79}")
"""A letter, then letters, digits and ``_ . + - ( )``: nothing that a query, a shell or a database reads otherwise."""
_NOT_A_NAME = frozenset(["true", "false", "none", "nan", "inf", "infinity"])  # which databases read as values
_VASP_NAMES = ("poscar", "contcar", "xdatcar", "vasprun")


def check_name(name: object, key: str = "name") -> str:
    """Return a name that a user gave to a structure.

    Parameters
    ----------
    name
        What was given.
    key
        What the message calls it.

    Raises
    ------
    InputError
        It is no text, holds another character, starts with none or is too long, or reads as a value.

    Examples
    --------
    >>> from amalgamics.structures.input.names import check_name
    >>> check_name("LiHg-a")
    'LiHg-a'
    >>> check_name("Li Hg")
    Traceback (most recent call last):
    amalgamics.errors.InputError: name: 'Li Hg' is not allowed; start with a letter, and use letters, digits and _ . + - ( ), at most 80
    """  # noqa: E501
    if not isinstance(name, str) or not NAME_PATTERN.fullmatch(name) or name.lower() in _NOT_A_NAME:
        shown = repr(name) if len(repr(name)) < 60 else f"{repr(name)[:57]}..."
        raise InputError(
            f"{key}: {shown} is not allowed; start with a letter, and use letters, digits and _ . + - ( ), at most 80"
        )
    return name


def plain_name(text: str) -> str:
    """Return a name plainly spelt: other characters become hyphens, and what reads as a value gets ``file-`` in front.

    Examples
    --------
    >>> from amalgamics.structures.input.names import plain_name
    >>> plain_name("Cu3Au model (1)"), plain_name("1e5"), plain_name("LiHg3")
    ('Cu3Au-model-(1)', 'file-1e5', 'LiHg3')
    """
    plain = re.sub(r"[^A-Za-z0-9_.+()-]+", "-", text).strip("-") or "structure"
    if not plain[0].isalpha() or plain.lower() in _NOT_A_NAME:
        plain = f"file-{plain}"
    return plain[:80]


def name_of_file(path: Path, *, folders: int = 0) -> str:
    """Return what the structure of a file is called: its stem, plainly spelt.

    Characters that :data:`NAME_PATTERN` has not become hyphens. A stem that starts with none of its letters, as in
    ``1534028.cif``, or reads as a value, as in ``True.cif``, gets ``file-`` in front.

    Parameters
    ----------
    path
        Of the file.
    folders
        How many of the folders that it lies in to name as well.

    Examples
    --------
    >>> from pathlib import Path
    >>> from amalgamics.structures.input.names import name_of_file
    >>> name_of_file(Path("runs/Cu3Au model (1).cif")), name_of_file(Path("1534028.cif"))
    ('Cu3Au-model-(1)', 'file-1534028')
    >>> name_of_file(Path("runs/LiHg/CONTCAR"), folders=1)
    'LiHg-CONTCAR'
    """
    stem = path.name if path.name.lower().startswith(_VASP_NAMES) else path.stem
    parts = [*path.parts[:-1][-folders:], stem] if folders else [stem]
    return plain_name("-".join(part for part in parts if part != path.anchor))


def names_of_files(paths: Sequence[Path]) -> list[str]:
    """Return a name for each file; those that share one are told apart by the folders that they lie in.

    Examples
    --------
    >>> from pathlib import Path
    >>> from amalgamics.structures.input.names import names_of_files
    >>> names_of_files([Path("a/CONTCAR"), Path("b/CONTCAR"), Path("b/LiHg.cif")])
    ['a-CONTCAR', 'b-CONTCAR', 'LiHg']
    """
    folders = [0] * len(paths)
    names = [name_of_file(path) for path in paths]
    for depth in range(1, max((len(path.parts) for path in paths), default=0)):
        counts = Counter(names)
        shared = [number for number, name in enumerate(names) if counts[name] > 1]
        if not shared:
            break
        for number in shared:
            folders[number] = depth
            names[number] = name_of_file(paths[number], folders=depth)
    return names
