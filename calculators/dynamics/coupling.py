"""Solid and film whose attraction can be turned down, and the wall that then takes them apart.

    U(λ, z) = U_base + λ D(all) + (1 - λ) [D(solid) + D(film)] + U_wall(z)
            = U - (1 - λ) U_x + U_wall(z),    U_x = D(all) - D(solid) - D(film)

U is the potential with its dispersion correction D, pair terms only; U_x is the cross term of solid and film. At λ = 1
only D(all) is computed, at λ = 0 only D(film); D(solid) is constant where the solid is rigid and is summed once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator, Calculator, all_changes

from ...arguments import number
from ...errors import InputError
from ...structures.tags import film_mask
from ..potentials.dispersion import get_dispersion_calculator
from ..potentials.dispersion_methods import pair_method
from ..potentials.names import get_calculator, get_potential
from .checkpoint import describe_potential

_WALL_STIFFNESS = 5.0  # eV/Å^2; at 300 K atoms enter by 0.07 Å, and mercury swings in 0.4 ps


@dataclass(frozen=True)
class SplitPotential:
    """A potential in two parts: all that stays, and what is turned down between solid and film.

    Attributes
    ----------
    base, coupling
        Called to get a new ASE calculator of each part.
    description
        What fixes the energies, in one line; runs with different descriptions are different runs.
    """

    base: Callable[[], BaseCalculator]
    coupling: Callable[[], BaseCalculator]
    description: str


def split_dispersion(potential: str) -> SplitPotential:
    """Return a potential as its model and the pair terms of its dispersion correction.

    Raises
    ------
    InputError
        It is unknown, or has no dispersion correction.
    """
    known = get_potential(potential)
    if known.dispersion is None:
        raise InputError(
            f"potential: {potential!r} has no dispersion correction whose cross term could be turned down; add one,"
            " such as +d3"
        )
    method, functional = pair_method(known.dispersion), known.functional or ""
    return SplitPotential(
        lambda: get_calculator(known.model),
        lambda: get_dispersion_calculator(method, functional),
        describe_potential(known.relaxation_name),
    )


@dataclass(frozen=True)
class PhantomWall:
    """A wall that only the film feels: half a parabola that pushes its atoms up, and never pulls.

        U_wall = (k / 2) Σ (z_wall - z_i)^2 over the atoms below it

    Attributes
    ----------
    height
        z_wall, Å.
    stiffness
        k, eV/Å^2. The work of taking apart does not depend on it.
    """

    height: float
    stiffness: float = _WALL_STIFFNESS

    def __post_init__(self) -> None:
        number("height of the wall", self.height)
        number("stiffness of the wall", self.stiffness, above=0.0)

    def energy_and_forces(self, heights: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the energy, eV, and the forces along z, eV/Å, shape (n,), for atoms at ``heights``, Å."""
        depth = np.clip(self.height - heights, 0.0, None)
        return 0.5 * self.stiffness * float((depth**2).sum()), self.stiffness * depth


class CoupledCalculator(Calculator):
    """ASE calculator of U(λ, z), see the text of the module; tags tell solid from film.

    Parameters
    ----------
    potential
        The potential in its two parts.
    scale
        λ, 0 to 1.
    wall
        The phantom wall; None for none.

    Raises
    ------
    InputError
        ``scale`` is out of range.
    """

    implemented_properties = ["energy", "forces"]  # noqa: RUF012 - as ASE declares it
    atoms: Atoms

    def __init__(self, potential: SplitPotential, scale: float, wall: PhantomWall | None = None) -> None:
        if not 0.0 <= scale <= 1.0:
            raise InputError(f"lambda: {scale!r} is not allowed; give a number from 0 to 1")
        walls = {} if wall is None else {"wall_height": wall.height, "wall_stiffness": wall.stiffness}
        super().__init__(potential=potential.description, scale=float(scale), **walls)
        self._potential, self._scale, self._wall = potential, float(scale), wall
        self._forget()

    def reset(self) -> None:
        """Forget all of earlier structures, and what the parts remember of them."""
        super().reset()
        self._forget()

    _known_solid: Atoms | None
    _known_part: tuple[float, np.ndarray]

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        """Compute energy and forces; see ASE."""
        super().calculate(atoms, properties, system_changes)
        film = film_mask(self.atoms)
        energy, forces = _evaluate(self._base, self.atoms)
        if self._scale > 0.0:
            whole = _evaluate(self._whole, self.atoms)
            energy, forces = energy + self._scale * whole[0], forces + self._scale * whole[1]
        if self._scale < 1.0:
            for mask, part in ((film, _evaluate(self._film, self.atoms[film])), (~film, self._solid_part(~film))):
                energy += (1.0 - self._scale) * part[0]
                forces[mask] += (1.0 - self._scale) * part[1]
        if self._wall is not None:
            pushed, push = self._wall.energy_and_forces(self.atoms.positions[film, 2])
            energy += pushed
            forces[film, 2] += push
        self.results = {"energy": energy, "forces": forces}

    def _solid_part(self, mask: np.ndarray) -> tuple[float, np.ndarray]:
        solid = self.atoms[mask]
        if self._known_solid is None or self._known_solid != solid:
            self._known_solid, self._known_part = solid, _evaluate(self._potential.coupling(), solid)
        return self._known_part

    def _forget(self) -> None:
        self._base = self._potential.base()
        # One for each part: a calculator that is shown two structures in turn would compare and recompute all the time.
        self._whole, self._film = self._potential.coupling(), self._potential.coupling()
        self._known_solid = None


def cross_energy(atoms: Atoms, potential: SplitPotential, solid_energy: float | None = None) -> float:
    """Return U_x, eV: what the turned-down part gives solid and film together, less what it gives each alone.

    Parameters
    ----------
    atoms
        The interface; its calculator and constraints do not matter.
    potential
        The potential in its two parts.
    solid_energy
        That of the solid alone, eV, from :func:`part_energy`, where it is known already.
    """
    film = film_mask(atoms)
    solid = part_energy(atoms[~film], potential) if solid_energy is None else solid_energy
    return part_energy(atoms, potential) - solid - part_energy(atoms[film], potential)


def part_energy(atoms: Atoms, potential: SplitPotential) -> float:
    """Return the energy, eV, that the turned-down part of the potential gives ``atoms``."""
    bare = atoms.copy()
    bare.set_constraint()
    return float(potential.coupling().get_property("energy", bare))


def _evaluate(calculator: Any, atoms: Atoms) -> tuple[float, np.ndarray]:
    bare = atoms.copy()
    bare.set_constraint()
    forces = np.array(calculator.get_property("forces", bare), dtype=np.float64)
    return float(calculator.get_property("energy", bare)), forces
