"""Computed values beside published ones: the table, its mean errors, and its Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ...errors import InputError, unknown_name
from .published import PROPERTIES, Benchmark
from .rules import NOT_COMPARED, not_compared, requirement

BEGIN = "<!-- benchmarks: begin (generated, do not edit) -->"
END = "<!-- benchmarks: end -->"
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
COUNTED = ("checked", "recalled")
"""Confidence of the values that enter mean errors; derived ones are shown only."""


@dataclass(frozen=True)
class ComputedValue:
    """A computed number in the unit of its property; ``subject`` and ``label`` as in the benchmark it belongs to."""

    quantity: str
    subject: str
    potential: str
    value: float
    label: str = ""

    def __post_init__(self) -> None:
        where = f"computed {self.quantity} of {self.subject!r} with {self.potential!r}"
        if self.quantity not in PROPERTIES:
            raise InputError(f"{where}: {unknown_name('quantity', self.quantity, PROPERTIES)}")
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or not math.isfinite(self.value):
            raise InputError(f"{where}: value is {self.value!r}; it must be a finite number")


@dataclass(frozen=True)
class BenchmarkRow:
    """A published value and, by potential, the computed ones."""

    benchmark: Benchmark
    computed: Mapping[str, float]

    def error(self, potential: str) -> float:
        """Computed minus published, in the unit of the property; in % of the published value where that is relative.

        Raises
        ------
        InputError
            Nothing was computed with that potential.
        """
        if potential not in self.computed:
            raise InputError(unknown_name("potential", potential, self.computed))
        reference = self.benchmark.value
        difference = self.computed[potential] - reference
        return 100.0 * difference / reference if PROPERTIES[self.benchmark.quantity].relative else difference


@dataclass(frozen=True)
class MeanError:
    """Errors of one potential for one property, over ``count`` values of one basis.

    ``unit`` is % where errors are relative.
    """

    quantity: str
    basis: str
    potential: str
    count: int
    mean_absolute: float
    mean: float
    largest: float
    unit: str


def compare(benchmarks: Iterable[Benchmark], computed: Iterable[ComputedValue]) -> list[BenchmarkRow]:
    """Put computed values beside the published ones they belong to.

    Parameters
    ----------
    benchmarks
        Usually `benchmarks.benchmarks()`.
    computed
        Values of any number of potentials; those without a published counterpart are left out.

    Returns
    -------
    list of BenchmarkRow
        One per published value, in their order, computed or not.

    Raises
    ------
    InputError
        Two computed values of the same thing with the same potential.
    """
    by_key: dict[tuple[str, str, str], dict[str, float]] = {}
    for item in computed:
        values = by_key.setdefault((item.quantity, item.subject, item.label), {})
        if item.potential in values:
            raise InputError(
                f"computed {item.quantity} of {item.subject!r} {item.label}: two values with {item.potential!r}, "
                f"{values[item.potential]!r} and {item.value!r}"
            )
        values[item.potential] = float(item.value)
    return [BenchmarkRow(benchmark, by_key.get(benchmark.key, {})) for benchmark in benchmarks]


def mean_errors(rows: Iterable[BenchmarkRow]) -> list[MeanError]:
    """Average the errors by property, basis and potential, over checked and recalled values.

    The order is that of the rows.
    """
    groups: dict[tuple[str, str, str], list[float]] = {}
    for row in rows:
        if row.benchmark.confidence in COUNTED:
            for potential in row.computed:
                key = (row.benchmark.quantity, row.benchmark.basis, potential)
                groups.setdefault(key, []).append(row.error(potential))
    return [
        MeanError(
            quantity,
            basis,
            potential,
            count=len(errors),
            mean_absolute=math.fsum(map(abs, errors)) / len(errors),
            mean=math.fsum(errors) / len(errors),
            largest=max(errors, key=abs),
            unit="%" if PROPERTIES[quantity].relative else PROPERTIES[quantity].unit,
        )
        for (quantity, basis, potential), errors in groups.items()
    ]


def benchmarks_markdown(rows: Sequence[BenchmarkRow]) -> str:
    """Write mean errors, all values by property and basis, and what is missing, as Markdown tables."""
    potentials = list(dict.fromkeys(potential for row in rows for potential in row.computed))
    groups: dict[tuple[str, str], list[BenchmarkRow]] = {}
    for row in rows:
        groups.setdefault((row.benchmark.quantity, row.benchmark.basis), []).append(row)
    parts = ["## Mean absolute errors\n", _summary(groups, potentials, mean_errors(rows))]
    described = ""
    for (quantity, basis), group in groups.items():
        item = PROPERTIES[quantity]
        parts.append(f"## {item.title} ({_basis(basis)}), {item.unit}\n")
        if quantity != described:
            parts.append(f"{item.convention}\n")
            described = quantity
        parts.append(_values(group, potentials))
    return "\n".join([*parts, *_gaps(rows)])


def missing_reason(benchmark: Benchmark) -> str:
    """Return why a published value has no computed counterpart in the table."""
    needed = requirement(benchmark)
    return f"needs {needed.text}" if needed.computed else needed.text


def _gaps(rows: Sequence[BenchmarkRow]) -> list[str]:
    """Values that nothing was computed for, and those of the reference table that never are."""
    missing = [row.benchmark for row in rows if not row.computed]
    parts = []
    if missing:
        reasons: dict[tuple[str, str], list[str]] = {}
        for item in missing:
            names = reasons.setdefault((PROPERTIES[item.quantity].title, missing_reason(item)), [])
            name = " ".join(part for part in (item.subject, item.label) if part)
            if name not in names:
                names.append(name)
        lines = [[title, ", ".join(names), reason] for (title, reason), names in reasons.items()]
        parts += ["## Not computed\n", _table(["property", "values", "why"], lines)]
    by_quantity: dict[str, list[str]] = {}
    for subject, quantity, _ in not_compared():
        by_quantity.setdefault(quantity, []).append(subject)
    lines = [[name.replace("_", " "), ", ".join(by_quantity[name]), NOT_COMPARED[name]] for name in by_quantity]
    parts += ["## Not compared\n", _table(["quantity", "values", "why"], lines)]
    return parts


def update_page(page: str, rows: Sequence[BenchmarkRow]) -> str:
    """Return a page with the part between the two markers replaced by the tables of ``rows``.

    Raises
    ------
    InputError
        The page does not hold each marker once, in their order.
    """
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise InputError(f"the page needs the two markers once each, in this order: {BEGIN} and {END}")
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{benchmarks_markdown(rows)}\n{END}{rest.split(END)[1]}"


def _basis(basis: str) -> str:
    return "measured" if basis == "experiment" else basis


def _summary(
    groups: Mapping[tuple[str, str], Sequence[BenchmarkRow]], potentials: Sequence[str], errors: Sequence[MeanError]
) -> str:
    found = {(error.quantity, error.basis, error.potential): error for error in errors}
    lines = []
    for quantity, basis in groups:
        item = PROPERTIES[quantity]
        cells = []
        for potential in potentials:
            error = found.get((quantity, basis, potential))
            cells.append("–" if error is None else f"{_number(error.mean_absolute, error)} ({error.count})")
        lines.append([item.title, _basis(basis), "%" if item.relative else item.unit, *cells])
    header = ["property", "reference", "unit", *(f"`{potential}`" for potential in potentials)]
    text = "Number of values in brackets; derived references are left out.\n\n" if potentials else ""
    return text + _table(header, lines)


def _number(value: float, error: MeanError) -> str:
    return f"{value:.1f}" if error.unit == "%" else f"{value:.{PROPERTIES[error.quantity].digits}f}"


def _values(rows: Sequence[BenchmarkRow], potentials: Sequence[str]) -> str:
    notes = [row.benchmark.note for row in rows if row.benchmark.note]
    numbers = {note: i for i, note in enumerate(dict.fromkeys(notes), start=1)}
    published = any(row.benchmark.published for row in rows)
    shown = [potential for potential in potentials if any(potential in row.computed for row in rows)]
    lines = []
    for row in rows:
        item = row.benchmark
        name = " ".join(part for part in (item.subject, item.label) if part)
        if item.note:
            name += f" [{numbers[item.note]}]"
        temperature = "" if item.temperature_K is None else f"{item.temperature_K:g}"
        source = f"[{item.source}](https://doi.org/{item.doi})" if item.doi else item.source
        cells = [name, temperature, _reference(item), *([item.published] if published else [])]
        lines.append([*cells, *(_cell(row, potential) for potential in shown), item.confidence, source])
    header = ["", "T (K)", "reference", *(["published"] if published else []), *(f"`{p}`" for p in shown)]
    footnotes = "".join(f"- [{i}] {note}\n" for note, i in numbers.items())
    return _table([*header, "confidence", "source"], lines) + (f"\n{footnotes}" if footnotes else "")


def _reference(item: Benchmark) -> str:
    digits = PROPERTIES[item.quantity].digits
    value = f"{item.value:.{digits}f}"
    return value if item.uncertainty is None else f"{value} ± {item.uncertainty:.{digits}f}"


def _cell(row: BenchmarkRow, potential: str) -> str:
    if potential not in row.computed:
        return "–"
    item = PROPERTIES[row.benchmark.quantity]
    error = row.error(potential)
    difference = f"{error:+.1f} %" if item.relative else f"{error:+.{item.digits}f}"
    return f"{row.computed[potential]:.{item.digits}f} ({difference})"


def _table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [header, ["---"] * len(header), *lines]
    return "".join("| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |\n" for row in rows)


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
