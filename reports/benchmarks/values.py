"""Computed values for the benchmark table, from hulls, relaxed crystals and electrolyte windows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...errors import InputError
from ...reference.measured import ROOM_TEMPERATURE_K
from ...reference.metals import ion_charge
from ...structures.library.phases import get_phase
from ...structures.symmetry import conventional_cell
from ...structures.symmetry_tolerances import relaxed_symprec
from ...thermodynamics.amalgams.solubility import compare_solubility, saturated_emf
from ...thermodynamics.hulls.hull import Hull
from ...thermodynamics.stability.electrolyte_window import ElectrolyteWindow
from ...thermodynamics.units import BOLTZMANN_EV_PER_K, KJ_PER_MOL
from .published import benchmarks, cell_edges
from .reference import composition
from .table import ComputedValue

if TYPE_CHECKING:
    from ase import Atoms


def hull_values(hull: Hull, potential: str) -> list[ComputedValue]:
    """Return what a hull says about the published formation energies, distances to the hull and amalgam voltages.

    Parameters
    ----------
    hull
        Static energies at 0 K. Of several phases of a formula (and space group, where the reference names one) the
        lowest counts. The voltage of a saturated amalgam is that of liquid mercury at the temperature of the
        measurement. Where compounds with mercury were tried and none is stable, the amalgam is saturated by the metal
        itself, and its voltage is 0.
    potential
        Its energies come from.
    """
    values = []
    for item in benchmarks():
        found: float | None = None
        if item.quantity in ("formation_enthalpy", "pbe_formation_energy"):
            phase = hull.lowest(composition(item.subject))
            found = phase.formation_energy_per_atom if phase else None
        elif item.quantity == "e_above_hull":
            phase = hull.lowest(composition(item.subject), item.label)
            found = phase.e_above_hull if phase else None
        elif item.quantity == "saturated_emf" and {item.subject, "Hg"} <= set(hull.elements):
            amalgam = hull.subsystem(f"{item.subject}-Hg")
            if any(len(phase.composition) > 1 for phase in amalgam.phases):
                kelvin, charge = item.temperature_K or ROOM_TEMPERATURE_K, ion_charge(item.subject, 1)
                _, found = saturated_emf(amalgam, item.subject, kelvin, electrons_per_ion=charge)
        if found is not None:
            values.append(ComputedValue(item.quantity, item.subject, potential, found, item.label))
    return values


def window_values(window: ElectrolyteWindow, electrolyte: str, potential: str) -> list[ComputedValue]:
    """Return the reduction onset of an electrolyte under the name it has in the table, ``LLTO`` or ``Li3PS4``."""
    return [ComputedValue("reduction_onset", electrolyte, potential, window.reduction_onset_V)]


def cohesive_value(element: str, potential: str, atom_energy: float, crystal_energy_per_atom: float) -> ComputedValue:
    """Return the cohesive energy of an element from its free atom (eV) and its lowest crystal (eV/atom)."""
    return ComputedValue("cohesive_energy", element, potential, atom_energy - crystal_energy_per_atom)


def solution_values(metal: str, mu_infinity: float, hull: Hull | None, potential: str) -> list[ComputedValue]:
    """Return what the energy of one atom in liquid mercury says of its amalgam: voltages, excess energy, solubility.

    Parameters
    ----------
    metal
        Element symbol.
    mu_infinity
        Standard chemical potential at infinite dilution, eV against the pure solid.
    hull
        Of the metal and mercury, for the solubility; None leaves that out.
    potential
        The energies come from.
    """
    values = []
    for item in benchmarks():
        if item.subject != metal:
            continue
        found: float | None = None
        if item.quantity == "standard_emf":
            found = -mu_infinity / ion_charge(metal, 1)
        elif item.quantity == "emf" and item.mole_fraction is not None:
            kT = BOLTZMANN_EV_PER_K * (item.temperature_K or ROOM_TEMPERATURE_K)
            found = -(mu_infinity + kT * math.log(item.mole_fraction)) / ion_charge(metal, 1)
        elif item.quantity == "excess_free_energy_in_mercury":
            found = mu_infinity / KJ_PER_MOL
        elif item.quantity == "solubility_in_mercury" and hull is not None:
            found = 100.0 * compare_solubility(hull, metal, mu_infinity).computed
        if found is not None:
            values.append(ComputedValue(item.quantity, metal, potential, found, item.label))
    return values


def cell_values(key: str, atoms: Atoms, potential: str, *, symprec: float | None = None) -> list[ComputedValue]:
    """Return volume and cell edges of a relaxed phase of the library.

    Parameters
    ----------
    key
        Of the phase.
    atoms
        Any cell of it; edges of orthorhombic ones are compared in the cell that the library lists alone.
    potential
        It was relaxed with.
    symprec
        Tolerance of the symmetry search, Å; None is that of `relaxed_symprec`.
        The edges are left out where relaxation has changed the space group.

    Raises
    ------
    InputError
        Unknown phase.
    """
    import numpy as np

    phase = get_phase(key)
    values = [ComputedValue("volume_per_atom", key, potential, float(atoms.get_volume() / len(atoms)))]
    symprec = relaxed_symprec(atoms) if symprec is None else symprec
    try:
        cell = conventional_cell(atoms, symprec=symprec, idealise=True)
    except InputError:
        return values
    edges = cell_edges(cell.space_group_number)
    if cell.space_group_number != phase.space_group_number or (edges == "abc" and cell.axes != "given"):
        return values
    if cell.rhombohedral:
        cell = conventional_cell(atoms, symprec=symprec, axes="standard", idealise=True)
    lengths = dict(zip("abc", np.linalg.norm(cell.lattice, axis=1), strict=True))
    return values + [ComputedValue("cell_length", key, potential, float(lengths[edge]), edge) for edge in edges]
