"""Queries of the structure database: the keys that they may name, and how they are read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import combinations

from ...errors import InputError, shown, unknown_name
from ...structures.compositions import parse_formula, parse_system
from ...structures.input.names import plain_name
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
    "orientation",
    "strain_state",
    "n_orientations",
    "n_placements",
    "continued",
)
_NUMBERS = {
    *("id", "natoms", "energy", "volume", "mass", "ctime", "mtime", "energy_per_atom", "volume_per_atom"),
    *("space_group_number", "n_steps", "relax_fmax", "seed", "frame", "n_solute", "n_layers", "dispersion_energy"),
    *("rigid_solid_energy", "rigid_film_energy", "degeneracy", "windows", "reversible_work_J_m2", "nvt_work_J_m2"),
    *("diffusion_cm2_s", "film_strain", "film_max_strain", *HULL_KEYS),
    *("orientation", "strain_state", "n_orientations", "n_placements", "continued"),
}
_LONGEST_VALUE = 200  # characters
_LARGEST = 1e15
_ASE_KEYS = ("id", "unique_id", "natoms", "energy", "volume", "mass", "age", "ctime", "mtime", "user", "formula")


_NAMES = ("name", "substrate", "film")


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
                    raise InputError(f"query {shown(query)}: more than one chemical system")
                systems = subsystems(parse_system(term))
            elif term in atomic_numbers or term in QUERY_KEYS:
                conditions.append(term)
            else:
                raise InputError(f"query {shown(query)}: " + unknown_name("key or element", term, QUERY_KEYS))
            continue
        key, _, value = (part.strip() for part in term.partition(operator))
        if key not in QUERY_KEYS and key not in _ASE_KEYS and key not in atomic_numbers:
            raise InputError(f"query {shown(query)}: " + unknown_name("key", key, [*QUERY_KEYS, *_ASE_KEYS]))
        _check_value(query, key, value)
        # Names of crystals are stored plainly spelt, whatever their files are called.
        spelt = plain_name(value) if key in _NAMES and " " in value else value.replace(" ", "")
        conditions.append(f"{key}{operator}{spelt}")
    return conditions, systems


def _check_value(query: str, key: str, value: str) -> None:
    """Refuse values that ``ase.db`` stumbles over, or would compare as nothing that can be meant."""
    from ase.data import atomic_numbers

    if not value or any(sign in value for sign in "<>=!"):
        raise InputError(f"query {shown(query)}: {key} is compared with {shown(value)}; give one value, e.g. natoms<10")
    if len(value) > _LONGEST_VALUE:
        raise InputError(f"query {shown(query)}: {key} is compared with more than {_LONGEST_VALUE} characters")
    if key in atomic_numbers and not (value.isdecimal() and _is_number(value)):
        raise InputError(f"query {shown(query)}: {key} is compared with {shown(value)}; give how many atoms, e.g. Hg>2")
    if key == "age":
        from ase.db.core import time_string_to_float

        try:
            time_string_to_float(value)
        except (KeyError, IndexError, ValueError):
            raise InputError(
                f"query {shown(query)}: age is compared with {shown(value)}; give a whole number and one of s, m, h, d,"
                " w, M and y, e.g. age<3d"
            ) from None
    if key == "formula":
        try:
            parse_formula(value)
        except InputError as error:
            raise InputError(f"query {shown(query)}: {error}") from None
    if key in _NUMBERS and not _is_number(value):
        raise InputError(f"query {shown(query)}: {key} is compared with {shown(value)}, which is no number")


def _is_number(text: str) -> bool:
    """Return whether a text is a number that SQLite can hold."""
    try:
        return math.isfinite(float(text)) and abs(float(text)) < _LARGEST
    except ValueError:
        return False


def subsystems(symbols: Sequence[str]) -> list[str]:
    """Return every chemical system within ``symbols``, itself and its elements included."""
    sizes = range(1, len(symbols) + 1)
    return [chemical_system(subset) for size in sizes for subset in combinations(sorted(symbols), size)]
