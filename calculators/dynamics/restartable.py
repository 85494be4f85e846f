"""A calculator for long runs that are stopped and resumed: in double precision, and able to forget."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator, Calculator, all_changes

from ..changes import ComparesExactly
from ..potentials.names import get_calculator


class RestartableCalculator(ComparesExactly, Calculator):
    """Passes on a potential, and can forget all that it remembers of earlier structures.

    Neighbour lists and wave functions that a calculator keeps from step to step change the last digits of what it
    gives. A run that lets go of them at every checkpoint can be resumed there without any difference.

    Parameters
    ----------
    potential
        Name of a potential or an ASE calculator.
    """

    implemented_properties = ["energy", "forces"]  # noqa: RUF012 - as ASE declares it
    atoms: Atoms

    def __init__(self, potential: str | BaseCalculator) -> None:
        super().__init__()
        self._potential = potential
        self._inner: Any = None

    def start_afresh(self) -> None:
        """Use a new calculator from here on, or reset the one given; loaded models are shared, so this is cheap."""
        self._inner = None

    def remember(self, atoms: Atoms, energy: float, forces: np.ndarray) -> None:
        """Take energy (eV) and forces (eV/Å, shape (N, 3)) of ``atoms`` as known."""
        self.atoms = atoms.copy()
        self.results = {"energy": energy, "forces": np.array(forces, dtype=np.float64)}

    def last(self) -> tuple[float, np.ndarray]:
        """Return energy, eV, and forces, eV/Å, shape (N, 3), of the last structure, without comparing all positions."""
        results: dict[str, Any] = self.results
        return results["energy"], results["forces"]

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        """Compute energy and forces; see ASE.

        Raises
        ------
        FloatingPointError
            The potential gives a number that is not finite.
        """
        super().calculate(atoms, properties, system_changes)
        self.atoms.set_constraint()  # ours to change: a copy; the energy does not depend on constraints
        inner = self._get_inner()
        # Forces come first: asked for the energy alone, some potentials leave out the gradient, and repeat later.
        for key in ("forces", "energy"):
            value = np.array(inner.get_property(key, self.atoms), dtype=np.float64)
            if not np.isfinite(value).all():
                raise FloatingPointError(f"the potential gives a non-finite {key}")
            self.results[key] = value if value.ndim else float(value)

    def _get_inner(self) -> Any:
        if self._inner is None:
            if isinstance(self._potential, str):
                self._inner = get_calculator(self._potential)
            else:
                self._inner = self._potential
                if hasattr(self._inner, "reset"):
                    self._inner.reset()
        return self._inner
