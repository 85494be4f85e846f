"""Published values that amalgamics computes a counterpart of: from the reference table, the phase library and more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ...reference.formation_energies import formation_energies
from ...reference.measured import ROOM_TEMPERATURE_K
from ...reference.metals import metal
from ...reference.published import Published, published_values
from ...structures.library.phases import Phase, list_phases
from ...thermodynamics.units import KJ_PER_MOL
from .reference import formation_energy, free_energy_to_solid_mercury


@dataclass(frozen=True)
class Property:
    """A quantity of the table: its title, unit, and how computed values are made comparable.

    With ``relative`` the errors are in percent of the reference.
    """

    title: str
    unit: str
    convention: str
    digits: int = 3
    relative: bool = False


_FUSION_KJ_MOL = metal("Hg").heat_of_fusion_kJ_mol
# eV per atom that liquid mercury lies below solid mercury at 25 °C.
_LIQUID_GAIN = -free_energy_to_solid_mercury(0.0, 1.0, ROOM_TEMPERATURE_K)

PROPERTIES: Mapping[str, Property] = {
    "formation_enthalpy": Property(
        "Formation enthalpy",
        "eV/atom",
        "Computed: energy of formation at 0 K from the lowest computed phase of each solid element. Published values "
        f"at 298 K refer to liquid mercury; its heat of fusion, {_FUSION_KJ_MOL:g} kJ per mole of mercury "
        f"({_FUSION_KJ_MOL * KJ_PER_MOL:.4f} eV per Hg atom), "
        "is added to refer them to the solid. Heat capacities and zero-point energies are left out.",
    ),
    "formation_free_energy": Property(
        "Formation free energy",
        "eV/atom",
        "Computed: free energy of formation at the temperature of the reference, against the solid elements. The "
        "published value refers to liquid mercury and is converted with ΔH_fus (1 − T/T_m).",
    ),
    "pbe_formation_energy": Property(
        "Formation energy",
        "eV/atom",
        "Both at 0 K against the solid elements. Published: the lowest structure of each composition in the Materials "
        "Project, without dispersion; which one is not said. Computed: the lowest that was tried here, with the "
        "dispersion of the potential, which makes many amalgams a few hundredths of an eV more stable.",
    ),
    "e_above_hull": Property(
        "Distance to the hull", "eV/atom", "Computed: 0 K, against the lowest phases of the same potential."
    ),
    "saturated_emf": Property(
        "EMF of the saturated amalgam",
        "V",
        "Computed: solid in equilibrium with liquid mercury at the temperature of the reference, from the hull at 0 K "
        f"and the free energy of fusion of mercury, ΔH_fus (1 − T/T_m), −{_LIQUID_GAIN:.4f} eV per Hg atom at 298 K. "
        "For a compound MHg_n that lowers the first plateau, from solid mercury, "
        f"by n × {_LIQUID_GAIN:.4f} V divided by the charge of the ion. "
        "Where no compound is stable the metal itself saturates the amalgam, at 0 V.",
    ),
    "standard_emf": Property(
        "EMF at infinite dilution",
        "V",
        "Against the pure metal, mole-fraction scale, 298 K. Computed: energy of one atom in quenched films of liquid "
        "mercury against the pure metal; vibrations and the volume of the solution are left out.",
    ),
    "emf": Property(
        "EMF of dilute amalgams",
        "V",
        "Against the pure metal; the label is the mole fraction. Computed: as before, with Henry's law.",
    ),
    "solubility_in_mercury": Property(
        "Solubility in mercury",
        "at.%",
        "Metal in liquid mercury at 298 K in equilibrium with the solid. Computed: from the energy of one atom in the "
        "liquid and the hull; 0.06 eV in either is a factor of ten, and 100 at.% means that nothing precipitates.",
    ),
    "excess_free_energy_in_mercury": Property(
        "Excess free energy in mercury",
        "kJ/mol",
        "Of the dissolved metal at infinite dilution, against the solid. Computed: as the EMF at infinite dilution.",
        1,
    ),
    "cohesive_energy": Property(
        "Cohesive energy",
        "eV/atom",
        "Computed: energy of the free atom, alone in a cell of 20 Å, minus that of the lowest crystal, 0 K. EMT was "
        "fitted to cohesive energies. The machine-learning potentials were trained on crystals and have seen no free "
        "atom: theirs is an extrapolation, and the error is mostly that of the atom. Nothing else here rests on it.",
    ),
    "volume_per_atom": Property(
        "Volume",
        "Å³/atom",
        "Computed: relaxed at 0 K without zero-point motion; measured at the temperature given. Expansion from 0 K to "
        "298 K is 2-5 % for the alkali metals, about 1 % for oxides.",
        digits=2,
        relative=True,
    ),
    "cell_length": Property("Cell", "Å", "Edges of the conventional cell; otherwise as for the volume.", relative=True),
    "surface_energy": Property(
        "Surface energy", "J/m²", "Per face; averages over faces are weighted by the areas of the Wulff shape.", 2
    ),
    "reduction_onset": Property(
        "Reduction onset against Li/Li⁺", "V", "Voltage below which the equilibrium phases take up lithium.", 2
    ),
}
"""Quantities of the table, in its order."""

_EDGES = {"cubic": "a", "hexagonal": "ac", "trigonal": "ac", "tetragonal": "ac", "orthorhombic": "abc"}


@dataclass(frozen=True)
class Benchmark:
    """One published value in the unit of its property.

    Attributes
    ----------
    subject
        Element or formula; key of the phase library for cells; name of the electrolyte for reduction.
    quantity
        Key of `PROPERTIES`.
    label
        What tells values of one subject apart: Miller index, edge of the cell, mole fraction, space group; or empty.
    basis
        ``experiment``, or the method of a calculated reference. Errors are averaged for each basis apart.
    published
        The value as printed in the source where it was converted; else empty.
    mole_fraction
        Of the metal in mercury, where the value belongs to one.
    """

    subject: str
    quantity: str
    value: float
    source: str
    confidence: str
    label: str = ""
    basis: str = "experiment"
    uncertainty: float | None = None
    temperature_K: float | None = None
    doi: str | None = None
    note: str | None = None
    published: str = ""
    mole_fraction: float | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What a computed value is matched by: quantity, subject and label."""
        return self.quantity, self.subject, self.label

    @property
    def unit(self) -> str:
        """Unit of the value."""
        return PROPERTIES[self.quantity].unit


@cache
def benchmarks() -> tuple[Benchmark, ...]:
    """Every published value that has a computed counterpart, in the order of `PROPERTIES`."""
    found = [_from_reference(value) for value in published_values() if value.quantity in PROPERTIES]
    found += _published_pbe()
    found += [item for phase in list_phases(buildable=True) for item in _from_phase(phase)]
    order = list(PROPERTIES)
    return tuple(sorted(found, key=lambda item: order.index(item.quantity)))


def _from_reference(value: Published) -> Benchmark:
    number, uncertainty, published = value.value, value.uncertainty, ""
    if value.quantity in ("formation_enthalpy", "formation_free_energy"):
        number, uncertainty = formation_energy(value)
        published = f"{value.value:g} {value.unit}"
    label = "" if value.mole_fraction is None else f"x = {value.mole_fraction:g}"
    return Benchmark(
        subject=value.subject,
        quantity=value.quantity,
        value=number,
        source=value.source,
        confidence=value.confidence,
        label=label or value.label or value.space_group or "",
        basis=value.basis,
        uncertainty=uncertainty,
        temperature_K=value.temperature_K,
        doi=value.doi,
        note=value.note,
        published=published,
        mole_fraction=value.mole_fraction,
    )


def _published_pbe() -> list[Benchmark]:
    """Formation energies that others computed with PBE."""
    listed = formation_energies()
    return [
        Benchmark(
            subject=entry.formula,
            quantity="pbe_formation_energy",
            value=entry.formation,
            source=listed.source,
            confidence=listed.confidence,
            basis=listed.basis,
            temperature_K=0.0,
            doi=listed.doi,
        )
        for entry in listed.entries
    ]


def _from_phase(phase: Phase) -> list[Benchmark]:
    """Volume and edges of a measured cell."""
    if phase.cell != "measured" or phase.lattice is None or phase.confidence == "derived":
        return []
    n_atoms = sum(site.multiplicity * sum(site.species.values()) for site in phase.sites)
    values = [("volume_per_atom", "", phase.lattice.volume / n_atoms)]
    values += [("cell_length", edge, getattr(phase.lattice, edge)) for edge in cell_edges(phase.space_group_number)]
    return [
        Benchmark(phase.key, quantity, value, phase.source, phase.confidence, label, temperature_K=phase.temperature_K)
        for quantity, label, value in values
    ]


def cell_edges(space_group_number: int | None) -> str:
    """Edges that fix the conventional cell, e.g. ``ac`` for a hexagonal one.

    Empty for monoclinic and triclinic cells, whose axes can be chosen in several ways: only their volume is compared.
    """
    for last, system in ((2, ""), (15, ""), (74, "orthorhombic"), (142, "tetragonal"), (194, "hexagonal")):
        if (space_group_number or 0) <= last:
            return _EDGES.get(system, "")
    return _EDGES["cubic"]
