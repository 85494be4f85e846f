"""Work of adhesion of a film on a solid, its split, its averages; surface energy of a liquid film."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import InputError, unknown_name
from ..checks import finite, positive
from ..surfaces.energies import ImplausibleValueError
from ..uncertainty import Estimate, average_over_groups, linear_combination
from ..units import EV_PER_A2

TREATMENTS = ("rigid", "relaxed", "nvt", "free-energy")
"""rigid: solid and film keep the positions they have at the interface. relaxed: each part is relaxed on its own.
nvt: potential energies averaged over molecular dynamics. free-energy: the film is taken off reversibly."""

PLAUSIBLE_WORK_OF_ADHESION_J_M2 = (0.0, 3.0)
"""Below 0 the film would leave. Above 3 it bonds as a metal does to a metal of its own kind (2 gamma of copper is 3.6):
a film that reacted with the solid, or parts whose energies do not belong together."""

_SCATTER_J_M2 = 0.02
"""What an error of zero or unknown size is taken for at the limits: relaxations stop that far apart."""


@dataclass(frozen=True)
class AdhesionSample:
    """Energies of one interface and of its two parts in the same cell.

        W_ad = (E_solid + E_film - E_interface) / A

    Attributes
    ----------
    solid, film, interface
        eV per cell.
    area
        Å^2 of the interface.
    treatment
        See :data:`TREATMENTS`.
    dispersion
        The dispersion correction's share of the three energies (eV, same order); None when unknown.
    n_interfaces
        1 for a film with vacuum, 2 for a periodic stack without.

    Raises
    ------
    InputError
        Energies not finite, area not positive, unknown treatment, or interfaces neither 1 nor 2.
    """

    solid: float
    film: float
    interface: float
    area: float
    treatment: str
    dispersion: tuple[float, float, float] | None = None
    n_interfaces: int = 1

    def __post_init__(self) -> None:
        for name in ("solid", "film", "interface"):
            finite("adhesion", name, getattr(self, name))
        for energy in self.dispersion or ():
            finite("adhesion", "dispersion", energy)
        positive("adhesion", "area", self.area)
        _check_treatment(self.treatment)
        if self.n_interfaces not in (1, 2):
            raise InputError(f"adhesion: n_interfaces is {self.n_interfaces!r}; it must be 1 or 2")

    @property
    def total_J_m2(self) -> float:
        """Work of adhesion."""
        return self._per_area(self.solid, self.film, self.interface)

    @property
    def dispersion_J_m2(self) -> float | None:
        """Part of it that the dispersion correction brings."""
        return None if self.dispersion is None else self._per_area(*self.dispersion)

    @property
    def potential_J_m2(self) -> float | None:
        """Part of it that the potential brings without the correction."""
        dispersion = self.dispersion_J_m2
        return None if dispersion is None else self.total_J_m2 - dispersion

    def _per_area(self, solid: float, film: float, interface: float) -> float:
        return (solid + film - interface) / (self.n_interfaces * self.area) * EV_PER_A2


@dataclass(frozen=True)
class WorkOfAdhesion:
    """Work of adhesion with its error and, where known, its parts.

    Attributes
    ----------
    total_J_m2, dispersion_J_m2, potential_J_m2
        Estimates in J/m2; the parts are None when unknown. The parts' errors are correlated, so they do not add up in
        quadrature to the error of the total.
    treatment
        See :data:`TREATMENTS`.
    """

    total_J_m2: Estimate
    treatment: str
    dispersion_J_m2: Estimate | None = None
    potential_J_m2: Estimate | None = None

    def __post_init__(self) -> None:
        _check_treatment(self.treatment)


def average_adhesion(samples: Mapping[Any, Sequence[AdhesionSample]]) -> WorkOfAdhesion:
    """Return the work of adhesion averaged over the quenches of each seed, and over the seeds.

    A liquid has no single minimum: one quench is never a result. The error is that of
    :func:`~amalgamics.thermodynamics.uncertainty.average_over_groups`.

    Parameters
    ----------
    samples
        Quenches of each seed, by the name of the seed.

    Raises
    ------
    InputError
        No seeds or quenches, or quenches of different treatments.
    """
    quenches = [sample for group in samples.values() for sample in group]
    treatments = sorted({sample.treatment for sample in quenches})
    if len(treatments) > 1:
        raise InputError(f"average adhesion: treatments {', '.join(treatments)} are mixed; average them apart")
    total = average_over_groups({seed: [sample.total_J_m2 for sample in group] for seed, group in samples.items()})
    parts: list[Estimate | None] = [None, None]
    if all(sample.dispersion is not None for sample in quenches):
        parts = [
            average_over_groups({seed: [getattr(sample, name) for sample in group] for seed, group in samples.items()})
            for name in ("dispersion_J_m2", "potential_J_m2")
        ]
    return WorkOfAdhesion(total, treatments[0], *parts)


def work_of_adhesion_J_m2(gamma_a_J_m2: float, gamma_b_J_m2: float, gamma_ab_J_m2: float) -> float:
    """Return W_ad = gamma_a + gamma_b - gamma_ab (Dupré): two surfaces appear, one interface vanishes.

    Raises
    ------
    InputError
        A value that is not finite.
    """
    for name, value in (("gamma_a", gamma_a_J_m2), ("gamma_b", gamma_b_J_m2), ("gamma_ab", gamma_ab_J_m2)):
        finite("work of adhesion", f"{name}_J_m2", value)
    return gamma_a_J_m2 + gamma_b_J_m2 - gamma_ab_J_m2


def check_work_of_adhesion(
    work_J_m2: Estimate, name: str, plausible: tuple[float, float] = PLAUSIBLE_WORK_OF_ADHESION_J_M2
) -> Estimate:
    """Return ``work_J_m2`` if a liquid metal can adhere that strongly.

    Parameters
    ----------
    work_J_m2
        Work of adhesion; two standard errors (at least 0.02 J/m2) outside ``plausible`` are forgiven.
    name
        Of the interface, for the message.
    plausible
        Lowest and highest value, J/m2.

    Raises
    ------
    ImplausibleValueError
        Outside; the message names the interface, the value and the range.
    """
    low, high = plausible
    slack = max(2.0 * (work_J_m2.standard_error or 0.0), _SCATTER_J_M2)
    if low - slack <= work_J_m2.mean <= high + slack:
        return work_J_m2
    error = "" if work_J_m2.standard_error is None else f" +- {work_J_m2.standard_error:.2g}"
    raise ImplausibleValueError(
        f"interface {name!r}: the work of adhesion is {work_J_m2.mean:.4g}{error} J/m2; plausible is {low:g} to "
        f"{high:g}. Check that solid, film and interface were relaxed alike, and that the film neither left nor reacted"
    )


def interface_energy_J_m2(
    interface_energy: float, bulk_energy: float, area: float, gamma_a_J_m2: float, gamma_b_J_m2: float
) -> float:
    """Return gamma_ab of a cell with one interface a|b, vacuum, and the two outer surfaces.

        gamma_ab = (E_interface - E_bulk) / A - gamma_a - gamma_b

    Parameters
    ----------
    interface_energy
        eV per cell.
    bulk_energy
        eV of as many atoms of each material in its bulk.
    area
        Å^2.
    gamma_a_J_m2, gamma_b_J_m2
        Surface energies of the outer faces.

    Raises
    ------
    InputError
        A value that is not finite, or area not positive.
    """
    finite("interface energy", "interface_energy", interface_energy)
    finite("interface energy", "bulk_energy", bulk_energy)
    excess = (interface_energy - bulk_energy) / positive("interface energy", "area", area) * EV_PER_A2
    outer = finite("interface energy", "gamma_a_J_m2", gamma_a_J_m2) + finite(
        "interface energy", "gamma_b_J_m2", gamma_b_J_m2
    )
    return excess - outer


def film_surface_energy_J_m2(film: Estimate, n_atoms: int, bulk_energy_per_atom: Estimate, area: float) -> Estimate:
    """Return (E_film - N e_bulk) / 2A of a free liquid film, with the errors of film and bulk.

    From potential energies this is the surface *energy* u = gamma - T dgamma/dT, not the surface tension gamma; compare
    it with :attr:`~amalgamics.thermodynamics.wetting.contact_angle.SurfaceTension.internal_energy_J_m2`.

    Parameters
    ----------
    film
        eV per cell.
    n_atoms
        Atoms in the film.
    bulk_energy_per_atom
        eV/atom of the bulk liquid, treated in the same way (quenched, or at the same temperature).
    area
        Å^2 of one of the two faces.

    Raises
    ------
    InputError
        Atoms or area not positive.
    """
    positive("film surface energy", "n_atoms", n_atoms)
    to_gamma = EV_PER_A2 / (2.0 * positive("film surface energy", "area", area))
    return linear_combination([(to_gamma, film), (-n_atoms * to_gamma, bulk_energy_per_atom)])


def _check_treatment(treatment: str) -> None:
    if treatment not in TREATMENTS:
        raise InputError(unknown_name("treatment of the adhesion:", treatment, TREATMENTS))
