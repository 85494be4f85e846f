"""What a computed counterpart of each published value takes, and why some have none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...reference.published import published_values
from .published import Benchmark

NOT_COMPARED: Mapping[str, str] = {
    "amalgam_sulfate_cell_emf": "against a mercury sulfate electrode in water, which is not modelled",
    "activity_slope": "the interaction of dissolved atoms: one atom at a time is computed in liquid mercury",
    "peritectic_temperature": "free energies of the liquid at every composition are needed; measured ones are used",
    "melting_point": "coexistence of solid and liquid is not simulated; measured ones are used",
    "fusion_enthalpy": "coexistence of solid and liquid is not simulated; measured ones are used",
    "vaporisation_enthalpy": "the vapour is not simulated",
    "liquid_density": "liquids are built at the measured density",
}
"""Quantities of the reference table without a computed counterpart, with the reason."""

SURFACE_PHASES: Mapping[str, tuple[str, ...]] = {
    "Li": ("Li_bcc",),
    "Na": ("Na_bcc",),
    "K": ("K_bcc",),
    "Mg": ("Mg_hcp",),
    "Al": ("Al_fcc",),
    "Zn": ("Zn_hcp",),
    "Ag": ("Ag_fcc",),
    "Au": ("Au_fcc",),
    "Cu": ("Cu_fcc",),
    "Ni": ("Ni_fcc",),
    "Pd": ("Pd_fcc",),
    "Pt": ("Pt_fcc",),
    "Sn": ("Sn_beta",),
    "Hg": ("Hg_alpha",),
    "SrTiO3": ("SrTiO3",),
    "Li3PS4": ("Li3PS4_gamma", "Li3PS4_beta_ordered", "Li3PS4-gamma", "Li3PS4-beta"),
    "Li2S": ("Li2S",),
    "Li2O": ("Li2O",),
}
"""Names of the relaxed crystals whose surfaces count as those of a subject."""

ELECTROLYTES: Mapping[str, str] = {"LLTO": "LaLiTi2O6", "Li3PS4": "Li3PS4"}
"""Composition of the electrolytes of the table."""

SOLUTION_QUANTITIES = ("standard_emf", "emf", "solubility_in_mercury", "excess_free_energy_in_mercury")
"""Quantities that follow from the energy of one atom in liquid mercury."""


@dataclass(frozen=True)
class Requirement:
    """What a value takes: with ``computed`` the calculations, else the reason why it is not computed."""

    computed: bool
    text: str


_BY_QUANTITY: Mapping[str, str] = {
    "formation_enthalpy": "the hull of its elements",
    "pbe_formation_energy": "the hull of its elements, with a crystal of this composition",
    "e_above_hull": "this structure (a file) and the library phases of the element",
    "saturated_emf": "the hull of the metal and mercury, with prototypes where no compound is known",
    "cohesive_energy": "relaxed crystals of the element and its free atom (`--free-atoms`)",
    "volume_per_atom": "the relaxed phase of the library",
    "cell_length": "the relaxed phase of the library, with its space group kept and in the standard setting",
    "reduction_onset": "the electrolyte and every library phase of its elements (a `stability` section)",
    **dict.fromkeys(
        SOLUTION_QUANTITIES,
        "one atom of the metal in films of liquid mercury (a `wetting` section with this solute) and the pure metal",
    ),
}
_BY_LABEL: Mapping[str, str] = {
    "average": "slabs of three or more planes of low index, which make up the equilibrium shape",
    "lowest": "slabs of two or more planes",
    "close-packed": "slabs of the plane with the widest spacing",
}


def requirement(benchmark: Benchmark) -> Requirement:
    """Return what the computed counterpart of a published value takes."""
    quantity, label = benchmark.quantity, benchmark.label
    if quantity == "formation_free_energy":
        return Requirement(
            False, "derived from other entries of the table; free energies at 298 K are in the report of a workflow"
        )
    if quantity != "surface_energy":
        return Requirement(True, _BY_QUANTITY[quantity])
    if label not in _BY_LABEL and "-" in label:
        return Requirement(
            False,
            "an energy of each termination needs slabs that are not stoichiometric; of SrTiO3 the mean is compared",
        )
    slabs = _BY_LABEL.get(label, "slabs of this plane")
    return Requirement(True, f"{slabs} (a `surfaces` section)")


def not_compared() -> list[tuple[str, str, str]]:
    """Return subject, quantity and reason of the values of the reference table that have no computed counterpart."""
    return [(v.subject, v.quantity, NOT_COMPARED[v.quantity]) for v in published_values() if v.quantity in NOT_COMPARED]
