"""Tables of films: what they do, how much mercury they need, what is assumed, and the metals side by side."""

from __future__ import annotations

import math

from ...reference.cathodes import list_cathodes
from ...thermodynamics.cycling.full_cell import full_cell
from ...thermodynamics.cycling.healing import (
    CURRENT_RANGE_A_M2,
    OUTCOMES,
    THICKNESS_RANGE_M,
    host_for_capacity,
    outcome_of,
)
from ...thermodynamics.cycling.initial_films import applied_film
from ...thermodynamics.cycling.phases import PhaseChain
from ...thermodynamics.hulls.voltage import molar_mass
from ..notation import couple, unicode_formula
from ..sections import Cell, SectionTable
from .model import ContactBand, CyclingConditions, CyclingReport, FilmCase, FilmResults
from .wording import AT_LEAST, AT_MOST, barrier_text, diffusivity_text, is_bound, millivolts, rounded

_UM, _MA_CM2, _MAH_CM2, _HOUR, _OHM_CM2 = 1e-6, 10.0, 36000.0, 3600.0, 1e-4
ASSUMED = "assumed"


def case_table(film: FilmResults, contact: ContactBand) -> SectionTable:
    """Return what each film does at each current, with and without a barrier."""
    rows = [_case_row(film, case, contact) for case in film.cases]
    columns = (
        "D (m²/s)" if film.chain.richest else "film",
        "mA/cm²",
        "barrier (mV)",
        "at the electrolyte",
        "least liquid (µm)",
        "film alone (mV)",
        "with contact (mV)",
        "swelling (µm)",
        "phases at the end, from the metal",
    )
    note = (
        f"D: of {film.metal} in its solid compounds at 25 °C, which is not known. Least liquid is that of the last"
        " cycle of either film, swelling (film and metal together) that"
        " of the film that is stripped first. Film alone: mean voltage of"
        " the symmetric cell in its last cycle from phases and diffusion, without any resistance; with contact: the"
        " same with the contact at its best and at its worst. A skin that is thicker than the swelling can follow where"
        " the film recedes. Where a film ended, its last cycle is the one it was in."
    )
    return SectionTable(f"Films of {film.metal} amalgam", columns, tuple(rows), 2, note)


def _case_row(film: FilmResults, case: FilmCase, contact: ContactBand) -> tuple[Cell, ...]:
    host = film.chain.host
    last = [f"liquid {host}" if name == host else unicode_formula(name) for name in case.last_phases]
    band = [case.polarisation_V(one) for one in (contact.best, contact.worst)]
    return (
        diffusivity_text(case.diffusivity_m2_s) if film.chain.richest else "liquid on metal",
        f"{case.current_A_m2 / _MA_CM2:g}",
        f"{1e3 * case.nucleation_V:g}" if case.nucleation_V else "none",
        outcome_text(case),
        f"{case.least_liquid_m / _UM:.1f}",
        millivolts(case.polarisation_V()),
        None if math.isnan(band[0]) else _range([1e3 * value for value in band]),
        f"{case.swelling_m / _UM:.1f}",
        ", ".join(last),
    )


def outcome_text(case: FilmCase) -> str:
    """Return what both films do, each by itself where they differ."""
    first, second = outcome_of(case.cell.first), outcome_of(case.cell.second)
    return first if first == second else f"stripped first, {first}; plated first, {second}"


def phase_table(film: FilmResults) -> SectionTable:
    """Return the phases of a film, with the voltages of their fronts and the current each could carry alone."""
    chain = film.chain
    host = case_host(film)
    rows: list[tuple[Cell, ...]] = []
    for number, phase in enumerate(chain.phases):
        name = f"liquid {phase.formula}" if phase.is_liquid else unicode_formula(phase.formula)
        limit: Cell = None
        if phase.is_liquid:
            limit = _current(chain.liquid_limit_A_m2(host))
        volume = chain.molar_volume_m3(number, phase.ratio) * 1e6
        volts = f"{chain.front_voltages_V[number]:.3f}"
        rows.append((name, f"{phase.ratio:.3g}", f"{volume:.2f}", volts, _drop(chain, number), limit))
    columns = (
        "phase",
        f"{chain.metal} per {chain.host}",
        f"cm³ per mol {chain.host}",
        f"beside the next richer one (V vs {couple(chain.metal, chain.electrons)})",
        "drop it bears (mV)",
        "carries at most (mA/cm²)",
    )
    note = (
        f"Voltages and volumes of the solids: hull of {film.potential}; volumes of the liquid: measured densities."
        " Drop: between both ends of its stability, which drives the metal through it. The last column is the saturated"
        " liquid over the whole film, emptied at the electrolyte."
    )
    return SectionTable(f"Phases of the {chain.metal} film", columns, tuple(rows), note=note)


def _current(value_A_m2: float) -> str:
    """A current density in mA/cm², with three digits."""
    value = value_A_m2 / _MA_CM2
    return f"{value:.3g}" if value < 100.0 else f"{value:.0f}"


def case_host(film: FilmResults) -> float:
    """Return the host of the films that were cycled, mol/m²."""
    return film.cases[0].cell.first.films[0].host


def _drop(chain: PhaseChain, number: int) -> str | None:
    if number == 0:
        return None
    poor, rich = chain.window_V(number)
    return f"{1e3 * (poor - rich):.1f}"


def least_table(report: CyclingReport) -> SectionTable:
    """Return the least mercury that keeps a liquid skin, beside that of the stoichiometry of the poorest compound."""
    rows: list[tuple[Cell, ...]] = []
    capacity = report.conditions.capacity_C_m2
    for film in report.films:
        chain = film.chain
        stoichiometric = host_for_capacity(chain) * 3600.0  # mg per mAh
        for diffusivity, thickness in film.least:
            mass = math.nan
            if thickness is not None:
                host = applied_film(chain, thickness, report.conditions.x).host
                mass = 1e3 * host * molar_mass(chain.host) / (capacity / 3.6)  # mg per mAh
            rows.append(
                (
                    film.metal,
                    diffusivity_text(diffusivity) if chain.richest else "–",
                    f"{film.currents_A_m2[0] / _MA_CM2:g}",
                    None if thickness is None else _least(thickness / _UM, thickness),
                    None if thickness is None else _least(mass, thickness),
                    f"{stoichiometric:.1f}",
                )
            )
    columns = ("metal", "D (m²/s)", "mA/cm²", "film (µm)", "mg Hg per mAh", "by stoichiometry")
    note = (
        f"The thinnest film that stays liquid at the electrolyte throughout the last of {report.conditions.cycles}"
        " cycles, stripped or plated first, with a barrier to a new phase, found by bisection between"
        f" {THICKNESS_RANGE_M[0] / _UM:g} µm and {1e3 * THICKNESS_RANGE_M[1]:g} mm; at most: even the thinnest of"
        " these does; a dash where none does. By stoichiometry: mercury that one half cycle turns into the poorest"
        " compound, below which no skin can last; what rest turns into compounds comes on top."
    )
    return SectionTable("Least mercury for a liquid skin", columns, tuple(rows), 1, note)


def _least(value: float, thickness_m: float) -> str:
    """A number of the least film, upwards to a tenth, told as a bound where the film is the thinnest that was tried."""
    text = f"{math.ceil(round(10.0 * value, 6)) / 10.0:.1f}"
    return f"{AT_MOST} {text}" if is_bound(thickness_m, THICKNESS_RANGE_M[0]) else text


def current_table(report: CyclingReport) -> SectionTable:
    """Return up to which current the films that were cycled keep a liquid skin, in both limits, and what ends it."""
    rows: list[tuple[Cell, ...]] = []
    low, high = (one / _MA_CM2 for one in CURRENT_RANGE_A_M2)
    for film in report.films:
        for one in film.limits:
            current = one.limit.current_A_m2
            rows.append(
                (
                    film.metal,
                    diffusivity_text(one.diffusivity_m2_s) if film.chain.richest else "–",
                    barrier_text(one.nucleation_V),
                    _up_to(current),
                    f"at {low:g}: {one.limit.beyond}" if current is None else one.limit.beyond or "–",
                )
            )
    columns = ("metal", "D (m²/s)", "a new phase", "liquid up to (mA/cm²)", "beyond")
    note = (
        f"Films of {report.conditions.thickness_m / _UM:g} µm: the largest current with which both films of a cell"
        f" stay liquid at the electrolyte throughout the last of {report.conditions.cycles} cycles, by bisection"
        f" between {low:g} and {high:g} mA/cm²; at least: even the largest of these will do; none where none does."
        " Beyond: what the film that fares worse does just above it."
        " Below some current the film turns solid, too, since compounds grow meanwhile; the map shows where."
    )
    return SectionTable("Largest current with a liquid skin", columns, tuple(rows), note=note)


def _up_to(value_A_m2: float | None) -> str:
    """A largest current, downwards to three digits, told as a bound where it is the largest that was tried."""
    if value_A_m2 is None:
        return "none"
    text = _current(rounded(value_A_m2, 3, up=False))
    return f"{AT_LEAST} {text}" if is_bound(value_A_m2, CURRENT_RANGE_A_M2[1]) else text


def full_cell_table(film: FilmResults) -> SectionTable | None:
    """Return full cells with each cathode that takes the metal; None where there is none, or no film came so far."""
    rows: list[tuple[Cell, ...]] = []
    for name, cathode in list_cathodes(film.metal).items():
        for case in film.with_barrier():
            run = case.cell.first
            step = int(run.steps[-1]) - 1
            if run.ended or case.current_A_m2 != film.currents_A_m2[0]:
                continue
            cell = full_cell(run, step, cathode)
            masses = [1e2 * mass for mass in (cell.cathode_kg_m2, cell.metal_kg_m2, cell.host_kg_m2)]  # mg/cm2
            rows.append(
                (
                    unicode_formula(name),
                    diffusivity_text(case.diffusivity_m2_s) if film.chain.richest else "–",
                    outcome_of(run),
                    f"{cell.anode_V:.3f}",
                    f"{cell.voltage_V:.2f}",
                    f"{cathode.capacity.value:.0f}",
                    " + ".join(f"{mass:.1f}" for mass in masses),
                    f"{1e3 * cell.energy_Wh_m2 / (cell.cathode_kg_m2 * 1e3):.0f}",
                    f"{cell.energy_Wh_kg:.0f}",
                )
            )
    if not rows:
        return None
    columns = (
        "cathode",
        "D (m²/s)",
        "at the electrolyte",
        f"anode (V vs {film.metal})",
        "cell (V)",
        "mAh/g",
        f"cathode + {film.metal} + {film.chain.host} (mg/cm²)",
        "Wh/kg of cathode",
        "Wh/kg of all three",
    )
    note = (
        "Mean voltages over the discharge of the last cycle, without resistances. Cathodes: the plateaus of published"
        " curves (Padhi 1997, Delmas 1994) as recalled, one lithium, as much as one half cycle needs, weighed as the"
        " charged host (FePO4 for LiFePO4). All metal behind the film counts, and no electrolyte or case."
    )
    return SectionTable(f"Full cells with {film.metal} amalgam", columns, tuple(rows), note=note)


def metals_table(report: CyclingReport) -> SectionTable:
    """Return the metals side by side, at the first current with a barrier."""
    rows: list[tuple[Cell, ...]] = []
    for film in report.films:
        cases = [case for case in film.with_barrier() if case.current_A_m2 == film.currents_A_m2[0]]
        outcomes = [name for name in OUTCOMES if name in {case.outcome for case in cases}]
        volts = [1e3 * case.polarisation_V() for case in cases]
        solid = film.chain.phases[1].formula if film.chain.richest else film.metal
        rows.append(
            (
                couple(film.metal, film.chain.electrons),
                f"{100 * film.chain.phases[0].ratio / (1 + film.chain.phases[0].ratio):.3g}",
                unicode_formula(solid),
                _current(film.chain.liquid_limit_A_m2(case_host(film))),
                "; ".join(outcomes),
                _range(volts),
                _range([case.swelling_m / _UM for case in cases]),
            )
        )
    columns = (
        "metal",
        "dissolved (at.%)",
        "plates as",
        "liquid carries (mA/cm²)",
        f"at the electrolyte, {report.films[0].currents_A_m2[0] / _MA_CM2:g} mA/cm²",
        "film alone (mV)",
        "swelling (µm)",
    )
    note = (
        "The same film of each metal. Ranges are over the diffusivities in the solid compounds. Liquid carries:"
        " saturated liquid through the whole film."
    )
    return SectionTable("The metals side by side", columns, tuple(rows), 2, note)


def _range(values: list[float]) -> str:
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return "–"
    low, high = (f"{value:.1f}" if abs(value) < 10 else f"{value:.0f}" for value in (min(finite), max(finite)))
    return low if low == high else f"{low} to {high}"


def assumption_table(report: CyclingReport) -> SectionTable:
    """Return every number that goes in, with where it comes from; those that are assumed say so."""
    given = report.conditions
    rows: list[tuple[Cell, ...]] = []
    for film in report.films:
        known = film.diffusivity
        rows += [
            (
                f"D of {film.metal} in liquid mercury at 25 °C",
                f"{known.value:.3g} ± {known.uncertainty:.2g} m²/s",
                known.confidence,
                known.source,
            ),
            (f"solubility of {film.metal}", f"{_at_percent(film)} at.%", "measured", film.solubility_source),
        ]
        if film.chain.richest:
            values = ", ".join(diffusivity_text(value) for value in film.diffusivities_m2_s)
            rows.append((f"D of {film.metal} in its compounds", f"{values} m²/s", ASSUMED, "none is known: a range"))
    potentials = ", ".join(dict.fromkeys(f"{film.potential}, {film.energies}" for film in report.films))
    if any(list_cathodes(film.metal) for film in report.films):
        rows.append(("voltages of cathodes", "plateaus", "recalled", "reference/data/cathodes.yaml"))
    rows += [
        ("fronts' voltages, volumes of solids", "of the hull", "computed", potentials),
        *_made_rows(given),
        *_contact_rows(report.contact, given),
    ]
    turned = tuple((kind, number, value, source) for number, value, kind, source in rows)
    return SectionTable("What goes in", ("kind", "number", "value", "from"), turned)


def _at_percent(film: FilmResults) -> str:
    ratio = film.chain.phases[0].ratio
    return f"{100.0 * ratio / (1.0 + ratio):.3g}"


def _made_rows(given: CyclingConditions) -> list[tuple[Cell, ...]]:
    made = "saturated liquid" if given.x is None else f"{100.0 * given.x:.3g} at.%"
    behind = "a wall" if given.metal_m is None else f"{given.metal_m / _UM:g} µm"
    job = "settings of the job"
    return [
        ("activation energy in the compounds", f"{given.solid_activation_eV:g} eV", ASSUMED, job),
        ("barrier of a new phase", f"{1e3 * given.nucleation_V:g} mV, and none", ASSUMED, "both limits are shown"),
        ("film as made", f"{given.thickness_m / _UM:g} µm, {made}", ASSUMED, job),
        ("metal behind it", behind, ASSUMED, job),
        ("rest before the first cycle", f"{given.rest_s / _HOUR:g} h", ASSUMED, job),
        ("half cycle", f"{given.capacity_C_m2 / _MAH_CM2:g} mAh/cm², {given.cycles} cycles", ASSUMED, job),
        ("temperature", f"{given.temperature_K:g} K", ASSUMED, job),
    ]


def _contact_rows(contact: ContactBand, given: CyclingConditions) -> list[tuple[Cell, ...]]:
    best, worst, face = contact.best, contact.worst, given.face
    angles = "none"
    if contact.angles_deg is not None:
        angles = f"{contact.angles_deg[0]:.0f} to {contact.angles_deg[1]:.0f}°"
    pores = f"{100 * face.pore_share:g} % of pores of {face.pore_radius_m / _UM:g} µm, {face.pressure_Pa / 1e6:g} MPa"
    transfer = f"{best.charge_transfer_ohm_m2 / _OHM_CM2:g} Ω cm²"
    return [
        ("contact angle of the liquid", angles, "computed" if contact.is_computed else ASSUMED, contact.source),
        ("face of the electrolyte", pores, ASSUMED, "settings of the job; pores fill by Washburn's equation"),
        ("touched by liquid", f"{100 * worst.liquid:.0f} to {100 * best.liquid:.0f} %", "computed", "from both"),
        ("touched by a solid film", f"{100 * worst.solid:.0f} to {100 * best.solid:.0f} %", ASSUMED,
         "as the liquid that froze, or the setting"),
        ("charge transfer", transfer, ASSUMED, "settings of the job"),
        ("electrolyte", f"{best.electrolyte_ohm_m2 / _OHM_CM2:g} Ω cm²", ASSUMED, "settings of the job"),
    ]  # fmt: skip
