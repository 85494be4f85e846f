"""(i) Relaxing many small crystals: structures per minute, and whether all end in the same places."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from .peers import (
    ASE,
    MATCALC,
    OURS,
    SETTINGS,
    RawOutcome,
    matcalc_missing,
    relax_ours,
    relax_with_ase,
    relax_with_matcalc,
    stock_calculator,
    torch_sim_note,
)
from .profiling import profile
from .results import Mode, Result, Row, Table, Target
from .systems import small_crystals
from .timing import Measurement, interleave, speedup

if TYPE_CHECKING:
    from ase import Atoms

SAME_ENERGY_MEV = 1.0


def run_crystals(mode: Mode) -> Result:
    """40 crystals with CHGNet; with ``full`` two rounds, and 300 in three parts."""
    result = _new_result("Small crystals, CHGNet")
    cases = [(40, 1, 1)] if mode == "quick" else [(40, 2, 1), (300, 3, 3)]
    for count, rounds, parts in cases:
        _compare(result, "chgnet", count, rounds, parts, {ASE: 8.0, MATCALC: 9.0})
    return result


def run_crystals_d3(mode: Mode) -> Result:
    """Crystals with CHGNet and D3, both sides with the same D3 library, damping and cutoffs."""
    result = _new_result("Small crystals, CHGNet with D3")
    _compare(result, "chgnet+d3", 12 if mode == "quick" else 40, 1, 1, {ASE: 6.0, MATCALC: 6.0})
    return result


def run_crystals_sevennet(mode: Mode) -> Result:
    """Crystals with SevenNet-0, without matcalc."""
    result = _new_result("Small crystals, SevenNet-0")
    _compare(result, "7net-0", 6 if mode == "quick" else 16, 1, 1, {ASE: 4.0})
    return result


def _new_result(title: str) -> Result:
    notes = [reason for reason in (matcalc_missing(), torch_sim_note()) if reason]
    return Result(
        title,
        notes=[
            f"FIRE and Frechet cell filter for all, fmax {SETTINGS.fmax:g} eV/Å, at most {SETTINGS.max_steps} steps."
            " `ASE loop` is the potential's own calculator in ASE's loop. Loading the model is not counted.",
            *notes,
        ],
    )


def _compare(result: Result, potential: str, count: int, rounds: int, parts: int, targets: dict[str, float]) -> None:
    """Relax ``count`` crystals, in each round all of them or, with as many ``parts`` as rounds, the next part."""
    crystals = small_crystals(count)
    calculator = stock_calculator(potential)
    relaxers: dict[str, Callable[[Sequence[Atoms]], list[RawOutcome | None]]] = {
        OURS: partial(relax_ours, potential=potential),
        ASE: partial(relax_with_ase, calculator=calculator),
    }
    if MATCALC in targets and matcalc_missing() is None:
        relaxers[MATCALC] = partial(relax_with_matcalc, calculator=calculator)
    warm_up = [atoms for _, atoms in crystals[:1]]
    for relaxer in relaxers.values():
        relaxer(warm_up)
    chunks = [[atoms for _, atoms in crystals[part::parts]] for part in range(parts)]
    names = [name for part in range(parts) for name, _ in crystals[part::parts]]

    def start(relaxer: Callable[[Sequence[Atoms]], Any]) -> Callable[[int], Any]:
        return lambda number: relaxer(chunks[number % parts])

    peers = {name: start(relaxer) for name, relaxer in relaxers.items()}
    measured = interleave(peers, rounds, label=f"{count} crystals, {potential}")
    outcomes = {
        name: [item for value in measurement.values[:parts] for item in value] for name, measurement in measured.items()
    }
    judged = {name: _judge(names, outcomes[name], outcomes[ASE]) for name in peers}
    per_round = count / parts
    result.tables.append(
        Table(
            f"{count} crystals of {min(map(_size, crystals))} to {max(map(_size, crystals))} atoms, {potential}, "
            + (f"{rounds} round{'s' * (rounds > 1)}" if parts == 1 else f"in {parts} parts"),
            [_row(name, measured[name], measured[OURS], per_round, judged[name]) for name in peers],
        )
    )
    ours = judged[OURS]
    result.targets += [
        Target(f"{count} crystals, {potential}, over {name}", speedup(measured[OURS], measured[name]), bound)
        for name, bound in targets.items()
        if name in measured
    ]
    result.targets.append(
        Target(
            f"{count} crystals, {potential}, largest energy difference (meV/atom)",
            ours["max |ΔE| (meV/atom)"],
            SAME_ENERGY_MEV,
            "at_most",
        )
    )
    if not all(target.met for target in result.targets):
        result.profiles[f"{OURS}, {count} crystals, {potential}"] = profile(lambda: relaxers[OURS](chunks[0]))


def _size(crystal: tuple[str, Atoms]) -> int:
    return len(crystal[1])


def _row(name: str, mine: Measurement, ours: Measurement, per_round: float, judged: Row) -> Row:
    return {
        "": name,
        "structures per CPU minute": 60 * per_round / mine.cpu,
        "CPU time (s)": sum(mine.cpu_s),
        "wall time (s)": sum(mine.wall_s),
        f"{OURS} is faster (CPU)": speedup(ours, mine),
        f"{OURS} is faster (wall)": speedup(ours, mine, wall=True),
        **judged,
    }


def _judge(names: Sequence[str], mine: Sequence[RawOutcome | None], base: Sequence[RawOutcome | None]) -> Row:
    """Compare where a peer's relaxations end with those of the ASE loop."""
    differences, same_group, steps = {}, 0, 0
    for name, one, other in zip(names, mine, base, strict=True):
        if one is None or other is None:
            continue
        here, there = one.judge(), other.judge()
        differences[name] = 1000 * abs(here.energy_per_atom - there.energy_per_atom)
        same_group += here.space_group == there.space_group
        steps += here.steps == there.steps
    worst = max(differences, key=differences.__getitem__)
    return {
        "converged": f"{sum(item is not None for item in mine)} of {len(mine)}",
        "max |ΔE| (meV/atom)": differences[worst],
        "median |ΔE| (meV/atom)": statistics.median(differences.values()),
        "same space group": f"{same_group} of {len(differences)}",
        "same number of steps": f"{steps} of {len(differences)}" if any(item and item.steps for item in mine) else "–",
        "largest ΔE in": worst if differences[worst] > 0.1 else "–",
    }
