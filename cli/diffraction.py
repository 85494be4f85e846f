"""``amalgamics diffraction``: powder patterns of phases, relaxed crystals, files and mixtures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import CsvOption, DatabaseOption, JsonOption, PotentialOption

if TYPE_CHECKING:
    from ase import Atoms

    from ..structures.diffraction.measured import Overlay
    from ..structures.diffraction.patterns import PowderPattern
    from ..structures.library.phases import Phase

COLUMNS = {"two_theta_deg": "2θ (°)", "d": "d (Å)", "intensity": "I", "hkl": "hkl", "phase": "phase"}
CELL_COLUMNS = ("phase", "length", "computed (Å)", "published (Å)", "deviation (%)", "JCPDF card", "confidence")
LINE_COLUMNS = ("phase", "hkl", "published 2θ (°)", "I", "computed 2θ (°)", "computed hkl", "computed I")


@dataclass(frozen=True)
class _Sample:
    """A crystal with its name, what it is, and the tolerance of its space group, Å."""

    name: str
    crystal: Phase | Atoms
    origin: str
    symprec: float


def diffraction(
    crystals: Annotated[list[str], typer.Argument(help="Phases of the library, electrolytes, or structure files.")],
    weights: Annotated[str | None, typer.Option("--weights", help="Parts by weight of a mixture, e.g. 60,40.")] = None,
    measured: Annotated[
        Path | None, typer.Option("--measured", help="Measured pattern: .xy, .csv, .dat, .txt.")
    ] = None,
    radiation: Annotated[str, typer.Option("--radiation", help="E.g. CuKa, CuKa1, MoKa, or a wavelength, Å.")] = "CuKa",
    two_theta: Annotated[str, typer.Option("--range", help="Lowest and highest 2θ, degrees.")] = "10,90",
    fwhm: Annotated[
        float, typer.Option("--fwhm", min=0.001, max=10, help="Width of the lines in pictures and fits, degrees.")
    ] = 0.2,
    min_intensity: Annotated[
        float, typer.Option("--min-intensity", min=0, max=100, help="Weakest line shown, % of the strongest.")
    ] = 1.0,
    relaxed: Annotated[bool, typer.Option("--relaxed", help="Take the relaxed crystals of the database.")] = False,
    output: Annotated[Path | None, typer.Option("--output", help="Folder for the pictures.")] = None,
    database: DatabaseOption = None,
    potential: PotentialOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print the lines, and beside them what is published; lay a measured pattern over them."""
    from ..structures.diffraction.measured import overlay, read_pattern
    from ..structures.diffraction.patterns import powder_pattern
    from .output import print_csv, print_json, print_notes, print_rows

    wavelength, limits = _radiation(radiation), _range(two_theta)
    parts = _weights(weights, len(crystals))
    reading = None if measured is None else read_pattern(measured)
    samples = _samples(crystals, relaxed or potential is not None, database, potential)
    phases = [
        powder_pattern(item.crystal, item.name, radiation=wavelength, two_theta_range=limits, symprec=item.symprec)
        for item in samples
    ]
    patterns = _with_mixture(phases, parts)
    if reading is not None and parts is None and len(phases) > 1:
        raise typer.BadParameter("a measured pattern of several phases needs --weights", param_hint="--measured")
    fit = None if reading is None else overlay(reading, patterns[0], fwhm_deg=fwhm)
    if output is not None:
        _write(patterns, fit, output, fwhm, as_json or as_csv)
    shown = patterns if parts is None else patterns[:1]
    lines = {pattern.name: _lines(pattern, min_intensity) for pattern in shown}
    cells, published, problems = _references(samples, phases)
    if as_json:
        print_json(_document(shown, lines, cells, published, fit, samples))
    elif as_csv:
        rows = [[name, *(line[key] for key in COLUMNS)] for name, some in lines.items() for line in some]
        print_csv(("sample", *COLUMNS), rows)
    else:
        for pattern in shown:
            _print_pattern(pattern, lines[pattern.name], samples)
        for title, columns, rows in (("Cells", CELL_COLUMNS, cells), ("Published lines", LINE_COLUMNS, published)):
            if rows:
                print_rows(title, columns, rows, as_json=False, as_csv=False)
    if fit is not None and not as_json:
        typer.echo(_fit_text(fit), err=as_csv)
    print_notes(problems)


def _radiation(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def _range(text: str) -> tuple[float, float]:
    numbers = _numbers(text, "--range")
    if len(numbers) != 2:
        raise typer.BadParameter(f"{text!r} is not two angles, e.g. 10,90", param_hint="--range")
    return numbers[0], numbers[1]


def _weights(text: str | None, n_crystals: int) -> list[float] | None:
    if text is None:
        return None
    numbers = _numbers(text, "--weights")
    if len(numbers) != n_crystals:
        raise typer.BadParameter(f"{text!r} has {len(numbers)} for {n_crystals} crystals", param_hint="--weights")
    return numbers


def _numbers(text: str, option: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a list of numbers with commas", param_hint=option) from None


def _samples(names: list[str], relaxed: bool, database: Path | None, potential: str | None) -> list[_Sample]:
    from ..errors import InputError
    from ..files import usable_path
    from ..reports.diffraction.section import SYMPREC_RELAXED
    from ..structures.diffraction.patterns import SYMPREC
    from ..structures.library.electrolytes import read_substrate
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.spec import default_database
    from ..workflows.studies.hulls.diffraction import relaxed_crystal

    store = StructureDatabase(database or default_database(), must_exist=True) if relaxed else None
    samples = []
    for name in names:
        file = usable_path(name)
        if file.is_file() or file.suffix:
            samples.append(_Sample(file.name, read_substrate(file, "structure"), str(file), SYMPREC_RELAXED))
        elif store is not None:
            row = relaxed_crystal(store, name, potential)
            origin = f"relaxed with {row.potential}"
            samples.append(_Sample(row.name, row.toatoms(), origin, SYMPREC_RELAXED))
        else:
            label, crystal = _known_crystal(name)
            samples.append(_Sample(label, crystal, "cell of the library", SYMPREC))
    labels = [item.name for item in samples]
    if twice := [label for label in labels if labels.count(label) > 1]:
        raise InputError(f"{twice[0]!r} is given more than once")
    return samples


def _known_crystal(name: str) -> tuple[str, Phase | Atoms]:
    """A phase of the library, disordered ones too, or a named electrolyte."""
    from ..structures.library.electrolytes import get_electrolyte, list_electrolytes
    from ..structures.library.phases import get_phase

    if name in {item.name for item in list_electrolytes()}:
        return name, get_electrolyte(name)
    phase = get_phase(name)
    return phase.key, phase


def _with_mixture(phases: list[PowderPattern], parts: list[float] | None) -> list[PowderPattern]:
    """The mixture first, where there is one."""
    from ..structures.diffraction.patterns import mix_patterns

    return phases if parts is None else [mix_patterns(phases, parts), *phases]


def _lines(pattern: PowderPattern, least: float) -> list[dict[str, Any]]:
    lines = [line for line in pattern.relative_lines() if line.intensity >= least]
    return [{key: getattr(line, key) for key in COLUMNS} for line in lines]


def _references(
    samples: list[_Sample], phases: list[PowderPattern]
) -> tuple[list[list[Any]], list[list[Any]], list[str]]:
    """Rows of published cells and lines, and why there are none."""
    from ..errors import InputError
    from ..structures.diffraction.references import compare_cell, compare_lines, list_powder_references
    from ..structures.library.phases import Phase

    references = {item.phase: item for item in list_powder_references()}
    cells: list[list[Any]] = []
    lines: list[list[Any]] = []
    problems: list[str] = []
    for sample, pattern in zip(samples, phases, strict=True):
        reference = references.get(sample.name)
        if reference is None:
            continue
        crystal = sample.crystal.atoms() if isinstance(sample.crystal, Phase) else sample.crystal
        try:
            found = compare_cell(crystal, reference, symprec=sample.symprec) if reference.lattice else []
        except InputError as error:
            problems.append(str(error))
            continue
        if found and isinstance(sample.crystal, Phase) and max(abs(row.deviation_percent) for row in found) < 1e-6:
            problems.append(f"{sample.name}: the library has this very cell; --relaxed compares a computed one")
        more = (reference.card, reference.lattice_confidence)
        cells += [[sample.name, row.name, row.computed, row.published, row.deviation_percent, *more] for row in found]
        for line in compare_lines(pattern, reference) if reference.lines else []:
            near = line.computed
            computed = [near.two_theta_deg, near.hkl, near.intensity] if near else [None, None, None]
            published = [line.published.hkl, line.published_two_theta_deg, line.published.intensity]
            lines.append([sample.name, *published, *computed])
    return cells, lines, problems


def _document(
    patterns: list[PowderPattern],
    lines: dict[str, list[dict[str, Any]]],
    cells: list[list[Any]],
    published: list[list[Any]],
    fit: Overlay | None,
    samples: list[_Sample],
) -> dict[str, Any]:
    cell_keys = ("phase", "length", "computed", "published", "deviation_percent", "card", "confidence")
    line_keys = ("phase", "hkl", "two_theta_deg", "intensity", "computed_two_theta_deg", "computed_hkl")
    return {
        "wavelength": patterns[0].wavelength,
        "two_theta_range": list(patterns[0].two_theta_range),
        "crystals": [{"name": item.name, "origin": item.origin} for item in samples],
        "patterns": [
            {"name": item.name, "weights": dict(item.weights), "lines": lines[item.name]} for item in patterns
        ],
        "published_cells": [dict(zip(cell_keys, row, strict=True)) for row in cells],
        "published_lines": [dict(zip((*line_keys, "computed_intensity"), row, strict=True)) for row in published],
        "overlay": fit
        and {
            "measured": fit.measured.name,
            "scale": fit.scale,
            "background": fit.background,
            "r_weighted": fit.r_weighted,
        },
    }


def _print_pattern(pattern: PowderPattern, lines: list[dict[str, Any]], samples: list[_Sample]) -> None:
    from .output import print_rows

    mixed = len(pattern.weights) > 1
    keys = [key for key in COLUMNS if mixed or key != "phase"]
    if mixed:
        title = " + ".join(f"{100 * share:.3g} % {phase}" for phase, share in pattern.weights.items())
    else:
        title = next(f"{item.name}, {item.origin}" for item in samples if item.name in pattern.weights)
    rows = [[f"{line[key]:.1f}" if key == "intensity" else line[key] for key in keys] for line in lines]
    print_rows(title, [COLUMNS[key] for key in keys], rows, as_json=False, as_csv=False)


def _fit_text(fit: Overlay) -> str:
    return (
        f"{fit.measured.name}: scale {fit.scale:.4g}, background {fit.background:.4g}, "
        f"R_wp {100 * fit.r_weighted:.1f} %"
    )


def _write(patterns: list[PowderPattern], fit: Overlay | None, folder: Path, fwhm: float, to_stderr: bool) -> None:
    from ..reports.diffraction.figures import overlay_png, patterns_png
    from ..reports.sections import SectionPicture
    from ..structures.diffraction.references import list_powder_references
    from .pictures import write_pictures

    drawn = patterns_png(patterns, references=list_powder_references(), fwhm_deg=fwhm)
    pictures = [SectionPicture("diffraction.png", drawn, "Computed powder patterns")]
    if fit is not None:
        title = f"{fit.measured.name}"
        pictures.append(SectionPicture("overlay.png", overlay_png(fit, patterns[0], title), "Measured and computed"))
    write_pictures(pictures, folder, to_stderr)
