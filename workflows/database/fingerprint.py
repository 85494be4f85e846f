"""The identity of a calculation: same structure, same potential, same settings, same fingerprint."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from ase import Atoms

    from ...calculators.potentials.names import Potential

# Coordinates are compared to this many decimals of an Å: far below any physical difference, far above float noise.
_DECIMALS = 4
# What provenance tells besides what fixes the energies.
_NO_IDENTITY = ("packages", "device")


class HowRelaxed(Protocol):
    """How a structure was relaxed: the settings of a relaxation here, or that it was elsewhere."""

    @property
    def fmax(self) -> float | None:
        """Largest force allowed at the end, eV/Å; None where it is not known."""

    @property
    def relax_cell(self) -> bool:
        """Whether the cell is as relaxed as the positions."""

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""


def digest(content: Any, length: int = 32) -> str:
    """Return the first digits of a hash of plain JSON."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:length]


@functools.cache
def potential_identity(potential: Potential) -> str:
    """Return a short key of what fixes the energies: name, weights and dispersion, but neither versions nor device."""
    return identity_of(potential.provenance())


def identity_of(provenance: Mapping[str, Any]) -> str:
    """Return the key of :func:`potential_identity` for the provenance of a potential, as rows have it stored."""
    return "potential-" + digest({key: value for key, value in provenance.items() if key not in _NO_IDENTITY}, 16)


def structure_key(atoms: Atoms) -> str:
    """Return a key of the species, the cell, the positions (Å, to four decimals) and which atoms are held fixed how."""
    rounded = [np.round(array, _DECIMALS) + 0.0 for array in (atoms.cell.array, atoms.positions)]
    fixed = sorted({int(index) for item in atoms.constraints for index in item.get_indices()})
    parts = [atoms.numbers.tolist(), atoms.pbc.tolist(), *(array.tolist() for array in rounded)]
    partly = [item.todict() for item in atoms.constraints if not np.all(getattr(item, "mask", True))]
    if partly:  # along some directions only, as selective dynamics allow
        return digest([*parts, fixed, json.loads(json.dumps(partly, default=lambda array: array.tolist()))])
    return digest([*parts, fixed] if fixed else parts)


def fingerprint(
    atoms: Atoms,
    potential: Potential,
    settings: HowRelaxed | None,
    labels: Mapping[str, str | int] | None = None,
) -> str:
    """Return the key under which the calculation on ``atoms`` is stored and found again.

    ``settings`` are None for a single point. The prefix keeps the key from looking like a number, which ``ase.db``
    refuses.
    """
    return fingerprint_of(atoms, potential_identity(potential), settings.as_dict() if settings else None, labels)


def fingerprint_of(
    atoms: Atoms,
    identity: str,
    settings: Mapping[str, Any] | None,
    labels: Mapping[str, str | int] | None = None,
) -> str:
    """Return the key of :func:`fingerprint` from the identity of the potential and from settings as plain JSON."""
    parts: list[Any] = [structure_key(atoms), identity, dict(settings) if settings else None]
    return ("relax-" if settings else "point-") + digest([*parts, dict(labels)] if labels else parts)
