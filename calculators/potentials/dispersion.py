"""Dispersion corrections, D3 and D4 with Becke-Johnson damping, by the libraries of their authors.

Each with and without the three-body (Axilrod-Teller-Muto, ATM) term:

========== ================================== ==========================
method     what it is                         three-body term
========== ================================== ==========================
``d3``     D3(BJ) as published                no
``d3atm``  D3(BJ)-ATM                         yes, same parameters
``d4``     D4 as published                    yes
``d4pair`` the pairs of D4, a part of it      no, same parameters
========== ================================== ==========================

The three-body term weakens the binding of mercury by 0.035 (D3) and 0.031 eV/atom (D4), of LiHg by 0.028 and 0.012,
with the parameters for PBE. It is dear, so relaxations, dynamics and phonons use the pairs (``pair_method``) and add it
to the energy at their end; how it is summed, see :mod:`~amalgamics.calculators.potentials.dispersion_sum`.

References: D3(BJ) doi 10.1002/jcc.21759, its three-body term 10.1063/1.3382344; D4 doi 10.1063/1.5090222 and, periodic,
10.1039/D0CP00502A; parameters for r2SCAN doi 10.1063/5.0041008.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .dispersion_methods import check_dispersion, pair_method

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import Calculator


def get_dispersion_calculator(method: str, functional: str) -> Calculator:
    """Return the ASE calculator of a dispersion correction alone, with all its terms in energy, forces and stress.

    Parameters
    ----------
    method
        One of ``dispersion_methods.DISPERSION_METHODS``.
    functional
        Density functional whose damping parameters are taken, one of
        ``dispersion_methods.FUNCTIONALS``.

    Raises
    ------
    InputError
        There is no such method, or it has no parameters for the functional.
    """
    check_dispersion(method, functional)
    from .dispersion_sum import DispersionCalculator

    return DispersionCalculator(method, functional)


def dispersion_energy(atoms: Atoms, method: str, functional: str) -> float:
    """Return the energy of a dispersion correction, eV, without the cost of its derivatives.

    Parameters
    ----------
    atoms
        Structure; its calculator and constraints do not matter.
    method, functional
        See :func:`get_dispersion_calculator`.

    Raises
    ------
    InputError
        There is no such method, or it has no parameters for the functional.
    """
    check_dispersion(method, functional)
    from .dispersion_sum import sum_energy

    return sum_energy(atoms, method, functional)


def three_body_energy(atoms: Atoms, method: str, functional: str) -> float:
    """Return the three-body part of a dispersion correction, eV; 0 for a method without it.

    Parameters
    ----------
    atoms
        Structure; its calculator and constraints do not matter.
    method, functional
        See :func:`get_dispersion_calculator`.

    Raises
    ------
    InputError
        There is no such method, or it has no parameters for the functional.
    """
    pairs = pair_method(method)
    if pairs == method:
        check_dispersion(method, functional)
        return 0.0
    return dispersion_energy(atoms, method, functional) - dispersion_energy(atoms, pairs, functional)
