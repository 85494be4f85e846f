"""Contact angles from stored energies, for another temperature, surface tension, drop or potential."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from ..errors import InputError, NotStoredError
from ..reports.wetting.export import wetting_json
from ..structures.library.liquids import get_liquid
from ..thermodynamics.amalgams.choose_solution import shown_compositions
from ..thermodynamics.wetting.curve import Limit
from ..workflows.studies.wetting.analysis import wetting_report
from ..workflows.studies.wetting.options import WettingOptions, options_for
from ..workflows.studies.wetting.stored import find_studies, get_study
from .figures import angle_figure
from .odd import shown_or_refused

if TYPE_CHECKING:
    from ..workflows.studies.wetting.stored import StoredStudy
    from .asked import Asked
    from .sources import Sources

PARAMETERS = (
    *("study", "temperature", "gamma_lv", "drop_radius", "roughness", "potential", "termination", "limit"),
    "computed_solution",
)
"""Those of a request, named as the options of ``amalgamics wetting``."""
_HOTTEST_K = 600.0
_FROM_WETTING = ("substrate", "termination", "solute", "solvent", "potential", "temperature_K", "gamma_LV_J_m2")
_MORE = ("work_of_adhesion_J_m2", "curve", "mode", "confidence", "conditions", "limits", "limits_computed", "headline")
_LAST = ("corrections", "assumptions", "solution_source", "gamma_LV_source", "warnings")


def studies(sources: Sources) -> dict[str, Any]:
    """Return the wetting studies that are stored, the newest first, and what may be asked of each.

    Those that cannot be asked for anything, as their rows are of another program, are in ``problems`` with the reason.

    Raises
    ------
    NotStoredError
        There are none.
    """
    found: list[dict[str, Any]] = []
    problems: list[str] = []
    with shown_or_refused("the wetting studies: their rows"):
        stored = find_studies(sources.database)
    for study in reversed(stored):
        try:
            with shown_or_refused(f"study {study.key}: it"):
                found.append(_asked_of(study))
        except InputError as error:
            problems.append(str(error))
    if not found and not problems:
        raise NotStoredError("the database has no wetting study; a job with a section wetting makes one")
    return {"studies": found, "limits": [str(limit) for limit in Limit], "problems": problems}


def _asked_of(study: StoredStudy) -> dict[str, Any]:
    faces = study.faces()
    return {
        "key": study.key,
        "substrate": study.substrate,
        "substrate_formula": study.substrate_formula,
        "miller_index": study.miller_index,
        "solute": study.solute,
        "solvent": study.solvent,
        "terminations": list(faces),
        "potentials": sorted({name for face in faces.values() for name in face.potentials}),
        **_ranges(study),
    }


def wetting(sources: Sources, asked: Asked) -> dict[str, Any]:
    """Return the curve of a study as ``amalgamics wetting --json`` has it, and as a figure.

    Raises
    ------
    InputError
        There is no such study, or a value is not allowed.
    """
    limits = {"both": [str(limit) for limit in Limit]} | {str(limit): [str(limit)] for limit in Limit}
    limit = asked.choice("limit", limits, "both")
    chosen = WettingOptions(
        gamma_LV_J_m2=asked.number("gamma_lv", least=0.001, most=5, unit="J/m²"),
        roughness=asked.number("roughness", least=1, most=100) or 1.0,
        terminations=tuple(filter(None, [asked.text("termination")])),
        potentials=tuple(filter(None, [asked.text("potential")])),
        computed_solution=asked.choice("computed_solution", ("yes", "no"), "no") == "yes",
    )
    with shown_or_refused("the wetting studies: their rows"):
        study = get_study(sources.database, study=asked.text("study") or None)
    options = options_for(
        study.solvent,
        chosen,
        temperature_K=asked.number("temperature", least=1, most=5000, unit="K"),
        drop_radius_mm=asked.number("drop_radius", least=1e-7, most=1000, unit="mm"),
    )
    with sources.computing, shown_or_refused(f"study {study.key}: its angles"):
        report = wetting_report(f"{study.solute}-{study.solvent} on {study.substrate}", study, options)
    numbers = wetting_json(report)
    parts = [f"{study.solute} in {study.solvent} on {study.substrate}", numbers["termination"], numbers["potential"]]
    return {
        "study": study.key,
        **{key: numbers[key] for key in (*_FROM_WETTING, *_MORE, *_LAST)},
        "title": ", ".join(part for part in [*parts, report.conditions_text] if part),
        "shown_x": sorted(shown_compositions(report.key_x)),
        "figure": angle_figure(report, limits[limit]),
        "command": command(study.key, asked),
    }


def command(study: str, asked: Asked) -> str:
    """Return the command that prints the same numbers."""
    words = ["amalgamics", "wetting", "--study", study]
    for name in ("temperature", "gamma_lv", "drop_radius", "roughness", "potential", "termination"):
        if asked.text(name):
            words += [f"--{name.replace('_', '-')}", asked.text(name)]
    if asked.text("computed_solution") == "yes":
        words.append("--computed-solution")
    return shlex.join(words)


def _ranges(study: StoredStudy) -> dict[str, Any]:
    """Return the usual temperature (K) and surface tension (J/m²), and how far sliders reach."""
    liquid = get_liquid(study.solvent)
    usual = options_for(study.solvent, WettingOptions()).temperature_K
    slope = liquid.surface_tension_slope_J_m2_K
    tension = liquid.surface_tension_J_m2 + slope * (usual - liquid.surface_tension_reference_K)
    return {
        "temperature_K": {"usual": usual, "least": liquid.melting_point_K, "most": max(_HOTTEST_K, usual + 200.0)},
        "gamma_LV_J_m2": {"usual": tension, "least": 0.05, "most": max(1.0, 1.5 * tension)},
        "drop_radius_mm": {"usual": 1.0, "least": 1e-5, "most": 10.0},
    }
