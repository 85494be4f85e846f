"""Tables of angles on the wetting page: compositions, faces and parameter sets in both limits, and what moves them."""

from __future__ import annotations

from collections.abc import Sequence

from ...thermodynamics.wetting.curve import Limit, LimitPoint, WettingPoint
from ...thermodynamics.wetting.outcome import DEFINITION
from ..notation import couple, signed, unicode_formula
from ..sections import Column, Table, TableCell
from .diagram import ORDER
from .model import ConsistencyRecord, WettingFace, WettingMember, WettingReport
from .wording import (
    angle,
    band,
    band_name,
    before,
    composition,
    has_both_limits,
    how,
    is_model_band,
    key_points,
    not_computed,
    number,
    set_bands,
    statistical_band,
    statistical_name,
    theta_at,
    with_error,
)


def row_head(text: str, sub: str = "", span: int = 1, kind: str = "") -> TableCell:
    """The first cell of a row, or of several."""
    return TableCell(text, sub, span, is_head=True, is_number=False, kind=kind)


def words(text: str, sub: str = "", span: int = 1, kind: str = "") -> TableCell:
    """A cell that holds no number."""
    return TableCell(text, sub, span, is_number=False, kind=kind)


def theta_head(report: WettingReport, text: str) -> Column:
    """A column of angles that says how they came about, and that the solid has not reacted."""
    said = before(report)
    return Column(text, f"°, {said}" if said else "°")


def composition_table(report: WettingReport) -> Table:
    """Every named composition, one row for each limit."""
    heads = (
        Column(f"{report.solute} in {report.solvent}", is_number=False),
        Column("voltage", f"V vs {couple(report.solute, report.electrons_per_ion)}"),
        Column("wets", is_number=False),
        Column("limit", is_number=False),
        theta_head(report, f"θ, {how(report)}"),
        Column(band_name(report), "°"),
        *((Column(statistical_name(report), f"°, {report.default.potential}"),) if is_model_band(report) else ()),
        Column("W_ad", "J/m²"),
        Column("spreading S", "J/m²"),
        Column("Δγ_SL", "J/m²"),
        Column("Δγ_SV", "J/m²"),
        Column("γ_LV", "J/m²"),
        Column("under liquid", "nm⁻²"),
        Column("on dry face", "nm⁻²"),
    )
    rows: list[tuple[TableCell, ...]] = []
    for key in key_points(report):
        limits: Sequence[Limit | None] = [None] if key.x == 0.0 else ORDER
        for place, limit in enumerate(limits):
            first: tuple[TableCell, ...] = ()
            if place == 0:
                volts = key.point.fresh.voltage_V
                name = composition(key.x)
                first = (
                    row_head(name, span=len(limits)),
                    TableCell("–" if volts is None else number(volts, 3), span=len(limits)),
                    words(str(key.point.wets), span=len(limits)),
                )
            rows.append((*first, *_point_cells(report, key.point, limit)))
    note = f"Without {report.solute} both limits are one. Wets, {DEFINITION}. {_conditions(report)}"
    if not has_both_limits(report):
        note += f" {not_computed(report)}"
    return Table("Compositions", "Numbers at the named compositions in both limits", heads, tuple(rows), note.strip())


def _conditions(report: WettingReport) -> str:
    return f"Conditions: {report.conditions_text}." if report.conditions_text else ""


def _point_cells(report: WettingReport, point: WettingPoint, limit: Limit | None) -> tuple[TableCell, ...]:
    drop = point.fresh if limit is None else point.of(limit)
    name = words("either" if limit is None else str(limit), kind=limit_kind(limit))
    if drop is None:
        return (
            name,
            TableCell("not computed", kind="missing"),
            *[TableCell("–")] * (9 if is_model_band(report) else 8),
        )
    statistical = (TableCell(statistical_band(drop)),) if is_model_band(report) else ()
    return (
        name,
        TableCell(number(drop.theta_deg, 1), kind=f"strong {limit_kind(limit)}".strip()),
        TableCell(band(drop)),
        *statistical,
        *map(TableCell, _energies(drop)),
    )


def _energies(drop: LimitPoint) -> list[str]:
    return [
        number(drop.work_of_adhesion_J_m2, 3),
        signed(drop.spreading_coefficient_J_m2, 3),
        signed(drop.gamma_SL_change_J_m2, 3),
        signed(drop.gamma_SV_change_J_m2, 3),
        number(drop.gamma_LV_J_m2, 4),
        number(drop.coverage_per_nm2, 2),
        number(drop.dry_coverage_per_nm2, 2),
    ]


def limit_kind(limit: Limit | None) -> str:
    """Class that gives a cell the colour of its limit."""
    return "" if limit is None else f"limit-{limit}"


def face_table(report: WettingReport) -> Table | None:
    """Every termination at the named compositions in both limits; None where there is one only."""
    if len(report.faces) < 2:
        return None
    keys = key_points(report)
    heads = (
        Column("termination", is_number=False),
        Column("limit", is_number=False),
        Column("W_ad(0)", "J/m²"),
        *(theta_head(report, f"θ at {composition(key.x)}") if key.x else Column("θ at 0 %", "°") for key in keys),
    )
    rows: list[tuple[TableCell, ...]] = []
    for place, face in enumerate(report.faces):
        for limit in ORDER:
            start: tuple[TableCell, ...] = ()
            if limit is ORDER[0]:
                start = (row_head(unicode_formula(face.termination), "headline" if place == 0 else "", 2),)
            work = number(face.curve.points[0].fresh.work_of_adhesion_J_m2, 3)
            rows.append(
                (*start, words(str(limit), kind=limit_kind(limit)), TableCell(work), *_face_angles(report, face, limit))
            )
    note = f"Below each angle the {band_name(report)} of its face: a surface has one termination, so faces do not mix."
    return Table("Faces", "Angles of each termination in both limits", heads, tuple(rows), note)


def _face_angles(report: WettingReport, face: WettingFace, limit: Limit) -> list[TableCell]:
    points = [face.curve.at(key.x).of(limit) for key in key_points(report)]
    return [TableCell("–") if p is None else TableCell(angle(p.theta_deg), band(p), kind="strong") for p in points]


def _limit_heads(report: WettingReport, x: Sequence[float]) -> tuple[Column, ...]:
    """One column for the pure liquid, two for every other composition."""
    heads: list[Column] = []
    for value in x:
        text = f"θ at {composition(value)}"
        if value == 0.0:
            heads.append(Column(text, "°, either limit"))
        else:
            said = ", ".join(part for part in ("°, {limit}", before(report)) if part)
            heads += [Column(text, said.format(limit=limit)) for limit in ORDER]
    return tuple(heads)


def member_table(report: WettingReport) -> Table:
    """Every parameter set of every face at the named compositions in both limits."""
    keys = [key.x for key in key_points(report)]
    heads = (
        Column("termination", is_number=False),
        Column("potential", is_number=False),
        Column("W_ad(0)", "J/m²"),
        *_limit_heads(report, keys),
        Column("films"),
        Column("corrections", is_number=False),
    )
    rows = tuple(_member_row(report, member, keys) for member in report.members)
    said = before(report)
    note = (
        f"The model band of a face is the envelope of {set_bands(report)}. "
        + (f"Angles with {report.solute} are those {said}. " if said else "")
        + _conditions(report)
    )
    return Table("Parameter sets", "Angles of every parameter set in both limits", heads, rows, note.strip())


def _member_row(report: WettingReport, member: WettingMember, keys: Sequence[float]) -> tuple[TableCell, ...]:
    parameters = member.parameters
    subs = [f"single points on structures of {member.structures_from}"] if member.structures_from else []
    subs += ["calibrated"] if parameters.mode == "calibrated" else []
    angles: list[TableCell] = []
    for x in keys:
        for limit in ORDER if x else [Limit.FRESH]:
            theta = theta_at(member, x, limit)
            angles.append(TableCell("–" if theta is None else number(theta, 1), kind=limit_kind(limit) if x else ""))
    return (
        row_head(unicode_formula(member.termination), "headline" if member is report.default else ""),
        words(member.potential, "; ".join(subs)),
        TableCell(with_error(parameters.work_of_adhesion_J_m2, parameters.work_of_adhesion_standard_error_J_m2, 3)),
        *angles,
        TableCell(str(len(member.seed_curves) or "–")),
        words("; ".join(parameters.corrections) or "none", kind="wide"),
    )


def consistency_table(report: WettingReport) -> Table | None:
    """Angles with the measured tension of the liquid, and with those of the potential's own film."""
    if not report.consistency:
        return None
    x = report.consistency[0].x
    heads = (
        Column("potential", is_number=False),
        Column("divided by", is_number=False),
        Column("tension", "J/m²"),
        *_limit_heads(report, x),
    )
    rows = tuple(row for record in report.consistency for row in _consistency_rows(report, record))
    note = (
        "cos θ = W/γ − 1. The film of each potential has u = γ − T dγ/dT; measured, "
        f"{number(report.gamma_LV.internal_energy_J_m2, 3)} J/m². The first line, W computed over γ_LV measured, is "
        "right only if the metallic energy that the potential misses is the same at liquid–vapour and at liquid–solid: "
        "in W = γ_SV + γ_LV − γ_SL it cancels then. The other two take both from the potential; where u is far below "
        "the measured one they call almost every surface wetted. All lines hold in the limit named above their column."
    )
    label = "Angles with three tensions of the liquid"
    return Table("One tension of the liquid in both places?", label, heads, rows, note)


def _consistency_rows(report: WettingReport, record: ConsistencyRecord) -> list[tuple[TableCell, ...]]:
    measured = report.curve.points[0].fresh.gamma_LV_J_m2
    lines = [
        ("γ_LV, measured (as in the headline)", measured, record.hybrid_deg),
        ("u of its own film", record.surface_energy_J_m2, record.from_energy_deg),
        ("γ of its own film, u + T dγ/dT", record.gamma_film_J_m2, record.from_tension_deg),
    ]
    lines = [line for line in lines if line[2]]
    rows = []
    for place, (what, tension, angles) in enumerate(lines):
        cells: list[TableCell] = []
        for i, x in enumerate(record.x):
            for limit in ORDER if x else [Limit.FRESH]:
                own = angles.get(limit)
                cells.append(TableCell("–" if own is None else angle(own[i]), kind=limit_kind(limit) if x else ""))
        sub = unicode_formula(record.termination)
        start = (row_head(record.potential, sub, len(lines)),) if place == 0 else ()
        rows.append((*start, words(what, kind="phrase"), TableCell(number(tension, 3)), *cells))
    return rows


def sensitivity_table(report: WettingReport) -> Table | None:
    """How the angle of the first set answers to errors of the usual size, in each limit."""
    if not report.sensitivity:
        return None
    xs = list(dict.fromkeys(row.x for row in report.sensitivity))
    heads = (
        Column("limit", is_number=False),
        Column("changed", is_number=False),
        Column("by"),
        *(Column(f"θ at {composition(x)}", "lowered to raised") for x in xs),
    )
    cells: dict[tuple[Limit, str, str], dict[float, TableCell]] = {}
    for row in report.sensitivity:
        own = cells.setdefault((row.limit, row.quantity, f"± {row.change:g} {row.unit}"), {})
        ends = f"{angle(row.theta_minus_deg)} to {angle(row.theta_plus_deg)}"
        own[row.x] = TableCell(ends, f"{angle(row.theta_deg)} as it is")
    rows = tuple(
        (
            row_head(str(limit), kind=limit_kind(limit)),
            words(quantity, kind="phrase"),
            TableCell(change),
            *(own.get(x, TableCell("–")) for x in xs),
        )
        for (limit, quantity, change), own in cells.items()
    )
    note = "Of the first parameter set. Errors of this size are usual for potentials at oxides."
    if before(report):
        note += f" Angles with {report.solute} are those {before(report)}."
    return Table("How far an error would carry", "Sensitivity of the contact angle by limit", heads, rows, note)
