"""(ix) Filtered queries of a structure database of 10^5 rows, against ``ase.db`` itself.

Alone: python benchmarks/query.py
"""

from __future__ import annotations

import itertools
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from amalgamics.benchmarks.profiling import profile
from amalgamics.benchmarks.results import Mode, Result, Row, Table, Target
from amalgamics.benchmarks.timing import interleave, say, speedup

METALS = ("Li", "Na", "K", "Mg", "Zn", "Al", "Ag", "Au", "Sn")
POTENTIALS = ("chgnet+d3", "chgnet-r2scan+d3", "7net-0+d3", "7net-l3i5+d3")
SHAPES = ((0, 1), (1, 0), (1, 1), (1, 3), (3, 1), (1, 2), (2, 1), (4, 8))
"""Atoms of the metal and of mercury in a cell."""

ROWS, QUICK_ROWS = 100_000, 10_000
TARGET_S = 0.1
ROUNDS = 5


@dataclass(frozen=True)
class Query:
    """A query, and what to ask ``ase.db`` for the same rows: it knows no chemical systems, so one select for each."""

    conditions: str
    sort: str | None = None
    limit: int | None = None
    target: bool = True

    @property
    def title(self) -> str:
        """How the query is called in the table."""
        return self.conditions + (f", the {self.limit} lowest by {self.sort}" if self.limit else "")


QUERIES = (
    Query("Li-Hg,energy_per_atom<-2.1,potential=chgnet+d3"),
    Query("Li-Hg,energy_per_atom<-2.1,potential=chgnet+d3", "energy_per_atom", 20),
    Query("Li-Hg,energy_per_atom<-2.1", "energy_per_atom", 20),
    Query("Na-Hg,natoms>4,energy_per_atom<-2.3"),
    Query("Hg>4,Zn,energy_per_atom<-2.1"),
    Query("reduced_formula=KHg3,potential=7net-0+d3", "energy_per_atom", 10),
    Query("fingerprint=synthetic-77"),
    Query("energy_per_atom<-1.7", "energy_per_atom", 20),
    Query("Li-Hg,energy_per_atom<-2.1", target=False),
)
"""The one without a target matches so many rows that reading them is most of the work."""

HULL_ROWS, QUICK_HULL_ROWS = 4000, 400
HULL_QUERIES = (
    Query("Li-Hg,e_above_hull<0.05,potential=chgnet+d3"),
    Query("Li-Hg,e_above_hull<0.05", "e_above_hull", 20),
    Query("e_above_hull<0.3", "e_above_hull", 20),
)
"""Of distances to the hull, which no row stores and ``ase.db`` does not know."""


def run_queries(mode: Mode) -> Result:
    """Every query on 10^5 rows, a tenth of that with ``quick``; ours and ase.db take turns."""
    from amalgamics.workflows.database.structure_database import StructureDatabase

    count = ROWS if mode == "full" else QUICK_ROWS
    result = Result("Queries")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "structures.db"
        start = time.perf_counter()
        fill(path, count)
        say(f"  {count} rows, {path.stat().st_size / 1e6:.0f} MB: {time.perf_counter() - start:.0f} s")
        database = StructureDatabase(path, must_exist=True)
        start = time.perf_counter()
        database.select("id=1")  # adds the indices, as the first relaxation that is stored does
        say(f"  indices: {time.perf_counter() - start:.1f} s")
        rows = [_measure(result, database, path, query) for query in QUERIES]
    slowest = max(row["CPU time (ms)"] for row, query in zip(rows, QUERIES, strict=True) if query.target)
    what = f"seconds (CPU) for the slowest filtered query of {count} rows"
    result.targets.append(Target(what, slowest / 1000, TARGET_S, "at_most"))
    result.tables.append(Table(f"{count} rows, median of {ROUNDS}", rows))
    result.tables.append(run_hull_queries(mode))
    result.notes.append(
        "Both read every matching row completely. `ase.db` is `ase.db.connect(...).select(...)` on the same file, held"
        " open, once for each chemical system that a term such as `Li-Hg` stands for."
    )
    return result


def run_hull_queries(mode: Mode) -> Table:
    """Queries of distances to the hull: the hulls are built by the first of them, and known to the next."""
    from amalgamics.workflows.database.structure_database import StructureDatabase

    count = HULL_ROWS if mode == "full" else QUICK_HULL_ROWS
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "structures.db"
        fill(path, count)
        StructureDatabase(path).select("id=1", sort="e_above_hull")  # imports and indices
        for query in HULL_QUERIES:
            row: Row = {"query": f"`{query.conditions}`" + (f", {query.limit} lowest" if query.limit else "")}
            database = StructureDatabase(path)
            for when in ("first", "again"):
                start = time.process_time()
                row["rows"] = len(_ours(database, query))
                row[f"{when}, CPU time (ms)"] = 1000 * (time.process_time() - start)
            rows.append(row)
    return Table(f"Distances to the hull, {count} rows of 36 systems and potentials", rows)


def _measure(result: Result, database: Any, path: Path, query: Query) -> Row:
    peers: Mapping[str, Callable[[int], Any]] = {
        "amalgamics": lambda _: _ours(database, query),
        "ase.db": lambda _: _with_ase(path, query),
    }
    measured = interleave(peers, ROUNDS)
    ours, ase = measured["amalgamics"], measured["ase.db"]
    if ours.values[0] != ase.values[0]:
        raise RuntimeError(f"{query.title}: amalgamics and ase.db found other rows")
    say(f"  {query.title}: {1000 * ours.wall:.0f} ms, ase.db {1000 * ase.wall:.0f} ms")
    if query.target and ours.cpu > TARGET_S:
        result.profiles[query.title] = profile(lambda: _ours(database, query))
    return {
        "query": f"`{query.conditions}`" + (f", {query.limit} lowest by `{query.sort}`" if query.limit else ""),
        "rows": len(ours.values[0]),
        "CPU time (ms)": 1000 * ours.cpu,
        "wall time (ms)": 1000 * ours.wall,
        "ase.db, CPU time (ms)": 1000 * ase.cpu,
        "amalgamics is faster (CPU)": speedup(ours, ase),
    }


def _ours(database: Any, query: Query) -> list[int]:
    rows = database.select(query.conditions, sort=query.sort, limit=query.limit)
    return sorted(row.id for row in rows)


def _with_ase(path: Path, query: Query) -> list[int]:
    from ase.db import connect

    from amalgamics.workflows.database.query import parse_query

    conditions, systems = parse_query(query.conditions)
    found = []
    with connect(path, type="db", use_lock_file=False) as database:
        for extra in [[f"chemical_system={system}"] for system in systems] or [[]]:
            terms = ",".join([*conditions, "converged=True", *extra])
            found += database.select(terms, sort=query.sort, limit=query.limit)
    if query.sort:
        found.sort(key=lambda row: row[query.sort])
    return sorted(row.id for row in found[: query.limit])


def fill(path: Path, count: int) -> None:
    """Write rows as relaxations do, in one transaction: one of each shape by ase.db, copied with other values."""
    templates = _templates(path)
    rng = np.random.default_rng(8)
    energies = rng.normal(-2.0, 0.2, count)
    with sqlite3.connect(path) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(systems)")]
        stored = connection.execute("SELECT * FROM systems ORDER BY id").fetchall()
        for table in ("systems", "species", "keys", "text_key_values", "number_key_values"):
            connection.execute(f"DELETE FROM {table}")
        indices = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL")
        statements = list(indices)
        for name, _ in statements:
            connection.execute(f"DROP INDEX {name}")  # faster to make again than to keep up to date
        for row_id, shape in zip(range(1, count + 1), itertools.cycle(range(len(templates))), strict=False):
            metal, n_metal, n_mercury = templates[shape]
            pairs = _pairs(row_id, metal, n_metal, n_mercury, POTENTIALS[row_id // len(templates) % len(POTENTIALS)])
            pairs["energy_per_atom"] = energies[row_id - 1]
            values = dict(zip(columns, stored[shape], strict=True))
            energy = energies[row_id - 1] * (n_metal + n_mercury)
            values |= {"id": row_id, "unique_id": f"{row_id:032x}", "energy": energy}
            values["key_value_pairs"] = json.dumps(pairs)
            _insert(connection, row_id, list(values.values()), pairs, {metal: n_metal, "Hg": n_mercury})
        for _, statement in statements:
            connection.execute(statement)
    connection.close()


def _templates(path: Path) -> list[tuple[str, int, int]]:
    """Let ase.db write one row of each metal and shape, and return which they are."""
    from ase import Atoms
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.db import connect

    rng = np.random.default_rng(7)
    shapes = [(metal, *shape) for metal in METALS for shape in SHAPES]
    with connect(path, type="db", use_lock_file=False) as database:
        for metal, n_metal, n_mercury in shapes:
            count = n_metal + n_mercury
            symbols = [metal] * n_metal + ["Hg"] * n_mercury
            atoms = Atoms(symbols, positions=rng.uniform(0, 6, (count, 3)), cell=[6.0] * 3, pbc=True)
            atoms.calc = SinglePointCalculator(atoms, energy=0.0, forces=np.zeros((count, 3)), stress=np.zeros(6))
            candidate = {
                "name": "candidate",
                "source": "synthetic",
                "numbers": atoms.numbers.tolist(),
                "cell": atoms.cell.array.tolist(),
                "positions": atoms.positions.tolist(),
            }
            data = {"candidate": candidate, "settings": {"fmax": 0.02}, "provenance": {"model": "synthetic"}}
            database.write(atoms, data={**data, "wall_time_s": 1.0})
    return shapes


def _pairs(row_id: int, metal: str, n_metal: int, n_mercury: int, potential: str) -> dict[str, Any]:
    symbols = {metal: n_metal, "Hg": n_mercury}
    formula = "".join(f"{symbol}{n if n > 1 else ''}" for symbol, n in symbols.items() if n)
    return {
        "name": f"candidate {row_id}",
        "kind": "prototype",
        "potential": potential,
        "potential_identity": f"identity-of-{potential}",
        "chemical_system": "-".join(sorted(symbol for symbol, n in symbols.items() if n)),
        "reduced_formula": formula,
        "prototype": "synthetic",
        "space_group": "synthetic",
        "space_group_number": 1 + row_id % 230,  # so that few are taken for one structure
        "volume_per_atom": 18.0,
        "converged": True,
        "n_steps": 20,
        "relax_fmax": 0.02,
        "relax_cell": True,
        "fingerprint": f"synthetic-{row_id}",
    }


def _insert(
    connection: sqlite3.Connection, row_id: int, values: list[Any], pairs: Mapping[str, Any], atoms: Mapping[str, int]
) -> None:
    from ase.data import atomic_numbers

    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO systems VALUES ({marks})", values)
    connection.executemany("INSERT INTO keys VALUES (?, ?)", [(key, row_id) for key in pairs])
    for table, kind in (("text_key_values", str), ("number_key_values", (int, float))):
        chosen = [(key, value, row_id) for key, value in pairs.items() if isinstance(value, kind)]
        connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", chosen)
    species = [(atomic_numbers[symbol], n, row_id) for symbol, n in atoms.items() if n]
    connection.executemany("INSERT INTO species VALUES (?, ?, ?)", species)


if __name__ == "__main__":
    from amalgamics.benchmarks.run import main

    main(["--full", "--only", "queries"])
