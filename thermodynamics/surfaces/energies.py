"""Surface energies of solids: one slab, a series of thicknesses, off-stoichiometric terminations, cleavage."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError, unknown_name
from ..checks import finite, finite_array, positive
from ..units import EV_PER_A2

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

PLAUSIBLE_SURFACE_ENERGY_J_M2 = (0.01, 6.0)
"""Below: no solid or liquid metal (mercury without dispersion comes to 0.03). Above: denser than any clean facet of
tungsten (about 4) or a polar oxide that should have reconstructed."""

BULK_TOLERANCE = 0.002
"""eV/atom by which the bulk energy of a thickness fit may differ from a bulk calculation."""


class ImplausibleValueError(InputError):
    """A computed quantity outside every plausible range: the calculation went wrong, whatever it says."""


@dataclass(frozen=True)
class ThicknessFit:
    """Surface energy from slabs of several thicknesses.

    Attributes
    ----------
    surface_energy_J_m2
        Of one face.
    standard_error_J_m2
        From the scatter about the line; None with two slabs, which leave none.
    bulk_energy_per_atom, bulk_standard_error
        Slope of the line, eV/atom, and its standard error.
    bulk_mismatch
        Fitted minus calculated bulk energy, eV/atom; None when no calculation was given.
    largest_residual
        Largest distance of a slab from the line, eV per slab.
    n_slabs
        Slabs in the fit.
    warning
        Why not to trust the result, in one line; None when nothing speaks against it.
    """

    surface_energy_J_m2: float
    standard_error_J_m2: float | None
    bulk_energy_per_atom: float
    bulk_standard_error: float | None
    bulk_mismatch: float | None
    largest_residual: float
    n_slabs: int
    warning: str | None = None


def surface_energy_J_m2(slab_energy: float, n_atoms: int, bulk_energy_per_atom: float, area: float) -> float:
    """Return gamma = (E_slab - N E_bulk) / 2A of a symmetric stoichiometric slab.

    Parameters
    ----------
    slab_energy
        eV per slab.
    n_atoms
        Atoms in the slab, in the proportions of the bulk.
    bulk_energy_per_atom
        eV/atom, from the same potential.
    area
        Å^2 of one of the two faces.

    Raises
    ------
    InputError
        A value that is not finite, or atoms or area not positive.
    """
    finite("surface energy", "slab_energy", slab_energy)
    finite("surface energy", "bulk_energy_per_atom", bulk_energy_per_atom)
    positive("surface energy", "n_atoms", n_atoms)
    return (slab_energy - n_atoms * bulk_energy_per_atom) / (2.0 * positive("surface energy", "area", area)) * EV_PER_A2


def fit_thickness(
    slab_energies: Sequence[float],
    n_atoms: Sequence[float],
    area: float,
    *,
    bulk_energy_per_atom: float | None = None,
    tolerance: float = BULK_TOLERANCE,
) -> ThicknessFit:
    """Return the surface energy from E_slab(N) = 2 A gamma + N E_bulk, fitted over slabs of several thicknesses.

    With a bulk energy from another calculation, an error of it grows with N without bound; the slope of the slabs
    themselves has no such error [1]_. That slope should still agree with the bulk, or the slabs are too thin.

    Parameters
    ----------
    slab_energies
        eV per slab, shape (n_slabs,), at least two.
    n_atoms
        Atoms in each slab.
    area
        Å^2 of one face, the same for all.
    bulk_energy_per_atom
        eV/atom of a bulk calculation to compare with.
    tolerance
        eV/atom of difference beyond which the result carries a warning.

    Raises
    ------
    InputError
        Fewer than two thicknesses, lengths that differ, values not finite, or area or tolerance not positive.

    References
    ----------
    .. [1] V. Fiorentini and M. Methfessel, J. Phys.: Condens. Matter 8, 6525 (1996), doi:10.1088/0953-8984/8/36/005
    """
    energies = finite_array("thickness fit", "slab_energies", slab_energies, ndim=1)
    atoms = finite_array("thickness fit", "n_atoms", n_atoms, ndim=1)
    positive("thickness fit", "area", area)
    positive("thickness fit", "tolerance", tolerance)
    if len(energies) != len(atoms):
        raise InputError(f"thickness fit: {len(energies)} slab_energies for {len(atoms)} n_atoms; give one for each")
    if np.any(atoms <= 0) or len(np.unique(atoms)) < 2:
        raise InputError(f"thickness fit: n_atoms is {list(n_atoms)!r}; it must hold two or more positive thicknesses")
    to_gamma = EV_PER_A2 / (2.0 * area)
    centred = atoms - atoms.mean()
    spread = float(centred @ centred)
    slope = float(centred @ (energies - energies.mean()) / spread)
    intercept = float(energies.mean() - slope * atoms.mean())
    residuals = energies - energies.mean() - slope * centred
    intercept_error = slope_error = None
    if len(energies) > 2:
        variance = float(residuals @ residuals) / (len(energies) - 2)
        slope_error = math.sqrt(variance / spread)
        intercept_error = math.sqrt(variance * (1.0 / len(energies) + atoms.mean() ** 2 / spread))
    mismatch = warning = None
    if bulk_energy_per_atom is not None:
        mismatch = slope - finite("thickness fit", "bulk_energy_per_atom", bulk_energy_per_atom)
        shift = abs(mismatch) * float(atoms.max()) * to_gamma
        warning = _bulk_warning(slope, bulk_energy_per_atom, tolerance, shift)
    return ThicknessFit(
        surface_energy_J_m2=intercept * to_gamma,
        standard_error_J_m2=None if intercept_error is None else intercept_error * to_gamma,
        bulk_energy_per_atom=slope,
        bulk_standard_error=slope_error,
        bulk_mismatch=mismatch,
        largest_residual=float(np.abs(residuals).max()),
        n_slabs=len(energies),
        warning=warning,
    )


def _bulk_warning(fitted: float, calculated: float, tolerance: float, shift_J_m2: float) -> str | None:
    if abs(fitted - calculated) <= tolerance:
        return None
    return (
        f"the slabs give a bulk energy of {fitted:.4f} eV/atom, the bulk calculation {calculated:.4f}; the difference "
        f"is beyond {tolerance:g} and moves the thickest slab by {shift_J_m2:.3f} J/m2. The slabs are too thin, "
        "strained or differently relaxed"
    )


@dataclass(frozen=True)
class OpenSurface:
    """A symmetric slab whose composition is not that of the bulk: gamma depends on chemical potentials.

        gamma(mu) = [E_slab - (N_ref / nu_ref) E_bulk - sum_i Delta N_i mu_i] / 2A
        Delta N_i = N_i - nu_i N_ref / nu_ref

    with N_i the atoms of the slab and nu_i those of a bulk formula unit. The bulk fixes the chemical potential of the
    reference element, so the choice of that element changes nothing.

    Attributes
    ----------
    slab_energy
        eV per slab.
    counts
        Atoms of each element in the slab.
    bulk_counts
        Atoms of each element in a bulk formula unit.
    bulk_energy
        eV per that formula unit.
    area
        Å^2 of one of the two faces.
    reference
        Element of the bulk that has no excess.

    Raises
    ------
    InputError
        A reference element that the bulk lacks, counts negative, energies not finite, or area not positive.
    """

    slab_energy: float
    counts: Mapping[str, float] = field(hash=False)
    bulk_counts: Mapping[str, float] = field(hash=False)
    bulk_energy: float
    area: float
    reference: str

    def __post_init__(self) -> None:
        finite("open surface", "slab_energy", self.slab_energy)
        finite("open surface", "bulk_energy", self.bulk_energy)
        positive("open surface", "area", self.area)
        for name in ("counts", "bulk_counts"):
            for element, number in getattr(self, name).items():
                positive("open surface", f"{name}[{element!r}]", number)
        if self.reference not in self.bulk_counts:
            raise InputError(unknown_name("reference element of the open surface:", self.reference, self.bulk_counts))

    @property
    def excess(self) -> dict[str, float]:
        """Atoms of each element beyond the bulk's proportions, per slab (both faces)."""
        units = self.counts.get(self.reference, 0.0) / self.bulk_counts[self.reference]
        elements = dict.fromkeys([*self.bulk_counts, *self.counts])
        return {
            element: self.counts.get(element, 0.0) - units * self.bulk_counts.get(element, 0.0)
            for element in elements
            if element != self.reference
        }

    def surface_energy_J_m2(self, chemical_potentials: Mapping[str, ArrayLike]) -> NDArray[np.float64]:
        """Return gamma at chemical potentials (eV, on the zero of the energies), in their broadcast shape.

        Raises
        ------
        InputError
            The chemical potential of an element in excess is missing or not finite.
        """
        units = self.counts.get(self.reference, 0.0) / self.bulk_counts[self.reference]
        energy = np.asarray(self.slab_energy - units * self.bulk_energy)
        for element, number in self.excess.items():
            # Rounding in the proportions of a stoichiometric slab is no excess.
            if abs(number) < 1e-9:
                continue
            if element not in chemical_potentials:
                raise InputError(
                    f"open surface: the slab has an excess of {number:g} {element} and no chemical potential for it; "
                    f"give chemical_potentials[{element!r}]"
                )
            mu = finite_array("open surface", f"chemical_potentials[{element!r}]", chemical_potentials[element])
            energy = energy - number * mu
        return np.asarray(energy / (2.0 * self.area) * EV_PER_A2)


def check_surface_energy(
    gamma_J_m2: float, name: str, plausible: tuple[float, float] = PLAUSIBLE_SURFACE_ENERGY_J_M2
) -> float:
    """Return ``gamma_J_m2`` if a surface can have it.

    Parameters
    ----------
    gamma_J_m2
        Surface energy.
    name
        Of the surface, for the message.
    plausible
        Lowest and highest value, J/m2.

    Raises
    ------
    ImplausibleValueError
        Outside ``plausible``; the message names the surface, the value and the range.
    """
    low, high = plausible
    if not low <= gamma_J_m2 <= high:
        raise ImplausibleValueError(
            f"surface {name!r}: the surface energy is {gamma_J_m2:.4g} J/m2; plausible is {low:g} to {high:g}. "
            "Check the composition, the bulk reference and whether the slab collapsed"
        )
    return float(gamma_J_m2)
