"""Queries of the structure database: the keys that they may name, and how they are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from ...errors import InputError, unknown_name
from ...structures.compositions import parse_system
from .row_hulls import HULL_KEYS
from .row_selection import OPERATORS

# What every row can be asked for, besides ase.db's own keys (id, natoms, energy, volume, age, element symbols, ...).
QUERY_KEYS = (
    "name",
    "kind",
    "potential",
    "potential_identity",
    "chemical_system",
    "reduced_formula",
    "prototype",
    "space_group",
    "space_group_number",
    "energy_per_atom",
    "volume_per_atom",
    *HULL_KEYS,
    "converged",
    "n_steps",
    "relax_fmax",
    "relax_cell",
    "fingerprint",
    # of slabs, films and interfaces
    "study",
    "substrate",
    "miller",
    "termination",
    "solvent",
    "solute",
    "role",
    "geometry",
    "seed",
    "frame",
    "n_solute",
    "site",
    "n_layers",
    "dispersion_energy",
    "rigid_solid_energy",
    "rigid_film_energy",
    "degeneracy",
    "geometry_energy",
    "surface",
    # of films taken off
    "windows",
    "reversible_work_J_m2",
    "nvt_work_J_m2",
    "diffusion_cm2_s",
    # of joined crystals
    "film",
    "film_miller",
    "film_strain",
    "film_max_strain",
)
_ASE_KEYS = ("id", "unique_id", "natoms", "energy", "volume", "mass", "age", "ctime", "mtime", "user", "formula")


def chemical_system(symbols: Iterable[str]) -> str:
    """Return the symbols, sorted and joined: ``Hg-Li``."""
    return "-".join(sorted(set(symbols)))


def parse_query(query: str) -> tuple[list[str], list[str]]:
    """Split a query into ``ase.db`` conditions and the chemical systems a term such as ``Li-Hg`` allows.

    Raises
    ------
    InputError
        A key or element is unknown.
    """
    from ase.data import atomic_numbers

    conditions: list[str] = []
    systems: list[str] = []
    for term in (part.strip() for part in query.split(",")):
        if not term:
            continue
        operator = next((symbol for symbol in OPERATORS if symbol in term), None)
        if operator is None:
            if "-" in term:
                if systems:
                    raise InputError(f"query {query!r}: more than one chemical system")
                systems = subsystems(parse_system(term))
            elif term in atomic_numbers or term in QUERY_KEYS:
                conditions.append(term)
            else:
                raise InputError(f"query {query!r}: " + unknown_name("key or element", term, QUERY_KEYS))
            continue
        key = term.split(operator)[0].strip()
        if key not in QUERY_KEYS and key not in _ASE_KEYS and key not in atomic_numbers:
            raise InputError(f"query {query!r}: " + unknown_name("key", key, [*QUERY_KEYS, *_ASE_KEYS]))
        conditions.append(term.replace(" ", ""))
    return conditions, systems


def subsystems(symbols: Sequence[str]) -> list[str]:
    """Return every chemical system within ``symbols``, itself and its elements included."""
    sizes = range(1, len(symbols) + 1)
    return [chemical_system(subset) for size in sizes for subset in combinations(sorted(symbols), size)]
