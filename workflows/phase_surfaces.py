"""Surface energies of the stable phases and of the substrate: slabs of growing thickness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..calculators.relaxation import RelaxationSettings
from ..errors import InputError
from ..structures.slab_checks import check_slab
from ..structures.slabs import Slab, enumerate_slabs, slab_series
from .analysis import hull_of_rows
from .calculations import Calculations
from .candidates import Candidate
from .database import StructureDatabase
from .wetting_spec import SLAB_SYMPREC
from .wetting_study import atoms_of, miller_text

if TYPE_CHECKING:
    from ase import Atoms

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


def conventional_cell(atoms: Atoms) -> Atoms:
    """Return the standard conventional cell of a crystal."""
    from pymatgen.io.ase import AseAtomsAdaptor
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

    structure = AseAtomsAdaptor.get_structure(atoms)
    standard = SpacegroupAnalyzer(structure, symprec=0.05).get_conventional_standard_structure()
    return AseAtomsAdaptor.get_atoms(standard, msonable=False)


def densest_planes(conventional: Atoms, count: int) -> list[MillerIndex]:
    """Return the planes with the widest spacing of lattice planes, which cost the least to cut (Bravais' rule)."""
    from pymatgen.core.surface import get_symmetrically_distinct_miller_indices
    from pymatgen.io.ase import AseAtomsAdaptor

    structure = AseAtomsAdaptor.get_structure(conventional)
    primitive = structure.get_primitive_structure().lattice.matrix
    reciprocal = structure.lattice.reciprocal_lattice_crystallographic.matrix

    def spacing(miller_index: MillerIndex) -> float:
        normal = np.asarray(miller_index) @ reciprocal
        # The shortest vector of the primitive reciprocal lattice along the normal: its coefficients share no divisor.
        coefficients = np.rint(primitive @ normal * 12).astype(int)
        return float(np.gcd.reduce(coefficients) / 12 / np.linalg.norm(normal)) ** -1

    found = [tuple(index)[:3] for index in get_symmetrically_distinct_miller_indices(structure, 1)]
    return sorted(found, key=lambda index: (spacing(index), index))[:count]


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
    """Relax slabs of growing thickness of one plane of a crystal; a stoichiometric cut is preferred.

    A plane whose only slabs are non-stoichiometric is left out: its energy would need chemical potentials.
    """
    slabs = enumerate_slabs(
        crystal, miller_index, min_slab_size=MIN_SLAB_SIZE, prefer="stoichiometric", symprec=SLAB_SYMPREC
    )
    whole = [slab for slab in slabs if slab.stoichiometric]
    if not whole:
        return
    # A relaxed crystal may itself be a little polar; where there is a choice, a slab that is not goes first.
    chosen = min(whole, key=lambda slab: (bool(slab.polar), not slab.symmetric, slab.termination))
    settings = spec.wetting.settings() if spec.wetting else RelaxationSettings(fmax=0.05, relax_cell=False)
    calculations = Calculations(database, spec.potential, replace(settings, relax_cell=False))
    for slab in slab_series(
        crystal,
        miller_index,
        termination=chosen.termination,
        bottom_termination=chosen.bottom_termination,
        n_sizes=N_SIZES,
        min_slab_size=MIN_SLAB_SIZE,
        prefer="stoichiometric",
        symprec=SLAB_SYMPREC,
    ):
        calculations.relax(_candidate(name, miller_index, slab), verify=partial(check_slab, initial=slab.atoms))


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
