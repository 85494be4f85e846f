"""Films as plain JSON and as one row for each moment or film."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ...thermodynamics.cycling.film import composition_profile, layer_thickness_m
from ...thermodynamics.cycling.healing import CURRENT_RANGE_A_M2, THICKNESS_RANGE_M
from ..notation import csv_text
from .model import ContactBand, CyclingReport, FilmCase, FilmResults
from .wording import AT_LEAST, AT_MOST, is_bound

_UM, _MA_CM2, _MAH_CM2 = 1e-6, 10.0, 36000.0
CASE_COLUMNS = (
    "system", "potential", "solid_diffusivity_m2_s", "current_mA_cm2", "nucleation_mV", "outcome", "ended",
    "least_liquid_um", "swelling_um", "film_mV", "best_contact_mV", "worst_contact_mV", "last_phases",
)  # fmt: skip
MAP_COLUMNS = (
    "system", "solid_diffusivity_m2_s", "temperature_K", "nucleation_mV", "thickness_um", "current_mA_cm2", "outcome",
    "least_liquid_um", "swing_mV",
)  # fmt: skip
LIMIT_COLUMNS = (
    "system", "limit", "solid_diffusivity_m2_s", "current_mA_cm2", "nucleation_mV", "value", "unit", "bound", "beyond",
)  # fmt: skip
PROFILE_COLUMNS = (
    "system", "solid_diffusivity_m2_s", "current_mA_cm2", "nucleation_mV", "first", "time_s", "step", "voltage_V",
    "stripped_mAh_cm2", "liquid_um", "touched_best", "touched_worst", "stack_um", "metal_um", "layers",
)  # fmt: skip
COMPOSITION_COLUMNS = (
    "system", "solid_diffusivity_m2_s", "current_mA_cm2", "nucleation_mV", "first", "time_s", "step", "depth_um", "x",
)  # fmt: skip


def case_rows(report: CyclingReport) -> list[list[Any]]:
    """Return one row for each film that was cycled, as `CASE_COLUMNS` say."""
    rows = []
    for film in report.films:
        for case in film.cases:
            contacts = [1e3 * case.polarisation_V(one) for one in (report.contact.best, report.contact.worst)]
            numbers = [case.least_liquid_m / _UM, case.swelling_m / _UM, 1e3 * case.polarisation_V(), *contacts]
            rows.append(
                [
                    film.system,
                    film.potential,
                    *_key(case),
                    case.outcome,
                    case.ended,
                    *(number if math.isfinite(number) else None for number in numbers),
                    " | ".join(case.last_phases),
                ]
            )
    return rows


def map_rows(report: CyclingReport) -> list[list[Any]]:
    """Return one row for each film of the maps, as `MAP_COLUMNS` say."""
    return [
        [
            film.system,
            part.diffusivity_m2_s,
            part.temperature_K,
            1e3 * part.nucleation_V,
            point.thickness_m / _UM,
            point.current_A_m2 / _MA_CM2,
            point.outcome,
            point.least_liquid_m / _UM,
            1e3 * point.swing_V,
        ]
        for film in report.films
        for part in film.parts
        for point in part.points
    ]


def profile_rows(film: FilmResults, contact: ContactBand) -> Iterator[list[Any]]:
    """Yield one row for each recorded moment of both films of every case, as `PROFILE_COLUMNS` say."""
    for case in film.cases:
        for first, run in (("stripped", case.cell.first), ("plated", case.cell.second)):
            for number, state in enumerate(run.films):
                layers = " | ".join(
                    f"{run.chain.phases[layer.phase].formula} {layer_thickness_m(run.chain, layer) / _UM:.4f}"
                    for layer in state.layers
                )
                wet = run.liquid_m[number] > 0.0
                touched = [one.liquid if wet else one.solid for one in (contact.best, contact.worst)]
                metal = None if state.reservoir is None else state.reservoir * run.chain.metal_volume_m3 / _UM
                yield [
                    film.system, *_key(case), first, float(run.times_s[number]), int(run.steps[number]),
                    float(run.voltages_V[number]), float(run.stripped_C_m2[number]) / _MAH_CM2,
                    float(run.liquid_m[number]) / _UM, *touched, float(run.stack_m[number]) / _UM, metal, layers,
                ]  # fmt: skip


def composition_rows(film: FilmResults) -> Iterator[list[Any]]:
    """Yield the mole fraction over the depth at each moment of the last cycle, as `COMPOSITION_COLUMNS` say."""
    for case in film.cases:
        for first, run in (("stripped", case.cell.first), ("plated", case.cell.second)):
            for number in run.in_last_cycle.nonzero()[0]:
                depths, fractions = composition_profile(run.chain, run.films[number])
                for depth, fraction in zip(depths.tolist(), fractions.tolist(), strict=True):
                    yield [
                        film.system, *_key(case), first, float(run.times_s[number]), int(run.steps[number]),
                        round(depth / _UM, 5), round(fraction, 8),
                    ]  # fmt: skip


def _key(case: FilmCase) -> list[float]:
    return [case.diffusivity_m2_s, case.current_A_m2 / _MA_CM2, 1e3 * case.nucleation_V]


def limit_rows(report: CyclingReport) -> list[list[Any]]:
    """Return one row for each limit that was looked for, as `LIMIT_COLUMNS` say; without a value where none will do."""
    barrier = 1e3 * report.conditions.nucleation_V
    rows: list[list[Any]] = []
    for film in report.films:
        first = film.currents_A_m2[0] / _MA_CM2
        for diffusivity, thickness in film.least:
            bound = thickness is not None and is_bound(thickness, THICKNESS_RANGE_M[0])
            value = None if thickness is None else thickness / _UM
            rows.append(
                [film.system, "least film", diffusivity, first, barrier, value, "µm", AT_MOST if bound else None, None]
            )
        for one in film.limits:
            current = one.limit.current_A_m2
            bound = current is not None and is_bound(current, CURRENT_RANGE_A_M2[1])
            value = None if current is None else current / _MA_CM2
            key = [film.system, "largest current", one.diffusivity_m2_s, None, 1e3 * one.nucleation_V]
            rows.append([*key, value, "mA/cm²", AT_LEAST if bound else None, one.limit.beyond or None])
        if film.largest is not None:
            key = [film.system, "largest diffusivity", None, first, barrier, film.largest.value_m2_s, "m²/s"]
            rows.append([*key, AT_LEAST if film.largest.is_bound else None, None])
    return rows


def as_document(report: CyclingReport) -> dict[str, Any]:
    """Return everything but the moments as plain JSON."""
    return {
        "contact": {
            "angles_deg": report.contact.angles_deg,
            "source": report.contact.source,
            "liquid": [report.contact.worst.liquid, report.contact.best.liquid],
            "solid": [report.contact.worst.solid, report.contact.best.solid],
        },
        "phases": [
            {
                "system": film.system,
                "formula": phase.formula,
                "liquid": phase.is_liquid,
                "metal_per_host": phase.ratio,
                "front_voltage_V": volts,
            }
            for film in report.films
            for phase, volts in zip(film.chain.phases, film.chain.front_voltages_V, strict=True)
        ],
        "films": [dict(zip(CASE_COLUMNS, row, strict=True)) for row in case_rows(report)],
        "map": [dict(zip(MAP_COLUMNS, row, strict=True)) for row in map_rows(report)],
        "limits": [dict(zip(LIMIT_COLUMNS, row, strict=True)) for row in limit_rows(report)],
        "problems": list(report.problems),
    }


def files_of(report: CyclingReport) -> dict[str, bytes]:
    """Return the files that a report writes beside its page: every moment, profiles of the last cycle, and the map."""
    found = {
        f"cycling-{film.system.lower()}.csv": csv_text(PROFILE_COLUMNS, profile_rows(film, report.contact)).encode()
        for film in report.films
    }
    found |= {
        f"cycling-profiles-{film.system.lower()}.csv": csv_text(COMPOSITION_COLUMNS, composition_rows(film)).encode()
        for film in report.films
    }
    found["cycling-limits.csv"] = csv_text(LIMIT_COLUMNS, limit_rows(report)).encode()
    if rows := map_rows(report):
        found["cycling-map.csv"] = csv_text(MAP_COLUMNS, rows).encode()
    return found
