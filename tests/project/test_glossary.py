"""The glossary explains the symbols and abbreviations that reports show."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import amalgamics

ROOT = Path(amalgamics.__file__).parent
PAGE = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
SYMBOLS = re.compile(r"Δ?[α-ωΓΔ](?:_[A-Za-z∞]{1,2}|∞)?|Δ[A-Z]|\b[A-Z]_[a-z]{1,2}\b|\bg_n\b|\b[A-Z]{2,}\b")
# No symbols of reports: letters of phases and of Cu Kα, names inside the code.
OTHER = {"α", "β", "UI", "WEIGHTS"}


def texts() -> set[str]:
    """Every string of the code of reports that is no docstring."""
    found: set[str] = set()
    for path in (ROOT / "reports").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone
        }
    return found


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not line.startswith("| term")]


def test_each_symbol_and_abbreviation_of_a_report_is_explained() -> None:
    shown = {symbol.replace("μ∞", "μ_∞") for text in texts() for symbol in SYMBOLS.findall(text)} - OTHER
    assert {"W_ad", "γ_LV", "Δγ_SL", "θ", "SHE", "μ_∞"} <= shown
    assert [symbol for symbol in sorted(shown) if not re.search(rf"(?<![\w_]){re.escape(symbol)}(?![\w_])", PAGE)] == []


def test_each_term_stands_once_and_says_something() -> None:
    terms = [term for term, *_ in rows()]
    assert 60 <= len(terms) == len(set(terms))
    assert all(len(cells) == 3 and cells[2].endswith((".", ")")) for cells in rows())
