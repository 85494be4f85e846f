"""The wetting result as machine-readable data: JSON as the command line prints it, and a CSV of the curve."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, fields
from typing import Any

from ..thermodynamics.wetting_curve import WettingPoint
from .wetting_findings import origins, paragraphs, verdicts, wetting_headline
from .wetting_model import WettingMember, WettingReport

CURVE_KEYS = (
    "x",
    "voltage_V",
    "theta_deg",
    "theta_low_deg",
    "theta_high_deg",
    "gamma_SL_change_J_m2",
    "coverage_per_nm2",
    "spreading_coefficient_J_m2",
)
"""Keys of every entry of ``curve`` in the JSON."""


def wetting_json(report: WettingReport) -> dict[str, Any]:
    """Return the curve with its conditions; the keys up to ``curve`` are those of ``amalgamics wetting --json``.

    Numbers are those of the default parameter set; ``theta_low_deg`` and ``theta_high_deg`` span all of them.
    ``voltage_V`` is null without solute.
    """
    default, points = report.default, report.curve.points
    return {
        "substrate": report.substrate,
        "termination": default.termination,
        "solute": report.solute,
        "solvent": report.solvent,
        "potential": default.potential,
        "temperature_K": report.curve.temperature_K,
        "gamma_LV_J_m2": points[0].gamma_LV_J_m2,
        "work_of_adhesion_J_m2": points[0].work_of_adhesion_J_m2,
        "curve": [{key: getattr(point, key) for key in CURVE_KEYS} for point in points],
        "mode": report.curve.mode,
        "corrections": list(report.curve.corrections),
        "confidence": report.curve.confidence,
        "substrate_formula": report.substrate_formula,
        "miller_index": list(report.miller_index),
        "preset": report.preset,
        "gamma_LV_source": report.curve.gamma_LV_source,
        "solution_source": report.curve.solution_source,
        "members": [_member(member) for member in report.members],
        "headline": wetting_headline(report),
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
        "findings": paragraphs(report),
        "origins": {kind.lower(): statements for kind, statements in origins(report)},
        "settings": dict(report.settings),
        "provenance": dict(report.provenance),
    }


def _member(member: WettingMember) -> dict[str, Any]:
    parameters, gas = member.parameters, member.parameters.interface
    return {
        "name": parameters.name,
        "termination": member.termination,
        "potential": member.potential,
        "work_of_adhesion_J_m2": parameters.work_of_adhesion_J_m2,
        "work_of_adhesion_standard_error_J_m2": parameters.work_of_adhesion_standard_error_J_m2,
        "area_A2": gas.area,
        "counts": list(gas.counts),
        "delta_energies_eV": list(gas.delta_energies),
        "standard_errors_eV": list(gas.standard_errors),
        "degeneracies": list(gas.degeneracies),
        "corrections": list(parameters.corrections),
        "theta_deg": [point.theta_deg for point in member.curve.points],
    }


def wetting_csv(report: WettingReport) -> str:
    """One row per composition: every number of the curve, then the angle of each parameter set."""
    curve = report.curve
    names = list(curve.member_theta_deg)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    columns = [field.name for field in fields(WettingPoint)]
    writer.writerow([*columns, "mode", *(f"theta_deg [{name}]" for name in names)])
    for i, point in enumerate(curve.points):
        angles = [curve.member_theta_deg[name][i] for name in names]
        writer.writerow([*(getattr(point, column) for column in columns), curve.mode, *angles])
    return buffer.getvalue()
