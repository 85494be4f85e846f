"""Volumes of the solids of films as the hull has them beside the measured ones, and what follows from a difference."""

from __future__ import annotations

from dataclasses import dataclass

from ...reference.metals import metal as metal_facts
from ...structures.library.phases import get_phase, list_phases
from ...thermodynamics.cycling.phases import PhaseChain
from ...thermodynamics.units import FARADAY, N_A
from ..notation import enumeration, signed, unicode_formula
from ..sections import Cell, SectionTable
from .model import CyclingReport, FilmResults

_TOLERANCE = 0.05
_UM, _MAH_CM2, _A3 = 1e-6, 36000.0, 1e-30


@dataclass(frozen=True)
class VolumePair:
    """The volume of an atom of one solid, Å³: as the hull has it, and measured."""

    formula: str
    is_metal: bool
    computed: float
    measured: float

    @property
    def error(self) -> float:
        """Relative."""
        return self.computed / self.measured - 1.0

    @property
    def is_off(self) -> bool:
        """Whether it is by more than 5 %."""
        return abs(self.error) > _TOLERANCE

    @property
    def conduction(self) -> float:
        """By how much a compound conducts better, as 1/V²: as if the diffusivity in it were so many times as large."""
        return (self.measured / self.computed) ** 2


def volume_pairs(film: FilmResults) -> list[VolumePair]:
    """Return the metal and the compounds of a film whose volume was measured.

    Of compounds of which several crystals were measured it is not known which one is meant: these are left out.
    """
    chain = film.chain
    found = []
    for number in range(1, len(chain.phases)):
        formula = chain.phases[number].formula
        known = [one.measured_volume_per_atom for one in list_phases(film.system) if one.formula == formula]
        measured = [volume for volume in known if volume is not None]
        if len(measured) == 1:
            found.append(VolumePair(formula, False, _volume_A3(chain, number), measured[0]))
    name = metal_facts(chain.metal).phase
    pure = None if name is None else get_phase(name).measured_volume_per_atom
    if pure is not None:
        found.append(VolumePair(chain.metal, True, chain.metal_volume_m3 / (N_A * _A3), pure))
    return found


def volume_warning(report: CyclingReport) -> list[str]:
    """Return one sentence that names the solids whose volume is off by more than 5 %, and what that changes."""
    off = {pair.formula: pair for film in report.films for pair in volume_pairs(film) if pair.is_off}
    changes = []
    if any(pair.is_metal for pair in off.values()):
        changes.append(
            "those of metals the swelling, and how much of the metal lies behind the film, by as much, but neither"
            " layers nor voltages nor where the film stays liquid while metal is left"
        )
    if not all(pair.is_metal for pair in off.values()):
        changes.append("those of compounds how thick their layers are, and their conduction, which goes with 1/V²")
    if not changes:
        return []
    names = enumeration([f"{unicode_formula(one.formula)} {signed(100 * one.error, 0)} %" for one in off.values()])
    return [f"Volumes of the hull are more than 5 % off the measured ones: {names}. They change: {'; '.join(changes)}"]


def volume_table(report: CyclingReport) -> SectionTable | None:
    """Return the volumes of all solids beside the measured ones; None where none was measured or all agree."""
    rows: list[tuple[Cell, ...]] = []
    is_any_off = False
    for film in report.films:
        for pair in volume_pairs(film):
            is_any_off |= pair.is_off
            thick = film.chain.metal_volume_m3 * _MAH_CM2 / (film.chain.electrons * FARADAY) / _UM
            rows.append(
                (
                    unicode_formula(pair.formula),
                    f"{pair.computed:.2f}",
                    f"{pair.measured:.2f}",
                    signed(100 * pair.error, 1),
                    f"{thick:.2f} / {thick * pair.measured / pair.computed:.2f}" if pair.is_metal else "–",
                    "–" if pair.is_metal else f"{pair.conduction:.2f}",
                )
            )
    if not is_any_off:
        return None
    columns = (
        "solid",
        "hull (Å³ an atom)",
        "measured",
        "off (%)",
        "µm for a mAh/cm², hull / measured",
        "as if D were times",
    )
    note = (
        "Measured: the cells of the phase library. For each mAh/cm² that is stripped the stack shrinks by so many"
        " µm of the metal. Compounds conduct as if D were so many times as large, since the metal passes with D/V²."
    )
    return SectionTable("Volumes beside the measured ones", columns, tuple(rows), note=note)


def _volume_A3(chain: PhaseChain, number: int) -> float:
    """Of an atom of a compound."""
    one = chain.phases[number]
    return float(one.molar_volume_m3 / ((1.0 + one.ratio) * N_A * _A3))
