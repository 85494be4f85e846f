"""The state of a molecular dynamics run in one file, from which the run goes on as if it had never stopped.

A file is a NumPy archive: the numbers exactly as they are, a JSON header for the rest, nothing pickled. It is written
beside itself and then put in place, so that a file is always whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from ...errors import InputError
from ..potentials.names import get_potential

_FORMAT = "amalgamics-md-1"


@dataclass(frozen=True)
class FrameState:
    """A frame that is kept: step, temperature (K), energy (eV), positions (N, 3) in Å, forces (N, 3) in eV/Å."""

    step: int
    temperature_K: float
    energy: float
    positions: np.ndarray
    forces: np.ndarray


@dataclass
class MDState:
    """All that the next step depends on, and what has been gathered so far.

    Attributes
    ----------
    step
        Steps taken.
    positions, momenta, forces
        Shape (N, 3), Å, ASE's units of momentum, and eV/Å; the forces without any constraint.
    energy
        Potential energy, eV.
    rng_state
        State of NumPy's bit generator.
    wall_time_s
        Time spent so far, s.
    temperatures_K, potential_energies
        One value a step; K and eV.
    frames
        The frames kept.
    """

    step: int
    positions: np.ndarray
    momenta: np.ndarray
    forces: np.ndarray
    energy: float
    rng_state: dict[str, Any]
    wall_time_s: float = 0.0
    temperatures_K: list[float] = field(default_factory=list)
    potential_energies: list[float] = field(default_factory=list)
    frames: list[FrameState] = field(default_factory=list)


def describe_run(
    atoms: Atoms, potential: str | BaseCalculator, stages: list[dict[str, Any]], **numbers: float
) -> dict[str, str]:
    """Return what makes a run this run and no other: a short description of each input, by name.

    Parameters
    ----------
    atoms
        Start; its positions, cell, masses, tags and constraints count.
    potential
        Name or calculator; of a calculator, its class and plain parameters count.
    stages
        The stages as plain JSON.
    numbers
        Seed, timestep and the like.
    """
    digest = hashlib.sha256()
    for array in (atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc, atoms.get_masses(), atoms.get_tags()):
        digest.update(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes())
    constraints = json.dumps([item.todict() for item in atoms.constraints], sort_keys=True, default=_plain)
    digest.update(constraints.encode())
    run = {"structure": digest.hexdigest(), "potential": describe_potential(potential)}
    run["stages"] = json.dumps(stages, sort_keys=True)
    return {**run, **{key: repr(value) for key, value in numbers.items()}}


def write_checkpoint(path: Path, run: dict[str, str], state: MDState) -> None:
    """Write ``state``, replacing the file in one go: a kill leaves the old file or the new one, nothing in between."""
    header = {
        "format": _FORMAT,
        "run": run,
        "step": state.step,
        "energy": state.energy,
        "rng_state": state.rng_state,
        "wall_time_s": state.wall_time_s,
        "frame_steps": [frame.step for frame in state.frames],
    }
    shape = (len(state.frames), *state.positions.shape)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with partial.open("wb") as file:
            np.savez(
                file,
                header=np.array(json.dumps(header, default=_plain)),
                positions=state.positions,
                momenta=state.momenta,
                forces=state.forces,
                temperatures_K=np.array(state.temperatures_K, dtype=float),
                potential_energies=np.array(state.potential_energies, dtype=float),
                frame_positions=np.array([frame.positions for frame in state.frames], dtype=float).reshape(shape),
                frame_forces=np.array([frame.forces for frame in state.frames], dtype=float).reshape(shape),
            )
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def read_checkpoint(path: Path, run: dict[str, str]) -> MDState:
    """Return the state in ``path``.

    Raises
    ------
    InputError
        The file is not a checkpoint, or one of another run; the message names the file and what differs.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
        header = json.loads(str(arrays["header"]))
        if header["format"] != _FORMAT:
            raise ValueError(f"its format is {header['format']!r}, not {_FORMAT!r}")
        stored = dict(header["run"])
        if stored == run:
            return _unpack(header, arrays)
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"checkpoint: {str(path)!r} cannot be read as a checkpoint of molecular dynamics ({error}); remove it or"
            " give another file"
        ) from error
    differing = ", ".join(sorted(key for key in run.keys() | stored.keys() if run.get(key) != stored.get(key)))
    raise InputError(
        f"checkpoint: {str(path)!r} belongs to another run (it differs in {differing}); remove it or give another file"
    )


def _unpack(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> MDState:
    temperatures, energies = arrays["temperatures_K"].tolist(), arrays["potential_energies"].tolist()
    frames = [
        FrameState(step, temperatures[step - 1], energies[step - 1], positions, forces)
        for step, positions, forces in zip(
            header["frame_steps"], arrays["frame_positions"], arrays["frame_forces"], strict=True
        )
    ]
    return MDState(
        step=int(header["step"]),
        positions=arrays["positions"],
        momenta=arrays["momenta"],
        forces=arrays["forces"],
        energy=float(header["energy"]),
        rng_state=header["rng_state"],
        wall_time_s=float(header["wall_time_s"]),
        temperatures_K=temperatures,
        potential_energies=energies,
        frames=frames,
    )


def describe_potential(potential: str | BaseCalculator) -> str:
    """Return what fixes the energies of a potential, in one line: of a calculator, its class and plain parameters."""
    if isinstance(potential, str):
        provenance = get_potential(potential).provenance()
        # Newer packages may change the last digits; that is no reason to throw hours of a run away.
        kept = {key: value for key, value in provenance.items() if key not in ("packages", "elements", "device")}
        return json.dumps(kept, sort_keys=True, default=str)
    kind = type(potential)
    parameters = dict(getattr(potential, "parameters", None) or {})
    plain = {key: value for key, value in parameters.items() if isinstance(value, str | int | float | bool | None)}
    return f"{kind.__module__}.{kind.__qualname__} {json.dumps(plain, sort_keys=True)}"


def _plain(value: Any) -> Any:
    """Return NumPy's numbers and arrays as JSON's."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} does not go into JSON")
