"""The parameter sets of a wetting study: each termination with each potential, relaxed or as single points."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from ....errors import InputError, unknown_name
from ....thermodynamics.uncertainty import Estimate, average_over_groups
from ....thermodynamics.wetting.adhesion import average_adhesion, check_work_of_adhesion
from ....thermodynamics.wetting.panel_errors import known_errors, leading_method
from ....thermodynamics.wetting.parameters import WettingParameters
from ....thermodynamics.wetting.samples import parameters_from_samples
from ..films.cells import Role
from ..films.stored import Frame, by_seed
from .single_point_corrections import corrected_parameters, shifted
from .stored import StoredStudy, median_degeneracies

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

T = TypeVar("T")

# Films of one study differ by about this much, far more than the frames of one (J/m², eV; docs/benchmarks.md, Films).
ASSUMED_ERROR_J_M2 = 0.02
ASSUMED_ERROR_PER_SOLUTE = 0.1


@dataclass(frozen=True)
class Member:
    """One parameter set of a study.

    Attributes
    ----------
    termination, potential
        Which face, and whose energies.
    parameters
        Means and errors, and what was assumed.
    structures_from
        Potential that relaxed the structures on which ``potential`` gave single points; "" where it relaxed its own.
    surface_energy_J_m2
        Of the free film, computed; None where film or bulk liquid is missing.
    dry_face_gaps
        Numbers of solute atoms that the dry face has no energy for, below the largest; empty for single points.
    """

    termination: str
    potential: str
    parameters: WettingParameters
    structures_from: str = ""
    surface_energy_J_m2: Estimate | None = None
    dry_face_gaps: tuple[int, ...] = ()


def study_members(
    study: StoredStudy, terminations: Sequence[str] = (), potentials: Sequence[str] = ()
) -> tuple[list[Member], list[str]]:
    """Return the parameter sets by termination, and why others are missing.

    The sampling potential leads, or the same model with another dispersion that errs less on solids with measured
    angles; see :func:`~amalgamics.thermodynamics.wetting.panel_errors.known_errors`. Only they and nothing computed for
    the study decide that.

    Parameters
    ----------
    study
        In the database.
    terminations, potentials
        Which ones; empty for all. ``potentials`` may name those of single points.

    Raises
    ------
    InputError
        There is no quenched interface, an unknown name, or nothing fits both.
    """
    faces = study.faces()
    if not faces:
        failed = study.failures()
        why = f"{failed[0].name}: {failed[0].data['reason']}" if failed else "let its workflow go on"
        raise InputError(f"{study.key}: there is no quenched interface; {why}")
    _check_known("termination", terminations, list(faces))
    _check_known("potential", potentials, {name for face in faces.values() for name in face.potentials})
    members: list[Member] = []
    problems: list[InputError] = []
    for face in dict.fromkeys(terminations or faces):
        relaxed = []
        for potential in faces[face].relaxing:
            try:
                relaxed.append(_relaxed_member(study, face, potential))
            except InputError as error:
                problems.append(error)
        repeated = [one for name in faces[face].repeating if (one := _repeated_member(study, face, name, relaxed))]
        found = [one for one in [*relaxed, *repeated] if not potentials or one.potential in potentials]
        members += _leading_first([_with_method_errors(one, study.solvent) for one in found], study.solvent)
    if not members:
        raise problems[0] if problems else InputError(f"{study.key}: no face has both that termination and potential")
    return members, [f"left out: {problem}" for problem in problems]


def _check_known(kind: str, wanted: Sequence[str], known: Sequence[str] | set[str]) -> None:
    for name in wanted:
        if name not in known:
            raise InputError(unknown_name(kind, name, sorted(known)))


def _relaxed_member(study: StoredStudy, termination: str, potential: str) -> Member:
    n_films = len({seed for seed, _ in study.interface_energies(termination, potential)})
    dry = study.dry_face(termination, potential)
    return Member(
        termination,
        potential,
        _with_errors(member_parameters(study, termination, potential, dry), n_films),
        surface_energy_J_m2=study.surface_energy_J_m2(potential),
        dry_face_gaps=tuple(missing_on_dry_face(dry)),
    )


def _repeated_member(study: StoredStudy, termination: str, potential: str, relaxed: Sequence[Member]) -> Member | None:
    """The parameters of the potential that relaxed the structures, with the differences of the single points."""
    points = study.single_points(termination, potential)
    if not points.complete:
        return None
    base = next((one for one in relaxed if one.potential == points.structures_from), None)
    if base is None:
        return None
    name = f"{termination}, {potential} on structures of {base.potential}"
    parameters = corrected_parameters(base.parameters, points, potential, name)
    energy = base.surface_energy_J_m2
    shift = points.surface_energy_shift_J_m2(parameters.interface.area)
    own = None if energy is None or shift is None else shifted(energy, shift)
    return Member(termination, potential, parameters, base.potential, own)


def _with_method_errors(item: Member, solvent: str) -> Member:
    """Return the set with how far its method is off on solids with measured angles, where the panel knows that."""
    return replace(item, parameters=replace(item.parameters, method_errors=known_errors(item.potential, solvent)))


def _leading_first(members: list[Member], solvent: str) -> list[Member]:
    """Return the sets of one face, led by that of the first one's model whose dispersion errs least on the panel."""
    leader = leading_method([one.potential for one in members], solvent)
    return sorted(members, key=lambda one: one.potential != leader)


def _with_errors(item: WettingParameters, n_films: int) -> WettingParameters:
    """Return the parameters with errors assumed, and said to be, where one film or one frame does not show them."""
    assumed = {"work_of_adhesion_J_m2": ASSUMED_ERROR_J_M2, "per_solute": ASSUMED_ERROR_PER_SOLUTE}
    item = item.assuming(**assumed)
    return item.at_least(**assumed) if n_films == 1 else item


def member_parameters(
    study: StoredStudy,
    termination: str,
    potential: str,
    dry: Mapping[int, AtomsRow],
    *,
    seed: int | None = None,
) -> WettingParameters:
    """Return the parameters of one face and relaxing potential, from all its seeds or from one.

    ``dry`` is what `StoredStudy.dry_face` gives for both; with a gap in it there is no dry face.

    Raises
    ------
    InputError
        Frames with solute, or the solute in the free film, are missing.
    """
    name = f"{termination}, {potential}" + ("" if seed is None else f", seed {seed}")
    states = study.interface_energies(termination, potential)
    inside = study.insertion_energies(Role.SOLUTE_IN_FILM, potential)
    on_top = study.insertion_energies(Role.SOLUTE_ON_FILM, potential)
    adhesion = study.adhesion_samples(termination, potential, "relaxed")
    if seed is not None:
        states, inside, on_top = _of_seed(states, seed), _of_seed(inside, seed), _of_seed(on_top, seed)
        adhesion = {seed: adhesion[seed]}
    if not inside or not any(len(rows) > 1 for rows in states.values()):
        raise InputError(f"{study.key}: {name} has no frame with {study.solute} at the interface, or none in the film")
    counts = range(1, max(max(rows) for rows in states.values()) + 1)
    named = {f"seed {number}": group for number, group in adhesion.items()}
    check_work_of_adhesion(average_adhesion(named).total_J_m2, name)
    if missing_on_dry_face(dry):  # a gap would make the states beside it look better than they are
        dry = {}
    return parameters_from_samples(
        name,
        adhesion=named,
        interface=by_seed({key: {n: float(row.energy) for n, row in rows.items()} for key, rows in states.items()}),
        reference=by_seed(inside),
        vapour=by_seed(on_top) or None,
        area=study.area(termination),
        degeneracies=median_degeneracies(states, counts),
        dry_face={n: float(row.energy) for n, row in dry.items()} or None,
        dry_degeneracies={n: float(row.degeneracy) for n, row in dry.items() if n},
    )


def missing_on_dry_face(dry: Mapping[int, object]) -> list[int]:
    """Return the numbers of solute atoms below the largest that the dry face has no energy for."""
    return [n for n in range(max(dry, default=0)) if n not in dry]


def dry_face_problems(solute: str, members: Sequence[Member]) -> list[str]:
    """Return what the equilibrated limit lacks: whole sets, gaps, and states that only the interface has."""
    found = []
    for one in members:
        parameters = one.parameters
        if one.dry_face_gaps:
            missing = ", ".join(map(str, one.dry_face_gaps))
            found.append(f"{parameters.name}: the dry face lacks n = {missing} and is left out")
        elif parameters.dry_face is None:
            found.append(f"{parameters.name}: no dry face, so it is not in the equilibrated limit")
        elif max(parameters.dry_face.counts) < max(parameters.interface.counts):
            found.append(
                f"{parameters.name}: the dry face holds at most {max(parameters.dry_face.counts)} {solute} atoms,"
                f" the interface {max(parameters.interface.counts)}: the equilibrated angle may be too small"
            )
    return found if any(one.parameters.dry_face for one in members) or any("lacks" in text for text in found) else []


def seed_parameters(study: StoredStudy, member: Member) -> list[WettingParameters]:
    """Return the parameters of each seed alone; nothing when there is only one, or for single points."""
    if member.structures_from:
        return []
    seeds = sorted({seed for seed, _ in study.interface_energies(member.termination, member.potential)})
    if len(seeds) < 2:
        return []
    found = []
    dry = study.dry_face(member.termination, member.potential)
    for seed in seeds:
        # A seed of which only a part is there yet has no curve of its own; without one, nothing is missing.
        with contextlib.suppress(InputError):
            # Lines without a band: one film says nothing of the scatter between films.
            found.append(member_parameters(study, member.termination, member.potential, dry, seed=seed).exact())
    return found


def insertion_estimate(study: StoredStudy, role: Role, potential: str, *, zero: float = 0.0) -> Estimate | None:
    """Return what one solute atom costs in or on the free film, eV, above ``zero``; None when it was not computed."""
    found = study.insertion_energies(role, potential)
    if not found:
        return None
    return average_over_groups({name: [value - zero for value in group] for name, group in by_seed(found).items()})


def _of_seed(values: Mapping[Frame, T], seed: int) -> dict[Frame, T]:
    return {frame: value for frame, value in values.items() if frame[0] == seed}
