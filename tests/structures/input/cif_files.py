"""CIF files for tests, written from what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_CELL = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")


def cif_text(
    cell: Sequence[float],
    group: str,
    sites: Sequence[str],
    *,
    columns: Sequence[str] = ("label", "type_symbol", "fract_x", "fract_y", "fract_z"),
    more: Sequence[str] = (),
    operations: Sequence[str] = (),
    name: str = "x",
) -> str:
    """A data block; ``group`` is a line of its own, such as ``_space_group_IT_number 225``, or a symbol."""
    lines = [f"data_{name}", *(f"_cell_{key} {value}" for key, value in zip(_CELL, cell, strict=True))]
    if group:
        lines.append(group if group.startswith("_") else f"_symmetry_space_group_name_H-M '{group}'")
    lines += more
    if operations:
        lines += ["loop_", "_symmetry_equiv_pos_as_xyz", *(f"'{text}'" for text in operations)]
    lines += ["loop_", *(f"_atom_site_{column}" for column in columns), *sites]
    return "\n".join(lines) + "\n"


def write_cif(path: Path, text: str) -> Path:
    """Write a file and return its path."""
    path.write_text(text, encoding="utf-8")
    return path


CU3AU = cif_text([3.744, 3.744, 3.744, 90, 90, 90], "P m -3 m", ["Au1 Au 0 0 0", "Cu1 Cu 0 0.5 0.5"])
WITH_OCCUPANCY = ("label", "type_symbol", "fract_x", "fract_y", "fract_z", "occupancy")
