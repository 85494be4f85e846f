"""The steps of a ``surfaces`` section: slabs of every plane of a crystal, and two crystals joined and parted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from ..calculators.registry import get_potential
from ..calculators.relaxation import RelaxationError
from ..errors import InputError
from ..structures.coherent import CoherentInterface, coherent_interfaces
from ..structures.lattice_planes import MillerIndex, conventional_cell
from ..structures.parts import LIQUID, SOLID
from ..structures.registry import registries
from ..structures.slab_checks import check_slab
from .calculations import Calculations
from .candidates import Candidate, Kind
from .phase_surfaces import relax_slabs
from .wetting_study import atoms_of, miller_text

if TYPE_CHECKING:
    from ase import Atoms
    from ase.db.row import AtomsRow

    from ..calculators.relaxation import RelaxationResult
    from .database import StructureDatabase
    from .spec import WorkflowSpec
    from .surfaces_spec import AdhesionSection, SurfacesSection

ADHESION = "adhesion"
"""Study of the rows of joined crystals."""


def relax_planes(
    spec: WorkflowSpec, database: StructureDatabase, fingerprint: str, planes: Sequence[MillerIndex]
) -> None:
    """Relax the slabs of all planes of the crystal whose relaxation has that fingerprint."""
    section = _section(spec)
    row = _bulk(database, fingerprint)
    crystal = conventional_cell(atoms_of(row))
    calculations = Calculations(database, spec.potential, section.settings())
    for plane in planes:
        relax_slabs(calculations, row.name, crystal, plane, min_slab_size=section.min_slab_size)


def relax_adhesion(spec: WorkflowSpec, database: StructureDatabase, pair: int, film: str, substrate: str) -> None:
    """Relax the interface of one pair in each registry, and its two sides alone in the same cell.

    Parameters
    ----------
    spec, database
        The job, and where results are kept.
    pair
        Its number in ``surfaces.adhesion``.
    film, substrate
        Fingerprints of the relaxed crystals.
    """
    section = _section(spec)
    wanted = section.adhesion[pair]
    upper, lower = _bulk(database, film), _bulk(database, substrate)
    labels = adhesion_labels(wanted, upper.name, lower.name)
    title = interface_name(wanted, upper.name, lower.name)
    calculations = Calculations(database, spec.potential, section.settings())
    try:
        interface = _interface(wanted, section, atoms_of(upper), atoms_of(lower))
    except InputError as error:
        # Kept as a failure, so that the report can say why there is no number.
        labels = {**labels, "site": f"area-{wanted.max_area:g}-strain-{wanted.max_strain:g}"}
        failed = Candidate(title, "interface", atoms_of(lower), f"{upper.name} on {lower.name}", labels=labels)
        outcome = RelaxationError(str(error), failed.atoms)
        database.add(failed, outcome, get_potential(spec.potential), section.settings())
        return
    labels = {**labels, "termination": f"{interface.film_termination}|{interface.substrate_termination}"}
    source = f"{upper.name} strained onto {lower.name}"
    placed = registries(interface, section.registries)
    sides: tuple[tuple[int, Kind, str], ...] = ((SOLID, "solid", "substrate"), (LIQUID, "film", "film"))
    for tag, role, what in sides:
        part = placed[0][placed[0].get_tags() == tag]
        candidate = Candidate(f"{title}, {what} alone", role, part, source, labels={**labels, "role": role})
        calculations.relax(candidate, verify=partial(check_slab, initial=part))
    for number, atoms in enumerate(placed):
        candidate = Candidate(
            f"{title}, registry {number}", "interface", atoms, source, labels={**labels, "site": f"registry-{number}"}
        )
        calculations.relax(
            candidate,
            measure=partial(_rigid_parts, calculations),
            verify=partial(check_slab, initial=atoms),
            film_strain=_mean_strain(interface),
            film_max_strain=interface.max_strain,
        )


def adhesion_labels(pair: AdhesionSection, film: str, substrate: str) -> dict[str, str | int]:
    """Return what the rows of a pair are found by."""
    return {
        "study": ADHESION,
        "role": "interface",
        "film": film,
        "substrate": substrate,
        "miller": f"({miller_text(pair.miller_index)})",
        "film_miller": f"({miller_text(pair.film_plane)})",
    }


def interface_name(pair: AdhesionSection, film: str, substrate: str) -> str:
    """Return ``Ag_fcc(111) on Au_fcc(111)``."""
    return f"{film}({miller_text(pair.film_plane)}) on {substrate}({miller_text(pair.miller_index)})"


def _interface(pair: AdhesionSection, section: SurfacesSection, film: Atoms, substrate: Atoms) -> CoherentInterface:
    return coherent_interfaces(
        conventional_cell(film),
        conventional_cell(substrate),
        pair.film_plane,
        pair.miller_index,
        max_area=pair.max_area,
        max_strain=pair.max_strain,
        min_film_size=section.min_slab_size,
        min_substrate_size=section.min_slab_size,
    )[0]


def _mean_strain(interface: CoherentInterface) -> float:
    """Mean relative change of a length of the film in the plane: positive where it is stretched."""
    return float((1.0 + interface.strain.trace()) ** 0.5 - 1.0)


def _rigid_parts(calculations: Calculations, result: RelaxationResult) -> dict[str, float]:
    """Energies (eV) of the two sides with the positions that they have at the interface."""
    tags = result.atoms.get_tags()
    return {
        "rigid_solid_energy": calculations.energy(result.atoms[tags == SOLID]),
        "rigid_film_energy": calculations.energy(result.atoms[tags == LIQUID]),
    }


def _section(spec: WorkflowSpec) -> SurfacesSection:
    if spec.surfaces is None:
        raise InputError("the input has no surfaces section")
    return spec.surfaces


def _bulk(database: StructureDatabase, fingerprint: str) -> AtomsRow:
    row = database.find(fingerprint)
    if row is None:
        raise InputError(f"{database.path} has no relaxation {fingerprint} any more; run the workflow again")
    return row
