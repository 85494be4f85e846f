"""Published values, and how a computed hull compares with them.

Calorimetry and EMF refer to liquid mercury near room temperature, a hull to the solid elements. All conversions here
use the heat of fusion of mercury; none is a fit. Enthalpies are carried over with that heat, free energies and EMF with
the free energy of fusion, which at room temperature is smaller and of the other sign.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...reference.formation_energies import formation_energies
from ...reference.measured import ROOM_TEMPERATURE_K
from ...reference.metals import metal
from ...reference.published import Published, published_values
from ...structures.compositions import atomic_fractions, parse_formula
from ...thermodynamics.amalgams.solubility import saturated_emf
from ...thermodynamics.units import KJ_PER_MOL
from ..model import PhaseRecord, SystemReport
from .pbe_energies import published_pbe_energies


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
    return (kj_per_mol_atom + x_hg * metal("Hg").heat_of_fusion_kJ_mol) * KJ_PER_MOL


def free_energy_to_solid_mercury(kj_per_mol_atom: float, x_hg: float, temperature_K: float) -> float:
    """Formation free energy against liquid Hg -> against solid Hg at the same temperature, in eV/atom.

    ``ΔG_fus(T) = ΔH_fus (1 - T/T_m)``, so above the melting point the liquid is the lower state and the result is
    slightly more negative. The entropy of formation is left in: the caller says so.
    """
    mercury = metal("Hg")
    fusion = mercury.heat_of_fusion_kJ_mol * (1.0 - temperature_K / mercury.melting_point_K)
    return (kj_per_mol_atom + x_hg * fusion) * KJ_PER_MOL


def composition(formula: str) -> dict[str, float]:
    """Atomic fractions of a formula such as ``LiHg3`` or ``LiTi2(PO4)3``."""
    return atomic_fractions(parse_formula(formula))


def formation_energy(value: Published) -> tuple[float, float | None]:
    """Published formation enthalpy or free energy and its uncertainty, in eV/atom against the solid elements."""
    fractions = composition(value.subject)
    per_atom = 1.0 / sum(parse_formula(value.subject).values()) if value.unit == "kJ/mol-formula" else 1.0
    x_hg = fractions.get("Hg", 0.0)
    if value.quantity == "formation_free_energy":
        energy = free_energy_to_solid_mercury(value.value * per_atom, x_hg, value.temperature_K or ROOM_TEMPERATURE_K)
    else:
        energy = enthalpy_to_solid_mercury(value.value * per_atom, x_hg)
    return energy, None if value.uncertainty is None else value.uncertainty * per_atom * KJ_PER_MOL


def formation_references(elements: tuple[str, ...]) -> list[Published]:
    """Published formation energies of the compounds of ``elements``."""
    kinds = ("formation_enthalpy", "formation_free_energy")
    return [v for v in published_values() if v.quantity in kinds and set(composition(v.subject)) <= set(elements)]


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
    for value in published_values():
        if value.quantity in ("formation_enthalpy", "formation_free_energy"):
            record = _lowest(system_report, value.subject)
            if record is not None:
                reference, uncertainty = formation_energy(value)
                rows.append(_row(record, value, "eV/atom", record.formation_energy_per_atom, reference, uncertainty))
        elif value.quantity == "e_above_hull":
            record = _lowest(system_report, value.subject, value.space_group or "")
            if record is not None:
                rows.append(_row(record, value, "eV/atom", record.e_above_hull, value.value, value.uncertainty))
        elif value.quantity == "saturated_emf":
            rows.extend(_saturated_row(system_report, value))
    return rows + _pbe_rows(system_report)


def _pbe_rows(system_report: SystemReport) -> list[ComparisonRow]:
    """Formation energies beside those that others computed with PBE; no measurement, so the last of the table."""
    listed = formation_energies()
    rows = []
    for name, energy in published_pbe_energies(system_report.hull).items():
        record = system_report.record(name)
        rows.append(
            ComparisonRow(
                phase=record.name,
                formula=record.formula,
                quantity="pbe_formation_energy",
                unit="eV/atom",
                computed=record.formation_energy_per_atom,
                reference=energy,
                uncertainty=None,
                delta=record.formation_energy_per_atom - energy,
                confidence=listed.confidence,
                source=listed.source,
                doi=listed.doi,
                temperature_K=0.0,
                note="Computed by others with PBE, lowest structure of the composition, without dispersion.",
            )
        )
    return rows


def _lowest(system_report: SystemReport, formula: str, space_group: str = "") -> PhaseRecord | None:
    """The lowest computed phase of the composition of ``formula`` (with that space group, if given)."""
    phase = system_report.hull.lowest(parse_formula(formula), space_group)
    return None if phase is None else system_report.record(phase.name)


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


def _saturated_row(system_report: SystemReport, value: Published) -> list[ComparisonRow]:
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
    value: Published,
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
