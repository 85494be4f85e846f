"""Surface energies of the stable phases and of the substrate: slabs of growing thickness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ..calculators.relaxation import RelaxationSettings
from ..errors import InputError
from ..structures.lattice_planes import conventional_cell, densest_planes
from ..structures.slab_checks import check_slab
from ..structures.slabs import Slab, enumerate_slabs, get_slab, slab_series
from .analysis import hull_of_rows
from .calculations import Calculations
from .candidates import Candidate
from .database import StructureDatabase
from .wetting_spec import SLAB_SYMPREC
from .wetting_study import atoms_of, miller_text

if TYPE_CHECKING:
    from ase import Atoms
    from ase.db.row import AtomsRow

    from .spec import WorkflowSpec
    from .wetting_spec import MillerIndex

STUDY = "surfaces"
MIN_SLAB_SIZE = 9.0
N_SIZES = 3


def stable_phase_surfaces(
    spec: WorkflowSpec, database: StructureDatabase, fingerprints: Mapping[str, str]
) -> list[tuple[str, str, MillerIndex]]:
    """Return the planes to compute: of each stable phase with solute, those with the widest spacing of layers.

    Each comes with the name of the phase and the fingerprint of its relaxation.
    """
    if spec.wetting is None or spec.wetting.surfaces == 0:
        return []
    rows = list(database.find_all(list(fingerprints.values())).values())
    hull, _ = hull_of_rows(spec.wetting.system, rows)
    by_id = {int(row.id): row for row in rows}
    planes = []
    for phase in hull.stable:
        if spec.wetting.solute in phase.composition:
            row = by_id[int(phase.entry_id or 0)]
            for miller_index in densest_planes(conventional_cell(atoms_of(row)), spec.wetting.surfaces):
                planes.append((row.name, row.fingerprint, miller_index))
    return planes


def relax_phase_surface(
    spec: WorkflowSpec, database: StructureDatabase, fingerprint: str, miller_index: MillerIndex
) -> None:
    """Relax the slabs of one plane of the phase whose relaxation has that fingerprint."""
    row = database.find(fingerprint)
    if row is None:
        raise InputError(f"{database.path} has no relaxation {fingerprint} any more; run the workflow again")
    relax_surface(spec, database, row.name, conventional_cell(atoms_of(row)), miller_index)


def relax_surface(
    spec: WorkflowSpec, database: StructureDatabase, name: str, crystal: Atoms, miller_index: MillerIndex
) -> None:
    """Relax slabs of growing thickness of one plane of a crystal, as the wetting study does."""
    settings = spec.wetting.settings() if spec.wetting else RelaxationSettings(fmax=0.05, relax_cell=False)
    calculations = Calculations(database, spec.potential, replace(settings, relax_cell=False))
    relax_slabs(calculations, name, crystal, miller_index)


def relax_slabs(
    calculations: Calculations,
    name: str,
    crystal: Atoms,
    miller_index: MillerIndex,
    *,
    min_slab_size: float = MIN_SLAB_SIZE,
) -> list[AtomsRow]:
    """Relax slabs of growing thickness of one plane of a crystal; a stoichiometric cut is preferred.

    A plane whose only slabs are non-stoichiometric has no rows: its energy would need chemical potentials.

    Parameters
    ----------
    calculations
        Their potential, and how slabs are relaxed.
    name
        Of the crystal in names and labels.
    crystal
        Any cell of it; the plane is in its axes.
    miller_index
        The plane.
    min_slab_size
        Thickness of the thinnest slab, Å.
    """
    series = slabs_of_plane(crystal, miller_index, min_slab_size=min_slab_size)
    return [
        calculations.relax(_candidate(name, miller_index, slab), verify=partial(check_slab, initial=slab.atoms))
        for slab in series
    ]


def slabs_of_plane(
    crystal: Atoms,
    miller_index: Sequence[int],
    *,
    min_slab_size: float = MIN_SLAB_SIZE,
    n_sizes: int = N_SIZES,
    termination: str | None = None,
) -> list[Slab]:
    """Return slabs of growing thickness of one plane of a crystal, stoichiometric; none where every cut has an excess.

    Parameters
    ----------
    crystal, miller_index, min_slab_size
        As for :func:`relax_slabs`.
    n_sizes
        How many.
    termination
        Of the upper face; by default one that is not polar, then one that is symmetric.

    Raises
    ------
    InputError
        The plane has no such termination, or an argument is not allowed.
    """
    slabs = enumerate_slabs(
        crystal, miller_index, min_slab_size=min_slab_size, prefer="stoichiometric", symprec=SLAB_SYMPREC
    )
    if termination is not None:
        wanted = get_slab(
            crystal,
            miller_index,
            termination=termination,
            min_slab_size=min_slab_size,
            prefer="stoichiometric",
            symprec=SLAB_SYMPREC,
        )
        slabs = [slab for slab in slabs if slab.termination == wanted.termination]
    whole = [slab for slab in slabs if slab.stoichiometric]
    if not whole:
        return []
    # A relaxed crystal may itself be a little polar; where there is a choice, a slab that is not goes first.
    chosen = min(whole, key=lambda slab: (bool(slab.polar), not slab.symmetric, slab.termination))
    return slab_series(
        crystal,
        miller_index,
        termination=chosen.termination,
        bottom_termination=chosen.bottom_termination,
        n_sizes=n_sizes,
        min_slab_size=min_slab_size,
        prefer="stoichiometric",
        symprec=SLAB_SYMPREC,
    )


def _candidate(name: str, miller_index: MillerIndex, slab: Slab) -> Candidate:
    sides = slab.termination if slab.symmetric else f"{slab.termination}|{slab.bottom_termination}"
    return Candidate(
        name=f"{name}({miller_text(miller_index)}) {sides} slab, {slab.n_layers} layers",
        kind="slab",
        atoms=slab.atoms,
        source=f"cut from the relaxed {name}",
        labels={
            "study": STUDY,
            "role": "surface",
            "substrate": name,
            "miller": f"({miller_text(miller_index)})",
            "termination": sides,
            "n_layers": slab.n_layers,
        },
    )
