"""Binary structure types to decorate: the AFLOW prototypes that pymatgen ships, and a few from elsewhere."""

from __future__ import annotations

import gzip
import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..symmetry import primitive_structure
from .phases import get_phase

if TYPE_CHECKING:
    from pymatgen.core import Structure

AFLOW_SOURCE = "AFLOW Library of Crystallographic Prototypes (Mehl et al. 2017, doi 10.1016/j.commatsci.2017.01.017)"

# Types that intermetallic compounds take most often, in the order in which they are tried. Keys are the AFLOW label and
# the Strukturbericht symbol, because several types can share one label.
WELL_KNOWN: dict[tuple[str, str | None], str] = {
    ("AB_cP2_221_b_a", "B2"): "CsCl",
    ("AB_tP2_123_a_d", "L1_0"): "CuAu",
    ("AB_cF16_227_a_b", "B32"): "NaTl",
    ("AB3_cP4_221_a_c", "L1_2"): "AuCu3",
    ("A3B_hP8_194_h_c", "D0_19"): "Ni3Sn",
    ("AB3_cF16_225_a_bc", "D0_3"): "BiF3 (AlFe3)",
    ("AB3_hP8_194_c_bf", "D0_18"): "Na3As",
    ("AB2_tI6_139_a_e", "C11_b"): "MoSi2",
    ("AB2_hP3_191_a_d", "C32"): "AlB2",
    ("AB2_hP6_194_b_f", None): "CaIn2",
    ("AB2_oI12_74_e_h", None): "CeCu2 (KHg2)",
    ("AB2_hP6_194_c_ad", "B8_2"): "Ni2In",
    ("A3B_tI8_139_bd_a", "D0_22"): "TiAl3",
    ("A3B_cP8_223_c_a", "A15"): "Cr3Si",
    ("A3B2_hP5_164_ad_d", "D5_13"): "Ni2Al3",
    ("AB_oP4_51_e_f", "B19"): "AuCd",
    ("A2B_cF24_227_d_a", "C15"): "MgCu2",
    ("AB2_hP12_194_f_ah", "C14"): "MgZn2",
    ("A2B3_tP10_127_g_ah", "D5_a"): "U3Si2",
    ("A2B_oP12_62_2c_c", "C37"): "Co2Si",
    ("A2B_tI12_140_h_a", "C16"): "CuAl2",
    ("AB2_hP3_164_a_d", "C6"): "CdI2",
    ("AB_oC8_63_c_c", "B33"): "CrB",
    ("AB2_oI6_71_a_g", None): "MoPt2",
    ("AB2_hP24_194_ef_fgh", "C36"): "MgNi2",
    ("A4B_tI10_139_de_a", "D1_3"): "BaAl4",
    ("AB5_hP6_191_a_cg", "D2_d"): "CaCu5",
    ("A11B3_oI28_71_dh2l_ai", None): "La3Al11 (K3Hg11)",
    ("A5B3_hP16_193_dg_g", "D8_8"): "Mn5Si3",
}

# Types taken from an entry of the phase library. CeCu2, La3Al11 and Mn5Si3 are missing from the AFLOW prototypes that
# pymatgen ships; their AlB2 has the cell shape of the boride (c/a = 1.08), while amalgams of this type have c/a = 0.64.
FROM_LIBRARY: dict[tuple[str, str | None], str] = {
    ("AB2_hP3_191_a_d", "C32"): "NaHg2",
    ("AB2_oI12_74_e_h", None): "KHg2",
    ("A11B3_oI28_71_dh2l_ai", None): "K3Hg11",
    ("A5B3_hP16_193_dg_g", "D8_8"): "Mg5Hg3",
}

C36 = ("AB2_hP24_194_ef_fgh", "C36")


@dataclass(frozen=True)
class Prototype:
    """A binary structure type: its AFLOW label, its names, and a primitive cell that shows it."""

    label: str
    tag: str
    strukturbericht: str | None
    mineral: str | None
    type_name: str
    rank: int
    structure: Structure
    source: str

    @property
    def description(self) -> str:
        """Names of the type, for example ``AlB2 type, C32, hexagonal omega structure``."""
        names = [f"{self.type_name} type", self.strukturbericht, self.mineral]
        return ", ".join(name for name in names if name)


def _aflow_entries() -> list[dict[str, Any]]:
    """Read pymatgen's file of AFLOW prototypes.

    Importing ``pymatgen.analysis.prototypes`` would decode all 288 entries with their bibliography, which takes
    seconds; the binary types are picked from the file instead.
    """
    spec = find_spec("pymatgen.analysis.prototypes")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("pymatgen.analysis.prototypes is not installed; reinstall pymatgen")
    with gzip.open(Path(spec.origin).with_name("aflow_prototypes.json.gz"), "rt", encoding="utf-8") as stream:
        found: list[dict[str, Any]] = json.load(stream)
        return found


def _is_ordered_binary(snl: dict[str, Any]) -> bool:
    species = [site["species"] for site in snl["sites"]]
    return all(len(one) == 1 for one in species) and len({one[0]["element"] for one in species}) == 2


def _rank(label: str, strukturbericht: str | None) -> int:
    """Position among the well-known types; all others come after them."""
    keys = list(WELL_KNOWN)
    return keys.index((label, strukturbericht)) if (label, strukturbericht) in WELL_KNOWN else len(keys)


def _from_aflow(entry: dict[str, Any], ambiguous: bool) -> Prototype:
    from pymatgen.core import Structure

    tags = {name: None if value in (None, "None", "") else str(value) for name, value in entry["tags"].items()}
    structure = Structure.from_dict({name: entry["snl"][name] for name in ("lattice", "sites")})
    label, symbol, mineral = str(tags["aflow"]), tags["strukturbericht"], tags["mineral"]
    symbol = symbol.strip('"').replace("\\", "") if symbol else None
    compound = structure.composition.reduced_formula
    distinguisher = re.sub(r"\W+", "-", symbol or mineral or compound)
    return Prototype(
        label=label,
        tag=f"{label}-{distinguisher}" if ambiguous else label,
        strukturbericht=symbol,
        mineral=mineral,
        type_name=WELL_KNOWN.get((label, symbol), compound),
        rank=_rank(label, symbol),
        structure=structure,
        source=AFLOW_SOURCE,
    )


def _from_library(label: str, strukturbericht: str | None, key: str) -> Prototype:
    phase = get_phase(key)
    return Prototype(
        label=label,
        tag=label,
        strukturbericht=strukturbericht,
        mineral=None,
        type_name=WELL_KNOWN.get((label, strukturbericht), phase.prototype or key),
        rank=_rank(label, strukturbericht),
        structure=primitive_structure(phase.structure()),
        source=f"cell shape and coordinates of {key} ({phase.source})",
    )


def _ideal_c36() -> Prototype:
    """Return the hexagonal Laves phase C36 with the coordinates of close-packed spheres.

    AFLOW lists z = 0.04598 for the 4e site, which puts two large atoms 1.5 Å apart; 3/32 is the ideal value.
    """
    from pymatgen.core import Lattice, Structure

    label, strukturbericht = C36
    structure = Structure.from_spacegroup(
        "P6_3/mmc",
        Lattice.hexagonal(1.0, math.sqrt(32 / 3)).scale(24 * 10.0),
        ["Mg", "Mg", "Ni", "Ni", "Ni"],
        [[0, 0, 3 / 32], [1 / 3, 2 / 3, 27 / 32], [1 / 3, 2 / 3, 1 / 8], [1 / 2, 0, 0], [1 / 6, 1 / 3, 1 / 4]],
    )
    return Prototype(
        label=label,
        tag=label,
        strukturbericht=strukturbericht,
        mineral="Hexagonal Laves",
        type_name=WELL_KNOWN[C36],
        rank=_rank(label, strukturbericht),
        structure=structure,
        source="Laves phase C36 with ideal coordinates (c/a = 3.266, z = 3/32, 27/32 and 1/8, x = 1/6)",
    )


@lru_cache(maxsize=1)
def binary_prototypes() -> tuple[Prototype, ...]:
    """Return all ordered binary types, the well-known intermetallic ones first, then by size of the cell and label."""
    entries = [entry for entry in _aflow_entries() if _is_ordered_binary(entry["snl"])]
    labels = Counter(entry["tags"]["aflow"] for entry in entries)
    types = {
        (one.tag, one.strukturbericht): one
        for one in (_from_aflow(entry, ambiguous=labels[entry["tags"]["aflow"]] > 1) for entry in entries)
    }
    for (label, strukturbericht), key in FROM_LIBRARY.items():
        types[label, strukturbericht] = _from_library(label, strukturbericht, key)
    types[C36] = _ideal_c36()
    return tuple(sorted(types.values(), key=lambda one: (one.rank, len(one.structure), one.tag)))
