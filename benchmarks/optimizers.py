"""(v) Optimisers: force calls to convergence, and whether they end in the same minimum as FIRE."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..calculators.potentials.names import get_calculator
from ..calculators.relaxation.batch import relax_many
from ..calculators.relaxation.cell_filter import FastFrechetCellFilter
from ..calculators.relaxation.results import RelaxationError
from .peers import SETTINGS
from .results import Mode, Result, Row, Table
from .surfaces import FMAX, MAX_STEPS
from .systems import llto_slab, mercury_on_llto, small_crystals
from .timing import say

if TYPE_CHECKING:
    from ase import Atoms

OTHER_MINIMUM_MEV = 1.0
CRYSTALS, MANY_CRYSTALS = 8, 40


def run_optimizers(mode: Mode) -> Result:
    """Eight small cells and, with ``full``, the slab and the interface."""
    result = Result("Optimisers")
    crystals = dict(small_crystals(CRYSTALS))
    outcomes = {
        name: {key: _relax(atoms, optimizer, SETTINGS.fmax, cell=True) for key, atoms in crystals.items()}
        for name, optimizer in _optimizers().items()
    }
    rows = [_summary(name, found, outcomes["FIRE"]) for name, found in outcomes.items()]
    result.tables.append(Table(f"{CRYSTALS} crystals with their cells, fmax {SETTINGS.fmax:g} eV/Å, chgnet", rows))
    result.tables.append(Table("Force calls for each crystal (final ΔE to FIRE, meV/atom)", _details(outcomes)))
    if mode == "full":
        result.tables.append(_together(MANY_CRYSTALS))
        for label, atoms in {"slab": llto_slab(), "interface": mercury_on_llto()}.items():
            single = {
                name: {label: _relax(atoms, optimizer, FMAX, cell=False)} for name, optimizer in _optimizers().items()
            }
            rows = [_summary(name, found, single["FIRE"]) for name, found in single.items()]
            caption = f"The {label}, {len(atoms)} atoms, positions only, fmax {FMAX:g} eV/Å, chgnet"
            result.tables.append(Table(caption, rows))
    return result


def _optimizers() -> Mapping[str, Callable[..., Any]]:
    from ase.optimize import BFGS, FIRE, FIRE2, LBFGS, BFGSLineSearch
    from ase.optimize.precon import PreconLBFGS

    return {
        "FIRE": FIRE,
        "FIRE2": FIRE2,
        "BFGS": BFGS,
        "LBFGS": LBFGS,
        "BFGSLineSearch": BFGSLineSearch,
        "PreconLBFGS": PreconLBFGS,
    }


def _together(count: int) -> Table:
    """Relax more crystals with the optimisers that can advance together."""
    crystals = small_crystals(count)
    outcomes = {}
    for optimizer in ("FIRE", "BFGS", "LBFGS"):
        settings = replace(SETTINGS, optimizer=optimizer)
        begin = time.process_time()
        found = relax_many([atoms for _, atoms in crystals], "chgnet", settings)
        elapsed = time.process_time() - begin
        say(f"  {optimizer}, {count} crystals together: {elapsed:.1f} s CPU")
        outcomes[optimizer] = {
            name: {"calls": 0, "energy": None, "cpu": elapsed / count, "problem": type(outcome).__name__}
            if isinstance(outcome, RelaxationError)
            else {
                "calls": outcome.n_force_calls,
                "energy": outcome.energy / len(outcome.atoms),
                "cpu": elapsed / count,
                "problem": "",
            }
            for (name, _), outcome in zip(crystals, found, strict=True)
        }
    rows = [_summary(name, found, outcomes["FIRE"]) for name, found in outcomes.items()]
    return Table(f"{count} crystals together (`relax_many`), fmax {SETTINGS.fmax:g} eV/Å, chgnet", rows)


def _counting(calculator: Any) -> Any:
    """Count the evaluations of a calculator in its attribute ``count``."""
    calculate = calculator.calculate
    calculator.count = 0

    def counted(*args: Any, **kwargs: Any) -> None:
        calculator.count += 1
        calculate(*args, **kwargs)

    calculator.calculate = counted
    return calculator


def _relax(start: Atoms, optimizer: Callable[..., Any], fmax: float, *, cell: bool) -> dict[str, Any]:
    """Return force calls, final energy (eV/atom; None when it failed), CPU time (s) and what went wrong."""
    atoms = start.copy()
    atoms.calc = calculator = _counting(get_calculator("chgnet"))
    target = FastFrechetCellFilter(atoms) if cell else atoms
    begin, problem, energy = time.process_time(), "", None
    try:
        converged = optimizer(target, logfile=None).run(fmax=fmax, steps=MAX_STEPS if not cell else SETTINGS.max_steps)
        force = float(np.linalg.norm(target.get_forces(), axis=1).max())
        energy = float(atoms.get_potential_energy()) / len(atoms)
        if not converged:
            problem = "not converged"
        elif force > 1.01 * fmax:  # some count only the atoms, or the stress differently
            problem = f"stopped at {force:.2g} eV/Å"
    except Exception as error:  # an optimiser that fails is a finding
        problem = type(error).__name__
    elapsed = time.process_time() - begin
    say(f"  {optimizer.__name__}, {atoms.symbols.get_chemical_formula()}: {calculator.count} force calls {problem}")
    return {"calls": calculator.count, "energy": energy, "cpu": elapsed, "problem": problem}


def _difference(one: Row, base: Row) -> float | None:
    """Return the difference of final energies in meV/atom, None where one has no result."""
    if one["energy"] is None or base["energy"] is None:
        return None
    return float(1000 * (one["energy"] - base["energy"]))


def _summary(name: str, found: Mapping[str, Row], base: Mapping[str, Row]) -> Row:
    differences = {key: _difference(found[key], base[key]) for key in found}
    known = [abs(value) for value in differences.values() if value is not None]
    elsewhere = [
        f"{key} ({value:+.1f})"
        for key, value in differences.items()
        if value is not None and abs(value) > OTHER_MINIMUM_MEV
    ]
    failed = [f"{key} ({item['problem']})" for key, item in found.items() if item["problem"]]
    return {
        "": name,
        "force calls": sum(item["calls"] for item in found.values()),
        "CPU time (s)": sum(item["cpu"] for item in found.values()),
        "max |ΔE| to FIRE (meV/atom)": max(known, default=0.0),
        "other minimum (meV/atom)": ", ".join(elsewhere) or "–",
        "not converged or failed": ", ".join(failed) or "–",
    }


def _details(outcomes: Mapping[str, Mapping[str, Row]]) -> list[Row]:
    rows = []
    for key in outcomes["FIRE"]:
        row: Row = {"": key}
        for name, found in outcomes.items():
            difference = _difference(found[key], outcomes["FIRE"][key])
            mark = f" ({difference:+.1f})" if difference is not None and abs(difference) > OTHER_MINIMUM_MEV else ""
            row[name] = f"{found[key]['calls']}{mark}" + (f" {found[key]['problem']}" if found[key]["problem"] else "")
        rows.append(row)
    return rows
