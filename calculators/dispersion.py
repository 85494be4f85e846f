"""Dispersion corrections of a structure, by the libraries of their authors: calculators, energies, provenance.

The methods are listed in :mod:`~amalgamics.calculators.dispersion_methods`, their sums made in
:mod:`~amalgamics.calculators.dispersion_sum`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import InputError, unknown_name
from .dispersion_methods import (
    FUNCTIONALS,
    PAIR_CUTOFF,
    THREE_BODY_CUTOFFS,
    has_three_body,
    library_of,
    pair_method,
)
from .dispersion_sum import DispersionCalculator, sum_dispersion

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import Calculator


def get_dispersion_calculator(method: str, functional: str) -> Calculator:
    """Return the ASE calculator of a dispersion correction alone, with all its terms in energy, forces and stress.

    Parameters
    ----------
    method
        One of :data:`DISPERSION_METHODS`.
    functional
        Density functional whose damping parameters are taken, one of :data:`FUNCTIONALS`.

    Raises
    ------
    InputError
        There is no such method, or it has no parameters for the functional.
    """
    _check(method, functional)
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
    _check(method, functional)
    return float(sum_dispersion(atoms, method, functional, derivatives=False)["energy"])


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
        _check(method, functional)
        return 0.0
    return dispersion_energy(atoms, method, functional) - dispersion_energy(atoms, pairs, functional)


def dispersion_provenance(method: str, functional: str) -> dict[str, Any]:
    """Return what fixes the correction, as plain JSON."""
    record: dict[str, Any] = {
        "method": method,
        "functional": functional,
        "damping": "bj",
        "three_body": has_three_body(method),
    }
    if record["three_body"]:
        record["three_body_cutoffs"] = [round(cutoff, 4) for cutoff in THREE_BODY_CUTOFFS]
        record["three_body_tail_to"] = round(PAIR_CUTOFF, 4)
        record["relaxed_with"] = "pair terms"
    return record


def _check(method: str, functional: str) -> None:
    library_of(method)
    if functional not in FUNCTIONALS:
        raise InputError("dispersion: " + unknown_name("functional", str(functional), FUNCTIONALS))
