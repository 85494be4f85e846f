"""Corrections of energies that semilocal functionals get wrong in the same way for all compounds of an anion."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .calculation import CalculationFileError

if TYPE_CHECKING:
    from .calculation import ImportedCalculation

SCHEMES = ("none", "mp2020")
MP2020_SOURCE = "A. Wang et al., Sci. Rep. 11, 15496 (2021), doi:10.1038/s41598-021-94550-5"


@dataclass(frozen=True)
class Correction:
    """What is added to the energy of a cell.

    Attributes
    ----------
    scheme
        One of :data:`SCHEMES`.
    energy
        eV per cell; 0 where nothing is to be corrected.
    parts
        The same by what it is for, eV per cell.
    """

    scheme: str = "none"
    energy: float = 0.0
    parts: Mapping[str, float] = field(default_factory=dict, hash=False)

    def record(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        source = {"source": MP2020_SOURCE} if self.scheme == "mp2020" else {}
        return {"scheme": self.scheme, "energy": self.energy, "parts": dict(self.parts), **source}


def correction_of(calculation: ImportedCalculation, scheme: str) -> Correction:
    """Return the correction of a finished calculation.

    ``mp2020`` is pymatgen's ``MaterialsProject2020Compatibility`` [1]_: anions, and compounds computed with U as the
    Materials Project does. Elements and alloys of metals without anions get none.

    Raises
    ------
    CalculationFileError
        The scheme was not made for the functional or the U of the calculation.

    References
    ----------
    .. [1] A. Wang et al., Sci. Rep. 11, 15496 (2021), doi:10.1038/s41598-021-94550-5
    """
    if scheme == "none":
        return Correction()
    if calculation.functional != "PBE" or calculation.dispersion not in (None, "none"):
        used = calculation.functional or "not told"
        if calculation.dispersion not in (None, "none"):
            used = f"{used} with {calculation.dispersion}"
        raise CalculationFileError(f"mp2020 is a correction of PBE without dispersion, and its functional is {used}")
    from pymatgen.analysis.compatibility import CompatibilityError, MaterialsProject2020Compatibility
    from pymatgen.entries.computed_entries import ComputedStructureEntry
    from pymatgen.io.ase import AseAtomsAdaptor

    bare = calculation.atoms.copy()
    bare.set_constraint()
    hubbards = dict(calculation.hubbard_U or {})
    parameters = {"run_type": "GGA+U" if hubbards else "GGA", "hubbards": hubbards, "software": "any"}
    entry = ComputedStructureEntry(AseAtomsAdaptor.get_structure(bare), calculation.energy, parameters=parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = MaterialsProject2020Compatibility(check_potcar=False).get_adjustments(entry)
        except CompatibilityError as error:
            reason = str(error).partition(" for {")[0]
            raise CalculationFileError(f"mp2020 does not fit: {reason}") from None
    parts = {str(one.name).removeprefix("MP2020 "): float(one.value) for one in found}
    return Correction("mp2020", float(sum(parts.values())), parts)
