"""The steps of a study with films as plain functions: substrate, slabs, frames of the film, quenches.

Each takes what the database already has from there, so that an interrupted step goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ....calculators.potentials.names import get_potential
from ....calculators.relaxation.relax import RelaxationSettings
from ....calculators.relaxation.results import RelaxationResult
from ....structures.distortions import Operation, rattled, reversing_operations
from ....structures.glass.thiophosphate import AMORPHOUS, glass_slab
from ....structures.interfaces.checks import check_film
from ....structures.interfaces.films import add_film, free_film
from ....structures.library.liquids import bulk_liquid
from ....structures.slabs.checks import check_slab
from ....structures.tags import LIQUID
from ...database.rows import atoms_of, require_converged
from ..surfaces.phase_surfaces import SLAB_SYMPREC
from .cells import Role, hold_bottom, hold_solid
from .sampling import OnStep, SampledFilm, melt_and_sample
from .surface_states import Carried, bulk_of, relax_state

if TYPE_CHECKING:
    from ase import Atoms
    from ase.db.row import AtomsRow

    from .study import AnyFilmStudy

# Enough for the first shells of neighbours in each direction.
BULK_LIQUID_ATOMS = 40
# Crystals are relaxed more tightly than slabs: their energy is multiplied by the number of layers.
BULK_FMAX = 0.02
RATTLE = 0.05


def substrate_variants(study: AnyFilmStudy) -> list[Operation | None]:
    """Return what each variant of the crystal of the substrate keeps when it is displaced at random.

    A crystal given in a high-symmetry model may be a saddle point: the octahedra of LLTO tilt, and tilted it is
    0.05 eV/atom lower. So it is displaced at random, once for each symmetry operation that turns the surface normal
    round, with that operation kept: a crystal that is polar along the normal has charged surfaces. A crystal without
    any such operation, and an amorphous one, is displaced freely, once.
    """
    substrate = study.settings.substrate
    if substrate.amorphous:
        return [None]
    return [*reversing_operations(substrate.crystal(), substrate.plane, symprec=SLAB_SYMPREC)] or [None]


def relax_variant(study: AnyFilmStudy, variant: int) -> AtomsRow:
    """Relax one variant of the crystal, cell and positions, and return its row; an amorphous solid keeps its cell."""
    return _relax_keeping(study, variant, substrate_variants(study)[variant])


def relax_substrate(study: AnyFilmStudy) -> Atoms:
    """Relax the variants of the crystal of the substrate and return the lowest.

    Raises
    ------
    InputError
        Every relaxation failed; the message says why the first did.
    """
    rows = [_relax_keeping(study, *variant) for variant in enumerate(substrate_variants(study))]
    relaxed = [row for row in rows if row.converged] or [require_converged(rows[0])]
    return atoms_of(min(relaxed, key=lambda row: row.energy))


def _relax_keeping(study: AnyFilmStudy, variant: int, operation: Operation | None) -> AtomsRow:
    substrate = study.settings.substrate
    settings = RelaxationSettings(fmax=BULK_FMAX, max_steps=1000, keep_symmetry=operation is not None)
    what = "crystal" if operation is None else f"crystal, variant {variant}"
    start = rattled(substrate.crystal(), RATTLE, keep=operation)
    candidate = study.candidate("substrate", Role.SUBSTRATE, start, what)
    calculations = study.calculations(study.potential, settings)
    return calculations.relax(candidate, relax_cell=not substrate.amorphous)


def chosen_terminations(study: AnyFilmStudy) -> list[str]:
    """Return the terminations of the study, of those named or else of the nonpolar ones (symmetric first): all, or one.

    Raises
    ------
    InputError
        The surface has none that is nonpolar, and none was named.
    """
    section = study.settings
    if section.substrate.amorphous:
        return [AMORPHOUS]
    names = list(section.substrate.terminations)
    if not names:
        # Of the crystal as given: relaxed, it may have distortions that blur which faces are alike.
        names = section.default_terminations(section.substrate, section.substrate.crystal())
    return names if section.all_terminations else names[:1]


def interface_slab(study: AnyFilmStudy, crystal: Atoms, termination: str) -> Atoms:
    """Cut the slab that carries the film, wide enough in both directions."""
    section = study.settings
    if section.substrate.amorphous:
        return glass_slab(crystal)
    slab: Atoms = section.cut_slab(section.substrate, crystal, termination)
    return slab


def relax_slab(study: AnyFilmStudy, termination: str) -> Atoms:
    """Relax the slab that carries the film with the sampling potential, with what its face carries, and return it.

    Raises
    ------
    InputError
        It did not converge, its layers collapsed, or what it carries did not stay.
    """
    crystal = relax_substrate(study)
    slab = interface_slab(study, crystal, termination)
    candidate = study.candidate("slab", Role.SLAB, slab, f"{termination} slab", termination=termination)
    row = study.calculations(study.potential).relax(candidate)
    relaxed = atoms_of(require_converged(row))
    check_slab(relaxed, slab)
    if study.settings.substrate.surface is Carried.CLEAN:
        return relaxed
    return relax_state(study, relaxed, crystal, termination)


def relax_carried_bulk(study: AnyFilmStudy) -> AtomsRow:
    """Relax the crystal of what the face carries, cell and positions, with the sampling potential; return its row.

    Raises
    ------
    InputError
        It did not converge.
    """
    phase = bulk_of(study.settings.substrate.surface)
    settings = RelaxationSettings(fmax=BULK_FMAX, max_steps=1000)
    candidate = study.candidate("substrate", Role.CARRIED_BULK, phase.atoms(), f"crystal {phase.key}")
    return require_converged(study.calculations(study.potential, settings).relax(candidate, relax_cell=True))


def relax_solid(study: AnyFilmStudy, potential: str, termination: str) -> Atoms:
    """Relax the slab once more with ``potential``, its lower half held as it is under a film."""
    slab = relax_slab(study, termination)
    candidate = study.candidate(
        "solid", Role.SOLID, hold_bottom(slab), f"{termination} solid, {potential}", termination=termination
    )
    calculations = study.calculations(potential)
    return atoms_of(require_converged(calculations.relax(candidate, measure=dispersion_of(potential))))


def sample_interface(
    study: AnyFilmStudy, termination: str, seed: int, on_step: OnStep | None = None, *, frame: int | None = None
) -> list[AtomsRow]:
    """Melt a film on the rigid slab and store frames of it; return their rows.

    A frame that shows no film (evaporated, not covering, or reacted through) is stored as failed with the reason.
    With ``frame`` the dynamics pause once that frame is there, so that it can be quenched meanwhile.
    """
    where: dict[str, str | int] = {"termination": termination, "seed": seed}

    def build() -> Atoms:
        slab = relax_slab(study, termination)
        section = study.settings
        return hold_solid(add_film(slab, section.solvent, min_film_size=section.min_film_size, seed=seed))

    n_frames = None if frame is None else frame + 1
    return _sample(study, Role.FRAME, f"{termination} seed {seed}", build, where, on_step, n_frames=n_frames)


def sample_film(study: AnyFilmStudy, termination: str, seed: int, on_step: OnStep | None = None) -> list[AtomsRow]:
    """Melt a free film of as many atoms as lie on the slab, in the same cell, and store frames of it."""

    def build() -> Atoms:
        slab = relax_slab(study, termination)
        symbol, size = study.settings.solvent, study.settings.min_film_size
        on_slab = add_film(slab, symbol, min_film_size=size, seed=seed)
        n_atoms = int((on_slab.get_tags() == LIQUID).sum())
        return free_film(symbol, slab.cell.array[:2, :2], n_atoms=n_atoms, seed=seed)

    return _sample(study, Role.FILM_FRAME, f"free film seed {seed}", build, {"seed": seed}, on_step)


def quench_bulk_liquid(study: AnyFilmStudy, potential: str, seed: int) -> None:
    """Relax frames of the bulk liquid, the cell with them: what an atom of the liquid has when there is no surface."""
    symbol = study.settings.solvent
    rows = _sample(
        study,
        Role.LIQUID_FRAME,
        f"bulk liquid seed {seed}",
        lambda: bulk_liquid(symbol, BULK_LIQUID_ATOMS, seed=seed),
        {"seed": seed},
        None,
    )
    calculations = study.calculations(potential)
    for row in rows:
        where: dict[str, str | int] = {"seed": seed, "frame": row.frame}
        what = f"bulk liquid seed {seed} frame {row.frame}, {potential}"
        candidate = study.candidate("film", Role.BULK_LIQUID, atoms_of(row), what, **where)
        calculations.relax(candidate, relax_cell=True)


def _sample(
    study: AnyFilmStudy,
    role: Role,
    what: str,
    build: Callable[[], Atoms],
    where: dict[str, str | int],
    on_step: OnStep | None,
    *,
    n_frames: int | None = None,
) -> list[AtomsRow]:
    """Return the rows of the first frames, or of all; how the film moved is known, and stored, with the last one."""
    n_frames = n_frames or study.settings.frames
    stored = study.all_rows(role, **where)
    if len(stored) >= n_frames:
        return sorted(stored, key=lambda row: row.frame)[:n_frames]
    sampled = _melt_and_sample(study, build(), what, int(where["seed"]), on_step, n_frames)
    for row in stored:  # before the last one is there: then nobody comes back here
        if not sampled.motion.keys() <= {*row}:
            study.database.complete(row.fingerprint, sampled.motion)
    calculations = study.calculations(study.potential)
    verify = None if role == Role.LIQUID_FRAME else check_film
    rows = []
    for number, frame in enumerate(sampled.frames):
        candidate = study.candidate("frame", role, frame, f"{what} frame {number}", frame=number, **where)
        rows.append(calculations.single_point(candidate, verify=verify, **sampled.motion))
    return rows


def _melt_and_sample(
    study: AnyFilmStudy, atoms: Atoms, what: str, seed: int, on_step: OnStep | None, n_frames: int
) -> SampledFilm:
    name = f"{study.key} {what}".replace(" ", "_").replace("/", "_")
    return melt_and_sample(
        atoms,
        study.potential,
        study.settings.sampling,
        study.job.spec.checkpoint_folder / f"{name}-{study.settings.frames}.npz",
        frames=study.settings.frames,
        melt_K=study.melt_temperature_K,
        sample_K=study.sampling_temperature_K,
        seed=seed,
        on_step=on_step,
        pause_after=n_frames,
    )


def dispersion_of(potential: str) -> Callable[[RelaxationResult], dict[str, float]]:
    """Return what measures the dispersion energy of a result, nothing for a potential without a correction."""
    known = get_potential(potential)

    def measure(result: RelaxationResult) -> dict[str, float]:
        if known.dispersion is None:
            return {}
        from ....calculators.potentials.dispersion import dispersion_energy

        return {"dispersion_energy": dispersion_energy(result.atoms, known.dispersion, known.functional or "pbe")}

    return measure
