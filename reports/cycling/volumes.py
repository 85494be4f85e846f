"""Computed volumes of the solids of a film that are not the measured ones, and what follows from that."""

from __future__ import annotations

from scipy.constants import N_A

from ...reference.metals import metal as metal_facts
from ...structures.library.phases import get_phase, list_phases
from ...thermodynamics.cycling.phases import FARADAY, PhaseChain
from ..notation import enumeration, system_title, unicode_formula
from .model import CyclingConditions, FilmResults

_TOLERANCE = 0.05
_UM, _MAH_CM2, _A3 = 1e-6, 36000.0, 1e-30


def volume_notes(film: FilmResults, given: CyclingConditions) -> list[str]:
    """Return a sentence on the metal and one on the compounds, where a volume is off by more than 5 %.

    Of compounds of which several crystals were measured it is not known which one is meant: these are left out.
    """
    return [*_metal_note(film, given), *_compound_note(film)]


def _metal_note(film: FilmResults, given: CyclingConditions) -> list[str]:
    chain = film.chain
    name = metal_facts(chain.metal).phase
    measured = None if name is None else get_phase(name).measured_volume_per_atom
    computed = chain.metal_volume_m3 / (N_A * _A3)
    if measured is None or abs(computed / measured - 1.0) <= _TOLERANCE:
        return []
    moved = chain.metal_volume_m3 * _MAH_CM2 / (chain.electrons * FARADAY) / _UM
    text = (
        f"{system_title(film.system)}: {film.potential} has {chain.metal} at {computed:.1f} Å³ an atom,"
        f" {_off(computed, measured)} the measured {measured:.1f}. Each mAh/cm² is {moved:.1f} µm of it here and"
        f" {moved * measured / computed:.1f} in truth, which changes the swelling"
    )
    if given.metal_m is not None:
        much = abs(measured / computed - 1.0)
        word = "more" if computed < measured else "less"
        text += f", and {given.metal_m / _UM:g} µm behind the film hold {100 * much:.0f} % {word} of it"
    return [f"{text}; layers, voltages and where the film stays liquid do not depend on it while there is metal behind"]


def _compound_note(film: FilmResults) -> list[str]:
    chain = film.chain
    off = []
    for number in range(1, len(chain.phases)):
        formula, computed = chain.phases[number].formula, _volume_A3(chain, number)
        measured = [
            volume
            for one in list_phases(film.system)
            if one.formula == formula and (volume := one.measured_volume_per_atom) is not None
        ]
        if len(measured) == 1 and abs(computed / measured[0] - 1.0) > _TOLERANCE:
            factor = (measured[0] / computed) ** 2
            off.append(f"{unicode_formula(formula)} {_off(computed, measured[0])} ({factor:.2f} times the D)")
    if not off:
        return []
    return [
        f"{system_title(film.system)}: {film.potential} has volumes of compounds that are not the measured ones:"
        f" {enumeration(off)}. Layers are thinner or thicker by as much, and since the metal passes them as D/V², it is"
        " as if D were larger or smaller by that factor"
    ]


def _volume_A3(chain: PhaseChain, number: int) -> float:
    """Of an atom of a compound."""
    one = chain.phases[number]
    return float(one.molar_volume_m3 / ((1.0 + one.ratio) * N_A * _A3))


def _off(computed: float, measured: float) -> str:
    return f"{100 * abs(computed / measured - 1.0):.0f} % {'below' if computed < measured else 'above'}"
