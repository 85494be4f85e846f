"""What lean evaluators of machine-learning potentials share: one structure as ASE asks, or a batch of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculationFailed, Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from ...errors import InputError
from ...structures.finite import is_finite
from ..changes import ComparesExactly
from ..groups import consecutive_groups

if TYPE_CHECKING:
    import torch


class LeanCalculator(ComparesExactly, Calculator):
    """ASE calculator of all properties, for one structure or for several at once."""

    implemented_properties = ["energy", "free_energy", "forces", "stress"]  # noqa: RUF012 - as ASE has it
    atoms: Atoms
    #: most atoms evaluated at once; a larger structure is evaluated alone
    max_atoms = 64

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        """Compute all properties of ``atoms``, as ASE asks.

        Raises
        ------
        InputError
            See :meth:`evaluate_batch`.
        ase.calculators.calculator.CalculationFailed
            The energy is no number, as of two atoms at one place.
        """
        super().calculate(atoms, properties, system_changes)
        (results,) = self.evaluate_batch([self.atoms])
        if not np.isfinite(results["energy"]):
            raise CalculationFailed(f"the energy of {self.atoms.symbols} is no number: are two atoms at one place?")
        self.results = results

    def evaluate_batch(self, structures: Sequence[Atoms]) -> list[dict[str, Any]]:
        """Evaluate several structures together.

        Parameters
        ----------
        structures
            At least one atom each. What calculators they have is left alone.

        Returns
        -------
        list of dict
            For each structure ``energy`` and ``free_energy`` (eV), ``forces`` (eV/Å, shape (N, 3)) and, when it has
            three cell vectors, ``stress`` (eV/Å³, Voigt order, shape (6,)), in double precision.

        Raises
        ------
        InputError
            A structure has no atoms, an element that the model does not know, or a position or cell vector that is no
            finite number. What has no energy, as two atoms at one place, gets one that is no number.
        """
        results: list[dict[str, Any]] = []
        for group in self._groups(structures):
            results += self._results(group, *self.evaluate_atoms(group))
        return results

    def energies(self, structures: Sequence[Atoms]) -> np.ndarray:
        """Return the energies of several structures, eV, shape (S,), without the cost of forces.

        Parameters and errors are those of :meth:`evaluate_batch`.
        """
        found: list[float] = []
        for group in self._groups(structures):
            parts = np.split(self.evaluate_energies(group), np.cumsum([len(atoms) for atoms in group])[:-1])
            found += [float(part.sum()) for part in parts]
        return np.array(found)

    def _groups(self, structures: Sequence[Atoms]) -> list[Sequence[Atoms]]:
        """Return the structures that are evaluated together, once all are known to be allowed."""
        for atoms in structures:
            if len(atoms) == 0:
                raise InputError("atoms: there are none to evaluate")
            if not is_finite(atoms):
                raise InputError(f"atoms: a position or a cell vector of {atoms.symbols} is not finite")
            self.check_elements(atoms)
        groups = consecutive_groups([len(atoms) for atoms in structures], self.max_atoms)
        return [structures[group] for group in groups]

    def evaluate_energies(self, structures: Sequence[Atoms]) -> np.ndarray:
        """Return the energies of the N atoms of S structures, eV, shape (N,), as :meth:`evaluate_atoms` has them.

        Those that can leave out the gradient do so.
        """
        return self.evaluate_atoms(structures)[0]

    @abstractmethod
    def check_elements(self, atoms: Atoms) -> None:
        """Raise InputError for an element that the model does not know."""

    @abstractmethod
    def evaluate_atoms(self, structures: Sequence[Atoms]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Evaluate S structures of N atoms in all.

        Returns
        -------
        energies, forces, virials
            Of each atom, eV, shape (N,); eV/Å, shape (N, 3); and derivatives of each structure's energy with respect to
            strain, eV, shape (S, 3, 3).
        """

    @staticmethod
    def _results(
        structures: Sequence[Atoms], energies: np.ndarray, forces: np.ndarray, virials: np.ndarray
    ) -> list[dict[str, Any]]:
        results = []
        stop = 0
        for atoms, virial in zip(structures, virials, strict=True):
            start, stop = stop, stop + len(atoms)
            energy = float(energies[start:stop].sum())
            result: dict[str, Any] = {"energy": energy, "free_energy": energy, "forces": forces[start:stop].copy()}
            if atoms.cell.rank == 3:
                result["stress"] = full_3x3_to_voigt_6_stress(virial / atoms.cell.volume)
            results.append(result)
        return results


def forces_and_virials(
    first: torch.Tensor,
    second: torch.Tensor,
    owner: torch.Tensor,
    vectors: torch.Tensor,
    gradient: torch.Tensor,
    sizes: tuple[int, int],
) -> tuple[np.ndarray, np.ndarray]:
    """Return what the gradient of an energy with respect to the vectors between neighbours means for atoms and cells.

    Parameters
    ----------
    first, second, owner
        Atoms of each pair, and its structure, shape (P,).
    vectors, gradient
        From the first to the second, Å, and the derivative with respect to it, eV/Å, shape (P, 3), double precision.
    sizes
        Numbers of atoms N and of structures S.

    Returns
    -------
    forces, virials
        Forces, eV/Å, shape (N, 3), and derivatives of each structure's energy with respect to strain, eV, shape
        (S, 3, 3).
    """
    forces = gradient.new_zeros(sizes[0], 3)
    forces.index_add_(0, first, gradient).index_add_(0, second, gradient, alpha=-1)
    products = vectors[:, :, None] * gradient[:, None, :]
    virials = gradient.new_zeros(sizes[1], 3, 3).index_add_(0, owner, products)
    return forces.numpy(), virials.numpy()
