"""Quench a film on a solid without solute, and its parts alone; single points on what was quenched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....calculators.relaxation.results import RelaxationResult
from ....structures.interfaces.checks import check_film
from ....structures.interfaces.films import detach
from ...database.rows import atoms_of
from .cells import Role, hold_bottom
from .steps import dispersion_of
from .stored import frame_of

if TYPE_CHECKING:
    from ase import Atoms
    from ase.db.row import AtomsRow

    from ...database.calculations import Calculations
    from ...database.candidates import Kind
    from .study import AnyFilmStudy


def quench_bare(
    study: AnyFilmStudy, calculations: Calculations, start: Atoms, what: str, where: dict[str, str | int]
) -> AtomsRow:
    """Relax the film on the solid without solute, and its parts alone."""
    potential = calculations.potential.name

    def measure(result: RelaxationResult) -> dict[str, float]:
        solid, film = map(float, calculations.energies(detach(result.atoms)))
        rigid = {"rigid_solid_energy": solid, "rigid_film_energy": film}
        return {**rigid, **dispersion_of(potential)(result)}

    candidate = study.candidate("interface", Role.INTERFACE, hold_bottom(start), what, n_solute=0, site="none", **where)
    bare = calculations.relax(candidate, measure=measure, verify=check_film)
    if bare.converged:
        solid, film = detach(atoms_of(bare))
        parts: tuple[tuple[Atoms, Kind, Role], ...] = (
            (solid, "solid", Role.SOLID),
            (film, "film", Role.DETACHED_FILM),
        )
        for part, kind, role in parts:
            calculations.relax(
                study.candidate(kind, role, part, f"{what}, {role}", **where),
                measure=dispersion_of(potential),
            )
    return bare


def quench_frame(study: AnyFilmStudy, potential: str, termination: str, seed: int, frame: int) -> AtomsRow | None:
    """Quench one frame of the film on the solid, and its parts alone; return its row, None where there is no film.

    The sampling potential relaxes the frame, any other one what that potential found.
    """
    where: dict[str, str | int] = {"termination": termination, "seed": seed, "frame": frame}
    if potential == study.potential:
        start = next(iter(study.rows(Role.FRAME, **where)), None)  # stored as failed where it shows no film
    else:
        start = next(iter(study.rows(Role.INTERFACE, potential=study.potential, n_solute=0, **where)), None)
    if start is None:
        return None
    what = f"{termination} seed {seed} frame {frame}, {potential}"
    return quench_bare(study, study.calculations(potential), atoms_of(start), what, where)


def quench_film_alone(study: AnyFilmStudy, potential: str, seed: int, frame: int) -> AtomsRow | None:
    """Quench one frame of the free film; otherwise as :func:`quench_frame`."""
    where: dict[str, str | int] = {"seed": seed, "frame": frame}
    if potential == study.potential:
        start = next(iter(study.rows(Role.FILM_FRAME, **where)), None)
    else:
        start = next(iter(study.rows(Role.FILM, potential=study.potential, n_solute=0, **where)), None)
    if start is None:
        return None
    what = f"free film seed {seed} frame {frame}, {potential}"
    candidate = study.candidate("film", Role.FILM, atoms_of(start), what, n_solute=0, site="none", **where)
    return study.calculations(potential).relax(candidate, measure=dispersion_of(potential), verify=check_film)


def repeat_as_single_points(study: AnyFilmStudy, rows: Sequence[AtomsRow], potential: str, base: str) -> None:
    """Compute single points with ``potential`` on structures that ``base`` relaxed."""
    calculations = study.calculations(potential)
    for row in rows:
        labels = {key: row[key] for key in ("termination", "site", "seed", "frame", "n_solute") if key in row}
        what = f"{row.name.removeprefix(study.surface_name).strip()}, single point with {potential}"
        candidate = study.candidate(row.kind, Role(row.role), atoms_of(row), what, geometry=base, **labels)
        calculations.single_point(candidate, geometry_energy=float(row.energy))


def first_frame(rows: Sequence[AtomsRow]) -> dict[str, int] | None:
    """Return seed and number of the first frame among rows; None without rows."""
    first = min(map(frame_of, rows), default=None)
    return None if first is None else {"seed": first[0], "frame": first[1]}


def lowest(rows: Sequence[AtomsRow]) -> list[AtomsRow]:
    """Return the row of the lowest energy, as a list; an empty one where there is none."""
    return sorted(rows, key=lambda row: float(row.energy))[:1]
