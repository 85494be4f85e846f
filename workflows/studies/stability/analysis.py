"""From database rows to the stability of electrolytes: reactions, windows, and the sections of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from ....errors import InputError, unknown_name
from ....reference.immiscible import form_no_compound
from ....reference.metals import ion_charge
from ....reports.stability.model import ElectrolyteStability, published_onsets
from ....structures.compositions import atomic_fractions, parse_formula
from ....structures.library.phases import list_phases
from ....structures.slabs.bonds import NON_METALS
from ...database.query import chemical_system, subsystems
from ...database.row_hulls import phase_entry
from ...database.selecting import CRYSTALS
from ..hulls.analysis import failed_beside, rows_for_system

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ....thermodynamics.hulls.hull import Hull
    from ...database.structure_database import StructureDatabase
    from .settings import StabilitySettings


@dataclass(frozen=True)
class StabilityOptions:
    """Which electrolytes, by their names in the database, against which phases of an electrode.

    Attributes
    ----------
    electrolytes
        Names of rows.
    electrodes
        Names of rows or formulas, which stand for their lowest phase; empty: solvent, stable compounds, metal.
    metal, solvent
        Of the electrode.
    """

    electrolytes: tuple[str, ...]
    electrodes: tuple[str, ...] = ()
    metal: str = "Li"
    solvent: str = "Hg"

    @classmethod
    def of(cls, section: StabilitySettings) -> StabilityOptions:
        """Return the options that a section of a workflow input asks for."""
        return cls(section.names, section.electrodes, section.metal, section.solvent)


def stabilities(
    options: StabilityOptions, database: StructureDatabase, potential: str | None = None, keys: Sequence[str] = ()
) -> tuple[list[ElectrolyteStability], list[str]]:
    """Return the stability of each electrolyte, and why others have none.

    Parameters
    ----------
    options
        Electrolytes and electrodes.
    database
        Where the energies are.
    potential
        Name of a potential; None where the database has one only.
    keys
        Fingerprints of the relaxations to use; empty: of each name the newest with the potential.
    """
    found, problems = [], []
    for name in options.electrolytes:
        try:
            rows = _given_rows(database, keys) if keys else _rows_around(database, name, options, potential)
            found.append(stability_of_rows(name, rows, options))
        except InputError as error:
            problems.append(f"{name}: {error}")
    return found, problems


def stability_of_rows(name: str, rows: Sequence[AtomsRow], options: StabilityOptions) -> ElectrolyteStability:
    """Return the stability of one electrolyte; rows of other systems and failed ones may be among ``rows``.

    Raises
    ------
    InputError
        The electrolyte, an element or every phase of the electrode has no energy, or the potentials differ.
    """
    from ....thermodynamics.stability.electrolyte_window import electrolyte_window
    from ....thermodynamics.stability.reactivity import interface_reaction, reaction_hull

    by_name = {row.name: row for row in rows}
    _check_relaxed(name, by_name)
    elements = _elements(by_name[name], options)
    within = set(subsystems(elements))
    inside = {key: row for key, row in by_name.items() if row.chemical_system in within}
    good = {key: row for key, row in inside.items() if row.converged}
    potentials = {key: row.potential_identity for key, row in good.items()}
    # The elements of the electrode belong to the hull, also where nothing of them reacts.
    pure = [key for key, row in good.items() if row.chemical_system in (options.metal, options.solvent)]
    hull = reaction_hull([phase_entry(row) for row in good.values()], [name, *pure], potentials=potentials)
    electrodes, absent = _electrodes(hull, options)
    if not electrodes:
        raise InputError("; ".join(f"electrode {what}: {why}" for what, why in absent))
    charge = ion_charge(options.metal, 1)
    products, unknown = _library_gaps(elements, inside)
    return ElectrolyteStability(
        name=name,
        potential=good[name].potential,
        window=electrolyte_window(hull, name, options.metal, electrons_per_ion=charge),
        reactions=tuple(interface_reaction(hull, electrode, name) for electrode in electrodes if electrode != name),
        electrode_voltages={electrode: _voltage(hull, electrode, options.metal, charge) for electrode in electrodes},
        left_out=(*absent, *products),
        unknown=unknown,
        empty=_empty_subsystems([one for one in elements if one != options.solvent], good, name),
        empty_with_solvent=_empty_subsystems(elements, good, name, solvent=options.solvent),
    )


def stability_table(item: ElectrolyteStability) -> dict[str, Any]:
    """Return the stability of one electrolyte as plain JSON (V, eV/atom, atoms per atom, formula units)."""
    window = item.window
    return {
        "electrolyte": item.name,
        "formula": window.formula,
        "potential": item.potential,
        "e_above_hull": window.e_above_hull,
        "reduction_onset_V": window.reduction_onset_V,
        "oxidation_onset_V": window.oxidation_onset_V,
        "published_onsets": [
            {"voltage_V": one.value, "computed": one.computed, "source": one.source} for one in published_onsets(item)
        ],
        "plateaus": [
            {
                "voltage_V": step.voltage_V,
                "ions_from": step.ions_from,
                "ions_to": step.ions_to,
                "phases": _by_formula(step.phases_to, window.formulas),
            }
            for step in window.plateaus
        ],
        "reactions": [_reaction_table(item, number) for number in range(len(item.reactions))],
        "left_out": [{"phase": what, "reason": why} for what, why in item.left_out],
        "without_coordinates": list(item.unknown),
        "empty_subsystems": [*item.empty, *item.empty_with_solvent],
    }


def _reaction_table(item: ElectrolyteStability, number: int) -> dict[str, Any]:
    reaction = item.reactions[number]
    best = reaction.most_exergonic_mutual
    reacts = reaction.reacts
    return {
        "electrode": reaction.first,
        "formula": reaction.formulas[reaction.first],
        "voltage_V": item.electrode_voltages.get(reaction.first),
        "reacts": reacts,
        "energy": best.energy if reacts else None,
        "mutual_energy": best.mutual_energy if reacts else None,
        "mixing_ratio": best.mixing_ratio if reacts else None,
        "equation": reaction.equation(best) if reacts else None,
        "points": [
            {
                "mixing_ratio": point.mixing_ratio,
                "energy": point.energy,
                "mutual_energy": point.mutual_energy,
                "products": dict(point.products),
            }
            for point in reaction.points
        ],
    }


def _by_formula(amounts: Mapping[str, float], formulas: Mapping[str, str]) -> dict[str, float]:
    return {formulas[name]: amount for name, amount in amounts.items()}


def _given_rows(database: StructureDatabase, keys: Sequence[str]) -> list[AtomsRow]:
    return sorted(database.find_all(list(dict.fromkeys(keys))).values(), key=lambda row: int(row.id))


def _rows_around(
    database: StructureDatabase, name: str, options: StabilityOptions, potential: str | None
) -> list[AtomsRow]:
    """Rows of one potential in the system of an electrolyte, and the failed ones that nothing replaces."""
    asked: dict[str, str | float] = {"name": name, "relax_cell": True}
    own = [row for row in database.select(where=asked, sort="id") if row.kind in CRYSTALS]
    if not own:
        stored = sorted({row.name for row in database.select("kind=substrate,relax_cell=True")})
        raise InputError(unknown_name("electrolyte in the database", name, stored))
    elements = _elements(own[-1], options)
    system = "-".join(elements)
    rows = rows_for_system(database, system, potential)
    return [*rows, *failed_beside(database, system, rows)]


def _elements(row: AtomsRow, options: StabilityOptions) -> tuple[str, ...]:
    return tuple(dict.fromkeys([options.metal, options.solvent, *row.symbols]))


def _check_relaxed(name: str, by_name: Mapping[str, AtomsRow]) -> None:
    if name not in by_name:
        raise InputError("it has no relaxed crystal with this potential in the database")
    if not by_name[name].converged:
        raise InputError(f"its relaxation failed: {by_name[name].data['reason']}")


def _electrodes(hull: Hull, options: StabilityOptions) -> tuple[list[str], list[tuple[str, str]]]:
    """Names of the phases of the electrode, from the solvent to the metal, and those asked for that are not there."""
    own = hull.subsystem(f"{options.metal}-{options.solvent}")
    if not options.electrodes:
        lowest: dict[str, str] = {}
        for phase in own.stable:
            lowest.setdefault(phase.formula, phase.name)
        return list(lowest.values()), []
    found, absent = [], []
    for asked in options.electrodes:
        named = [phase for phase in own.phases if phase.name == asked]
        matching = named or [phase for phase in own.phases if _is_formula_of(asked, phase.composition)]
        if matching:
            found.append(min(matching, key=lambda phase: phase.energy_per_atom).name)
        else:
            absent.append((asked, "there is no energy of such a phase"))
    return list(dict.fromkeys(found)), absent


def _is_formula_of(text: str, composition: Mapping[str, float]) -> bool:
    try:
        asked = atomic_fractions(parse_formula(text))
    except InputError:  # the key of a phase
        return False
    own = atomic_fractions(dict(composition))
    return asked.keys() == own.keys() and all(abs(asked[symbol] - own[symbol]) < 1e-6 for symbol in own)


def _voltage(hull: Hull, electrode: str, metal: str, charge: int) -> float | None:
    """Where a phase gives off the metal, V; None for one that has none."""
    from ....thermodynamics.stability.electrolyte_window import electrolyte_window

    if set(hull.phase(electrode).composition) == {metal}:
        return 0.0
    return electrolyte_window(hull, electrode, metal, electrons_per_ion=charge).oxidation_onset_V


def _empty_subsystems(
    elements: Sequence[str], rows: Mapping[str, AtomsRow], electrolyte: str, *, solvent: str | None = None
) -> tuple[str, ...]:
    """Pairs of elements, and threes with a nonmetal, without a compound other than the electrolyte.

    Not those of which none is known in nature. With a solvent, the pairs that it is in.
    """
    own = rows[electrolyte].reduced_formula
    have = {frozenset(row.symbols) for row in rows.values() if row.reduced_formula != own}
    pairs = [pair for pair in combinations(elements, 2) if solvent in (None, *pair) and not form_no_compound(*pair)]
    threes = [] if solvent else [three for three in combinations(elements, 3) if NON_METALS.intersection(three)]
    return tuple("–".join(symbols) for symbols in (*pairs, *threes) if frozenset(symbols) not in have)


def _library_gaps(
    elements: Sequence[str], rows: Mapping[str, AtomsRow]
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Library phases of the system without an energy, with the reason, and formulas of those without coordinates."""
    system = chemical_system(elements)
    gaps: list[tuple[str, str]] = []
    unknown: dict[str, None] = {}
    for phase in list_phases(system):
        if phase.buildable:
            row = rows.get(phase.key)
            if row is None:
                gaps.append((phase.key, "it was not computed with this potential"))
            elif not row.converged:
                gaps.append((phase.key, f"its relaxation failed: {row.data['reason']}"))
        elif phase.formula and not phase.ordered_model:
            unknown[_reduced(phase.formula)] = None
    have = {row.reduced_formula for row in rows.values() if row.converged}
    return tuple(gaps), tuple(formula for formula in unknown if formula not in have)


def _reduced(formula: str) -> str:
    from pymatgen.core import Composition

    return str(Composition(formula).reduced_formula)
