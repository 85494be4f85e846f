"""What the dispersion corrections are: method, library, functional and how far each is summed."""

from __future__ import annotations

from typing import Any

from ase.units import Bohr

from ...errors import InputError, unknown_name
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


def split_name(name: str) -> tuple[str, str | None]:
    """Return model and dispersion method of the name of a potential, from the name alone; None for no dispersion.

    Examples
    --------
    >>> from amalgamics.calculators.potentials.dispersion_methods import split_name
    >>> split_name("chgnet+d3"), split_name("mine+d4@pbe"), split_name("emt")
    (('chgnet', 'd3'), ('mine', 'd4'), ('emt', None))
    """
    model, _, suffix = name.rpartition("+")
    method = suffix.partition("@")[0]
    return (model, method) if model and method in DISPERSION_METHODS else (str(name), None)


def check_dispersion(method: str, functional: str) -> None:
    """Refuse a method or functional that is not known.

    Raises
    ------
    InputError
        There is no such method, or it has no parameters for the functional.
    """
    library_of(method)
    if functional not in FUNCTIONALS:
        raise InputError("dispersion: " + unknown_name("functional", str(functional), FUNCTIONALS))


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
