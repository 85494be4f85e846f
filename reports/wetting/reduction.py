"""The solid against the voltage of the liquid: what has to be read before any angle with solute."""

from __future__ import annotations

from ..notation import couple, unicode_formula
from ..sections import Card, Column, Table, TableCell
from .model import ReductionPoint, ReductionRecord, WettingReport
from .wording import BEFORE, composition, element_name, has_both_limits, not_computed, number, reacts, solid


def reduction_card(report: WettingReport) -> Card | None:
    """What stands on top of the section where the liquid reduces the solid: sentences, and a reacted layer in numbers.

    None where the solid is stable at every composition shown, or nothing is known of it.
    """
    record = report.reduction
    if record is None or not reacts(report):
        return None
    columns = (
        Column(f"{report.solute} in {report.solvent}", is_number=False),
        Column("voltage", f"V vs {couple(report.solute, report.electrons_per_ion)}"),
        Column("reacted layer", "J/m² for each nm"),
        Column("takes up", f"{report.solute} per nm², each nm"),
        Column("adsorption, Δγ_SL", "J/m²"),
    )
    rows = tuple(_row(report, point) for point in record.points)
    table = Table("", "Energy of a reacted layer against adsorption", columns, rows, kind="")
    title = f"The solid reacts first: every angle with {element_name(report.solute)} is that {BEFORE}"
    said = (_onset(report, record), _worth(report, record), _meaning(report))
    return Card(title, (*said, table), label="Stability of the solid", kind="warnings reacts")


def sentences(report: WettingReport) -> tuple[str, ...]:
    """What has to be read before the angles, as plain sentences: the solid that reacts, and a limit that is missing."""
    card = reduction_card(report)
    reaction = () if card is None else (f"{card.title}. {' '.join(card.paragraphs)}",)
    return (*reaction, *(() if has_both_limits(report) else (not_computed(report),)))


def reduction_label(report: WettingReport) -> str:
    """What the figures say of the compositions that reduce the solid; "" where none does."""
    record = report.reduction
    if record is None or not reacts(report):
        return ""
    return f"the solid reacts below {record.onset_V:.2f} V: these are angles {BEFORE.replace('the solid', 'it')}"


def reduction_statement(report: WettingReport) -> str:
    """One sentence on the stability of the solid, whatever is known of it."""
    record = report.reduction
    if record is None:
        return "that the liquid does not react with the solid; its stability at these voltages is not known here"
    if reacts(report):
        return f"that the solid does not react, although it would below {_volts(report, record.onset_V)}"
    return f"that the solid does not react: its reduction onset, {_volts(report, record.onset_V)}, lies lower"


def _volts(report: WettingReport, value: float) -> str:
    return f"{value:.2f} V vs {couple(report.solute, report.electrons_per_ion)}"


def _onset(report: WettingReport, record: ReductionRecord) -> str:
    first, last = record.reacts[0], record.reacts[-1]
    where = f"{first.voltage_V:.2f} V at {composition(first.x, report.solute)}"
    if last is not first:
        where += f", {last.voltage_V:.2f} V at {composition(last.x)}"
    name = "amalgam" if report.solvent == "Hg" else "solution"
    return (
        f"The {name} ({where}) lies below the reduction onset of {unicode_formula(report.substrate)}, "
        f"{_volts(report, record.onset_V)} ({record.source})."
    )


def _worth(report: WettingReport, record: ReductionRecord) -> str:
    """A reacted layer against all adsorption, at the last composition whose energy is known."""
    known = [point for point in record.reacts if point.energy_per_nm_J_m2 is not None]
    if not known:
        return "What a reacted layer gains was not computed."
    point = known[-1]
    gain = abs(point.energy_per_nm_J_m2 or 0.0)
    fall = abs(report.curve.at(point.x).fresh.gamma_SL_change_J_m2)
    text = f"At {composition(point.x)} a reacted layer of 1 nm gains {number(gain, 2)} J/m²"
    if point.solute_per_nm2 is not None:
        text += f" and takes up {number(point.solute_per_nm2, 0)} {report.solute} per nm²"
    text += f"; all adsorption at the interface changes γ_SL by {number(fall, 2)} J/m²"
    return text + (f", as much as {fall / gain:.2g} nm of reacted solid." if gain > 0.0 else ".")


def _meaning(report: WettingReport) -> str:
    return (
        f"The angles below belong to {solid(report)} that has not reacted, a constrained state; what mercury does on "
        "the product of the reaction is another calculation."
        if report.solvent == "Hg"
        else f"The angles below belong to {solid(report)} that has not reacted, a constrained state."
    )


def _row(report: WettingReport, point: ReductionPoint) -> tuple[TableCell, ...]:
    numbers = (
        f"{point.voltage_V:.3f}",
        "–" if point.energy_per_nm_J_m2 is None else number(point.energy_per_nm_J_m2, 2),
        "–" if point.solute_per_nm2 is None else number(point.solute_per_nm2, 1),
        number(report.curve.at(point.x).fresh.gamma_SL_change_J_m2, 3),
    )
    head = TableCell(composition(point.x, report.solute), is_head=True, is_number=False)
    return (head, *map(TableCell, numbers))
