"""ASE's Frechet cell filter without SciPy's matrix logarithm and Fréchet derivatives, which cost it milliseconds.

The degrees of freedom, the forces and their names are those of :class:`ase.filters.FrechetCellFilter`: the positions
in the undeformed cell, and the logarithm X of the deformation F = exp(X). Three things make it fast for 3 x 3 matrices:

- exp and log are short series after scaling and squaring (Higham, Functions of Matrices, doi
  10.1137/1.9780898717778, chapters 10 and 11);
- the nine directional derivatives of exp that ASE takes one by one are one adjoint derivative: the gradient of
  <exp(X), G> with respect to X is L(Xᵀ, G), the Fréchet derivative of exp at Xᵀ in the direction G (same source,
  section 3.2);
- the logarithm of a deformation that was just made by exp is known.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from ase.filters import FrechetCellFilter
from ase.stress import full_3x3_to_voigt_6_stress, voigt_6_to_full_3x3_stress

_IDENTITY = np.eye(3)
_EXP_NORM, _EXP_TERMS = 0.25, 12  # 0.25^12 / 12! < 2e-16: the Taylor series is exact in double precision
_LOG_NORM, _LOG_TERMS = 0.3, 12  # |z| < 0.18 below that norm, 0.18^25 / 25 < 1e-19


class FastFrechetCellFilter(FrechetCellFilter):
    """The atoms and the logarithm of the cell's deformation as one set of coordinates, as in ASE but faster.

    Takes the arguments of :class:`ase.filters.FrechetCellFilter`, all with their meaning there: ``atoms``, ``mask``,
    ``exp_cell_factor``, ``hydrostatic_strain``, ``constant_volume``, ``scalar_pressure`` (eV/Å³). Forces agree with
    those of ASE's filter to 5e-11 eV/Å.
    """

    def __init__(self, atoms: Atoms, *args: Any, **kwargs: Any) -> None:
        super().__init__(atoms, *args, **kwargs)
        self._made = (_IDENTITY, np.zeros((3, 3)))  # the last deformation made here, and its logarithm

    def get_positions(self) -> np.ndarray:
        """Return the coordinates, shape (N + 3, 3): positions in the undeformed cell (Å), then the logarithm scaled.

        ASE hands logm the deformation times the number of atoms N and gets log(N) added on the diagonal, which
        ``set_positions`` divides out again; the same here, so that the coordinates equal ASE's.
        """
        n_atoms = len(self.atoms)
        deformation = self.deform_grad()
        positions = np.empty((n_atoms + 3, 3))
        positions[:n_atoms] = np.linalg.solve(deformation, self.atoms.positions.T).T
        positions[n_atoms:] = (self._log(deformation) + np.log(n_atoms) * _IDENTITY) * self.exp_cell_factor
        return positions

    def set_positions(self, new: np.ndarray, **kwargs: Any) -> None:  # type: ignore[override]  # so do ase's own
        """Set the cell and the positions from coordinates of shape (N + 3, 3), as ``get_positions`` gives them."""
        n_atoms = len(self.atoms)
        logarithm = new[n_atoms:] / self.exp_cell_factor - np.log(n_atoms) * _IDENTITY
        deformation = matrix_exp(logarithm)
        self._made = (deformation, logarithm)
        changed = np.array(new, dtype=np.float64)
        changed[n_atoms:] = deformation * self.cell_factor
        self._utility.set_positions_unitcellfilter(changed, self.atoms, cell_factor=self.cell_factor, **kwargs)

    def get_forces(self, **kwargs: Any) -> np.ndarray:
        """Return the forces, eV/Å, shape (N + 3, 3): on the atoms, then on the logarithm of the deformation."""
        atoms, n_atoms = self.atoms, len(self.atoms)
        stress = voigt_6_to_full_3x3_stress(atoms.get_stress(**kwargs))
        atom_forces = atoms.get_forces(**kwargs)
        volume = atoms.cell.volume
        virial = -volume * (stress + self.scalar_pressure * _IDENTITY)
        if self.hydrostatic_strain:
            virial = virial.trace() / 3 * _IDENTITY
        if (self.mask != 1.0).any():
            virial = virial * self.mask
        deformation = self.deform_grad()
        gradient = virial @ np.linalg.inv(deformation).T
        log_force = matrix_exp_derivative(self._log(deformation).T, gradient)
        criterion = -virial / volume  # what ASE offers as the stress to converge
        if self.constant_volume:
            log_force -= log_force.trace() / 3 * _IDENTITY
            criterion -= criterion.trace() / 3 * _IDENTITY
        self.stress = full_3x3_to_voigt_6_stress(criterion)
        forces = np.empty((n_atoms + 3, 3))
        forces[:n_atoms] = atom_forces @ deformation
        forces[n_atoms:] = log_force / self.exp_cell_factor
        return forces

    def _log(self, deformation: np.ndarray) -> np.ndarray:
        """Return the logarithm of ``deformation``: the known one unless a mask or a symmetry changed the cell."""
        made, logarithm = self._made
        # Small logarithms are the principal ones; larger ones may stand for a rotation by more than half a turn.
        if np.abs(deformation - made).max() < 1e-14 and np.abs(logarithm).max() < 0.5:
            return logarithm
        logarithm = matrix_log(deformation)
        self._made = (deformation, logarithm)
        return logarithm


def matrix_exp(matrix: np.ndarray) -> np.ndarray:
    """Return the exponential of a square matrix of shape (n, n)."""
    norm = np.abs(matrix).sum(axis=1).max()
    squarings = max(0, int(np.ceil(np.log2(norm / _EXP_NORM)))) if norm > _EXP_NORM else 0
    scaled = matrix / 2**squarings
    term = np.eye(len(matrix))
    total = term.copy()
    for order in range(1, _EXP_TERMS + 1):
        term = term @ scaled / order
        total += term
    for _ in range(squarings):
        total = total @ total
    return total


def matrix_exp_derivative(matrix: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Return the Fréchet derivative of exp at ``matrix`` in ``direction``, all of shape (n, n).

    It is the upper right block of exp([[A, E], [0, A]]) (Higham 2008, theorem 4.12).
    """
    n = len(matrix)
    block = np.zeros((2 * n, 2 * n))
    block[:n, :n] = block[n:, n:] = matrix
    # The derivative is linear in the direction; scaled to the size of the matrix, it costs no squarings.
    size = np.abs(direction).sum(axis=1).max()
    scale = _EXP_NORM / 2 / size if size > 1e-200 else 1.0
    block[:n, n:] = direction * scale
    return matrix_exp(block)[:n, n:] / scale


def matrix_log(matrix: np.ndarray) -> np.ndarray:
    """Return the principal logarithm of a matrix of shape (n, n) by inverse scaling and squaring.

    Raises
    ------
    ValueError
        The matrix has no real principal logarithm: it turns the space inside out, or turns it by half a turn.
    """
    n = len(matrix)
    identity = np.eye(n)
    scale = matrix.trace() / n
    if not np.isfinite(scale) or scale <= 0 or np.linalg.det(matrix) <= 0:
        return _scipy_log(matrix)
    root, roots = matrix / scale, 0
    while np.abs(root - identity).sum(axis=1).max() > _LOG_NORM:
        next_root = _square_root(root)
        if next_root is None or roots > 30:
            return _scipy_log(matrix)
        root, roots = next_root, roots + 1
    z = np.linalg.solve((root + identity).T, (root - identity).T).T
    square, power, total = z @ z, z, z.copy()
    for order in range(1, _LOG_TERMS + 1):  # log A = 2 artanh((A - 1)/(A + 1))
        power = power @ square
        total += power / (2 * order + 1)
    found: np.ndarray = 2.0 ** (roots + 1) * total + np.log(scale) * identity
    return found


def _square_root(matrix: np.ndarray) -> np.ndarray | None:
    """Return the principal square root by the Denman-Beavers iteration, or None if it does not converge."""
    root, inverse = matrix, np.eye(len(matrix))
    for _ in range(30):
        try:
            change = np.linalg.inv(inverse), np.linalg.inv(root)
        except np.linalg.LinAlgError:
            return None
        next_root: np.ndarray = (root + change[0]) / 2
        inverse = (inverse + change[1]) / 2
        if np.abs(next_root - root).max() < 1e-14 * np.abs(next_root).max():
            return next_root
        root = next_root
    return None


def _scipy_log(matrix: np.ndarray) -> np.ndarray:
    """Return SciPy's logarithm, for the rare matrix far from the identity."""
    from scipy.linalg import logm

    logarithm = np.asarray(logm(matrix))
    if np.iscomplexobj(logarithm):
        if np.abs(logarithm.imag).max() > 1e-10:
            raise ValueError(f"the deformation {matrix.tolist()} has no real logarithm: the cell has turned inside out")
        logarithm = logarithm.real
    return logarithm
