"""Phonons of one crystal at several volumes, for the quasi-harmonic approximation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from ...errors import InputError
from ..relaxation.relax import RelaxationSettings, relax
from .finite_displacements import PhononSettings, run_phonons
from .results import Phonons

DEFAULT_VOLUME_RATIOS = (0.96, 0.98, 1.0, 1.02, 1.04, 1.06, 1.08)
"""More on the side to which crystals expand."""


@dataclass(frozen=True, eq=False)
class VolumePoint:
    """The crystal at one volume.

    Attributes
    ----------
    volume_per_atom
        Å^3/atom.
    energy_per_atom
        Static, eV/atom.
    phonons
        Its phonons.
    """

    volume_per_atom: float
    energy_per_atom: float
    phonons: Phonons


def phonons_at_volumes(
    atoms: Atoms,
    potential: str | BaseCalculator,
    settings: PhononSettings | None = None,
    *,
    volume_ratios: Sequence[float] = DEFAULT_VOLUME_RATIOS,
    relaxation: RelaxationSettings | None = None,
    on_volume: Callable[[int, int], None] | None = None,
) -> list[VolumePoint]:
    """Scale a relaxed crystal to several volumes, relax the positions there, and compute phonons.

    The shape of the cell stays: exact for cubic crystals, an approximation for others.

    Parameters
    ----------
    atoms
        Relaxed crystal; not modified.
    potential
        Name of a potential or an ASE calculator.
    settings
        Of the phonons.
    volume_ratios
        Volumes in units of that of ``atoms``.
    relaxation
        How positions relax; ``relax_cell`` must be false. By default to 0.005 eV/Å, with the symmetry kept.
    on_volume
        Called with the number of volumes done, and of all.

    Raises
    ------
    InputError
        A ratio is not positive, the cell is to be relaxed, or whatever the phonons refuse.
    RelaxationError, PhononError
        At a volume there is no result.
    """
    relaxation = relaxation or RelaxationSettings(fmax=0.005, relax_cell=False, keep_symmetry=True)
    if relaxation.relax_cell:
        raise InputError("relax_cell: true is not allowed here; the volume is given")
    for ratio in volume_ratios:
        if not 0.0 < ratio < np.inf:
            raise InputError(f"volume_ratios: {ratio!r} is not allowed; give finite numbers above 0")
    points: list[VolumePoint] = []
    for ratio in volume_ratios:
        scaled = atoms.copy()
        scaled.set_constraint()
        scaled.set_cell(atoms.cell.array * ratio ** (1.0 / 3.0), scale_atoms=True)
        relaxed = relax(scaled, potential, relaxation)
        phonons = run_phonons(relaxed.atoms, potential, settings)
        points.append(VolumePoint(scaled.cell.volume / len(scaled), relaxed.energy / len(scaled), phonons))
        if on_volume:
            on_volume(len(points), len(volume_ratios))
    return points
