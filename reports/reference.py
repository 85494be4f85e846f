"""Published values, and how a computed hull compares with them.

Calorimetry and EMF refer to liquid mercury near room temperature, a hull to the solid elements. All conversions here
use the heat of fusion of mercury; none is a fit. Enthalpies are carried over with that heat, free energies and EMF with
the free energy of fusion, which at room temperature is smaller and of the other sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from ase.units import kJ, mol

from ..errors import InputError, unknown_name
from ..structures.systems import atomic_fractions, parse_formula
from ..thermodynamics.solubility import saturated_emf
from .model import PhaseRecord, SystemReport

KJ_PER_MOL = kJ / mol
"""1 kJ/mol in eV."""

HG_FUSION_ENTHALPY_KJ_PER_MOL = 2.295
HG_MELTING_POINT_K = 234.32
ROOM_TEMPERATURE_K = 298.15

QUANTITIES: Mapping[str, tuple[str, ...]] = {
    "formation_enthalpy": ("kJ/mol-atom", "kJ/mol-formula"),
    "formation_free_energy": ("kJ/mol-atom", "kJ/mol-formula"),
    "e_above_hull": ("eV/atom",),
    "saturated_emf": ("V",),
    "standard_emf": ("V",),
    "emf": ("V",),
    "amalgam_sulfate_cell_emf": ("V",),
    "activity_slope": ("1",),
    "solubility_in_mercury": ("at.%",),
    "excess_free_energy_in_mercury": ("kJ/mol",),
    "peritectic_temperature": ("K",),
    "melting_point": ("K",),
    "cohesive_energy": ("eV/atom",),
    "fusion_enthalpy": ("kJ/mol",),
    "vaporisation_enthalpy": ("kJ/mol",),
    "liquid_density": ("g/cm3",),
}
"""Quantities of the table and the units allowed for each."""

CONFIDENCE_LEVELS = ("checked", "derived", "recalled")


@dataclass(frozen=True)
class ReferenceValue:
    """One published value with its unit, uncertainty and source.

    ``mole_fraction`` belongs to ``emf``, ``space_group`` to ``e_above_hull``; both are None otherwise.
    """

    subject: str
    quantity: str
    value: float
    unit: str
    source: str
    confidence: str
    uncertainty: float | None = None
    temperature_K: float | None = None
    doi: str | None = None
    note: str | None = None
    mole_fraction: float | None = None
    space_group: str | None = None


@dataclass(frozen=True)
class ComparisonRow:
    """A computed number beside its published counterpart, both in ``unit``; ``delta`` is computed minus reference."""

    phase: str
    formula: str
    quantity: str
    unit: str
    computed: float
    reference: float
    uncertainty: float | None
    delta: float
    confidence: str
    source: str
    doi: str | None
    temperature_K: float | None
    note: str | None


def enthalpy_to_solid_mercury(kj_per_mol_atom: float, x_hg: float) -> float:
    """Formation enthalpy against liquid Hg -> formation energy against solid Hg.

    ``E_f = H_f + x_Hg ΔH_fus(Hg)``: less negative, because the solid already lies below the liquid.

    Parameters
    ----------
    kj_per_mol_atom
        Formation enthalpy in kJ per mole of atoms, liquid mercury as reference.
    x_hg
        Atomic fraction of mercury, 0 to 1.

    Returns
    -------
    float
        eV/atom.
    """
    return (kj_per_mol_atom + x_hg * HG_FUSION_ENTHALPY_KJ_PER_MOL) * KJ_PER_MOL


def free_energy_to_solid_mercury(kj_per_mol_atom: float, x_hg: float, temperature_K: float) -> float:
    """Formation free energy against liquid Hg -> against solid Hg at the same temperature, in eV/atom.

    ``ΔG_fus(T) = ΔH_fus (1 - T/T_m)``, so above the melting point the liquid is the lower state and the result is
    slightly more negative. The entropy of formation is left in: the caller says so.
    """
    fusion = HG_FUSION_ENTHALPY_KJ_PER_MOL * (1.0 - temperature_K / HG_MELTING_POINT_K)
    return (kj_per_mol_atom + x_hg * fusion) * KJ_PER_MOL


def composition(formula: str) -> dict[str, float]:
    """Atomic fractions of a formula such as ``LiHg3`` or ``LiTi2(PO4)3``."""
    return atomic_fractions(parse_formula(formula))


@cache
def reference_values() -> tuple[ReferenceValue, ...]:
    """Every entry of the table, in its order."""
    text = files(__package__).joinpath("data", "reference.yaml").read_text(encoding="utf-8")
    return parse_reference(yaml.safe_load(text))


def parse_reference(data: Mapping[str, Any]) -> tuple[ReferenceValue, ...]:
    """Validate the loaded table and return its entries.

    Raises
    ------
    InputError
        For an unknown quantity, source, unit or confidence, or a missing key, naming the entry.
    """
    sources = data["sources"]
    return tuple(_parse_entry(entry, sources) for entry in data["entries"])


def _parse_entry(entry: Mapping[str, Any], sources: Mapping[str, Mapping[str, str]]) -> ReferenceValue:
    where = f"reference entry {entry.get('subject')!r}, {entry.get('quantity')!r}"
    for key in ("subject", "quantity", "value", "unit", "source", "confidence"):
        if entry.get(key) is None:
            raise InputError(f"{where}: {key} is missing")
    if entry["quantity"] not in QUANTITIES:
        raise InputError(f"{where}: {unknown_name('quantity', entry['quantity'], QUANTITIES)}")
    if entry["unit"] not in QUANTITIES[entry["quantity"]]:
        raise InputError(f"{where}: unit {entry['unit']!r}, allowed: {', '.join(QUANTITIES[entry['quantity']])}")
    if entry["confidence"] not in CONFIDENCE_LEVELS:
        raise InputError(f"{where}: {unknown_name('confidence', entry['confidence'], CONFIDENCE_LEVELS)}")
    if entry["source"] not in sources:
        raise InputError(f"{where}: {unknown_name('source', entry['source'], sources)}")
    source = sources[entry["source"]]
    try:
        return ReferenceValue(**{**entry, "source": source["citation"], "doi": source.get("doi")})
    except TypeError as error:
        raise InputError(f"{where}: {error}") from error


def formation_energy(value: ReferenceValue) -> tuple[float, float | None]:
    """Published formation enthalpy or free energy and its uncertainty, in eV/atom against the solid elements."""
    fractions = composition(value.subject)
    per_atom = 1.0 / sum(parse_formula(value.subject).values()) if value.unit == "kJ/mol-formula" else 1.0
    x_hg = fractions.get("Hg", 0.0)
    if value.quantity == "formation_free_energy":
        energy = free_energy_to_solid_mercury(value.value * per_atom, x_hg, value.temperature_K or ROOM_TEMPERATURE_K)
    else:
        energy = enthalpy_to_solid_mercury(value.value * per_atom, x_hg)
    return energy, None if value.uncertainty is None else value.uncertainty * per_atom * KJ_PER_MOL


def formation_references(elements: tuple[str, ...]) -> list[ReferenceValue]:
    """Published formation energies of the compounds of ``elements``."""
    kinds = ("formation_enthalpy", "formation_free_energy")
    return [v for v in reference_values() if v.quantity in kinds and set(composition(v.subject)) <= set(elements)]


def compare_with_reference(system_report: SystemReport) -> list[ComparisonRow]:
    """Put every computed number that has a published counterpart beside it.

    A formula with several computed structures is represented by the lowest in energy.

    Returns
    -------
    list of ComparisonRow
        Formation energies and distances to the hull in eV/atom; the EMF of the saturated amalgam in V, from liquid
        mercury at the temperature of the measurement.
    """
    rows = []
    for value in reference_values():
        if value.quantity in ("formation_enthalpy", "formation_free_energy"):
            record = _lowest(system_report, value.subject)
            if record is not None:
                reference, uncertainty = formation_energy(value)
                rows.append(_row(record, value, "eV/atom", record.formation_energy_per_atom, reference, uncertainty))
        elif value.quantity == "e_above_hull":
            record = _lowest(system_report, value.subject, value.space_group)
            if record is not None:
                rows.append(_row(record, value, "eV/atom", record.e_above_hull, value.value, value.uncertainty))
        elif value.quantity == "saturated_emf":
            rows.extend(_saturated_row(system_report, value))
    return rows


def _lowest(system_report: SystemReport, formula: str, space_group: str | None = None) -> PhaseRecord | None:
    """The lowest computed phase of the composition of ``formula`` (with that space group, if given)."""
    wanted = composition(formula)
    found = [
        phase
        for phase in system_report.hull.phases
        if _same({symbol: phase.fraction(symbol) for symbol in phase.composition}, wanted)
    ]
    records = [system_report.record(phase.name) for phase in found]
    matching = [record for record in records if space_group in (None, record.space_group)]
    return min(matching, key=lambda record: record.energy_per_atom, default=None)


def _same(left: Mapping[str, float], right: Mapping[str, float]) -> bool:
    return left.keys() == right.keys() and all(abs(left[symbol] - right[symbol]) < 1e-6 for symbol in left)


def computed_saturated_emf(system_report: SystemReport, temperature_K: float | None = None) -> tuple[str, float] | None:
    """Formula of the solid that saturates liquid mercury, and the EMF of that amalgam against its metal in V.

    None without a voltage profile in mercury. The temperature is 298.15 K where none is given.
    """
    profile = system_report.voltage
    if profile is None or profile.host != "Hg":
        return None
    amalgam = system_report.hull.subsystem(f"{profile.working_ion}-Hg")
    solid, emf_V = saturated_emf(
        amalgam, profile.working_ion, temperature_K or ROOM_TEMPERATURE_K, electrons_per_ion=profile.electrons_per_ion
    )
    return solid.formula, emf_V


def _saturated_row(system_report: SystemReport, value: ReferenceValue) -> list[ComparisonRow]:
    profile = system_report.voltage
    found = computed_saturated_emf(system_report, value.temperature_K)
    if profile is None or not profile.steps or profile.working_ion != value.subject or found is None:
        return []
    formula, emf_V = found
    return [
        ComparisonRow(
            phase=f"Hg → {formula}",
            formula=formula,
            quantity=value.quantity,
            unit="V",
            computed=emf_V,
            reference=value.value,
            uncertainty=value.uncertainty,
            delta=emf_V - value.value,
            confidence=value.confidence,
            source=value.source,
            doi=value.doi,
            temperature_K=value.temperature_K,
            note=value.note,
        )
    ]


def _row(
    record: PhaseRecord,
    value: ReferenceValue,
    unit: str,
    computed: float,
    reference: float,
    uncertainty: float | None,
) -> ComparisonRow:
    return ComparisonRow(
        phase=record.name,
        formula=record.formula,
        quantity=value.quantity,
        unit=unit,
        computed=computed,
        reference=reference,
        uncertainty=uncertainty,
        delta=computed - reference,
        confidence=value.confidence,
        source=value.source,
        doi=value.doi,
        temperature_K=value.temperature_K,
        note=value.note,
    )
