"""``amalgamics diffraction``: powder patterns of phases, relaxed crystals, files and mixtures."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import CsvOption, DatabaseOption, JsonOption, PotentialOption

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.core import Structure

    from ..structures.diffraction.measured import MeasuredPattern, Overlay
    from ..structures.diffraction.patterns import PowderPattern
    from ..structures.library.phases import Phase
    from ..structures.symmetry import Axes, ConventionalCell

COLUMNS = {"two_theta_deg": "2θ (°)", "d": "d (Å)", "intensity": "I", "hkl": "hkl", "phase": "phase"}
CELL_COLUMNS = ("phase", "length", "computed (Å)", "published (Å)", "deviation (%)", "JCPDF card", "confidence")
LEAST_FWHM_DEG, LARGEST_FWHM_DEG = 0.001, 10.0
LINE_COLUMNS = ("phase", "hkl", "published 2θ (°)", "I", "computed 2θ (°)", "computed hkl", "computed I")


@dataclass(frozen=True)
class _Sample:
    """A crystal with its name, what it is, the tolerance of its space group in Å or None, and how it was read."""

    name: str
    crystal: Phase | Structure | Atoms
    origin: str
    symprec: float | None
    notes: tuple[str, ...] = ()


def diffraction(
    crystals: Annotated[list[str], typer.Argument(help="Phases of the library, electrolytes, or structure files.")],
    weights: Annotated[str | None, typer.Option("--weights", help="Parts by weight of a mixture, e.g. 60,40.")] = None,
    measured: Annotated[
        Path | None, typer.Option("--measured", help="Measured pattern, e.g. .xy, .xye, .csv, .xrdml, .ras.")
    ] = None,
    radiation: Annotated[str, typer.Option("--radiation", help="E.g. CuKa, CuKa1, MoKa, or a wavelength, Å.")] = "CuKa",
    two_theta: Annotated[str, typer.Option("--range", help="Lowest and highest 2θ, degrees.")] = "10,90",
    fwhm: Annotated[
        float, typer.Option("--fwhm", min=0.001, max=10, help="Width of the lines in pictures and fits, degrees.")
    ] = 0.2,
    min_intensity: Annotated[
        float, typer.Option("--min-intensity", min=0, max=100, help="Weakest line shown, % of the strongest.")
    ] = 1.0,
    symprec: Annotated[
        float | None,
        typer.Option(
            "--symprec",
            min=1e-6,
            max=1.0,
            help="Å within which lengths and atoms are made equal by symmetry; up to 0.02, relaxed 0.05.",
        ),
    ] = None,
    standard: Annotated[
        bool,
        typer.Option("--standard-axes", help="Index in the standard setting, not in the axes a crystal is given in."),
    ] = False,
    relaxed: Annotated[bool, typer.Option("--relaxed", help="Take the relaxed crystals of the database.")] = False,
    output: Annotated[Path | None, typer.Option("--output", help="Folder for the pictures.")] = None,
    database: DatabaseOption = None,
    potential: PotentialOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print the lines, and beside them what is published; lay a measured pattern over them."""
    from ..structures.diffraction.measured import read_pattern, within
    from ..structures.diffraction.patterns import powder_pattern
    from ..structures.diffraction.radiation import resolve_wavelength
    from .output import print_csv, print_json, print_notes, print_rows
    from .pictures import picture_folder

    output = picture_folder(output)
    wavelength, limits = resolve_wavelength(_radiation(radiation)), _range(two_theta)
    _check_width(fwhm)
    parts = _weights(weights, len(crystals))
    reading = None if measured is None else within(read_pattern(measured, wavelength), limits)
    if reading is not None and parts is None and len(crystals) > 1:
        raise typer.BadParameter("a measured pattern of several phases needs --weights", param_hint="--measured")
    samples = _samples(crystals, relaxed or potential is not None, database, potential)
    if symprec is not None:
        samples = [replace(item, symprec=symprec) for item in samples]
    axes: Axes = "standard" if standard else "given"
    phases = [
        powder_pattern(
            item.crystal, item.name, radiation=wavelength, two_theta_range=limits, symprec=item.symprec, axes=axes
        )
        for item in samples
    ]
    patterns = _with_mixture(phases, parts)
    fit = None if reading is None else _overlay(reading, patterns[0], fwhm)
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
    decided = reading.notes if reading is not None else ()
    seen = [*_occupancy_notes(samples), *_symmetry_notes(samples, phases)]
    print_notes([*seen, *problems, *decided, *_step_notes(fit, fwhm)])


def _radiation(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def _range(text: str) -> tuple[float, float]:
    from ..structures.diffraction.radiation import LARGEST_TWO_THETA

    numbers = _numbers(text, "--range")
    if len(numbers) != 2:
        raise typer.BadParameter(f"{text!r} is not two angles, e.g. 10,90", param_hint="--range")
    if not 0.0 < numbers[0] < numbers[1] <= LARGEST_TWO_THETA:
        allowed = f"0 < low < high <= {LARGEST_TWO_THETA:g}°"
        raise typer.BadParameter(f"{text!r} is no range of 2θ; {allowed} is needed", param_hint="--range")
    return numbers[0], numbers[1]


def _check_width(fwhm: float) -> None:
    if not LEAST_FWHM_DEG <= fwhm <= LARGEST_FWHM_DEG:
        allowed = f"{LEAST_FWHM_DEG:g} to {LARGEST_FWHM_DEG:g}°"
        raise typer.BadParameter(f"{fwhm:g} is no width of a line; {allowed} is allowed", param_hint="--fwhm")


def _overlay(reading: MeasuredPattern, pattern: PowderPattern, fwhm: float) -> Overlay:
    """The fit; another wavelength is told with the option that sets it."""
    from ..structures.diffraction.measured import WavelengthError, overlay

    try:
        return overlay(reading, pattern, fwhm_deg=fwhm)
    except WavelengthError as error:
        raise WavelengthError(f"{error}; give --radiation {reading.wavelength:g}") from None


def _occupancy_notes(samples: list[_Sample]) -> list[str]:
    """Sites that scatter as the mean of what is on them."""
    from ase import Atoms

    from ..structures.library.phases import Phase
    from ..structures.occupancies import partial_occupancies

    notes = []
    for sample in samples:
        if not isinstance(sample.crystal, Atoms):
            structure = sample.crystal.structure() if isinstance(sample.crystal, Phase) else sample.crystal
            if found := partial_occupancies(structure):
                notes.append(f"{sample.name}: partly filled sites scatter by their occupancies: {'; '.join(found)}")
    return notes


def _step_notes(fit: Overlay | None, fwhm: float) -> list[str]:
    """Points so far apart that lines fall between them."""
    if fit is None:
        return []
    angles = fit.measured.two_theta_deg
    step = float((angles[-1] - angles[0]) / (len(angles) - 1))
    return [f"{fit.measured.name}: lines of {fwhm:g}° fall between points {step:.3g}° apart"] if step > fwhm else []


def _weights(text: str | None, n_crystals: int) -> list[float] | None:
    if text is None:
        return None
    numbers = _numbers(text, "--weights")
    if len(numbers) != n_crystals:
        raise typer.BadParameter(f"{text!r} has {len(numbers)} for {n_crystals} crystals", param_hint="--weights")
    if not all(0.0 <= number < math.inf for number in numbers) or not 0.0 < sum(numbers) < math.inf:
        raise typer.BadParameter(f"{text!r}: weights must be 0 or more, not all 0", param_hint="--weights")
    return numbers


def _numbers(text: str, option: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a list of numbers with commas", param_hint=option) from None


def _samples(names: list[str], relaxed: bool, database: str | None, potential: str | None) -> list[_Sample]:
    from ..errors import InputError
    from ..structures.input.reader import read_structures, split_index
    from ..workflows.database.rows import conventional_of
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.defaults import default_database
    from ..workflows.studies.hulls.diffraction import relaxed_crystal

    store = StructureDatabase(database or default_database(), must_exist=True) if relaxed else None
    samples = []
    files = [split_index(name)[0] for name in names]
    plain = [file.name for file in files]
    for name, file in zip(names, files, strict=True):
        if file.is_file() or file.suffix:
            for one in read_structures(name):
                label = (file.name if plain.count(file.name) == 1 else str(file)) + one.suffix
                samples.append(_Sample(label, one.structure, str(file), None, one.notes))
        elif store is not None:
            row = relaxed_crystal(store, name, potential)
            origin = f"relaxed with {row.potential}"
            cell = conventional_of(row)
            samples.append(_Sample(row.name, cell.atoms, origin, cell.symprec))
        else:
            label, crystal = _known_crystal(name)
            samples.append(_Sample(label, crystal, "cell of the library", None))
    labels = [item.name for item in samples]
    if twice := [label for label in labels if labels.count(label) > 1]:
        raise InputError(f"{twice[0]!r} is given more than once")
    return samples


def _symmetry_notes(samples: list[_Sample], phases: list[PowderPattern]) -> list[str]:
    """What symmetrising changed, and crystals that a wider tolerance would make more symmetric."""
    from ..structures.symmetry import conventional_cell
    from ..structures.symmetry_tolerances import RELAXED_SYMPREC

    notes = []
    for sample, pattern in zip(samples, phases, strict=True):
        cell = pattern.cells[sample.name]
        if cell.note:
            notes.append(f"{sample.name}: {cell.note}; --symprec chooses the tolerance")
        if cell.symprec < RELAXED_SYMPREC:
            wider = conventional_cell(cell.structure, symprec=RELAXED_SYMPREC)
            if wider.space_group_number != cell.space_group_number:
                notes.append(
                    f"{sample.name}: {cell.space_group} within {cell.symprec:g} Å, and {wider.space_group} within"
                    f" {RELAXED_SYMPREC:g} Å, which --symprec {RELAXED_SYMPREC:g} takes; relaxed crystals need that"
                )
    return notes


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
    from pymatgen.core import Structure

    from ..errors import InputError
    from ..structures.diffraction.references import compare_cell, compare_lines, list_powder_references
    from ..structures.library.phases import Phase

    references = {item.phase: item for item in list_powder_references()}
    cells: list[list[Any]] = []
    lines: list[list[Any]] = []
    problems = [f"{sample.name}: {note}" for sample in samples for note in sample.notes]
    for sample, pattern in zip(samples, phases, strict=True):
        reference = references.get(sample.name)
        if reference is None or isinstance(sample.crystal, Structure):
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
    cells_of = {name: cell for pattern in patterns for name, cell in pattern.cells.items()}
    return {
        "wavelength": patterns[0].wavelength,
        "two_theta_range": list(patterns[0].two_theta_range),
        "crystals": [_crystal(item, cells_of[item.name]) for item in samples],
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


def _crystal(sample: _Sample, cell: ConventionalCell) -> dict[str, Any]:
    a, b, c, alpha, beta, gamma = cell.structure.lattice.parameters
    return {
        "name": sample.name,
        "origin": sample.origin,
        "space_group": cell.space_group,
        "axes": cell.description,
        "lattice": [a, b, c, alpha, beta, gamma],
        "symprec": cell.symprec,
        "largest_shift": cell.largest_shift,
        "lattice_change": cell.lattice_change,
        "notes": list(sample.notes),
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
    for name, cell in pattern.cells.items():
        lattice = cell.structure.lattice
        lengths = " × ".join(f"{length:.4f}" for length in lattice.abc)
        angles = ", ".join(f"{angle:.2f}" for angle in lattice.angles)
        typer.echo(f"hkl of {name}: {cell.description}; a × b × c = {lengths} Å, α, β, γ = {angles}°")


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
