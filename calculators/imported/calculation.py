"""One finished calculation: structure, energy, and the settings that decide with what it may be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

EXTRAPOLATED = "extrapolated to zero smearing"
"""Between the free energy and the energy without the entropy of the electrons: the energy of VASP's and GPAW's."""
FREE_ENERGY = "free energy, force-consistent"
"""With the entropy of the electrons: the energy that forces are derivatives of."""
AS_GIVEN = "as the file gives it"
LARGEST_ENERGY = 1e7
"""eV per atom; with all its electrons an atom of uranium has 8e5."""
SHARED_KEYS = ("code", "functional", "dispersion", "cutoff_eV", "energy_kind", "corrections")
"""What all calculations of a label share; unlike these, settings of elements are compared element by element."""
ELEMENT_KEYS = ("hubbard_U", "pseudopotentials")
_PROGRAMS = {
    **{name.casefold(): name for name in ("VASP", "GPAW", "ASE", "ABINIT", "CASTEP", "CP2K", "FHI-aims", "SIESTA")},
    **dict.fromkeys(("quantum espresso", "quantumespresso", "espresso", "pwscf", "pw.x", "qe"), "Quantum ESPRESSO"),
}
_FUNCTIONALS = {name.casefold(): name for name in ("PBE", "PBEsol", "RPBE", "LDA", "SCAN", "R2SCAN")}


def usual_name(key: str, text: str) -> str:
    """Return how a program or functional is usually written; anything else as it is.

    Examples
    --------
    >>> from amalgamics.calculators.imported.calculation import usual_name
    >>> usual_name("code", "vasp"), usual_name("code", "pw.x"), usual_name("functional", "pbe")
    ('VASP', 'Quantum ESPRESSO', 'PBE')
    >>> usual_name("code", "my own"), usual_name("k_points", "VASP")
    ('my own', 'VASP')
    """
    names = {"code": _PROGRAMS, "functional": _FUNCTIONALS}.get(key, {})
    return names.get(text.strip().casefold(), text)


class CalculationFileError(InputError):
    """A file without a finished calculation that can be imported."""


@dataclass(frozen=True, eq=False)
class ImportedCalculation:
    """A finished calculation, as its file tells of it.

    Attributes
    ----------
    atoms
        Final structure, periodic in three directions, with its constraints and without a calculator.
    energy
        Of the cell, eV, as the file gives it, without corrections.
    energy_kind
        :data:`EXTRAPOLATED`, :data:`FREE_ENERGY` or :data:`AS_GIVEN`.
    file
        Name of the file, with the folder it lies in and the number of the structure where it holds several.
    sha256
        Of the file.
    code, version
        Program; None where the file does not tell, as all that follows.
    functional, dispersion
        Such as ``PBE`` and ``DFT-D3``; no dispersion is ``none``.
    hubbard_U
        U - J of each element, eV; empty without any, None where the file does not tell.
    cutoff_eV
        Of the plane waves, eV.
    k_points
        In words.
    pseudopotentials
        Title of each element's; None where the file does not tell.
    steps
        What was done: ``relaxation``, ``relaxation at fixed cell`` or ``single point``.
    converged
        Whether the file says so; None where it does not tell. One that says it did not is never here.
    forces
        eV/Å, shape (N, 3).
    n_steps
        Ionic steps.
    notes
        What to know of it.
    """

    atoms: Atoms
    energy: float
    energy_kind: str
    file: str
    sha256: str
    code: str | None = None
    version: str | None = None
    functional: str | None = None
    dispersion: str | None = None
    hubbard_U: Mapping[str, float] | None = None
    cutoff_eV: float | None = None
    k_points: str | None = None
    pseudopotentials: Mapping[str, str] | None = None
    steps: str | None = None
    converged: bool | None = None
    forces: NDArray[np.float64] | None = field(default=None, repr=False)
    n_steps: int = 0
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for key in ("code", "functional"):
            if (text := getattr(self, key)) is not None:
                object.__setattr__(self, key, usual_name(key, text))
        if not isfinite(self.energy):
            raise CalculationFileError(f"its energy is {self.energy!r}, which is no number")
        if abs(self.energy) > LARGEST_ENERGY * max(len(self.atoms), 1):
            raise CalculationFileError(f"its energy is {self.energy:.3g} eV, which no atoms have")
        if self.cutoff_eV is not None and not 0 < self.cutoff_eV < LARGEST_ENERGY:
            raise CalculationFileError(f"its cutoff is {self.cutoff_eV!r} eV, which no plane waves have")
        if self.forces is not None and not (
            self.forces.shape == (len(self.atoms), 3) and (np.abs(self.forces) < LARGEST_ENERGY).all()
        ):
            raise CalculationFileError("its forces are no three numbers for each atom")

    @property
    def max_force(self) -> float | None:
        """Largest force on an atom that is not held, eV/Å; None without forces."""
        if self.forces is None or not len(self.forces):
            return None
        held = {int(index) for item in self.atoms.constraints for index in item.get_indices()}
        free = [norm for index, norm in enumerate(np.linalg.norm(self.forces, axis=1)) if index not in held]
        return float(max(free, default=0.0))

    def record(self) -> dict[str, Any]:
        """Return everything but the structure and its forces, as plain JSON."""
        left_out = ("atoms", "forces")
        content = {item.name: getattr(self, item.name) for item in fields(self) if item.name not in left_out}
        for key in ELEMENT_KEYS:
            content[key] = None if content[key] is None else dict(content[key])
        return content | {"notes": list(self.notes), "max_force": self.max_force}

    def described(self) -> str:
        """Return in words where it comes from: ``VASP 6.3.2, PBE, 520 eV, LiHg/vasprun.xml``."""
        parts = [" ".join(filter(None, (self.code, self.version))), self.functional or ""]
        if self.dispersion not in (None, "none"):
            parts.append(str(self.dispersion))
        parts.append("" if self.cutoff_eV is None else f"{self.cutoff_eV:g} eV")
        return ", ".join(part for part in (*parts, self.file) if part)
