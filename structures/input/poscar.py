"""POSCAR files: what their header must say before ASE reads the rest."""

from __future__ import annotations

from .checks import StructureFileError, check_size

_HEADER = 7  # lines before the coordinates: comment, scale, three vectors, elements, counts


def check_poscar(text: str, origin: str) -> tuple[str, ...]:
    """Refuse a POSCAR whose elements are a guess or whose lines are too few, and return notes on how it is read.

    A file of VASP 4 has no line of elements. Its comment is read as that line where it is nothing but elements, one for
    each count, as VASP's own tools write it.

    Parameters
    ----------
    text
        Of the file.
    origin
        What messages start with: the file.

    Raises
    ------
    StructureFileError
        Naming the line.
    """
    from pymatgen.core import Element

    lines = [line.split("!")[0].split("#")[0].split() for line in text.splitlines()]
    if len(lines) < _HEADER:
        raise StructureFileError(f"{origin}: a POSCAR has at least {_HEADER + 1} lines, and this has {len(lines)}")
    for number in range(1, 5):
        words = lines[number][: 3 if number > 1 else None]
        if (len(words) not in (1, 3) if number == 1 else len(words) < 3) or not all(map(_is_number, words)):
            wanted = "the scale, one number or three" if number == 1 else "a cell vector, three numbers"
            raise StructureFileError(f"{origin}, line {number + 1}: {wanted}, is expected")
    notes: tuple[str, ...] = ()
    if _are_counts(lines[5]):
        counts, first = lines[5], 6
        comment = text.splitlines()[0].split()
        if len(comment) != len(counts) or not all(Element.is_valid_symbol(word) for word in comment):
            raise StructureFileError(
                f"{origin}, line 6: counts of atoms ({' '.join(counts[:6])}) without a line of elements above them; the"
                " comment does not tell their order. Write the elements into a line of their own"
            )
        notes = (f"its elements, {' '.join(comment)}, stand in the comment (VASP 4)",)
    else:
        counts, first = lines[6], 7
        if not _are_counts(counts) or len(counts) < len(lines[5]):
            raise StructureFileError(f"{origin}, line 7: as many counts of atoms as elements in line 6 are expected")
    total = sum(int(word) for word in counts if word.isdecimal() and len(word) < 15) + 10**15 * any(
        len(word) >= 15 for word in counts
    )
    check_size(total, origin)
    if len(lines) < first + 1 + total:
        raise StructureFileError(
            f"{origin}: it announces {total} atoms, and after line {first + 1} come"
            f" {max(len(lines) - first - 1, 0)} lines"
        )
    more = lines[first + 1 + _is_selective(lines[first]) + total :]
    if more and len(more[0]) >= 3 and all(map(_is_number, more[0][:3])):
        raise StructureFileError(f"{origin}: it announces {total} atoms, and has coordinates of more")
    return notes


def _is_selective(words: list[str]) -> int:
    """1 where the line after the counts announces selective dynamics, which stand before the kind of coordinates."""
    return int(bool(words) and words[0][0] in "sS")


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _are_counts(words: list[str]) -> bool:
    return bool(words) and all(word.isdecimal() for word in words)
