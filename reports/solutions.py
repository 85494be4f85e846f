"""The section on solutions: what one atom gains in the liquid metal, and how much of it would dissolve."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import InputError
from ..thermodynamics.amalgams.choose_solution import MEASURED
from ..thermodynamics.amalgams.dilute import standard_potential
from ..thermodynamics.amalgams.solubility import compare_solubility
from .notation import enumeration, signed, unicode_formula
from .sections import Cell, ReportSection, SectionTable

if TYPE_CHECKING:
    from ..thermodynamics.amalgams.solubility import SolubilityComparison
    from ..thermodynamics.hulls.hull import Hull
    from ..thermodynamics.uncertainty import Estimate

MERCURY = "Hg"


@dataclass(frozen=True)
class DissolvedAtom:
    """One solute.

    Attributes
    ----------
    solute
        Element.
    mu_infinity
        Energy of one atom in the film against its crystal, eV.
    measured_mu_infinity
        Of the dilute solution at 25 °C, eV; None where it was not measured.
    solubility
        Computed and measured; None without either.
    reason
        Why there is no solubility.
    """

    solute: str
    mu_infinity: Estimate
    measured_mu_infinity: float | None
    solubility: SolubilityComparison | None
    reason: str = ""


def dissolved_atoms(
    mu_infinity: Mapping[str, Estimate], hulls: Mapping[str, Hull], solvent: str
) -> list[DissolvedAtom]:
    """Return each solute with what was measured of it.

    Parameters
    ----------
    mu_infinity
        Energy of one atom in the liquid against its crystal, eV, by solute.
    hulls
        Of each solute and the solvent, by solute.
    solvent
        The liquid metal; solubilities were measured for mercury.
    """
    found = []
    for solute, estimate in mu_infinity.items():
        measured = standard_potential(MEASURED[solute, solvent]) if (solute, solvent) in MEASURED else None
        comparison, reason = None, ""
        try:
            if solvent == MERCURY and solute in hulls:
                comparison = compare_solubility(hulls[solute], solute, estimate.mean)
        except InputError as error:
            reason = str(error)
        found.append(DissolvedAtom(solute, estimate, measured, comparison, reason))
    return found


def solutions_section(atoms: list[DissolvedAtom], solvent: str, potential: str, n_atoms: int) -> ReportSection:
    """Return the section; ``n_atoms`` is the size of the film."""
    rows: list[tuple[Cell, ...]] = []
    for atom in atoms:
        known = atom.solubility
        spread = atom.mu_infinity.standard_error
        rows.append(
            (
                atom.solute,
                signed(atom.mu_infinity.mean, 3) + ("" if spread is None else f" ± {spread:.3f}"),
                atom.measured_mu_infinity,
                None if known is None else _percent(known.computed),
                None if known is None else _percent(known.measured.x),
                None if known is None else unicode_formula(known.solid),
                None if known is None or not math.isfinite(known.energy_error) else known.energy_error,
            )
        )
    columns = ("metal", "μ∞ (eV)", "measured μ∞ (eV)", "dissolves (at.%)", "measured (at.%)", "solid", "error (eV)")
    note = (
        "μ∞ against the solid metal. Dissolves: Henry's law at 25 °C with the solid of the hull that limits it; 100 is"
        " without limit. Error: kT ln(computed / measured), the error in energy that would explain the difference."
    )
    table = SectionTable(f"One atom in liquid {solvent}", columns, tuple(rows), note=note)
    return ReportSection(
        "solutions",
        f"Solutions in {solvent}",
        _paragraphs(atoms, solvent, potential, n_atoms),
        tables=(table,),
        warnings=tuple(f"{atom.solute}: {atom.reason}" for atom in atoms if atom.reason),
    )


def _percent(x: float) -> str:
    return f"{100.0 * x:.2g}" if x < 1.0 else "100"


def _paragraphs(atoms: list[DissolvedAtom], solvent: str, potential: str, n_atoms: int) -> tuple[str, ...]:
    gain = [atom.solute for atom in atoms if atom.mu_infinity.mean < 0.0]
    cost = [atom.solute for atom in atoms if atom.mu_infinity.mean >= 0.0]
    parts = []
    if gain:
        parts.append(f"{enumeration(gain)} gain energy when they leave their crystal for liquid {solvent}")
    if cost:
        parts.append(f"{enumeration(cost)} lose some")
    compared = [(atom.solute, atom.solubility.energy_error) for atom in atoms if atom.solubility]
    near = [solute for solute, error in compared if abs(error) <= 0.1]
    found = ["; ".join(parts) + "."]
    if compared:
        found.append(
            f"Of {len(compared)} measured solubilities, {len(near)} are met to 0.1 eV"
            + (f" ({enumeration(near)})" if near else "")
            + ". Solubility is exponential in this energy: 0.06 eV are a factor of ten."
        )
    found.append(
        f"Computed with {potential}: a free film of {n_atoms} atoms, melted and quenched, one atom in its middle,"
        " the lowest of a few places in each frame, mean of the frames; ± is the standard error of the frames and says"
        " nothing of the potential. Entropies of solution beyond that of mixing are left out."
    )
    return tuple(found)
