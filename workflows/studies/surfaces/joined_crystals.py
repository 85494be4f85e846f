"""Two crystals joined along a plane: the interface in each stacking, and its two sides alone in the same cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ....calculators.relaxation.results import RelaxationError
from ....errors import InputError
from ....structures.interfaces.coherent import CoherentInterface, coherent_interfaces
from ....structures.interfaces.stacking_offsets import registries
from ....structures.slabs.checks import check_slab
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
    """What is computed of one pair: each side alone, and the interface in each stacking.

    Attributes
    ----------
    title
        ``Ag_fcc(111) on Au_fcc(111)``.
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
) -> JoinedCrystals:
    """Join two relaxed crystals as the input asks for.

    Parameters
    ----------
    pair, settings
        One of ``surfaces.adhesion``, and the whole section.
    film, substrate
        Rows of the relaxed crystals.
    """
    title = interface_name(pair, film.name, substrate.name)
    try:
        interface = coherent_interfaces(
            surface_cell(settings, film).atoms,
            surface_cell(settings, substrate).atoms,
            pair.film_plane,
            pair.miller_index,
            max_area=pair.max_area,
            max_strain=pair.max_strain,
            min_film_size=settings.min_slab_size,
            min_substrate_size=settings.min_slab_size,
        )[0]
    except InputError as error:
        return JoinedCrystals(title, problem=str(error))
    labels = adhesion_labels(pair, film.name, substrate.name)
    labels["termination"] = f"{interface.film_termination}|{interface.substrate_termination}"
    source = f"{film.name} strained onto {substrate.name}"
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
