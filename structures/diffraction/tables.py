"""Columns of numbers in a text file: where they are, what separates them, and which mark is the decimal one.

What cannot be decided from the file is refused with the number of its line, never guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .radiation import DiffractionError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST_POINTS = 3
MOST_POINTS = 200_000
"""As many are 180° in steps of 0.001°."""
MOST_BYTES = 32_000_000
_SHOWN = 60  # characters of a line that an error repeats
_COMMENT = ("#", "!", "%", ";", "//", "'")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_LINE_END = re.compile(r"\r\n|\r|\n")
_NUMBERS_ONLY = re.compile(r'["+\-.]?[+\-.]?\d[\d\s+\-.,;"eEdD]*')
_NUMBER = re.compile(r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eEdD][+-]?\d+)?", re.ASCII)
_QUOTED = re.compile(r'"([^"]*)"|([^",;\s]+)')
_BLANK_BETWEEN = re.compile(r"[^\s,]\s+[^\s,]")
_LISTED = re.compile(r"\s*,\s+|\s+,\s*")


@dataclass(frozen=True)
class Table:
    """The numbers of a text file.

    Attributes
    ----------
    origin
        The file, for messages.
    values
        Shape (rows, columns), two columns at least.
    line_numbers
        Of each row in the file, from 1.
    header
        The lines before the table by their numbers, without marks of comments.
    decimal_comma
        A comma is the decimal mark.
    """

    origin: str
    values: NDArray[np.float64]
    line_numbers: tuple[int, ...]
    header: Mapping[int, str]
    decimal_comma: bool

    def names(self) -> tuple[int, tuple[str, ...]]:
        """Return the last line of the header that has a name for each column: its number and the names; else none."""
        for number, line in sorted(self.header.items(), reverse=True):
            for separator in (";", "\t", ",", "  ", None):
                fields = [field.strip(' "') for field in line.split(separator) if field.strip()]
                if len(fields) == self.values.shape[1] and not any(_NUMBER.fullmatch(field) for field in fields):
                    return number, tuple(fields)
        return 0, ()


class _Line(NamedTuple):
    number: int
    text: str


def read_text(path: Path) -> str:
    """Return the text of a file: UTF-8, UTF-16 (with a byte-order mark, or told by its NULs), else Latin-1.

    Raises
    ------
    DiffractionError
        It is missing, no file, empty, too large, or not text.
    """
    data = read_bytes(path)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif nuls := [i for i in (0, 1) if data[i:200:2].count(0) > 0.8 * len(data[i:200:2])]:
        encodings = ["utf-16-be" if nuls[0] == 0 else "utf-16-le"]
    else:
        encodings = ["utf-8-sig", "latin-1"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise DiffractionError(f"{path}, line 1: it is not a text file; export two columns, 2θ and intensity")
    text = text.rstrip("\x1a\0 \t\r\n")
    if odd := _CONTROL.search(text):
        number = len(_LINE_END.findall(text, 0, odd.start())) + 1
        raise DiffractionError(
            f"{path}, line {number}: it is not a text file (it holds the byte {ord(odd.group()):#04x}); export two "
            "columns, 2θ and intensity"
        )
    return text


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file of a size that a pattern can have.

    Raises
    ------
    DiffractionError
        It is missing, no file, empty or too large.
    """
    try:
        if path.exists() and not path.is_file():
            raise DiffractionError(f"{path}: it is not a file")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise DiffractionError(f"{path}: {size / 1e6:.0f} MB are too many for a pattern; at most 32 MB are read")
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # a path with a NUL is a ValueError
        if isinstance(error, DiffractionError):
            raise
        raise DiffractionError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not data.strip():
        raise DiffractionError(f"{path}: it is empty")
    return data


def read_table(text: str, origin: str, *, commas_separate: bool = False) -> Table:
    r"""Return the columns of numbers in a text.

    Lines of words before and after the table, empty ones and those that start with a mark of comments are skipped.

    Parameters
    ----------
    text
        Of the whole file.
    origin
        The file, for messages.
    commas_separate
        Whole numbers with a comma between them are two columns, as the name of a ``.csv`` says.

    Raises
    ------
    DiffractionError
        No table, fewer than three or too many rows, words or a second table among the numbers, rows of different
        lengths, what is no number, or commas that may separate, be decimal or mark thousands.

    Examples
    --------
    >>> read_table("2theta\tI\n22,02\t123\n22,04\t125\n22,06\t1,5e2", "my.xy").values.tolist()
    [[22.02, 123.0], [22.04, 125.0], [22.06, 150.0]]
    """
    rows, header, outside = _locate(text, origin)
    rows = [_Line(row.number, "\t".join(a or b for a, b in _QUOTED.findall(row.text))) if '"' in row.text else row
            for row in rows]  # fmt: skip
    separator = _separator(rows, origin, header, commas_separate)
    cells = [_cells(row, separator, origin) for row in rows]
    rows, cells = _without_count(rows, cells)
    n_columns = Counter(map(len, cells)).most_common(1)[0][0]
    for row, found in zip(rows, cells, strict=True):
        if len(found) != n_columns:
            raise DiffractionError(f"{_place(origin, row)}: {len(found)} columns, where other rows have {n_columns}")
    decimal_comma = any("," in cell for found in cells for cell in found)
    for row in outside:  # a row with a value that is no number, before or after the others
        fields = re.split(r"[;\s]+|,\s*" if not decimal_comma else r"[;\s]+", row.text.strip(";, \t"))
        if len(fields) == n_columns and _NUMBER.fullmatch(fields[0]):
            raise DiffractionError(f"{_place(origin, row)} is not {'two ' if n_columns == 2 else ''}finite numbers")
    if n_columns < 2:
        raise DiffractionError(f"{_place(origin, rows[0])} is one column; 2θ and intensity are needed")
    if len(rows) < FEWEST_POINTS:
        raise DiffractionError(f"{origin}: {len(rows)} points are found; at least {FEWEST_POINTS} are needed")
    table = Table(
        origin,
        _values(rows, cells, decimal_comma, origin),
        tuple(row.number for row in rows),
        dict(header),
        decimal_comma,
    )
    _check_thousands(table, cells, rows)
    return table


def numbers(text: str, origin: str) -> NDArray[np.float64]:
    """Return the numbers of a text, separated by blanks or commas."""
    fields = re.split(r"[,\s]+", text.strip())
    if len(fields) > MOST_POINTS:
        raise DiffractionError(f"{origin}: more than {MOST_POINTS} points; leave some out or add neighbours up")
    for field in fields:
        if not _NUMBER.fullmatch(field):
            raise DiffractionError(f"{origin}: {field[:_SHOWN]!r} is not a number")
    return np.array([_value(field) for field in fields])


def _locate(text: str, origin: str) -> tuple[list[_Line], list[_Line], list[_Line]]:
    """The longest run of lines of numbers, the lines before it, and those before and after that are no comments."""
    lines = _LINE_END.split(text)
    if len(lines) > MOST_POINTS + 1000:
        raise DiffractionError(f"{origin}: {len(lines)} lines; a pattern of more than {MOST_POINTS} points is not read")
    runs: list[list[_Line]] = [[]]
    words: list[_Line] = []
    notes: list[_Line] = []
    in_comment = False
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        in_comment = in_comment or stripped.startswith("/*")
        if not stripped:
            continue
        if in_comment or stripped.startswith(_COMMENT):
            notes.append(_Line(number, stripped.lstrip("#!%;/'* ")))
            in_comment = in_comment and "*/" not in stripped
        elif _NUMBERS_ONLY.fullmatch(numbers_only := stripped.partition("#")[0].rstrip()):
            runs[-1].append(_Line(number, numbers_only))
        else:
            words.append(_Line(number, stripped))
            if runs[-1]:
                runs.append([])
    rows = max(runs, key=len)
    if not rows:
        raise DiffractionError(f"{origin}: 0 points are found; columns of 2θ and intensity are needed")
    _check_alone(runs, rows, words, origin)
    before = [line for line in sorted(words + notes, key=lambda line: line.number) if line.number < rows[0].number]
    alone = [line for run in runs if run is not rows for line in run]
    return rows, before, words + alone


def _check_alone(runs: list[list[_Line]], rows: list[_Line], words: list[_Line], origin: str) -> None:
    """Refuse numbers after the table, and two tables."""
    for run in runs:
        if run is rows or not run or (run[0].number < rows[0].number and len(run) < FEWEST_POINTS):
            continue
        first, second = sorted((run, rows), key=lambda one: one[0].number)
        word = next(word for word in words if first[-1].number < word.number < second[0].number)
        raise DiffractionError(
            f"{_place(origin, word)} stands among the numbers; give one pattern, without gaps, in a file"
        )


def _separator(rows: list[_Line], origin: str, header: list[_Line], commas_separate: bool) -> str:
    """What stands between columns: ``;``, ``,``, ``, `` (with a blank) or a blank."""
    if any(";" in row.text for row in rows):
        return ";"
    if not any("," in row.text for row in rows):
        return " "
    if any("." in row.text for row in rows):
        mixed = next((row for row in rows if "," in row.text and _BLANK_BETWEEN.search(row.text)), None)
        if mixed is not None:
            raise DiffractionError(
                f"{_place(origin, mixed)}: does the comma mark thousands or decimals? Write one mark"
            )
        return ","
    if any(_BLANK_BETWEEN.search(row.text) for row in rows):
        return " "
    if all(_LISTED.search(row.text) for row in rows):
        return ", "
    names = {len(line.text.split(",")) for line in header if not any(map(_NUMBER.fullmatch, line.text.split(",")))}
    if {len(row.text.split(",")) for row in rows} <= (names - {1}) | ({2} if commas_separate else set()):
        return ","
    raise DiffractionError(
        f"{_place(origin, rows[0])}: is the comma decimal, or does it separate columns? Separate them by blanks, tabs "
        "or semicolons"
    )


def _cells(row: _Line, separator: str, origin: str) -> list[str]:
    if separator == " ":
        return row.text.split()
    found = _LISTED.split(row.text.rstrip(", ")) if separator == ", " else row.text.split(separator)
    found = [cell.strip() for cell in found]
    if len(found) > 1 and not found[-1]:
        found.pop()
    if not all(found):
        raise DiffractionError(f"{_place(origin, row)}: a column is empty")
    return found


def _without_count(rows: list[_Line], cells: list[list[str]]) -> tuple[list[_Line], list[list[str]]]:
    """Leave out a first line that holds the number of rows alone."""
    if len(rows) > 1 and cells[0] == [str(len(rows) - 1)] and len(cells[1]) > 1:
        return rows[1:], cells[1:]
    return rows, cells


def _values(rows: list[_Line], cells: list[list[str]], decimal_comma: bool, origin: str) -> NDArray[np.float64]:
    plain = [[cell.replace(",", ".") for cell in found] for found in cells] if decimal_comma else cells
    try:
        values = np.array([list(map(float, found)) for found in plain])
    except ValueError:  # no number, or an exponent of Fortran
        values = np.array([_row(row, found, origin) for row, found in zip(rows, cells, strict=True)])
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        raise DiffractionError(f"{_place(origin, rows[int(np.argmin(finite))])} is not finite")
    return values


def _row(row: _Line, cells: list[str], origin: str) -> list[float]:
    if not all(map(_NUMBER.fullmatch, cells)):
        raise DiffractionError(f"{_place(origin, row)} is not {'two ' if len(cells) == 2 else ''}numbers")
    return [_value(cell) for cell in cells]


def _value(cell: str) -> float:
    return float(cell.replace(",", ".").upper().replace("D", "E"))


def _check_thousands(table: Table, cells: list[list[str]], rows: list[_Line]) -> None:
    """Refuse ``22.02; 1,234``, ``22 1,234`` and ``22.02 1 234``, where the comma or the blank may mark thousands."""
    if table.decimal_comma:
        both = any("." in cell for found in cells for cell in found)
        whole = not any("," in found[0] for found in cells)
        tails = [found[1].partition(",")[2] for found in cells if "," in found[1]]
        if both or (whole and tails and all(len(tail) == 3 and tail.isdigit() for tail in tails)):
            row = next(row for row in rows if "," in row.text)
            raise DiffractionError(f"{_place(table.origin, row)}: does the comma mark thousands or decimals?")
    if len(cells[0]) > 2 and not table.names()[1]:
        grouped = all(len(found[2]) == 3 and found[2].isdigit() for found in cells)
        if grouped and all(len(found[1]) <= 3 and found[1].isdigit() for found in cells):
            place = _place(table.origin, rows[0])
            raise DiffractionError(f"{place}: are the last digits a column, or thousands? Name the columns in a header")


def _place(origin: str, row: _Line) -> str:
    return f"{origin}, line {row.number}: {row.text[:_SHOWN]!r}"
