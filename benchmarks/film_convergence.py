"""Film energies against thickness and number of films: work of adhesion, solute energies, surface energy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from amalgamics.benchmarks.results import Mode, Result, Row, Table
from amalgamics.benchmarks.timing import say
from amalgamics.thermodynamics.wetting.adhesion import average_adhesion
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import WorkflowSpec
from amalgamics.workflows.studies.films.cells import Role
from amalgamics.workflows.studies.films.steps import quench_bulk_liquid, relax_solid, sample_film, sample_interface
from amalgamics.workflows.studies.wetting.members import insertion_estimate
from amalgamics.workflows.studies.wetting.quench import quench_film, quench_interface
from amalgamics.workflows.studies.wetting.settings import WettingSettings
from amalgamics.workflows.studies.wetting.stored import StoredStudy, get_study
from amalgamics.workflows.studies.wetting.study import WettingStudy

POTENTIAL = "chgnet+d3"
TERMINATION = "TiO2"
# Kept between runs, since one full run takes an hour of one core; AMALGAMICS_BENCHMARK_DATABASE puts it elsewhere.
DATABASE = Path(__file__).resolve().parent / "film_convergence.db"
SIZES: dict[Mode, tuple[float, ...]] = {"quick": (7.0,), "full": (8.0, 12.0, 16.0)}
SEEDS: dict[Mode, int] = {"quick": 1, "full": 3}
FRAMES: dict[Mode, int] = {"quick": 2, "full": 4}


def run_film_convergence(mode: Mode) -> Result:
    """Compute what is not in the database yet and tabulate it."""
    database = StructureDatabase(os.environ.get("AMALGAMICS_BENCHMARK_DATABASE", DATABASE))
    by_size: list[Row] = []
    for size in SIZES[mode]:
        seeds = SEEDS[mode] if size == 12.0 else 1
        by_size.append(_row({"film (Å)": size}, _study(database, mode, size, seeds), range(seeds)))
    result = Result("Mercury on LLTO(001)-TiO2: convergence of the film")
    result.tables.append(Table("Thickness of the film, 12 Å is the default", by_size))
    if SEEDS[mode] > 1:
        study = _study(database, mode, 12.0, SEEDS[mode])
        rows = [_row({"films": count}, study, range(count)) for count in range(1, SEEDS[mode] + 1)]
        rows += [_row({"films": f"number {seed + 1} alone"}, study, [seed]) for seed in range(SEEDS[mode])]
        result.tables.append(Table("Number of independent films of 12 Å, four frames each", rows))
    result.notes.append("± is the standard error: between films where there are several, else between frames of one.")
    return result


def _study(database: StructureDatabase, mode: Mode, size: float, seeds: int) -> StoredStudy:
    section = WettingSettings.model_validate(
        {
            "substrate": {"name": "LLTO", "termination": TERMINATION},
            "min_film_size": size,
            "seeds": seeds,
            "frames": FRAMES[mode],
            "max_solute": 2,
        }
    )
    spec = WorkflowSpec(name="films", systems=["Li-Hg"], potential=POTENTIAL, database=database.path, wetting=section)
    study = WettingStudy(Job(spec, database, {}))
    relax_solid(study, POTENTIAL, TERMINATION)
    for seed in range(seeds):
        say(f"  film of {size:g} Å, seed {seed}")
        sample_interface(study, TERMINATION, seed)
        sample_film(study, TERMINATION, seed)
        quench_bulk_liquid(study, POTENTIAL, seed)
        for frame in range(section.frames):
            quench_interface(study, POTENTIAL, TERMINATION, seed, frame)
            quench_film(study, POTENTIAL, seed, frame)
    return get_study(database, study=study.key)


def _row(first: Row, study: StoredStudy, seeds: Any) -> Row:
    chosen = set(seeds)
    samples = study.adhesion_samples(TERMINATION, POTENTIAL, "relaxed")
    work = average_adhesion({f"{seed}": group for seed, group in samples.items() if seed in chosen}).total_J_m2
    states = study.interface_energies(TERMINATION, POTENTIAL)
    reference = insertion_estimate(study, Role.SOLUTE_IN_FILM, POTENTIAL)
    first_row = next(iter(states.values()))[0]
    row = dict(first) | {"Hg atoms": int((first_row.numbers == 80).sum())}
    row["W_ad (J/m²)"] = _with_error(work.mean, work.standard_error)
    for count in (1, 2):
        shifts = [
            states[frame][count].energy - states[frame][0].energy - count * (reference.mean if reference else np.nan)
            for frame in states
            if frame[0] in chosen and count in states[frame]
        ]
        error = float(np.std(shifts, ddof=1) / np.sqrt(len(shifts))) if len(shifts) > 1 else None
        row[f"ΔE_{count} (eV)"] = _with_error(float(np.mean(shifts)), error)
    surface = study.surface_energy_J_m2(POTENTIAL)
    if surface is not None and len(chosen) == len(samples):
        row["u of the film (J/m²)"] = _with_error(surface.mean, surface.standard_error)
    return row


def _with_error(value: float, error: float | None) -> str:
    return f"{value:.3f}" + ("" if error is None else f" ± {error:.3f}")
