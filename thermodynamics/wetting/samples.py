"""From the raw energies of quenched frames to the parameters of the wetting model, with the errors they support."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from ..checks import finite
from ..uncertainty import Estimate, average_over_groups, linear_combination
from .adhesion import AdhesionSample, average_adhesion
from .lattice_gas import LatticeGas
from .parameters import WettingParameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OWNER = "wetting samples"


def parameters_from_samples(
    name: str,
    adhesion: Mapping[Any, Sequence[AdhesionSample]],
    interface: Mapping[Any, Sequence[Mapping[int, float]]],
    reference: Mapping[Any, Sequence[float]],
    *,
    area: float,
    degeneracies: Sequence[float],
    vapour: Mapping[Any, Sequence[float]] | None = None,
    vapour_area: float | None = None,
    vapour_degeneracy: float = 1.0,
    dry_face: Mapping[int, float] | None = None,
    dry_degeneracies: Mapping[int, float] | None = None,
) -> WettingParameters:
    """Return the means of one potential on one termination, with errors from the scatter between seeds.

    Frames of one seed share their trajectory, so seeds are the samples, with n_seeds - 1 degrees of freedom. With one
    seed its frames have to do, which ``assumptions`` says. A single sample leaves an error unknown: it stays so, and
    a model refuses it until one is assumed.

    Parameters
    ----------
    name
        Of the parameter set.
    adhesion
        Samples of the work of adhesion of each seed.
    interface
        For each seed its frames, and for each frame E_int(n) in eV by the number n of solute atoms. E_int(0) must be
        there; other n may be missing in some frames.
    reference
        For each seed the energies of one solute atom in the middle of the free film, E(film + solute) - E(film), eV.
    area
        Å^2 of the interface cell.
    degeneracies
        g_1, g_2, ... of the arrangements of 1, 2, ... solute atoms in that cell.
    vapour
        As ``reference``, for a solute atom at the free surface; None leaves gamma_LV as it is.
    vapour_area, vapour_degeneracy
        Å^2 of the free surface per solute atom (None: that of the interface) and its number of sites.
    dry_face, dry_degeneracies
        E_slab(n) of the face without liquid, eV, 0 included, and g_n; None where it was not computed.

    Raises
    ------
    InputError
        No samples, a frame without E_int(0), no frame with solute, a state without degeneracy, or a value not finite.
    """
    work = average_adhesion(adhesion).total_J_m2
    inside = average_over_groups(reference)
    gas, assumptions = interface_gas(interface, inside, area=area, degeneracies=degeneracies)
    if len(adhesion) == 1 or len(interface) == 1:
        assumptions = (*assumptions, "one seed: its frames do not show the scatter between films")
    free = None
    if vapour is not None:
        free_area = area if vapour_area is None else vapour_area
        free = _one_state(paired_difference(vapour, reference), free_area, vapour_degeneracy)
    dry = None
    if dry_face is not None:
        dry = dry_face_gas(dry_face, inside, area=area, degeneracies=dry_degeneracies or {})
    return WettingParameters(
        name,
        work.mean,
        gas,
        free,
        dry,
        work_of_adhesion_standard_error_J_m2=work.standard_error,
        work_of_adhesion_degrees_of_freedom=work.degrees_of_freedom,
        assumptions=assumptions,
    )


def interface_gas(
    frames: Mapping[Any, Sequence[Mapping[int, float]]],
    reference: Estimate,
    *,
    area: float,
    degeneracies: Sequence[float],
) -> tuple[LatticeGas, tuple[str, ...]]:
    """Return the lattice gas of Delta E_n = E_int(n) - E_int(0) - n e_ref, and what was assumed of its errors.

    The covariance is that of the means over seeds, from the seeds that two states share; the error of e_ref is common
    to all states. Degrees of freedom are the smallest of any part, which errs on the wide side. A state seen by one
    seed while others were seen by more takes the largest of their scatters per atom, and says so.

    Parameters
    ----------
    frames, area, degeneracies
        As for :func:`parameters_from_samples`.
    reference
        e_ref, eV.

    Raises
    ------
    InputError
        As for :func:`parameters_from_samples`.
    """
    counts, values = _group_means(frames)
    if counts[-1] > len(degeneracies):
        raise InputError(
            f"{_OWNER}: there are {counts[-1]} solute atoms in a frame and degeneracies for {len(degeneracies)}; "
            "give one for each number from 1"
        )
    seen = ~np.isnan(values)
    n_groups = seen.sum(axis=0)
    states = np.array(counts)
    covariance = np.zeros((len(counts) + 1,) * 2)
    known = bool(n_groups.max() > 1) and reference.standard_error is not None
    assumptions: tuple[str, ...] = ()
    degrees: float | None = None
    if known:
        covariance[1:, 1:], assumptions = _covariance(values, states)
        parts = [int(n_groups[n_groups > 1].min()) - 1, reference.degrees_of_freedom]
        degrees = min(part for part in parts if part is not None)
    gas = LatticeGas(
        area,
        (0, *counts),
        (0.0, *(np.nanmean(values, axis=0) - states * reference.mean).tolist()),
        (1.0, *(float(degeneracies[n - 1]) for n in counts)),
        tuple(tuple(float(value) for value in row) for row in covariance) if known else None,
        degrees_of_freedom=degrees,
        error_known=known,
        reference_error=reference.standard_error or 0.0,
    )
    return gas, assumptions


def dry_face_gas(
    energies: Mapping[int, float], reference: Estimate, *, area: float, degeneracies: Mapping[int, float]
) -> LatticeGas:
    """Return the lattice gas of the solute on the face without liquid, Delta E_n = E_slab(n) - E_slab(0) - n e_ref.

    A slab in vacuum has one lowest structure for each n, so there is no scatter: its error is that of e_ref alone, the
    same that the interface's gas has.

    Parameters
    ----------
    energies
        E_slab(n), eV, by the number n of solute atoms; 0 must be among them.
    reference
        e_ref, the energy of one solute atom in the bulk liquid, eV.
    area
        Å^2 of the cell.
    degeneracies
        g_n of each n but 0.

    Raises
    ------
    InputError
        No E_slab(0), no state with solute, a state without degeneracy, or a value not finite.
    """
    counts = sorted(n for n in energies if n != 0)
    if 0 not in energies or not counts:
        raise InputError(f"{_OWNER}: the dry face has energies for n = {sorted(energies)}; give those of 0 and of 1")
    missing = [n for n in counts if n not in degeneracies]
    if missing:
        raise InputError(f"{_OWNER}: the dry face has no degeneracy for {missing[0]} solute atoms")
    empty = finite(_OWNER, "E_slab(0)", energies[0])
    return LatticeGas(
        area,
        (0, *counts),
        (0.0, *(finite(_OWNER, f"E_slab({n})", energies[n]) - empty - n * reference.mean for n in counts)),
        (1.0, *(float(degeneracies[n]) for n in counts)),
        degrees_of_freedom=reference.degrees_of_freedom,
        error_known=reference.standard_error is not None,
        reference_error=reference.standard_error or 0.0,
    )


def paired_difference(first: Mapping[Any, Sequence[float]], second: Mapping[Any, Sequence[float]]) -> Estimate:
    """Return the mean of ``first`` minus that of ``second``, in pairs where they have the same seeds or frames.

    What a seed does to both cancels in the difference of its two means; with one seed, frames are paired in their
    order if there are as many of each. Otherwise the two errors add up as independent.

    Raises
    ------
    InputError
        No samples, or a value not finite.
    """
    one, other = average_over_groups(first), average_over_groups(second)
    if set(first) == set(second):
        if len(first) > 1:
            return average_over_groups({seed: [float(np.mean(first[seed]) - np.mean(second[seed]))] for seed in first})
        (seed,) = first
        if len(first[seed]) == len(second[seed]):
            return average_over_groups({seed: [a - b for a, b in zip(first[seed], second[seed], strict=True)]})
    return linear_combination([(1.0, one), (-1.0, other)])


def _group_means(frames: Mapping[Any, Sequence[Mapping[int, float]]]) -> tuple[list[int], NDArray[np.float64]]:
    """Return the numbers of solute atoms, and E(n) - E(0) of each group, NaN where it has none: seeds, or frames."""
    counts = sorted({n for group in frames.values() for energies in group for n in energies if n != 0})
    if not counts:
        raise InputError(f"{_OWNER}: no frame of the interface has a solute atom; give E_int(1) of at least one")
    if counts[0] < 0:
        raise InputError(f"{_OWNER}: a frame has {counts[0]} solute atoms; they are counted 0, 1, 2, ...")
    differences = {seed: [_differences(seed, energies, counts) for energies in group] for seed, group in frames.items()}
    filled = {seed: np.array(rows) for seed, rows in differences.items() if rows}
    if len(filled) == 1:
        return counts, next(iter(filled.values()))
    return counts, np.array([_mean_without_nan(rows) for rows in filled.values()])


def _differences(seed: Any, energies: Mapping[int, float], counts: Sequence[int]) -> list[float]:
    if 0 not in energies:
        raise InputError(f"{_OWNER}: a frame of {seed!r} has no energy without solute, E_int(0); differences need it")
    empty = finite(_OWNER, f"E_int(0) of {seed!r}", energies[0])
    return [finite(_OWNER, f"E_int({n}) of {seed!r}", energies[n]) - empty if n in energies else np.nan for n in counts]


def _mean_without_nan(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    seen = ~np.isnan(rows)
    total = np.where(seen, rows, 0.0).sum(axis=0)
    return np.asarray(np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan))


def _covariance(values: NDArray[np.float64], states: NDArray[np.int_]) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the covariance of the means over groups with gaps, and what was assumed of states seen only once."""
    seen = ~np.isnan(values)
    n_groups = seen.sum(axis=0)
    size = len(states)
    covariance = np.zeros((size, size))
    for i in range(size):
        for j in range(i + 1):
            both = seen[:, i] & seen[:, j]
            if both.sum() > 1:
                shared = np.cov(values[both, i], values[both, j])[0, 1] * both.sum() / (n_groups[i] * n_groups[j])
                covariance[i, j] = covariance[j, i] = shared
    once = n_groups == 1
    if once.any():
        per_atom = np.sqrt(np.diag(covariance) * n_groups)[~once] / states[~once]
        covariance[once, once] = (per_atom.max() * states[once]) ** 2
    # Gaps can leave a matrix that no set of samples has; without its negative part it is the nearest that one has.
    eigenvalues, vectors = np.linalg.eigh(covariance)
    covariance = (vectors * np.maximum(eigenvalues, 0.0)) @ vectors.T
    labels = [f"error of the state with {n} solute atoms, seen once, taken from the others" for n in states[once]]
    return 0.5 * (covariance + covariance.T), tuple(labels)


def _one_state(energy: Estimate, area: float, degeneracy: float) -> LatticeGas:
    """One solute atom per area, with or without a known error."""
    gas = LatticeGas.from_series(
        area,
        [energy.mean],
        [degeneracy],
        standard_errors=[energy.standard_error or 0.0],
        degrees_of_freedom=energy.degrees_of_freedom,
    )
    return gas if energy.standard_error is not None else replace(gas, covariance=None, error_known=False)
