"""How much the contact angle moves when one of the energies behind it is wrong by a stated amount."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...errors import InputError
from ..checks import positive
from .curve import Limit
from .model import WettingModel
from .parameters import WettingParameters

if TYPE_CHECKING:
    from .contact_angle import SurfaceTension

ENERGY_PER_SOLUTE = 0.15
"""eV. Potentials differ by more for lithium at an oxide, and by about this much from one termination to the next."""
WORK_OF_ADHESION_J_M2 = 0.1
"""A third of the dispersion part: what exchanging the dispersion model does."""
GAMMA_LV_J_M2 = 0.02
"""Twice the spread of handbook values for clean mercury."""


@dataclass(frozen=True)
class Sensitivity:
    """One row of the table: one energy, one composition, one limit of the dry face.

    Attributes
    ----------
    quantity
        What was changed, in words.
    change, unit
        By how much, up and down.
    x
        Mole fraction of the solute.
    theta_deg, theta_minus_deg, theta_plus_deg
        Angle with the energy as it is, lowered and raised by ``change``.
    limit
        Of the dry face.
    """

    quantity: str
    change: float
    unit: str
    x: float
    theta_deg: float
    theta_minus_deg: float
    theta_plus_deg: float
    limit: Limit = Limit.FRESH


def sensitivity(
    model: WettingModel,
    x: Sequence[float],
    *,
    limit: Limit = Limit.FRESH,
    energy_per_solute: float = ENERGY_PER_SOLUTE,
    work_of_adhesion_J_m2: float = WORK_OF_ADHESION_J_M2,
    gamma_LV_J_m2: float = GAMMA_LV_J_M2,
) -> tuple[Sensitivity, ...]:
    """Return how the angle of the model's first parameter set answers to each energy, by energy and then by ``x``.

    Parameters
    ----------
    model
        Its drop, roughness and temperature stay.
    x
        Mole fractions.
    limit
        Of the dry face; in the equilibrated one the energies on that face are varied, too.
    energy_per_solute
        eV by which the energy of each solute atom at the interface with the solid is moved, or on the dry face.
    work_of_adhesion_J_m2
        By which W_ad(0) is moved.
    gamma_LV_J_m2
        By which the surface tension of the pure solvent is moved at the same W_ad(0).

    Raises
    ------
    InputError
        A change not positive, or one that leaves no surface tension; a mole fraction outside [0, 1); no dry face for
        the equilibrated limit.
    """
    member, tension = model.members[0], model.surface_tension
    if limit is Limit.EQUILIBRATED and member.dry_face is None:
        raise InputError(f"sensitivity: {member.name!r} has no dry face for the {limit} limit")
    for name, change in (
        ("energy_per_solute", energy_per_solute),
        ("work_of_adhesion_J_m2", work_of_adhesion_J_m2),
        ("gamma_LV_J_m2", gamma_LV_J_m2),
    ):
        positive("sensitivity", name, change)
    changed: list[tuple[str, float, str, Callable[[float], tuple[WettingParameters, SurfaceTension]]]] = [
        (
            "energy of a solute atom at the interface",
            energy_per_solute,
            "eV",
            lambda change: (_shifted(member, change), tension),
        ),
        (
            "work of adhesion of the pure liquid",
            work_of_adhesion_J_m2,
            "J/m2",
            lambda change: (_stickier(member, change), tension),
        ),
        ("surface tension of the liquid", gamma_LV_J_m2, "J/m2", lambda change: (member, _tenser(tension, change))),
    ]
    if limit is Limit.EQUILIBRATED:
        what = "energy of a solute atom on the dry face"
        changed.insert(1, (what, energy_per_solute, "eV", lambda change: (_dry_shifted(member, change), tension)))
    nominal = _angles(model, member, tension, x, limit)
    rows = []
    for quantity, change, unit, vary in changed:
        minus, plus = (_angles(model, *vary(sign * change), x, limit) for sign in (-1, 1))
        rows += [
            Sensitivity(quantity, change, unit, float(fraction), nominal[i], minus[i], plus[i], limit)
            for i, fraction in enumerate(x)
        ]
    return tuple(rows)


def _angles(
    model: WettingModel, member: WettingParameters, surface_tension: SurfaceTension, x: Sequence[float], limit: Limit
) -> list[float]:
    # Two draws, the fewest a model makes: only its nominal angle is asked for.
    curve = replace(model, members=(member,), surface_tension=surface_tension, n_draws=2).curve(x)
    points = [curve.at(fraction).of(limit) for fraction in x]
    return [point.theta_deg for point in points if point is not None]


def _shifted(member: WettingParameters, energy: float) -> WettingParameters:
    return replace(member, interface=member.interface.corrected(energy, "sensitivity"))


def _dry_shifted(member: WettingParameters, energy: float) -> WettingParameters:
    dry = member.dry_face
    return member if dry is None else replace(member, dry_face=dry.corrected(energy, "sensitivity"))


def _stickier(member: WettingParameters, work_J_m2: float) -> WettingParameters:
    return replace(member, work_of_adhesion_J_m2=member.work_of_adhesion_J_m2 + work_J_m2)


def _tenser(surface_tension: SurfaceTension, change_J_m2: float) -> SurfaceTension:
    return replace(surface_tension, value_J_m2=surface_tension.value_J_m2 + change_J_m2)
