"""(ii)-(iv) A slab, mercury on it, and molecular dynamics: the lean calculator against the potential's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..calculators.potentials.names import get_calculator
from ..calculators.relaxation.relax import RelaxationSettings, relax
from .peers import stock_calculator
from .profiling import profile
from .results import Mode, Result, Row, Table, Target
from .systems import llto_slab, mercury_on_llto
from .timing import Measurement, interleave, speedup

if TYPE_CHECKING:
    from ase import Atoms

LEAN, STOCK = "lean", "stock"
FMAX = 0.05
MAX_STEPS = 1000
BEST_OPTIMIZER = "BFGSLineSearch"
PER_CALL_TARGET, TO_CONVERGENCE_TARGET = 2.5, 3.0


def run_slab(mode: Mode) -> Result:
    """An LLTO(001) slab: per force call and, with ``full``, to convergence."""
    result = Result("LLTO(001) slab")
    _force_calls(result, "slab", llto_slab(), mode)
    _to_convergence(result, "slab", llto_slab(), mode)
    return result


def run_interface(mode: Mode) -> Result:
    """Mercury on the slab: per force call and, with ``full``, to convergence."""
    result = Result("Hg | LLTO(001) interface")
    _force_calls(result, "interface", mercury_on_llto(), mode)
    if mode == "full":
        _to_convergence(result, "interface", mercury_on_llto(), mode)
    return result


def run_dynamics(mode: Mode) -> Result:
    """Langevin dynamics of the interface."""
    steps = 10 if mode == "quick" else 20
    rounds = 1 if mode == "quick" else 3
    atoms = mercury_on_llto()
    calculators = {LEAN: get_calculator("chgnet"), STOCK: stock_calculator("chgnet")}
    peers = {name: _dynamics(atoms, calculator, steps) for name, calculator in calculators.items()}
    measured = interleave(peers, rounds, label=f"{steps} steps of dynamics")
    apart = abs(measured[LEAN].values[0] - measured[STOCK].values[0]).max()
    rows = [
        {
            "": name,
            "steps per CPU second": steps / mine.cpu,
            "steps per second (wall)": steps / mine.wall,
            f"{LEAN} is faster (CPU)": speedup(measured[LEAN], mine),
            f"{LEAN} is faster (wall)": speedup(measured[LEAN], mine, wall=True),
        }
        for name, mine in measured.items()
    ]
    result = Result("Molecular dynamics of the interface")
    result.tables.append(Table(f"{len(atoms)} atoms, Langevin, 2 fs, 400 K, chgnet, {rounds} × {steps} steps", rows))
    result.notes.append(f"With the same random numbers the positions are {apart:.1e} Å apart after {steps} steps.")
    result.targets.append(Target("dynamics", speedup(measured[LEAN], measured[STOCK]), PER_CALL_TARGET))
    if not result.targets[0].met:
        result.profiles[f"{LEAN}, dynamics"] = profile(lambda: peers[LEAN](0))
    return result


def _dynamics(start: Atoms, calculator: Any, steps: int) -> Callable[[int], Any]:
    """Return what runs ``steps`` and gives the final positions."""
    import numpy as np
    from ase import units
    from ase.md.langevin import Langevin
    from ase.md.velocitydistribution import MaxwellBoltzmannDistribution

    def run(number: int) -> Any:
        rng = np.random.RandomState(number)  # what ASE's dynamics takes
        atoms = start.copy()
        atoms.calc = calculator
        MaxwellBoltzmannDistribution(atoms, temperature_K=400, rng=rng)
        Langevin(atoms, 2 * units.fs, temperature_K=400, friction=0.01 / units.fs, rng=rng).run(steps)
        return atoms.positions.copy()

    return run


def _force_calls(result: Result, label: str, atoms: Atoms, mode: Mode) -> None:
    """Energy, forces and, for the same price, stress of displaced copies, so that nothing is remembered."""
    rounds = 3 if mode == "quick" else 7
    for potential in ("chgnet", "chgnet+d3"):
        calculators = {LEAN: get_calculator(potential), STOCK: stock_calculator(potential)}
        peers = {name: _force_call(atoms, calculator) for name, calculator in calculators.items()}
        for run in peers.values():
            run(rounds)
        measured = interleave(peers, rounds, label=f"{label}, force call, {potential}")
        pairs = list(zip(measured[LEAN].values, measured[STOCK].values, strict=True))
        energy = max(abs(one[0] - other[0]) for one, other in pairs) / len(atoms)
        force = max(abs(one[1] - other[1]).max() for one, other in pairs)
        rows: list[Row] = [
            {
                "": name,
                "CPU time per force call (ms)": 1000 * mine.cpu,
                "wall time per force call (ms)": 1000 * mine.wall,
                f"{LEAN} is faster (CPU)": speedup(measured[LEAN], mine),
                f"{LEAN} is faster (wall)": speedup(measured[LEAN], mine, wall=True),
                "max |ΔE| (meV/atom)": 0.0 if name == STOCK else 1000 * energy,
                "max |ΔF| (eV/Å)": 0.0 if name == STOCK else force,
            }
            for name, mine in measured.items()
        ]
        result.tables.append(Table(f"Force call, {len(atoms)} atoms, {potential}, median of {rounds}", rows))
        ratio = speedup(measured[LEAN], measured[STOCK])
        # With D3 both sides pay the same correction; the target is that of the model.
        if potential == "chgnet":
            result.targets.append(Target(f"{label}, per force call, {potential}", ratio, PER_CALL_TARGET))
        if ratio < PER_CALL_TARGET:
            result.profiles[f"{LEAN}, force call, {label}, {potential}"] = profile(partial(peers[LEAN], rounds))


def _force_call(start: Atoms, calculator: Any) -> Callable[[int], Any]:
    def run(number: int) -> Any:
        atoms = start.copy()
        atoms.rattle(0.01, seed=number)
        atoms.calc = calculator
        forces = atoms.get_forces()
        return float(atoms.get_potential_energy()), forces

    return run


def _to_convergence(result: Result, label: str, atoms: Atoms, mode: Mode) -> None:
    """Positions only, with our optimiser and calculator against stock FIRE."""
    if mode == "quick" and len(atoms) > 100:
        return
    lean, stock = get_calculator("chgnet"), stock_calculator("chgnet")
    best = RelaxationSettings(fmax=FMAX, relax_cell=False, max_steps=MAX_STEPS, optimizer=BEST_OPTIMIZER)
    peers = {
        f"{BEST_OPTIMIZER}, {LEAN}": lambda _: relax(atoms, lean, best),
        f"FIRE, {STOCK}": lambda _: _stock_fire(atoms, stock),
    }
    if mode == "full":
        fire = RelaxationSettings(fmax=FMAX, relax_cell=False, max_steps=MAX_STEPS, optimizer="FIRE")
        peers[f"FIRE, {LEAN}"] = lambda _: relax(atoms, lean, fire)
    measured = interleave(peers, 1, label=f"{label}, to convergence")
    ours, theirs = (measured[name] for name in list(peers)[:2])
    reference = _final(theirs)[0]
    result.tables.append(
        Table(
            f"Positions relaxed to {FMAX:g} eV/Å, {len(atoms)} atoms, chgnet",
            [_convergence_row(name, mine, theirs, reference, len(atoms)) for name, mine in measured.items()],
        )
    )
    ratio = speedup(ours, theirs)
    result.targets.append(Target(f"{label}, to convergence", ratio, TO_CONVERGENCE_TARGET))
    if ratio < TO_CONVERGENCE_TARGET:
        result.profiles[f"{BEST_OPTIMIZER}, {LEAN}, {label}"] = profile(lambda: relax(atoms, lean, best))


def _stock_fire(start: Atoms, calculator: Any) -> tuple[float, int]:
    from ase.optimize import FIRE

    atoms = start.copy()
    atoms.calc = calculator
    optimizer = FIRE(atoms, logfile=None)
    optimizer.run(fmax=FMAX, steps=MAX_STEPS)
    return float(atoms.get_potential_energy()), int(optimizer.nsteps) + 1


def _final(measured: Measurement) -> tuple[float, int]:
    value = measured.values[0]
    return value if isinstance(value, tuple) else (value.energy, value.n_force_calls)


def _convergence_row(name: str, mine: Measurement, stock: Measurement, reference: float, count: int) -> Row:
    energy, calls = _final(mine)
    return {
        "": name,
        "force calls": calls,
        "CPU time (s)": mine.cpu,
        "wall time (s)": mine.wall,
        "faster than stock (CPU)": speedup(mine, stock),
        "faster than stock (wall)": speedup(mine, stock, wall=True),
        "ΔE (meV/atom)": 1000 * (energy - reference) / count,
    }
