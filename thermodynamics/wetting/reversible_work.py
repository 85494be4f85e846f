"""Reversible work of adhesion: a liquid film is taken off a solid, and the free energy that this costs.

1. The attraction U_x between solid and film is turned down, U(λ) = U - (1 - λ) U_x, with the film's centre of mass
   held at its place. From F(λ = 1) to F(λ = 0) that takes

       W_x = -(1/A) ∫_0^1 <U_x>_λ dλ

   U_x is negative where it binds, so W_x is positive. F(λ) is concave (F'' = -var(U_x) / kT): <U_x> never rises with λ.
2. What is left at λ = 0, mostly repulsion, is taken apart as the film rises by s. With F_s the force of the solid on
   the film, positive where it pushes the film off,

       W_rest = -(1/A) ∫_0^∞ <F_s> ds

W = W_x + W_rest = γ_S + γ_L - γ_SL: free energies, where the averages of potential energies leave out the entropy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import hypot
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ..checks import finite_array, positive
from ..statistics import Correlation, correlated_mean, correlation
from ..uncertainty import Estimate, block_average, linear_combination
from ..units import BOLTZMANN_EV_PER_K, EV_PER_A2
from .adhesion import WorkOfAdhesion

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_SAME = 1e-9
_WeightsOf = Callable[[Sequence[float]], "NDArray[np.float64]"]


@dataclass(frozen=True)
class ReversibleWork:
    """Reversible work of adhesion and where it comes from.

    Attributes
    ----------
    work_J_m2
        W, J/m2, with the statistical error.
    coupling_J_m2, rest_J_m2
        Its two parts, W_x and W_rest, J/m2.
    quadrature_error_J_m2
        How much of W the points may have missed: the differences to the integrals with every second one, in quadrature.
    coupling_by_perturbation_J_m2
        W_x from the same samples by another route, Bennett's acceptance ratio between neighbouring λ.
    cross_energies
        <U_x>, eV, by λ.
    solid_forces
        <F_s> at λ = 0, eV/Å, by the film's rise, Å.
    correlations
        How long U_x remembers, in frames, by λ.
    """

    work_J_m2: Estimate
    coupling_J_m2: Estimate
    rest_J_m2: Estimate
    quadrature_error_J_m2: float
    coupling_by_perturbation_J_m2: float
    cross_energies: dict[float, Estimate]
    solid_forces: dict[float, Estimate]
    correlations: dict[float, Correlation]


def reversible_work(
    area: float,
    temperature_K: float,
    cross_energies: Mapping[float, ArrayLike],
    solid_forces: Mapping[float, ArrayLike],
) -> ReversibleWork:
    """Return the reversible work of adhesion from the samples of all windows.

    Parameters
    ----------
    area
        Of the interface, Å^2.
    temperature_K
        Temperature, K.
    cross_energies
        U_x of the frames at each λ, eV, by λ.
    solid_forces
        Force of the solid on the film in the frames at λ = 0, eV/Å, by the film's rise, Å; the first at 0, the last
        where the solid no longer acts.

    Raises
    ------
    InputError
        Too few windows or samples, or a number out of range.
    """
    to_work = -EV_PER_A2 / positive("reversible work", "area", area)
    lambdas, rises = sorted(cross_energies), sorted(solid_forces)
    energies = [correlated_mean(cross_energies[scale]) for scale in lambdas]
    forces = [correlated_mean(solid_forces[rise]) for rise in rises]
    coupling = integrate_lambda(lambdas, [item.mean for item in energies], _errors(energies))
    if rises[0] != 0.0:
        raise InputError(f"reversible work: the lowest rise is {rises[0]:g} Å; the film must start at 0")
    rest = integrate_rise(rises, [item.mean for item in forces], _errors(forces))
    # Few independent values make an uncertain error: that of the window with the fewest decides.
    coupling, rest = (
        replace(linear_combination([(to_work, part)]), n_samples=min(item.n_samples for item in averages))
        for part, averages in ((coupling, energies), (rest, forces))
    )
    missed = hypot(
        _coarser(lambdas, [item.mean for item in energies], lambda_weights),
        _coarser(rises, [item.mean for item in forces], rise_weights),
    )
    return ReversibleWork(
        work_J_m2=linear_combination([(1.0, coupling), (1.0, rest)]),
        coupling_J_m2=coupling,
        rest_J_m2=rest,
        quadrature_error_J_m2=missed * abs(to_work),
        coupling_by_perturbation_J_m2=to_work * _perturbed(temperature_K, lambdas, cross_energies),
        cross_energies=dict(zip(lambdas, energies, strict=True)),
        solid_forces=dict(zip(rises, forces, strict=True)),
        correlations={scale: correlation(cross_energies[scale]) for scale in lambdas},
    )


def integrate_lambda(lambdas: Sequence[float], means: Sequence[float], errors: Sequence[float]) -> Estimate:
    """Return the integral from 0 to 1 of the polynomial through all points, with the errors of the points.

    With Gauss-Legendre points this is Gauss' rule, with Lobatto's Lobatto's, with five equally spaced ones Boole's.

    Parameters
    ----------
    lambdas
        Different values from 0 to 1, shape (n,), in any order.
    means, errors
        Mean of dU/dλ at each, and its standard error, independent of the others.

    Raises
    ------
    InputError
        Fewer than two points, two of them alike or one out of range, or points so placed that a weight is negative.
    """
    weights = lambda_weights(lambdas)
    if (weights < 0.0).any():
        raise InputError(
            f"lambdas: {list(lambdas)!r} give negative weights, which would blow up the errors; space them evenly, or"
            " take Gauss' or Lobatto's points"
        )
    return _weighted("lambda integration", weights, means, errors)


def integrate_rise(rises: Sequence[float], means: Sequence[float], errors: Sequence[float]) -> Estimate:
    """Return the integral over the film's rise of the natural cubic spline through all points, with their errors.

    Parameters
    ----------
    rises
        Ascending, shape (n,).
    means, errors
        Mean force at each, and its standard error, independent of the others.

    Raises
    ------
    InputError
        Fewer than two points, or points not ascending.
    """
    return _weighted("integration of the force", rise_weights(rises), means, errors)


def lambda_weights(lambdas: Sequence[float]) -> NDArray[np.float64]:
    """Return the weights of the points in the integral from 0 to 1 of the polynomial through them, shape (n,).

    Raises
    ------
    InputError
        Fewer than two points, two of them alike or one outside 0 to 1.
    """
    points = finite_array("lambda integration", "lambdas", lambdas, ndim=1)
    if len(points) < 2 or points.min() < 0.0 or points.max() > 1.0 or np.diff(np.sort(points)).min() < _SAME:
        raise InputError(f"lambdas: {list(lambdas)!r} are not allowed; give at least two different numbers from 0 to 1")
    degrees = np.arange(len(points))
    # Legendre polynomials on [-1, 1]: all but the first integrate to nothing.
    basis = np.polynomial.legendre.legvander(2.0 * points - 1.0, len(points) - 1)
    return np.asarray(np.linalg.solve(basis.T, np.where(degrees == 0, 1.0, 0.0)), dtype=np.float64)


def rise_weights(rises: Sequence[float]) -> NDArray[np.float64]:
    """Return the weights of the points in the integral of the natural cubic spline through them, shape (n,).

    Raises
    ------
    InputError
        Fewer than two points, or points not ascending.
    """
    from scipy.interpolate import CubicSpline

    points = finite_array("integration of the force", "rises", rises, ndim=1)
    if len(points) < 2 or np.diff(points).min() < _SAME:
        raise InputError(f"rises: {list(rises)!r} are not allowed; give at least two numbers, ascending")
    # A spline is linear in its values, so the integral of each point's own spline is its weight.
    splines = CubicSpline(points, np.eye(len(points)), bc_type="natural")
    return np.asarray(splines.integrate(points[0], points[-1]), dtype=np.float64)


def bennett_difference(forward: ArrayLike, backward: ArrayLike, temperature_K: float) -> float:
    """Return the free energy difference F_1 - F_0, eV, by Bennett's acceptance ratio.

    It solves Σ_0 f(u - C + m) = Σ_1 f(C - u - m) for C = (F_1 - F_0) / kT, with u = (U_1 - U_0) / kT, Fermi's function
    f and m = ln(n_0 / n_1) (C. H. Bennett, J. Comput. Phys. 22, 245 (1976), doi:10.1016/0021-9991(76)90078-4).

    Parameters
    ----------
    forward
        U_1 - U_0 in the samples of state 0, eV.
    backward
        U_1 - U_0 in the samples of state 1, eV.
    temperature_K
        Temperature, K.

    Raises
    ------
    InputError
        No samples, or a number out of range.
    """
    from scipy.optimize import brentq
    from scipy.special import expit

    beta = 1.0 / (BOLTZMANN_EV_PER_K * positive("free energy difference", "temperature_K", temperature_K))
    first = beta * finite_array("free energy difference", "forward", forward, ndim=1)
    second = beta * finite_array("free energy difference", "backward", backward, ndim=1)
    if not len(first) or not len(second):
        raise InputError("free energy difference: a state has no samples; give at least one of each")
    shift = np.log(len(first) / len(second))

    def excess(difference: float) -> float:
        forwards = expit(-(first - difference + shift)).sum()
        return float(forwards - expit(second - difference + shift).sum())

    low, high = min(first.min(), second.min()) - 1.0, max(first.max(), second.max()) + 1.0
    while excess(low) > 0.0:
        low -= high - low
    while excess(high) < 0.0:
        high += high - low
    return float(brentq(excess, low, high)) / beta


def nvt_work_of_adhesion(
    solid_energy: float, film: Sequence[float], interface: Sequence[float], area: float
) -> WorkOfAdhesion:
    """Return the work of adhesion from the potential energies of a film and of the film on a rigid solid.

    Parameters
    ----------
    solid_energy
        Of the rigid solid alone, eV.
    film, interface
        Potential energies after equilibration, eV, shape (n,).
    area
        Of the interface, Å^2.

    Raises
    ------
    InputError
        Too few values, or a number out of range.
    """
    to_work = EV_PER_A2 / positive("work of adhesion", "area", area)
    parts = [Estimate(solid_energy, 0.0), block_average(film).estimate, block_average(interface).estimate]
    total = linear_combination(list(zip((to_work, to_work, -to_work), parts, strict=True)))
    return WorkOfAdhesion(total, "nvt")


def _perturbed(temperature_K: float, lambdas: list[float], energies: Mapping[float, ArrayLike]) -> float:
    """Return F(1) - F(0), eV."""
    total = 0.0
    for low, high in pairwise(lambdas):
        forward, backward = ((high - low) * np.asarray(energies[scale], dtype=float) for scale in (low, high))
        total += bennett_difference(forward, backward, temperature_K)
    return total


def _coarser(points: list[float], means: list[float], weights_of: _WeightsOf) -> float:
    """Return how far the integral with every second point is off; 0 where too few are left to tell."""
    if len(points) < 4:
        return 0.0
    kept = sorted({*range(0, len(points), 2), len(points) - 1})
    values = np.array(means)
    return float(weights_of([points[i] for i in kept]) @ values[kept] - weights_of(points) @ values)


def _weighted(owner: str, weights: NDArray[np.float64], means: Sequence[float], errors: Sequence[float]) -> Estimate:
    values = finite_array(owner, "means", means, ndim=1)
    scatter = finite_array(owner, "errors", errors, ndim=1)
    if not len(values) == len(scatter) == len(weights):
        raise InputError(f"{owner}: {len(weights)} points have {len(values)} means and {len(scatter)} errors")
    return Estimate(float(weights @ values), float(np.linalg.norm(weights * scatter)))


def _errors(estimates: list[Estimate]) -> list[float]:
    return [item.standard_error or 0.0 for item in estimates]
