"""``amalgamics wetting``: the contact angle against composition, recomputed from stored energies in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import CsvOption, DatabaseOption, JsonOption

COLUMNS = {
    "x": "x",
    "voltage_V": "E (V)",
    "theta_deg": "θ (°)",
    "theta_low_deg": "low",
    "theta_high_deg": "high",
    "gamma_SL_change_J_m2": "Δγ_SL (J/m²)",
    "coverage_per_nm2": "per nm²",
    "spreading_coefficient_J_m2": "S (J/m²)",
}
# A screen wants the compositions that matter, a program all of them.
_SHOWN = (0.0, 1e-7, 1e-6, 1e-5, 3e-5, 1e-4, 1e-3, 0.0133)


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
        float | None, typer.Option("--gamma-lv", help="Surface tension of the pure liquid, J/m²; default measured.")
    ] = None,
    drop_radius: Annotated[
        float | None, typer.Option("--drop-radius", help="Radius of the drop, mm; default endless supply of solute.")
    ] = None,
    roughness: Annotated[float, typer.Option("--roughness", help="Wenzel's true to projected area, 1 or more.")] = 1.0,
    computed_solution: Annotated[
        bool, typer.Option("--computed-solution", help="Chemical potential of the solute computed, not measured.")
    ] = False,
    calibrate: Annotated[
        float | None, typer.Option("--calibrate", help="Measured angle of the pure liquid, degrees; not a prediction.")
    ] = None,
    x: Annotated[list[float] | None, typer.Option("--x", help="Mole fraction to add; repeatable.")] = None,
    output: Annotated[Path | None, typer.Option("--output", help="Folder for a report.")] = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print θ(x) with its band, for another temperature, surface tension or drop if asked."""
    from ..reports.wetting_export import wetting_json
    from ..reports.wetting_report import write_wetting_report
    from ..structures.liquids import get_liquid
    from ..thermodynamics.contact_angle import Drop
    from ..workflows.database import StructureDatabase
    from ..workflows.spec import default_database
    from ..workflows.stored_study import get_study
    from ..workflows.wetting_analysis import WettingOptions, wetting_report
    from .output import print_json, print_rows

    store = StructureDatabase(database or default_database(), must_exist=True)
    found = get_study(store, study=study, substrate=substrate, solute=solute)
    liquid = get_liquid(found.solvent)
    kelvin = max(298.15, liquid.melting_point_K) if temperature is None else temperature
    drop = None
    if drop_radius is not None:
        drop = Drop(drop_radius, volume_per_atom=1.0 / liquid.number_density(kelvin))
    options = WettingOptions(
        temperature_K=kelvin,
        gamma_LV_J_m2=gamma_lv,
        drop=drop,
        roughness=roughness,
        terminations=tuple(termination or ()),
        potentials=tuple(potential or ()),
        measured_angle_deg=calibrate,
        computed_solution=computed_solution,
        x=(*_SHOWN[1:], *(x or ())),
    )
    report = wetting_report(f"{found.solute}-{found.solvent} on {found.substrate}", found, options)
    if output is not None:
        paths = write_wetting_report(report, output)
        typer.echo(f"report: {paths['report.html']}", err=as_json or as_csv)
    table = wetting_json(report)
    if as_json:
        print_json(table)
        return
    shown = {*_SHOWN, *options.x}
    points = [point for point in table["curve"] if as_csv or any(abs(point["x"] - one) <= 1e-9 * one for one in shown)]
    title = (
        f"{table['solute']} in {table['solvent']} on {table['substrate']}, {table['termination']}, {table['potential']}"
    )
    columns = list(COLUMNS) if as_csv else list(COLUMNS.values())
    rows = [[point[key] for key in COLUMNS] for point in points]
    if not as_csv:  # 1e-07 and 0.0133 want significant figures, not decimals
        rows = [[f"{x:.3g}", *others] for x, *others in rows]
    print_rows(title, columns, rows, as_json=False, as_csv=as_csv)
    if not as_csv:
        for warning in report.warnings:
            typer.echo(f"note: {warning}", err=True)
