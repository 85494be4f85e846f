"""Two crystals joined along a plane: the interface in each stacking, and its two sides alone in the same cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ....calculators.relaxation.results import RelaxationError
from ....errors import InputError
from ....structures.interfaces.coherent import NEUTRAL, CoherentInterface, coherent_interfaces
from ....structures.interfaces.stacking_offsets import registries
from ....structures.slabs.checks import check_slab
from ....structures.slabs.lattice_planes import check_slab_size
from ....structures.tags import LIQUID, SOLID
from ...database.candidates import Candidate, Kind
from ...database.rows import atoms_of, miller_text
from .phases import surface_cell

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ....calculators.relaxation.results import RelaxationResult
    from ...database.calculations import Calculations
    from .settings import AdhesionSettings, SurfacesSettings

ADHESION = "adhesion"
"""Value of ``study`` of the rows of joined crystals."""


@dataclass(frozen=True)
class JoinedCrystals:
    """What is computed of one pair of faces: each side alone, and the interface in each stacking.

    Attributes
    ----------
    title
        ``Ag_fcc(111) on Au_fcc(111)``, with the faces that meet where a plane has several.
    sides, stackings
        Structures to compute.
    interface
        How the cells were matched; None, and ``problem`` says why, where they do not match.
    """

    title: str
    sides: Sequence[Candidate] = ()
    stackings: Sequence[Candidate] = ()
    interface: CoherentInterface | None = None
    problem: str = ""


def joined_crystals(
    pair: AdhesionSettings, settings: SurfacesSettings, film: AtomsRow, substrate: AtomsRow
) -> list[JoinedCrystals]:
    """Join two relaxed crystals as the input asks for: once for each pair of faces.

    Parameters
    ----------
    pair, settings
        One of ``surfaces.adhesion``, and the whole section.
    film, substrate
        Rows of the relaxed crystals.
    """
    crystals = {
        "film": surface_cell(settings, film).atoms,
        "substrate": surface_cell(settings, substrate).atoms,
    }
    planes = {"film": pair.film_plane, "substrate": pair.miller_index}
    try:
        for side, crystal in crystals.items():
            check_slab_size(
                crystal,
                planes[side],
                min_slab_size=settings.min_slab_size,
                max_slab_atoms=settings.max_slab_atoms,
                name=f"surfaces.adhesion: {side}",
            )
        interfaces = coherent_interfaces(
            crystals["film"],
            crystals["substrate"],
            planes["film"],
            planes["substrate"],
            max_area=pair.max_area,
            max_strain=pair.max_strain,
            min_film_size=settings.min_slab_size,
            min_substrate_size=settings.min_slab_size,
            film_termination=_choice(pair.film_termination),
            substrate_termination=_choice(pair.substrate_termination),
        )
    except InputError as error:
        return [JoinedCrystals(interface_name(pair, film.name, substrate.name), problem=str(error))]
    faces = len({(one.film_termination, one.substrate_termination) for one in interfaces})
    return [_joined(pair, settings, film.name, substrate.name, one, tell_faces=faces > 1) for one in interfaces]


def _choice(termination: str | None) -> str | None:
    """Return what ``coherent_interfaces`` takes for a choice of the input."""
    return NEUTRAL if termination is None else None if termination == "all" else termination


def _joined(
    pair: AdhesionSettings,
    settings: SurfacesSettings,
    film: str,
    substrate: str,
    interface: CoherentInterface,
    *,
    tell_faces: bool,
) -> JoinedCrystals:
    title = interface_name(pair, film, substrate)
    labels = adhesion_labels(pair, film, substrate)
    labels["termination"] = f"{interface.film_termination}|{interface.substrate_termination}"
    if tell_faces:
        title += f", {interface.film_termination} on {interface.substrate_termination}"
    source = f"{film} strained onto {substrate}"
    placed = registries(interface, settings.registries)
    sides: tuple[tuple[int, Kind, str], ...] = ((SOLID, "solid", "substrate"), (LIQUID, "film", "film"))
    alone = [
        Candidate(
            f"{title}, {what} alone",
            role,
            placed[0][placed[0].get_tags() == tag],
            source,
            labels={**labels, "role": role},
        )
        for tag, role, what in sides
    ]
    joined = [
        Candidate(
            f"{title}, registry {number}", "interface", atoms, source, labels={**labels, "site": f"registry-{number}"}
        )
        for number, atoms in enumerate(placed)
    ]
    return JoinedCrystals(title, alone, joined, interface)


def relax_joined(calculations: Calculations, joined: JoinedCrystals) -> None:
    """Relax the sides and the interface in each stacking."""
    for side in joined.sides:
        calculations.relax(side, verify=partial(check_slab, initial=side.atoms))
    if joined.interface is None:
        return
    for stacking in joined.stackings:
        calculations.relax(
            stacking,
            measure=partial(_rigid_sides, calculations),
            verify=partial(check_slab, initial=stacking.atoms),
            film_strain=_mean_strain(joined.interface),
            film_max_strain=joined.interface.max_strain,
        )


def store_mismatch(
    calculations: Calculations, pair: AdhesionSettings, joined: JoinedCrystals, film: AtomsRow, substrate: AtomsRow
) -> None:
    """Keep a pair that cannot be joined as a failure with its reason."""
    labels = adhesion_labels(pair, film.name, substrate.name)
    labels["site"] = f"area-{pair.max_area:g}-strain-{pair.max_strain:g}"
    source = f"{film.name} on {substrate.name}"
    failed = Candidate(joined.title, "interface", atoms_of(substrate), source, labels=labels)
    outcome = RelaxationError(joined.problem, failed.atoms)
    calculations.database.add(failed, outcome, calculations.potential, calculations.settings)


def adhesion_labels(pair: AdhesionSettings, film: str, substrate: str) -> dict[str, str | int]:
    """Return what the rows of a pair have in common."""
    return {
        "study": ADHESION,
        "role": "interface",
        "film": film,
        "substrate": substrate,
        "miller": f"({miller_text(pair.miller_index)})",
        "film_miller": f"({miller_text(pair.film_plane)})",
    }


def interface_name(pair: AdhesionSettings, film: str, substrate: str) -> str:
    """Return ``Ag_fcc(111) on Au_fcc(111)``."""
    return f"{film}({miller_text(pair.film_plane)}) on {substrate}({miller_text(pair.miller_index)})"


def _mean_strain(interface: CoherentInterface) -> float:
    """Mean relative change of a length of the film in the plane: positive where it is stretched."""
    return float((1.0 + interface.strain.trace()) ** 0.5 - 1.0)


def _rigid_sides(calculations: Calculations, result: RelaxationResult) -> dict[str, float]:
    """Energies (eV) of the two sides with the positions that they have at the interface."""
    tags = result.atoms.get_tags()
    return {
        "rigid_solid_energy": calculations.energy(result.atoms[tags == SOLID]),
        "rigid_film_energy": calculations.energy(result.atoms[tags == LIQUID]),
    }
