"""What a thiophosphate glass is like: density, coordination, intact PS4 units, distances; beside measured values."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan
from typing import TYPE_CHECKING

import numpy as np

from ...reference.published import glass_facts
from .thiophosphate import LI_S_CUTOFF, P_S_CUTOFF, GlassError, bonded_units

if TYPE_CHECKING:
    from ase import Atoms

# Å
_BROADENING = 0.05
# Attribute of a `GlassStructure` that carries its unit in the name.
_ATTRIBUTES = {"density": "density_g_cm3"}


@dataclass(frozen=True)
class GlassStructure:
    """A glass in numbers.

    Attributes
    ----------
    density_g_cm3
        Density, g/cm3.
    p_s_coordination
        Sulphur within 2.6 Å of a phosphorus, on average.
    p_s_distance
        Most frequent length of those bonds, Å: the first peak of g(r), as diffraction sees it.
    intact_fraction
        Phosphorus atoms in a PS4 unit of their own, as a fraction: four sulphur, none of them shared.
    li_s_coordination
        Sulphur within 3.0 Å of a lithium, on average.
    li_s_distance
        Most frequent distance, Å, as for P-S; the mean over all of them is about 0.1 longer.
    shortest
        Shortest distance of each pair of elements, Å, such as ``{"Li-S": 2.31}``; pairs beyond 6 Å are left out.
    """

    density_g_cm3: float
    p_s_coordination: float
    p_s_distance: float
    intact_fraction: float
    li_s_coordination: float
    li_s_distance: float
    shortest: dict[str, float]


@dataclass(frozen=True)
class Comparison:
    """A number of the glass beside a measured one.

    Attributes
    ----------
    quantity
        Name of an attribute of :class:`GlassStructure`.
    unit
        Unit, empty where it has none.
    computed, expected, tolerance
        The glass, the reference, and the difference that counts as agreement.
    source, confidence
        Where the reference is from, and how sure that is: ``recalled`` is from memory, not looked up.
    """

    quantity: str
    unit: str
    computed: float
    expected: float
    tolerance: float
    source: str
    confidence: str

    @property
    def agrees(self) -> bool:
        """Whether the difference is within the tolerance."""
        return not isnan(self.computed) and abs(self.computed - self.expected) <= self.tolerance


def analyse_glass(atoms: Atoms) -> GlassStructure:
    """Return density, coordination and distances of a glass of Li, P and S.

    Parameters
    ----------
    atoms
        The glass, periodic in three directions.

    Raises
    ------
    GlassError
        It is not periodic in three directions or lacks one of the elements.
    """
    from ase import units

    _check_glass(atoms)
    p_s, li_s = _distances(atoms, "P", "S", P_S_CUTOFF), _distances(atoms, "Li", "S", LI_S_CUTOFF)
    density = atoms.get_masses().sum() / atoms.cell.volume * (1e-2 * units.m) ** 3 / (1e-3 * units.kg)
    n_phosphorus, n_lithium = int((atoms.numbers == 15).sum()), int((atoms.numbers == 3).sum())
    return GlassStructure(
        density_g_cm3=float(density),
        p_s_coordination=len(p_s) / n_phosphorus,
        p_s_distance=_peak(p_s),
        intact_fraction=_count_intact(atoms) / n_phosphorus,
        li_s_coordination=len(li_s) / n_lithium,
        li_s_distance=_peak(li_s),
        shortest=_shortest(atoms),
    )


def compare_glass(structure: GlassStructure) -> list[Comparison]:
    """Return the numbers of a glass beside those measured on 75 Li2S : 25 P2S5 glass.

    Parameters
    ----------
    structure
        What :func:`analyse_glass` found.
    """
    return [
        Comparison(
            name,
            "" if fact.unit == "1" else fact.unit,
            float(getattr(structure, name)),
            fact.value,
            0.0 if fact.uncertainty is None else fact.uncertainty,
            fact.source,
            fact.confidence,
        )
        for name, fact in ((_ATTRIBUTES.get(key, key), fact) for key, fact in glass_facts().items())
    ]


def _check_glass(atoms: Atoms, symbols: tuple[str, ...] = ("Li", "P", "S")) -> None:
    missing = sorted({*symbols} - {*atoms.get_chemical_symbols()})
    if missing:
        raise GlassError(f"{atoms.symbols} has no {', '.join(missing)}")
    if not (atoms.pbc.all() and atoms.cell.rank == 3):
        raise GlassError(f"the glass must be periodic in three directions, it has pbc {atoms.pbc.tolist()}")


def _distances(atoms: Atoms, first: str, second: str, cutoff: float) -> np.ndarray:
    """Return all distances from an atom of ``first`` to one of ``second`` below ``cutoff``, Å, images included."""
    from vesin import ase_neighbor_list

    i, j, distances = ase_neighbor_list("ijd", atoms, cutoff)
    symbols = np.array(atoms.get_chemical_symbols())
    found: np.ndarray = distances[(symbols[i] == first) & (symbols[j] == second)]
    return found


def _peak(distances: np.ndarray) -> float:
    """Return where g(r) of these distances, broadened a little, is highest, Å."""
    if len(distances) == 0:
        return nan
    grid = np.arange(distances.min(), distances.max() + 0.01, 0.01)
    kernels = np.exp(-0.5 * ((grid[:, None] - distances) / _BROADENING) ** 2)
    return float(grid[(kernels / distances**2).sum(axis=1).argmax()])


def _count_intact(atoms: Atoms) -> int:
    """Return the number of units that are one phosphorus with four sulphur."""
    unit_of, bonds = bonded_units(atoms)
    n_units = int(unit_of.max()) + 1
    phosphorus = np.bincount(unit_of[atoms.numbers == 15], minlength=n_units)
    sulphur = np.bincount(unit_of[atoms.numbers == 16], minlength=n_units)
    n_bonds = np.bincount(unit_of[bonds[:, 0]], minlength=n_units)
    return int(((phosphorus == 1) & (sulphur == 4) & (n_bonds == 4)).sum())


def _shortest(atoms: Atoms) -> dict[str, float]:
    found = {}
    symbols = sorted({*atoms.get_chemical_symbols()})
    for number, first in enumerate(symbols):
        for second in symbols[number:]:
            distances = _distances(atoms, first, second, 6.0)
            if len(distances):
                found[f"{first}-{second}"] = float(distances.min())
    return found
