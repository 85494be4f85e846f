"""No number that was measured stands in the code: it is read from ``reference/data``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import amalgamics
from amalgamics.reference.metals import list_metals, metal

ROOT = Path(amalgamics.__file__).parent
PACKAGES = ("reference", "structures", "calculators", "thermodynamics", "workflows", "reports", "cli")

# Long enough that none is in the code for another reason.
FACTS = [
    *(f"{one.melting_point_K:g}" for one in list_metals() if len(f"{one.melting_point_K:g}") >= 5),
    *("629.88", "2.295", "13.534", "0.4855", "2.049e-4", "0.8438", "0.0133", "-3.0401", "0.7618"),
    *("3.8688", "7.7463"),
    *("-38.83", "10.71", "12.55", "11.28"),
]


@pytest.mark.parametrize("fact", FACTS)
def test_no_fact_is_a_literal(fact):
    literal = re.compile(rf"(?<![\d.]){re.escape(fact)}(?!\d)")
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert len(files) > 100
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if literal.search(line) and not _is_text(line)
    ]
    assert not found, f"read {fact} through amalgamics.reference"


def test_the_facts_are_those_of_the_data():
    mercury, lithium = metal("Hg"), metal("Li")
    assert mercury.boiling_point is not None
    numbers = {mercury.boiling_point.value, mercury.heat_of_fusion_kJ_mol, mercury.liquid_density.value}
    numbers |= {mercury.surface_tension.value, lithium.known("standard_emf_in_mercury").value}
    numbers |= {lithium.known("solubility_in_mercury").value, lithium.known("standard_potential").value}
    assert numbers <= {float(fact) for fact in FACTS}


def test_data_files_of_facts_are_in_one_place():
    folders = {
        path.parent.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.yaml")
    }
    # The phase library is a library of structures, not of facts.
    assert folders == {"reference/data", "structures/data"}
    assert [path.name for path in (ROOT / "structures" / "data").iterdir()] == ["phases.yaml"]


def _is_text(line: str) -> bool:
    """Comments and docstrings may quote a number: code has it outside of backticks and quotes."""
    code = line.split("#")[0]
    for quoted in (r"``[^`]*``", r'"[^"]*"', r">>>.*"):
        code = re.sub(quoted, "", code)
    return not re.search(r"[=(,:\[{]\s*-?\d", code)
