"""The wetting result as machine-readable data: JSON as the command line prints it, and a CSV of the curve.

Every angle names its limit of the dry face in its key, or is of pure liquid and of fixed coverage and says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ...thermodynamics.wetting.curve import Limit
from ...thermodynamics.wetting.lattice_gas import LatticeGas
from ...thermodynamics.wetting.outcome import DEFINITION
from ..notation import csv_text
from .conclusions import limits_sentence, verdicts, wetting_headline
from .findings import origins, paragraphs
from .model import ConsistencyRecord, FiniteDrop, ReductionRecord, WettingFace, WettingMember, WettingReport
from .wording import key_points, limit_definitions, theta_at


def wetting_json(report: WettingReport) -> dict[str, Any]:
    """Return the curve with its conditions; the keys up to ``curve`` are those of ``amalgamics wetting --json``.

    Numbers are those of the default parameter set. ``theta_fresh_low_deg`` to ``theta_fresh_high_deg``, and likewise
    for the equilibrated limit, is the model band over all sets of its face; the statistical band of the default set
    stands beside it. ``voltage_V`` is null without solute, and so is everything equilibrated that was not computed.
    """
    default, start = report.default, report.curve.points[0].fresh
    return {
        "substrate": report.substrate,
        "termination": default.termination,
        "solute": report.solute,
        "solvent": report.solvent,
        "potential": default.potential,
        "temperature_K": report.curve.temperature_K,
        "gamma_LV_J_m2": start.gamma_LV_J_m2,
        "work_of_adhesion_J_m2": start.work_of_adhesion_J_m2,
        "curve": [point.as_dict() for point in report.curve.points],
        "mode": report.curve.mode,
        "corrections": list(report.curve.corrections),
        "assumptions": list(report.curve.assumptions),
        "confidence": report.curve.confidence,
        "conditions": dict(report.conditions),
        "limits": {str(limit): text for limit, text in limit_definitions(report).items()},
        "limits_computed": [str(limit) for limit in report.curve.limits],
        "substrate_formula": report.substrate_formula,
        "miller_index": list(report.miller_index),
        "preset": report.preset,
        "gamma_LV_source": report.curve.gamma_LV_source,
        "solution_source": report.curve.solution_source,
        "faces": [_face(report, face) for face in report.faces],
        "members": [_member(member) for member in report.members],
        "dispersion": [_dispersion(record) for record in map(asdict, report.dispersion)],
        "work_at_coverage": [_at_coverage(asdict(record)) for record in report.coverage],
        "consistency": [_consistency(record) for record in report.consistency],
        "reduction": None if report.reduction is None else _reduction(report.reduction),
        "finite_drop": None if report.finite_drop is None else _finite_drop(report.finite_drop),
        "films": [asdict(one) for one in report.motions],
        "falls": [_fall(fall) for fall in map(asdict, report.falls)],
        "sensitivity": [_sensitivity(asdict(row)) for row in report.sensitivity],
        "headline": wetting_headline(report),
        "wets_definition": DEFINITION,
        "verdicts": [{**asdict(verdict), "result": verdict.word} for verdict in verdicts(report)],
        "warnings": list(report.warnings),
    }


def wetting_json_text(report: WettingReport) -> str:
    """:func:`wetting_json` as text."""
    return json.dumps(wetting_json(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def wetting_summary(report: WettingReport) -> dict[str, Any]:
    """Everything of the JSON with the texts, settings and provenance of the report."""
    return {
        **wetting_json(report),
        "title": report.title,
        "created": report.created,
        "findings": [one for one in (limits_sentence(report), *paragraphs(report)) if one],
        "origins": {kind.lower(): statements for kind, statements in origins(report)},
        "settings": dict(report.settings),
        "provenance": dict(report.provenance),
    }


def _face(report: WettingReport, face: WettingFace) -> dict[str, Any]:
    """One termination at the compositions worth naming, in both limits."""
    return {
        "termination": face.termination,
        "members": [member.parameters.name for member in face.members],
        "work_of_adhesion_J_m2": face.curve.points[0].fresh.work_of_adhesion_J_m2,
        "points": [face.curve.at(key.x).as_dict() for key in key_points(report)],
    }


def _member(member: WettingMember) -> dict[str, Any]:
    parameters = member.parameters
    return {
        "name": parameters.name,
        "termination": member.termination,
        "potential": member.potential,
        "structures_from": member.structures_from,
        "work_of_adhesion_J_m2": parameters.work_of_adhesion_J_m2,
        "work_of_adhesion_standard_error_J_m2": parameters.work_of_adhesion_standard_error_J_m2,
        **_gas(parameters.interface),
        "dry_face": None if parameters.dry_face is None else _gas(parameters.dry_face),
        "corrections": list(parameters.corrections),
        "assumptions": list(parameters.assumptions),
        **{
            f"theta_{limit}_deg": [theta_at(member, point.x, limit) for point in member.curve.points]
            if limit in member.curve.limits
            else None
            for limit in Limit
        },
    }


def _gas(gas: LatticeGas) -> dict[str, Any]:
    return {
        "area_A2": gas.area,
        "counts": list(gas.counts),
        "delta_energies_eV": list(gas.delta_energies),
        "standard_errors_eV": list(gas.standard_errors),
        "degeneracies": list(gas.degeneracies),
    }


def _dispersion(record: Mapping[str, Any]) -> dict[str, Any]:
    """With the name of the potential, as ``--potential`` takes it."""
    name = "+".join(part for part in (record["model"], record["dispersion"]) if part)
    return {"termination": record["termination"], "potential": name, **record}


def _consistency(record: ConsistencyRecord) -> dict[str, Any]:
    angles = {"measured_tension": record.hybrid_deg, "film_energy": record.from_energy_deg}
    angles["film_tension"] = record.from_tension_deg
    return {
        "termination": record.termination,
        "potential": record.potential,
        "film_surface_energy_J_m2": record.surface_energy_J_m2,
        "film_tension_J_m2": record.gamma_film_J_m2,
        "x": list(record.x),
        **{
            f"theta_{limit}_{tension}_deg": list(own[limit]) if limit in own else None
            for tension, own in angles.items()
            for limit in Limit
        },
    }


def _finite_drop(drop: FiniteDrop) -> dict[str, Any]:
    """The angles of the default set in the drop at the compositions of the curve."""
    points = drop.curve.points
    angles = {limit: [point.of(limit) for point in points] for limit in Limit}
    return {
        "drop_radius_mm": drop.radius_mm,
        "x": [point.x for point in points],
        **{
            f"theta_{limit}_deg": [None if one is None else one.theta_deg for one in own]
            for limit, own in angles.items()
        },
    }


def _reduction(record: ReductionRecord) -> dict[str, Any]:
    reacting = {point.x for point in record.reacts}
    return {
        "onset_V": record.onset_V,
        "source": record.source,
        "computed": record.computed,
        "points": [{**asdict(point), "reacts": point.x in reacting} for point in record.points],
    }


def _fall(fall: Mapping[str, Any]) -> dict[str, Any]:
    difference = fall["difference"]
    return {
        "x_from": fall["x_from"],
        "x_to": fall["x_to"],
        "limit": fall["limit"],
        "fall_deg": difference["value_deg"],
        "fall_low_deg": difference["low_deg"],
        "fall_high_deg": difference["high_deg"],
    }


def _sensitivity(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the table; its angles name its limit."""
    for name in ("theta_deg", "theta_minus_deg", "theta_plus_deg"):
        row[name.replace("theta", f"theta_{row['limit']}")] = row.pop(name)
    return row


def _at_coverage(record: dict[str, Any]) -> dict[str, Any]:
    """The angle belongs to neither limit, and its name says so."""
    record["theta_at_coverage_deg"] = record.pop("theta_deg")
    return record


def row_conditions(report: WettingReport) -> dict[str, float | str | None]:
    """What every row of a CSV says of its angles; an empty drop radius is an endless supply of solute."""
    names = ("temperature_K", "drop_radius_mm", "absorbed_per_nm2", "roughness", "calibrated_angle_deg")
    return {"mode": report.curve.mode, **{name: report.conditions.get(name) for name in names}}


def wetting_csv(report: WettingReport) -> str:
    """One row per composition: the curve, its conditions, then the angle of each set of its face in each limit."""
    curve, conditions = report.curve, row_conditions(report)
    sets = [(limit, name, angles) for limit, own in curve.member_theta_deg.items() for name, angles in own.items()]
    rows = [point.as_dict() for point in curve.points]
    columns = [*rows[0], *conditions, *(f"theta_{limit}_deg [{name}]" for limit, name, _ in sets)]
    return csv_text(
        columns,
        ([*row.values(), *conditions.values(), *(angles[i] for _, _, angles in sets)] for i, row in enumerate(rows)),
    )
