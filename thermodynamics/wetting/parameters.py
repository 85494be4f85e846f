"""Parameters of one interface for the wetting model; their errors are known, unknown or assumed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ...errors import InputError
from ..checks import finite, not_negative, positive
from ..units import EV_PER_A2
from .contact_angle import angle_from_cosine_deg, check_roughness, work_from_angle_J_m2
from .lattice_gas import LatticeGas
from .panel_errors import AdhesionErrors

_REFERENCE_SHARE = 0.5
"""Share of an assumed error per solute atom that is the reference's: films differ more in their interfaces."""


@dataclass(frozen=True)
class WettingParameters:
    """One consistent set of energies: one potential, dispersion model and termination, averaged over its seeds.

    Attributes
    ----------
    name
        Unique among the sets of a model, e.g. ``TiO2, chgnet+d3``.
    work_of_adhesion_J_m2
        W_ad(0) of the pure solvent.
    interface
        Solute at the solid-liquid interface.
    vapour
        Solute at the free surface; None leaves gamma_LV as it is.
    dry_face
        Solute on the solid beside the drop, in the cell of the interface; None where it was not computed: then there
        is no equilibrated limit.
    work_of_adhesion_standard_error_J_m2
        Of W_ad(0); None where a single sample leaves it unknown. A model refuses an unknown error, see
        :meth:`assuming` and :meth:`exact`.
    reference_mu
        mu that the energies of the lattice gases are referred to, eV on the zero of the solution; None for a solute
        at infinite dilution in the bulk liquid.
    mode
        ``calibrated`` when W_ad(0) was set from a measured angle, see :func:`calibrated`.
    work_of_adhesion_degrees_of_freedom
        Samples behind the standard error less one: draws are Student's t; None for a known error, normal draws.
    assumptions
        What was assumed of the errors, in words; every result derived from them repeats it.
    method_errors
        How far W_ad(0) of this method is off on solids with measured angles. It widens the model band, not the
        statistical one; None where that is not known.

    Raises
    ------
    InputError
        Empty name, values not finite, negative error, degrees of freedom not positive, or unknown mode.
    """

    name: str
    work_of_adhesion_J_m2: float
    interface: LatticeGas
    vapour: LatticeGas | None = None
    dry_face: LatticeGas | None = None
    work_of_adhesion_standard_error_J_m2: float | None = 0.0
    reference_mu: float | None = None
    mode: Literal["predicted", "calibrated"] = "predicted"
    work_of_adhesion_degrees_of_freedom: float | None = None
    assumptions: tuple[str, ...] = ()
    method_errors: AdhesionErrors | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise InputError("wetting parameters: name is empty; every set needs its own")
        owner = f"wetting parameters {self.name!r}"
        finite(owner, "work_of_adhesion_J_m2", self.work_of_adhesion_J_m2)
        if self.work_of_adhesion_standard_error_J_m2 is not None:
            not_negative(owner, "work_of_adhesion_standard_error_J_m2", self.work_of_adhesion_standard_error_J_m2)
        if self.work_of_adhesion_degrees_of_freedom is not None:
            positive(owner, "work_of_adhesion_degrees_of_freedom", self.work_of_adhesion_degrees_of_freedom)
        if self.reference_mu is not None:
            finite(owner, "reference_mu", self.reference_mu)
        if self.dry_face is not None and not np.isclose(self.dry_face.area, self.interface.area, rtol=1e-3):
            raise InputError(
                f"{owner}: the dry face has {self.dry_face.area:g} Å^2 and the interface {self.interface.area:g}; "
                "both are of one cell"
            )
        if not isinstance(self.method_errors, AdhesionErrors | None):
            raise InputError(
                f"{owner}: method_errors is {self.method_errors!r}; give what known_errors returns, or None"
            )
        if self.mode not in ("predicted", "calibrated"):
            raise InputError(f"{owner}: mode is {self.mode!r}; it must be 'predicted' or 'calibrated'")

    @property
    def corrections(self) -> tuple[str, ...]:
        """Labels of everything that was added to the energies of the lattice gases."""
        others = [label for gas in (self.vapour, self.dry_face) if gas is not None for label in gas.corrections]
        return tuple(dict.fromkeys([*self.interface.corrections, *others]))

    def work_at_coverage_J_m2(self) -> dict[int, float]:
        """Return W(n) with n solute atoms on the dry face and under the liquid alike, J/m2, by n, 0 included.

            W(n) = W_ad(0) + [Delta E_n(dry) - Delta E_n(interface)] / A

        What the liquid adheres with to the face as the solute has changed it: neither limit, and no chemical
        potential. Of several states with one n the lowest counts; empty without a dry face.
        """
        if self.dry_face is None:
            return {}
        dry, wet = _lowest_by_count(self.dry_face), _lowest_by_count(self.interface)
        per_area = EV_PER_A2 / self.interface.area
        return {n: self.work_of_adhesion_J_m2 + (dry[n] - wet[n]) * per_area for n in sorted(dry.keys() & wet.keys())}

    @property
    def unknown_errors(self) -> tuple[str, ...]:
        """What has no standard error because a single sample leaves none; empty when all is known."""
        gases = [
            ("the energies at the interface", self.interface),
            ("the energies at the free surface", self.vapour),
            ("the energies on the dry face", self.dry_face),
        ]
        work = ("W_ad(0)",) if self.work_of_adhesion_standard_error_J_m2 is None else ()
        return (*work, *(label for label, gas in gases if gas is not None and not gas.error_known))

    def check_error_known(self) -> None:
        """Raise InputError when a standard error is unknown: a band drawn without it would be made up."""
        if self.unknown_errors:
            raise InputError(
                f"wetting parameters {self.name!r}: a single sample leaves the error of "
                f"{' and of '.join(self.unknown_errors)} unknown; give more seeds (or more frames of the one seed), "
                "state an assumed error with .assuming(...), or leave errors out with .exact()"
            )

    def assuming(self, *, work_of_adhesion_J_m2: float, per_solute: float) -> WettingParameters:
        """Return the set with assumed standard errors in place of the unknown ones, labelled in ``assumptions``.

        Errors that are known stay as they are.

        Parameters
        ----------
        work_of_adhesion_J_m2
            Of W_ad(0).
        per_solute
            eV per solute atom, shared by all states of a lattice gas. Half of it is taken for the error of e_ref, which
            the interface and the dry face have in common and which is all the error of the latter.

        Raises
        ------
        InputError
            A negative error.
        """
        owner = f"wetting parameters {self.name!r}, assumed"
        not_negative(owner, "work_of_adhesion_J_m2", work_of_adhesion_J_m2)
        not_negative(owner, "per_solute", per_solute)
        if not self.unknown_errors:
            return self
        work_unknown = self.work_of_adhesion_standard_error_J_m2 is None
        said = [f"{work_of_adhesion_J_m2:g} J/m2 for W_ad(0)"] if work_unknown else []
        if len(self.unknown_errors) > len(said):
            said.append(f"{per_solute:g} eV per solute atom")
        changed = replace(
            self,
            interface=_assuming(self.interface, per_solute),
            vapour=None if self.vapour is None else _assuming(self.vapour, per_solute),
            dry_face=None if self.dry_face is None else _assuming_dry(self.dry_face, per_solute),
            assumptions=(*self.assumptions, f"assumed standard errors: {', '.join(said)}"),
        )
        return replace(changed, work_of_adhesion_standard_error_J_m2=work_of_adhesion_J_m2) if work_unknown else changed

    def at_least(self, *, work_of_adhesion_J_m2: float, per_solute: float) -> WettingParameters:
        """Return the set with no known standard error below an assumed one, labelled in ``assumptions``.

        For samples that are not independent, such as the frames of one film, whose scatter understates the error.
        Unknown errors stay unknown.

        Parameters
        ----------
        work_of_adhesion_J_m2, per_solute
            As for :meth:`assuming`.

        Raises
        ------
        InputError
            A negative error.
        """
        owner = f"wetting parameters {self.name!r}, at least"
        not_negative(owner, "work_of_adhesion_J_m2", work_of_adhesion_J_m2)
        not_negative(owner, "per_solute", per_solute)
        raised = replace(
            self,
            interface=_at_least(self.interface, per_solute),
            vapour=None if self.vapour is None else _at_least(self.vapour, per_solute),
            dry_face=None if self.dry_face is None else _at_least_dry(self.dry_face, per_solute),
        )
        error = self.work_of_adhesion_standard_error_J_m2
        if error is not None and error < work_of_adhesion_J_m2:
            raised = replace(
                raised,
                work_of_adhesion_standard_error_J_m2=work_of_adhesion_J_m2,
                work_of_adhesion_degrees_of_freedom=None,
            )
        if raised == self:
            return self
        said = f"{work_of_adhesion_J_m2:g} J/m2 for W_ad(0), {per_solute:g} eV per solute atom"
        return replace(raised, assumptions=(*self.assumptions, f"standard errors taken to be at least {said}"))

    def exact(self) -> WettingParameters:
        """Return the same means without errors, for a line without a band, such as that of one seed."""
        return replace(
            self,
            interface=_exact(self.interface),
            vapour=None if self.vapour is None else _exact(self.vapour),
            dry_face=None if self.dry_face is None else _exact(self.dry_face),
            work_of_adhesion_standard_error_J_m2=0.0,
            work_of_adhesion_degrees_of_freedom=None,
            assumptions=(*self.assumptions, "errors left out"),
            method_errors=None,
        )


def calibrated(
    parameters: WettingParameters, theta_0_deg: float, gamma_LV_J_m2: float, *, roughness: float = 1.0
) -> WettingParameters:
    """Return the parameters with W_ad(0) set so that the pure solvent shows a measured angle, labelled as such.

    Raises
    ------
    InputError
        An angle that no W_ad gives: not in [0, 180], or one that the roughness alone excludes.
    """
    cosine = np.cos(np.radians(finite("calibration", "theta_0_deg", theta_0_deg))) / check_roughness(roughness)
    smooth = float(angle_from_cosine_deg(cosine)) if 0.0 <= theta_0_deg <= 180.0 else theta_0_deg
    return replace(
        parameters,
        name=f"{parameters.name} (calibrated to {theta_0_deg:g} deg)",
        work_of_adhesion_J_m2=float(work_from_angle_J_m2(smooth, gamma_LV_J_m2)),
        work_of_adhesion_standard_error_J_m2=0.0,
        work_of_adhesion_degrees_of_freedom=None,
        mode="calibrated",
        method_errors=None,
    )


def _assuming(gas: LatticeGas, per_solute: float) -> LatticeGas:
    return gas if gas.error_known else _with_shared_error(gas, per_solute)


def _at_least(gas: LatticeGas, per_solute: float) -> LatticeGas:
    if not gas.error_known:
        return gas
    counts = np.asarray(gas.counts, dtype=float)
    known = np.asarray(gas.standard_errors)[counts > 0] / counts[counts > 0]
    # Rounding must not make an error that was assumed look smaller than itself.
    return (
        gas
        if (known >= per_solute * (1 - 1e-9)).all()
        else _with_shared_error(gas, max(per_solute, float(known.max())))
    )


def _with_shared_error(gas: LatticeGas, per_solute: float) -> LatticeGas:
    own, reference = per_solute * np.sqrt(1.0 - _REFERENCE_SHARE**2), per_solute * _REFERENCE_SHARE
    errors = own * np.asarray(gas.counts, dtype=float)
    covariance = tuple(tuple(float(value) for value in row) for row in np.outer(errors, errors))
    return replace(
        gas, covariance=covariance, degrees_of_freedom=None, error_known=True, reference_error=float(reference)
    )


def _assuming_dry(gas: LatticeGas, per_solute: float) -> LatticeGas:
    return gas if gas.error_known else _with_reference_error(gas, per_solute * _REFERENCE_SHARE)


def _at_least_dry(gas: LatticeGas, per_solute: float) -> LatticeGas:
    least = per_solute * _REFERENCE_SHARE
    return gas if not gas.error_known or gas.reference_error >= least else _with_reference_error(gas, least)


def _with_reference_error(gas: LatticeGas, reference: float) -> LatticeGas:
    return replace(gas, degrees_of_freedom=None, error_known=True, reference_error=reference)


def _exact(gas: LatticeGas) -> LatticeGas:
    return replace(gas, covariance=None, degrees_of_freedom=None, error_known=True, reference_error=0.0)


def _lowest_by_count(gas: LatticeGas) -> dict[int, float]:
    lowest: dict[int, float] = {}
    for n, energy in zip(gas.counts, gas.delta_energies, strict=True):
        lowest[n] = min(energy, lowest.get(n, np.inf))
    return lowest
