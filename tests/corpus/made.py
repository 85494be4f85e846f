"""Broken job files that are too long, or not text enough, for a table; each by the name that the table uses."""

from __future__ import annotations

import gzip
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

BASE = {
    "name": "name: job",
    "systems": "systems: [Cu-Au]",
    "potential": "potential: emt",
    "structures": "structures: {prototypes: false}",
}
_MB = 1_000_000


def base(**but: str) -> str:
    """Return the lines of a good job, with those of some keys replaced and those that are empty left out."""
    return "".join(f"{line}\n" for line in (BASE | but).values() if line)


MADE: dict[str, Callable[[], bytes]] = {}


def made(function: Callable[[], str | bytes]) -> Callable[[], bytes]:
    """Offer a function to the table."""

    def as_bytes() -> bytes:
        content = function()
        return content if isinstance(content, bytes) else content.encode()

    MADE[function.__name__] = as_bytes
    return as_bytes


def write(name: str, path: Path) -> None:
    """Write the file of a name, or what stands in its place."""
    if name == "a_directory":
        path.mkdir()
    elif name == "endless":
        path.symlink_to("/dev/zero")
    else:
        path.write_bytes(MADE[name]())


@made
def utf16_without_mark() -> bytes:
    return base().encode("utf-16-le")


@made
def latin1() -> bytes:
    return ("# Größe\n" + base()).encode("latin-1")


@made
def random_bytes() -> bytes:
    return random.Random(1).randbytes(4096)


@made
def png() -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


@made
def gzipped() -> bytes:
    return gzip.compress(base().encode(), mtime=0)


@made
def sqlite_header() -> bytes:
    return b"SQLite format 3\0" + bytes(84)


@made
def long_key() -> str:
    return base() + "x" * 100_000 + ": 1\n"


@made
def many_keys() -> str:
    return base() + "".join(f"k{number}: 1\n" for number in range(20_000))


@made
def billion_laughs() -> str:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    for level in range(1, 10):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]")
    return base(systems="systems: *a9").replace("name: job", "\n".join([*lines, "name: job"]))


@made
def quadratic_blowup() -> str:
    return base(systems=f"systems: [{', '.join(['*long'] * 2_000)}]").replace(
        "name: job", f"name: &long {'x' * 50_000}"
    )


@made
def merge_bomb() -> str:
    lines = ["a0: &a0 {fmax: 0.1, max_steps: 5}"]
    for level in range(1, 12):
        lines.append(f"a{level}: &a{level} {{<<: [{', '.join([f'*a{level - 1}'] * 10)}]}}")
    return "\n".join(lines) + "\n" + base() + "relaxation: *a11\n"


@made
def deep_lists() -> str:
    return base(systems="systems: " + "[" * 100_000)


@made
def deep_mappings() -> str:
    return base() + "relaxation: " + "{a: " * 10_000 + "1" + "}" * 10_000 + "\n"


@made
def deep_blocks() -> str:
    return base() + "relaxation:\n" + "".join(f"{' ' * (level + 1)}a:\n" for level in range(1_200))


@made
def long_list() -> str:
    return base(systems="systems: [" + "Cu-Au, " * (10 * _MB // 7) + "]")


@made
def long_text() -> str:
    return base(potential="potential: " + "x" * (10 * _MB))


@made
def long_comment() -> str:
    return base() + "# " + "x" * (20 * _MB) + "\n"


@made
def long_blanks() -> str:
    return " \n" * (5 * _MB)


@made
def many_systems() -> str:
    return base(systems="systems: [" + "Cu-Au, " * 20_000 + "]")


@made
def long_potential() -> str:
    return base(potential="potential: " + "x" * 100_000)


@made
def digits_int() -> str:
    return base() + f"relaxation: {{max_steps: {'9' * 5_000}}}\n"


@made
def digits_float() -> str:
    return base() + f"relaxation: {{fmax: {'9' * 5_000}.0}}\n"


@made
def digits_hex() -> str:
    return base() + f"relaxation: {{max_steps: 0x{'f' * 100_000}}}\n"


@made
def digits_sexagesimal() -> str:
    return base() + f"relaxation: {{max_steps: 1{':59' * 20_000}}}\n"


@made
def digits_name() -> str:
    return base(name="name: " + "9" * 5_000)


@made
def digits_stoichiometry() -> str:
    return base(structures=f"structures: {{prototypes: {{stoichiometries: ['1:{'9' * 5_000}']}}}}")


@made
def digits_index() -> str:
    return base() + f"surfaces: {{miller_indices: [[1, 1, {'9' * 5_000}]]}}\n"


@made
def long_plane() -> str:
    return base() + f"surfaces: {{miller_indices: [[{'1, ' * 20_000}]]}}\n"


@made
def long_name() -> str:
    return base(name="name: " + "a" * 61)


@made
def long_output() -> str:
    return base() + f"output: {'a' * 5_000}\n"


@made
def long_database() -> str:
    return base() + f"database: {'a' * 300}.db\n"


@made
def long_launchpad() -> str:
    return base() + f"launchpad: sqlite:///{'a' * 300}\n"


@made
def long_file() -> str:
    return base(structures=f"structures: {{prototypes: false, files: [{'a' * 300}.cif]}}")
