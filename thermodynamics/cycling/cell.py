"""Two equal films on either side of an electrolyte: the voltage of a symmetric cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...arguments import refusal, whole_number
from ..checks import finite, not_negative, positive
from .contact import contact_resistance
from .cycle import CurrentStep, FilmRun, run_steps
from .film import Film
from .phases import PhaseChain

_JUST_AFTER_S = 1e-5


@dataclass(frozen=True)
class Contact:
    """What a film touches of the electrolyte, liquid or solid at its front, and what that costs.

    Attributes
    ----------
    charge_transfer_ohm_m2
        Of a face that is touched everywhere.
    liquid, solid
        Shares of the face that are touched.
    electrolyte_ohm_m2
        Of the electrolyte between both films.
    """

    charge_transfer_ohm_m2: float = 0.0
    liquid: float = 1.0
    solid: float = 1.0
    electrolyte_ohm_m2: float = 0.0

    def __post_init__(self) -> None:
        for share in (self.liquid, self.solid):
            contact_resistance(self.charge_transfer_ohm_m2, share)
        not_negative("contact", "electrolyte_ohm_m2", self.electrolyte_ohm_m2)


@dataclass(frozen=True)
class SymmetricCell:
    """Two films of which one is stripped while the other is plated.

    Attributes
    ----------
    first, second
        The film that is stripped first, and the one that is plated first.
    """

    first: FilmRun
    second: FilmRun

    @property
    def times_s(self) -> NDArray[np.float64]:
        """All moments at which either film is known, up to the end of the shorter run; shape (n,).

        Where a film jumps, when a step or a layer begins, a moment just after it is among them.
        """
        runs = (self.first, self.second)
        end = min(run.times_s[-1] for run in runs)
        after = [run.times_s[1:][np.diff(run.times_s) == 0.0] + _JUST_AFTER_S for run in runs]
        times = np.unique(np.concatenate([*(run.times_s for run in runs), *after]))
        return np.asarray(times[times <= end])

    def voltage_V(self, contact: Contact) -> NDArray[np.float64]:
        """Return the voltage of the cell at ``times_s``: E_1 - E_2 and the drop at both contacts, positive in step 1.

        Where a step changes, it is that of the step before.
        """
        return self._films_V() + self._current_A_m2() * self._resistance_ohm_m2(contact)

    def _current_A_m2(self) -> NDArray[np.float64]:
        return _before(self.times_s, self.first.times_s, self.first.currents_A_m2)

    def _films_V(self) -> NDArray[np.float64]:
        """Return E_1 - E_2."""
        first, second = (_between(self.times_s, run.times_s, run.voltages_V) for run in (self.first, self.second))
        return np.asarray(first - second)

    def _resistance_ohm_m2(self, contact: Contact) -> NDArray[np.float64]:
        """Return the resistance of the electrolyte and both contacts, that of the piece which ends at each time."""
        times = self.times_s
        total = contact.electrolyte_ohm_m2 * np.ones_like(times)
        for run in (self.first, self.second):
            liquid = _before(times, run.times_s, run.liquid_m) > 0.0
            total += contact.charge_transfer_ohm_m2 / np.where(liquid, contact.liquid, contact.solid)
        return total

    def polarisation_V(self, contact: Contact) -> float:
        """Return the mean voltage against the current over the last full cycle, what each charge loses; NaN without."""
        times, current = self.times_s, self._current_A_m2()
        steps = _before(times, self.first.times_s, self.first.steps)
        wanted = (current != 0.0) & (steps >= steps[-1] - 1)
        weights = np.diff(times) * wanted[1:]
        if weights.sum() == 0.0:
            return float("nan")
        films = self._films_V()  # a jump lies within one of the shortest pieces
        lost = np.sign(current[1:]) * (films[:-1] + films[1:]) / 2.0
        lost += np.abs(current[1:]) * self._resistance_ohm_m2(contact)[1:]
        return float((lost * weights).sum() / weights.sum())


def symmetric_cell(
    chain: PhaseChain,
    film: Film,
    current_A_m2: float,
    capacity_C_m2: float,
    *,
    cycles: int,
    rest_s: float = 0.0,
    nucleation_V: float = 0.01,
    cells: int = 16,
    points: int = 12,
) -> SymmetricCell:
    """Return two equal films through rest and cycles of constant current; see :func:`~.cycle.run_steps`.

    Parameters
    ----------
    chain, film
        Of each side.
    current_A_m2, capacity_C_m2
        Of each half cycle, both positive.
    cycles
        How many.
    rest_s
        Before them.
    nucleation_V, cells, points
        As for :func:`~.cycle.run_steps`.

    Raises
    ------
    InputError
        A number out of its range, or what :func:`~.cycle.run_steps` refuses.
    """
    positive("symmetric cell", "current_A_m2", current_A_m2)
    positive("symmetric cell", "capacity_C_m2", capacity_C_m2)
    runs = [
        run_steps(
            chain,
            film,
            cycling_steps(sign * current_A_m2, capacity_C_m2, cycles, rest_s),
            nucleation_V=nucleation_V,
            cells=cells,
            points=points,
        )
        for sign in (1.0, -1.0)
    ]
    return SymmetricCell(*runs)


def cycling_steps(current_A_m2: float, capacity_C_m2: float, cycles: int, rest_s: float = 0.0) -> list[CurrentStep]:
    """Return rest and cycles of constant current, beginning with its sign; positive strips.

    Raises
    ------
    InputError
        No current, a capacity that is not positive, a negative rest or no cycles.
    """
    if finite("cycles", "current_A_m2", current_A_m2) == 0.0:
        raise refusal("cycles: current_A_m2", current_A_m2, "a number other than 0")
    positive("cycles", "capacity_C_m2", capacity_C_m2)
    not_negative("cycles", "rest_s", rest_s)
    whole_number("cycles: cycles", cycles)
    pair = [CurrentStep(sign * current_A_m2, capacity_C_m2 / abs(current_A_m2)) for sign in (1.0, -1.0)]
    rest = [CurrentStep(0.0, rest_s)] if rest_s else []
    return [*rest, *(pair * cycles)]


def _before(times: NDArray[np.float64], known: NDArray[np.float64], values: NDArray) -> NDArray:  # type: ignore[type-arg]
    """Values at the end of the piece that each time lies in."""
    return values[np.minimum(np.searchsorted(known, times, side="left"), len(known) - 1)]


def _between(
    times: NDArray[np.float64], known: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values in between, without mixing those before a jump with those after it."""
    after = np.clip(np.searchsorted(known, times, side="left"), 1, len(known) - 1)
    low, high = known[after - 1], known[after]
    share = np.where(high > low, (times - low) / np.where(high > low, high - low, 1.0), 1.0)
    return np.where(times <= known[0], values[0], (1.0 - share) * values[after - 1] + share * values[after])
