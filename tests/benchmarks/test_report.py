from __future__ import annotations

import json
from typing import Any

import pytest

from amalgamics.benchmarks.machine import describe_machine
from amalgamics.benchmarks.profiling import profile
from amalgamics.benchmarks.report import format_value, markdown_table, update_page
from amalgamics.benchmarks.results import Result, Table, Target
from amalgamics.benchmarks.run import BENCHMARKS, PAGE

PAGE_TEXT = """# Benchmarks

Before.

<!-- begin machine -->
old
<!-- end machine -->
<!-- begin targets -->
<!-- end targets -->
Between.
<!-- begin slab -->
old
<!-- end slab -->
<!-- begin interface -->
kept
<!-- end interface -->
After.
"""


@pytest.fixture
def results() -> dict[str, Any]:
    slab = Result(
        "Slab",
        tables=[Table("Force calls", [{"": "lean", "ms": 211.4}, {"": "stock", "ms": 1013.2, "note": "a|b"}])],
        targets=[Target("per call", 4.8, 2.5), Target("energy", 3.0, 1.0, "at_most")],
        profiles={"lean": [{"function": "mm", "own time (%)": 51.5}]},
        notes=["A note."],
    )
    machine = {
        "date": "2026-01-01",
        "processor": "Some CPU",
        "cores": 2,
        "memory_gb": 8.0,
        "system": "Linux x86_64",
        "python": "3.11.0",
        "threads": {"OMP_NUM_THREADS": "1"},
        "packages": {"ase": "3.29.0"},
    }
    return {"machine": machine, "benchmarks": {"slab": {"mode": "full", "seconds": 1.0, **slab.as_dict()}}}


def test_page_from_json(results: dict[str, Any]) -> None:
    page = update_page(PAGE_TEXT, json.loads(json.dumps(results)))
    assert "old" not in page
    for text in ("Before.", "Between.", "After.", "<!-- begin interface -->\nkept\n<!-- end interface -->"):
        assert text in page
    assert "Some CPU, 2 cores, 8 GB, Linux x86_64, Python 3.11.0; 1 thread per process." in page
    assert "ase 3.29.0." in page
    assert "| per call | ≥ 2.50 | 4.80 | yes | full |" in page
    assert "| energy | ≤ 1.00 | 3.00 | **no** | full |" in page
    assert "| lean | 211 | – |" in page
    assert "| stock | 1013 | a\\|b |" in page
    assert "- A note." in page
    assert "| mm | 51.5 |" in page


def test_writing_the_page_twice_changes_nothing(results: dict[str, Any]) -> None:
    page = update_page(PAGE_TEXT, results)
    assert update_page(page, results) == page


def test_results_without_a_section(results: dict[str, Any]) -> None:
    results["benchmarks"]["unheard-of"] = results["benchmarks"]["slab"]
    with pytest.raises(ValueError, match="no section for unheard-of"):
        update_page(PAGE_TEXT, results)


def test_the_page_in_the_documentation_has_a_section_for_each_benchmark() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in ["machine", "targets", *BENCHMARKS]:
        assert page.count(f"<!-- begin {name} -->") == page.count(f"<!-- end {name} -->") == 1


def test_table_needs_rows() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        markdown_table([])


def test_numbers_are_right_aligned() -> None:
    assert markdown_table([{"name": "a", "x": 1}]).splitlines()[1] == "|---|---:|"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234.5, "1234"),
        (12.34, "12.3"),
        (1.234, "1.23"),
        (0.123, "0.12"),
        (0.0123, "0.012"),
        (1.2e-5, "1e-05"),
        (0.0, "0"),
        (7, "7"),
        ("12 of 12", "12 of 12"),
        (True, "True"),
    ],
)
def test_formatting(value: object, text: str) -> None:
    assert format_value(value) == text


@pytest.mark.parametrize(("kind", "value", "met"), [("at_least", 2.0, True), ("at_least", 1.9, False)])
def test_targets_at_least(kind: Any, value: float, met: bool) -> None:
    assert Target("x", value, 2.0, kind).met is met
    assert Target("x", -value, -2.0, "at_most").met is met


def test_profile_names_functions_without_paths() -> None:
    lines = profile(lambda: [sorted(range(2000), key=str) for _ in range(20)], top=3)
    assert 1 <= len(lines) <= 3
    assert any("sorted" in line["function"] or "sort" in line["function"] for line in lines)
    shares = [line["own time (%)"] for line in lines]
    assert shares == sorted(shares, reverse=True)
    assert not any(line["function"].startswith("/") for line in lines)


def test_machine_is_plain_json_without_a_host_name() -> None:
    import socket

    text = json.dumps(describe_machine())
    assert socket.gethostname() not in text
    assert "numpy" in text
