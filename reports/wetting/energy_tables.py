"""Tables of energies on the wetting page: adhesion, dispersion, fixed coverage, lattice gases, bulk and surfaces."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ...thermodynamics.uncertainty import Estimate
from ...thermodynamics.wetting.contact_angle import young_dupre_angle_deg
from ...thermodynamics.wetting.lattice_gas import LatticeGas
from ..notation import signed, unicode_formula
from ..sections import Column, Table, TableCell
from .model import DispersionRecord, WettingReport
from .tables import row_head, words
from .wording import angle, estimate, face, number, set_name, with_error

DISPERSIONS: dict[str, tuple[str, str]] = {
    "": ("none", "the model alone"),
    "d3": ("D3", "pairs"),
    "d3atm": ("D3 + ATM", "with three-body"),
    "d4pair": ("D4, pairs only", "not the published D4"),
    "d4": ("D4", "with three-body (ATM)"),
}
"""Columns of the matrix by the name of the dispersion model, and what it holds."""


def adhesion_table(report: WettingReport) -> Table | None:
    """W_ad(0) of each termination and potential, its parts, and each film."""
    if not report.adhesion:
        return None
    heads = (
        Column("termination", is_number=False),
        Column("potential", is_number=False),
        Column("parts", is_number=False),
        Column("W_ad(0)", "J/m²"),
        Column("potential", "J/m²"),
        Column("dispersion", "J/m²"),
        Column("each film", "J/m²"),
    )
    rows = tuple(
        (
            row_head(unicode_formula(row.termination)),
            words(row.potential),
            words(row.treatment),
            TableCell(_estimate(row.work.total_J_m2, 3), kind="strong"),
            TableCell(_estimate(row.work.potential_J_m2, 3)),
            TableCell(_estimate(row.work.dispersion_J_m2, 3)),
            TableCell(", ".join(number(value, 2) for value in row.per_seed_J_m2) or "–"),
        )
        for row in report.adhesion
    )
    note = (
        "Without solute, so the same in both limits. relaxed: solid and film each relaxed on their own; rigid: both "
        "keep the positions they have at the interface; nvt: averages over molecular dynamics."
    )
    title = f"Work of adhesion of pure {report.solvent}"
    return Table(title, "Work of adhesion and its parts", heads, rows, note)


def _estimate(value: Estimate | None, digits: int) -> str:
    return "–" if value is None else estimate(value, digits)


def dispersion_table(report: WettingReport) -> Table | None:
    """W_ad(0) by potential (rows) and dispersion model (columns)."""
    if not report.dispersion:
        return None
    used = {record.dispersion for record in report.dispersion}
    names = [name for name in DISPERSIONS if name in used] + sorted(used - set(DISPERSIONS))
    pairs = list(dict.fromkeys((record.termination, record.model) for record in report.dispersion))
    heads = (
        Column("termination", is_number=False),
        Column("model", is_number=False),
        *(Column(*_dispersion_name(report, name)) for name in names),
    )
    rows = tuple(
        (
            row_head(unicode_formula(termination)),
            words(model),
            *(_dispersion_cell(report, termination, model, name) for name in names),
        )
        for termination, model in pairs
    )
    note = (
        "J/m², with the standard error between films; below it θ(0) on a smooth solid with the measured γ_LV. Italic: "
        "single points on structures that another potential relaxed. ATM is the three-body term of Axilrod, Teller and "
        "Muto; it weakens adhesion. The same in both limits."
    )
    title = f"W_ad(0) of pure {report.solvent} by potential and dispersion model"
    return Table(title, "Work of adhesion by potential and dispersion model", heads, rows, note)


def _dispersion_name(report: WettingReport, name: str) -> tuple[str, str]:
    if name in DISPERSIONS:
        return DISPERSIONS[name]
    three_body = any(record.three_body for record in report.dispersion if record.dispersion == name)
    return name, "with three-body" if three_body else "no three-body"


def _dispersion_cell(report: WettingReport, termination: str, model: str, name: str) -> TableCell:
    """One combination; where it was computed on several structures, that on its own."""
    found = [r for r in report.dispersion if (r.termination, r.model, r.dispersion) == (termination, model, name)]
    if not found:
        return TableCell("–")
    record = min(found, key=_borrowed)
    gamma = report.curve.points[0].fresh.gamma_LV_J_m2
    theta = float(young_dupre_angle_deg(record.work_of_adhesion_J_m2, gamma))
    text = with_error(record.work_of_adhesion_J_m2, record.standard_error_J_m2, 3)
    return TableCell(text, angle(theta), kind="single-point" if _borrowed(record) else "")


def _borrowed(record: DispersionRecord) -> bool:
    """Whether the structures are another potential's; without dispersion, whether they are another model's."""
    if not record.dispersion:
        return record.structures_from.partition("+")[0] not in ("", record.model)
    return record.structures_from not in ("", f"{record.model}+{record.dispersion}")


def coverage_table(report: WettingReport) -> Table | None:
    """W(n) with the same number of solute atoms on the dry face and under the liquid."""
    if not report.coverage:
        return None
    counts = sorted({record.n_solute for record in report.coverage})
    sets = list(dict.fromkeys((record.termination, record.potential) for record in report.coverage))
    found = {(r.termination, r.potential, r.n_solute): r for r in report.coverage}
    heads = (
        Column("termination", is_number=False),
        Column("potential", is_number=False),
        *(Column(f"n = {n}", f"{_per_nm2(report, n)} nm⁻²") for n in counts),
    )
    rows = tuple(
        (
            row_head(unicode_formula(termination)),
            words(potential),
            *(
                TableCell("–")
                if (record := found.get((termination, potential, n))) is None
                else TableCell(number(record.work_of_adhesion_J_m2, 2), angle(record.theta_deg))
                for n in counts
            ),
        )
        for termination, potential in sets
    )
    note = (
        f"J/m², and below it the angle that goes with it. With as many {report.solute} atoms on the dry face as under "
        "the liquid, W(n) = W_ad(0) + [ΔE_n(dry) − ΔE_n(liquid)]/A: what the liquid adheres with to the face as the "
        "solute has changed it. Neither limit, and no chemical potential: in the limits n follows from μ on each face."
    )
    return Table("Adhesion at fixed coverage", "Work of adhesion by number of solute atoms", heads, rows, note)


def _per_nm2(report: WettingReport, n: int) -> str:
    return number(next(r.coverage_per_nm2 for r in report.coverage if r.n_solute == n), 1)


@dataclass(frozen=True)
class StateRow:
    """One occupation of one lattice gas; ``step`` is what its last atom brings, None where that is not defined."""

    owner: str
    first: int
    """Rows of the same owner, in its first row; 0 in the others."""
    count: int
    energy: float
    error: float
    step: float | None
    degeneracy: float


def state_rows(report: WettingReport) -> list[StateRow]:
    """All states of all lattice gases: under the liquid, on the dry face, at the free surface."""
    gases: list[tuple[str, LatticeGas]] = []
    for member in report.members:
        name = set_name(member.parameters.name)
        gases.append((f"{name}: under the liquid", member.parameters.interface))
        if member.parameters.dry_face is not None:
            gases.append((f"{name}: on the dry face", member.parameters.dry_face))
    if report.vapour is not None:
        gases.append((f"free surface, {report.default.potential}", report.vapour))
    return [row for name, gas in gases for row in _gas_rows(name, gas)]


def state_table(report: WettingReport) -> Table:
    """:func:`state_rows` as a table."""
    heads = (
        Column("parameter set", is_number=False),
        Column("n"),
        Column("ΔE_n", "eV"),
        Column("last atom", "eV"),
        Column("g_n"),
    )
    rows = tuple(
        (
            *((row_head(row.owner, span=row.first, kind="phrase"),) if row.first else ()),
            TableCell(str(row.count)),
            TableCell(signed(row.energy, 2) + (f" ± {row.error:.2f}" if row.error else "")),
            TableCell("–" if row.step is None else signed(row.step, 2)),
            TableCell(f"{row.degeneracy:g}"),
        )
        for row in state_rows(report)
    )
    areas = dict.fromkeys(f"{member.parameters.interface.area:.0f}" for member in report.members)
    note = (
        f"ΔE_n of n atoms in {', '.join(areas)} Å² against as many in the bulk liquid; g_n arrangements. One standard "
        "error. The energies on the dry face enter the equilibrated limit only."
    )
    title = f"{report.solute} at the interface and on the dry face"
    return Table(title, "Energies of the lattice gases", heads, rows, note)


def _gas_rows(owner: str, gas: LatticeGas) -> list[StateRow]:
    """All states but the empty one; the step refers to the lowest state with one atom less."""
    order = sorted(range(len(gas.counts)), key=lambda i: (gas.counts[i], gas.delta_energies[i]))
    lowest: dict[int, float] = {}
    for i in order:
        lowest.setdefault(gas.counts[i], gas.delta_energies[i])
    chosen = [i for i in order if gas.counts[i] > 0]
    rows = []
    for place, i in enumerate(chosen):
        below = lowest.get(gas.counts[i] - 1, math.nan)
        step = gas.delta_energies[i] - below
        rows.append(
            StateRow(
                owner=owner,
                first=len(chosen) if place == 0 else 0,
                count=gas.counts[i],
                energy=gas.delta_energies[i],
                error=gas.standard_errors[i],
                step=None if math.isnan(step) else step,
                degeneracy=gas.degeneracies[i],
            )
        )
    return rows


def dilute_table(report: WettingReport) -> Table | None:
    """The solute in the bulk liquid, computed and measured."""
    if not report.dilute:
        return None
    heads = (
        Column("potential", is_number=False),
        Column("μ_∞", "computed"),
        Column("μ_∞", "measured"),
        Column("solubility", "computed"),
        Column("solubility", "measured"),
        Column("solid", is_number=False),
    )
    rows = tuple(
        (
            row_head(row.potential),
            TableCell(estimate(row.mu_infinity, 2)),
            TableCell("–" if row.measured_mu_infinity is None else number(row.measured_mu_infinity, 3)),
            TableCell(f"{row.solubility:.3g}"),
            TableCell("–" if row.measured_solubility is None else f"{row.measured_solubility:.3g}"),
            words(unicode_formula(row.saturating_phase)),
        )
        for row in report.dilute
    )
    note = (
        "μ_∞ in eV at infinite dilution, against the solid metal; solubilities as mole fractions. A computed "
        "solubility changes tenfold for every 0.06 eV."
    )
    title = f"{report.solute} in the bulk liquid"
    return Table(title, "Dilute solute, computed and measured", heads, rows, note)


def surface_table(report: WettingReport) -> Table | None:
    """Surface energies of solids, and of the free film."""
    if not report.surfaces and report.film_surface_energy is None:
        return None
    heads = (
        Column("surface", is_number=False),
        Column("termination", is_number=False),
        Column("γ", "J/m²"),
        Column("slabs"),
        Column("potential", is_number=False),
    )
    rows: Sequence[tuple[TableCell, ...]] = [
        (
            row_head(face(row.phase, row.miller_index)),
            words(unicode_formula(row.termination)),
            TableCell(
                number(row.surface_energy_J_m2, 3)
                + ("" if row.standard_error_J_m2 is None else f" ± {row.standard_error_J_m2:.3f}")
            ),
            TableCell(str(row.n_slabs)),
            words(row.potential, row.note),
        )
        for row in report.surfaces
    ]
    note = ""
    if report.film_surface_energy is not None:
        note = (
            f"The free film of {report.solvent} has the computed surface energy "
            f"{estimate(report.film_surface_energy, 3)} J/m²; from the measured tension and its slope it is "
            f"u = γ − T dγ/dT = {number(report.gamma_LV.internal_energy_J_m2, 3)} J/m²."
        )
    return Table("Surfaces", "Surface energies", heads if rows else (), tuple(rows), note)
