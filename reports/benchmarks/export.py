"""The benchmark table as plain data: JSON for programs, one line for each value and potential for spreadsheets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from .published import PROPERTIES
from .rules import not_compared
from .table import BenchmarkRow, mean_errors, missing_reason

COLUMNS = (
    "property",
    "subject",
    "label",
    "basis",
    "unit",
    "reference",
    "uncertainty",
    "confidence",
    "temperature_K",
    "potential",
    "computed",
    "error",
    "error_unit",
    "not_computed",
    "source",
    "doi",
)
"""Columns of :func:`benchmark_records`."""


def benchmark_records(rows: Sequence[BenchmarkRow]) -> list[dict[str, Any]]:
    """Return one record for each published value and potential; one without potential where nothing was computed."""
    records = []
    for row in rows:
        item = row.benchmark
        relative = PROPERTIES[item.quantity].relative
        for potential in row.computed or (None,):
            computed = None if potential is None else row.computed[potential]
            values = (
                item.quantity,
                item.subject,
                item.label,
                item.basis,
                item.unit,
                item.value,
                item.uncertainty,
                item.confidence,
                item.temperature_K,
                potential,
                computed,
                None if potential is None else row.error(potential),
                "%" if relative else item.unit,
                missing_reason(item) if potential is None else None,
                item.source,
                item.doi,
            )
            records.append(dict(zip(COLUMNS, values, strict=True)))
    return records


def benchmarks_json(rows: Sequence[BenchmarkRow], potentials: Sequence[str]) -> dict[str, Any]:
    """Return mean errors, values and what is not compared as plain JSON."""
    return {
        "potentials": list(potentials),
        "mean_errors": [asdict(error) for error in mean_errors(rows)],
        "values": benchmark_records(rows),
        "not_compared": [
            {"subject": subject, "property": quantity, "reason": reason} for subject, quantity, reason in not_compared()
        ],
    }
