"""Symmetry is found in one place, with one rule for tolerances: nowhere else are spglib or pymatgen asked."""

from __future__ import annotations

import re
from pathlib import Path

import amalgamics

ROOT = Path(amalgamics.__file__).parent
ASKED = re.compile(r"^\s*(import spglib|from spglib)|SpacegroupAnalyzer|get_primitive_structure\(|CifWriter\(", re.M)
ALLOWED = {"structures/symmetry.py", "structures/crystal_sites.py", "structures/space_group_settings.py"}
PACKAGES = ("api", "calculators", "cli", "reports", "structures", "thermodynamics", "workflows", "benchmarks")


def test_only_the_symmetry_modules_ask_for_symmetry() -> None:
    asking = {
        str(file.relative_to(ROOT))
        for package in PACKAGES
        for file in (ROOT / package).rglob("*.py")
        if ASKED.search(file.read_text(encoding="utf-8"))
    }
    assert asking == ALLOWED
