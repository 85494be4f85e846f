"""Structure files of the corpus, right but for what an entry of its table changes."""

from __future__ import annotations

import gzip
import pickle
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from amalgamics.tests.corpus import made

SITES = [("Cu", 0, 0, 0), ("Cu", 0, 0.5, 0.5), ("Cu", 0.5, 0, 0.5), ("Cu", 0.5, 0.5, 0)]


def cif(
    *,
    a: Any = 3.615,
    b: Any = 3.615,
    c: Any = 3.615,
    alpha: Any = 90,
    beta: Any = 90,
    gamma: Any = 90,
    group: str = "P 1",
    sites: Sequence[Sequence[Any]] = SITES,
    more: str = "",
) -> str:
    """Return a CIF of copper."""
    lengths = "".join(f"_cell_length_{name} {value}\n" for name, value in zip("abc", (a, b, c), strict=True))
    names = ("alpha", "beta", "gamma")
    angles = "".join(f"_cell_angle_{name} {value}\n" for name, value in zip(names, (alpha, beta, gamma), strict=True))
    loop = "".join(f"_atom_site_{key}\n" for key in ("label", "type_symbol", "fract_x", "fract_y", "fract_z"))
    lines = [
        f"{symbol}{number} {symbol} {x} {y} {z} {(*share, 1)[0]}"
        for number, (symbol, x, y, z, *share) in enumerate(sites, 1)
    ]
    head = f"data_crystal\n{lengths}{angles}_symmetry_space_group_name_H-M '{group}'\n{more and more + chr(10)}"
    return f"{head}loop_\n{loop}_atom_site_occupancy\n" + "\n".join(lines) + "\n"


def poscar(
    *,
    scale: str = "1.0",
    cell: Sequence[str] = ("3.615 0 0", "0 3.615 0", "0 0 3.615"),
    species: str = "Cu",
    counts: str = "4",
    kind: str = "Direct",
    sites: Sequence[str] = ("0 0 0", "0 0.5 0.5", "0.5 0 0.5", "0.5 0.5 0"),
) -> str:
    """Return a POSCAR of copper."""
    return "\n".join(["a crystal", scale, *cell, species, counts, kind, *sites]) + "\n"


def write(entry: dict[str, Any], folder: Path) -> Path:
    """Write the file of an entry, or what stands in its place, and return its path."""
    path = folder / entry["name"]
    name = entry.get("made")
    if name == "a_folder":
        path.mkdir()
    elif name == "endless":
        path.symlink_to("/dev/zero")
    elif name != "nothing":
        path.write_bytes(_content(entry))
    return path


def _content(entry: dict[str, Any]) -> bytes:
    if "made" in entry:
        return (MADE.get(entry["made"]) or made.MADE[entry["made"]])()
    if "cif" in entry:
        return cif(**entry["cif"]).encode()
    return (poscar(**entry["poscar"]) if "poscar" in entry else entry["text"]).encode()


def _grid() -> list[tuple[float, float, float]]:
    """Places of 100 000 atoms, as fractions."""
    return [(x / 50, y / 50, z / 40) for x, y, z in product(range(50), range(50), range(40))]


def _poscar_of_100_000() -> bytes:
    cell = ("150 0 0", "0 150 0", "0 0 120")
    return poscar(cell=cell, counts="100000", sites=[f"{x:.4f} {y:.4f} {z:.4f}" for x, y, z in _grid()]).encode()


def _cif_of_100_000() -> bytes:
    return cif(a=150, b=150, c=120, sites=[("Cu", *place) for place in _grid()]).encode()


def _extxyz_of_100_000() -> bytes:
    lines = [f"Cu {150 * x:.2f} {150 * y:.2f} {120 * z:.2f}" for x, y, z in _grid()]
    head = 'Lattice="150 0 0 0 150 0 0 0 120" Properties=species:S:1:pos:R:3'
    return "\n".join(["100000", head, *lines, ""]).encode()


def _many_frames() -> bytes:
    head = 'Lattice="3.615 0 0 0 3.615 0 0 0 3.615" Properties=species:S:1:pos:R:3'
    lines = [f"Cu {3.615 * x} {3.615 * y} {3.615 * z}" for _, x, y, z in SITES]
    return ("\n".join(["4", head, *lines, ""]) * 100_000).encode()


MADE: dict[str, Callable[[], bytes]] = {
    "zeros": lambda: bytes(4096),
    "cut_gzip": lambda: gzip.compress(cif().encode(), mtime=0)[:60],
    "pickled": lambda: pickle.dumps({"cell": 3.615}),
    "deep_json": ("[" * 100_000 + "]" * 100_000).encode,
    "poscar_of_100_000": _poscar_of_100_000,
    "cif_of_100_000": _cif_of_100_000,
    "extxyz_of_100_000": _extxyz_of_100_000,
    "many_frames": _many_frames,
    "cif_with_mark": lambda: b"\xef\xbb\xbf" + cif().encode(),
    "poscar_with_mark": lambda: b"\xef\xbb\xbf" + poscar().encode(),
    "cif_in_utf16": lambda: cif().encode("utf-16"),
    "cif_of_windows": lambda: cif().replace("\n", "\r\n").encode(),
}
