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
with the parameters for PBE. It is dear, so relaxations, dynamics and phonons use the pairs (:func:`pair_method`) and
add it to the energy at their end; how it is summed, see :mod:`~amalgamics.calculators.dispersion_sum`.

References: D3(BJ) doi 10.1002/jcc.21759, its three-body term 10.1063/1.3382344; D4 doi 10.1063/1.5090222 and, periodic,
10.1039/D0CP00502A; parameters for r2SCAN doi 10.1063/5.0041008.
"""

from __future__ import annotations

from ase.units import Bohr

from ..errors import InputError, unknown_name
from . import elements as element_sets

# Library and, where the method has a three-body term, the method that leaves it out.
_LIBRARIES = {"d3": "d3", "d3atm": "d3", "d4": "d4", "d4pair": "d4"}
_PAIR_METHODS = {"d3atm": "d3", "d4": "d4pair"}

DISPERSION_METHODS = tuple(_LIBRARIES)
DISPERSION_ELEMENTS = {
    method: element_sets.D3 if library == "d3" else element_sets.D4 for method, library in _LIBRARIES.items()
}
DISPERSION_PACKAGES = {method: f"dft{library}" for method, library in _LIBRARIES.items()}

# Functionals both libraries have parameters for, under the same name.
FUNCTIONALS = ("b3lyp", "blyp", "pbe", "pbe0", "pbesol", "r2scan", "revpbe", "rpbe", "scan", "tpss")

PAIR_CUTOFF = 60 * Bohr
"""Distance up to which pairs are summed, Å: the libraries' own."""
THREE_BODY_CUTOFFS = (25 * Bohr, 35 * Bohr)
"""Longest sides of the triples that are summed, Å; the sums to both give those with sides up to PAIR_CUTOFF."""


def library_of(method: str) -> str:
    """Return ``d3`` or ``d4``, the library that computes a method.

    Raises
    ------
    InputError
        There is no such method.
    """
    if method not in _LIBRARIES:
        raise InputError("dispersion: " + unknown_name("method", str(method), DISPERSION_METHODS))
    return _LIBRARIES[method]


def pair_method(method: str) -> str:
    """Return the method without the three-body term, with the same parameters for pairs; itself where it has none.

    Raises
    ------
    InputError
        There is no such method.
    """
    library_of(method)
    return _PAIR_METHODS.get(method, method)


def has_three_body(method: str) -> bool:
    """Return whether a method has the three-body term.

    Raises
    ------
    InputError
        There is no such method.
    """
    return pair_method(method) != method
