"""``amalgamics wetting``: the contact angle against composition, recomputed from stored energies in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from .options import CsvOption, DatabaseOption, JsonOption
from .plot import PlotOption, check_plot, write_plot

COLUMNS = ("x", "E (V)", "θ equilibrated (°)", "band", "θ fresh (°)", "band", "wets", "Δγ_SL (J/m²)", "Δγ_SV (J/m²)")
"""Of the printed table; the CSV has every key of the points in the JSON, and the conditions."""


def wetting(
    substrate: Annotated[str | None, typer.Option("--substrate", help="For example LLTO; default the newest.")] = None,
    study: Annotated[str | None, typer.Option("--study", help="Key of a study, where a substrate has several.")] = None,
    solute: Annotated[str | None, typer.Option("--solute", help="For example Li.")] = None,
    termination: Annotated[
        list[str] | None, typer.Option("--termination", help="Only this one; repeatable. The first leads.")
    ] = None,
    potential: Annotated[list[str] | None, typer.Option("--potential", help="Only this one; repeatable.")] = None,
    temperature: Annotated[
        float | None, typer.Option("--temperature", help="Temperature, K; default 298.15, or where the liquid melts.")
    ] = None,
    gamma_lv: Annotated[
        float | None,
        typer.Option(
            "--gamma-lv", min=0.001, max=5, help="Surface tension of the pure liquid, J/m²; default measured."
        ),
    ] = None,
    drop_radius: Annotated[
        float | None, typer.Option("--drop-radius", help="Radius of the drop, mm; default endless supply of solute.")
    ] = None,
    solute_into_solid: Annotated[
        float,
        typer.Option(
            "--solute-into-solid",
            min=0,
            max=1000,
            help="Solute atoms per nm² of contact that a drop loses to the solid.",
        ),
    ] = 0.0,
    roughness: Annotated[
        float, typer.Option("--roughness", min=1, max=100, help="Wenzel's true to projected area, 1 or more.")
    ] = 1.0,
    computed_solution: Annotated[
        bool, typer.Option("--computed-solution", help="Chemical potential of the solute computed, not measured.")
    ] = False,
    calibrate: Annotated[
        float | None, typer.Option("--calibrate", help="Measured angle of the pure liquid, degrees; not a prediction.")
    ] = None,
    x: Annotated[list[float] | None, typer.Option("--x", help="Mole fraction to add; repeatable.")] = None,
    output: Annotated[Path | None, typer.Option("--output", help="Folder for a report.")] = None,
    plot: PlotOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print θ(x) in both limits of the dry face, for another temperature, surface tension or drop if asked."""
    from ..errors import InputError
    from ..reports.document import write_report
    from ..reports.model import Report
    from ..reports.wetting.export import row_conditions, wetting_json
    from ..reports.wetting.interactive import wetting_figure
    from ..reports.wetting.png import wetting_png
    from ..reports.wetting.reduction import sentences
    from ..reports.wetting.section import wetting_section
    from ..reports.wetting.wording import before
    from ..thermodynamics.amalgams.choose_solution import shown_compositions
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.defaults import default_database
    from ..workflows.studies.wetting.analysis import wetting_report
    from ..workflows.studies.wetting.options import WettingOptions, conditions_text, options_for
    from ..workflows.studies.wetting.stored import get_study
    from .output import print_csv, print_json, print_notes, print_rows

    check_plot(plot)
    store = StructureDatabase(database or default_database(), must_exist=True)
    found = get_study(store, study=study, substrate=substrate, solute=solute)
    if drop_radius is None and solute_into_solid:
        raise InputError("--solute-into-solid: an endless supply loses nothing; give --drop-radius")
    asked = WettingOptions(
        gamma_LV_J_m2=gamma_lv,
        roughness=roughness,
        terminations=tuple(termination or ()),
        potentials=tuple(potential or ()),
        measured_angle_deg=calibrate,
        computed_solution=computed_solution,
        x=tuple(x or ()),
    )
    options = options_for(
        found.solvent,
        asked,
        temperature_K=temperature,
        drop_radius_mm=drop_radius,
        solute_into_solid_per_nm2=solute_into_solid,
    )
    report = wetting_report(f"{found.solute}-{found.solvent} on {found.substrate}", found, options)
    if plot is not None:
        write_plot(
            plot,
            lambda kind: wetting_png(report, file_format=kind),
            lambda: wetting_figure(report),
            report.title,
            to_stderr=as_json or as_csv,
        )
    if output is not None:
        page = Report(report.title, created=report.created, sections=(wetting_section(report),))
        paths = write_report(page, output)
        typer.echo(f"report: {paths['report.html']}", err=as_json or as_csv)
    table = wetting_json(report)
    if as_json:
        print_json(table)
        return
    # A screen wants the compositions that matter, a program all of them.
    shown = {*shown_compositions(report.key_x), *options.x}
    points = [point for point in table["curve"] if as_csv or any(abs(point["x"] - one) <= 1e-9 * one for one in shown)]
    if as_csv:
        conditions = row_conditions(report)
        print_csv([*points[0], *conditions], [[*point.values(), *conditions.values()] for point in points])
        return
    what = f"{table['solute']} in {table['solvent']} on {table['substrate']}"
    parts = (what, table["termination"], table["potential"], conditions_text(options), before(report))
    print_rows(
        ", ".join(filter(None, parts)), list(COLUMNS), [_row(point) for point in points], as_json=False, as_csv=False
    )
    print_notes((*sentences(report), *report.warnings))


def _row(point: Mapping[str, Any]) -> list[Any]:
    """Cells of one composition; 1e-07 and 0.0133 want significant figures, not decimals."""
    angles = [cell for limit in ("equilibrated", "fresh") for cell in _angle(point, f"theta_{limit}")]
    changes = [point["gamma_SL_change_J_m2"], point["gamma_SV_change_J_m2"]]
    return [f"{point['x']:.3g}", point["voltage_V"], *angles, point["wets"], *changes]


def _angle(point: Mapping[str, Any], name: str) -> list[str]:
    """Angle of one limit with its band."""
    theta, low, high = (point[f"{name}_{end}"] for end in ("deg", "low_deg", "high_deg"))
    return ["not computed", ""] if theta is None else [f"{theta:.1f}", f"{low:.0f}–{high:.0f}"]
