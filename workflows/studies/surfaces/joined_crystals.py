"""Two crystals joined along a plane: the interface in each placement, and its two sides alone in the same cell."""

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
    from ase import Atoms
    from ase.db.row import AtomsRow

    from ....calculators.relaxation.results import RelaxationResult
    from ...database.calculations import Calculations
    from .settings import AdhesionSettings, SurfacesSettings

ADHESION = "adhesion"
"""Value of ``study`` of the rows of joined crystals."""

MOST_TRIED, LEAST_TRIED = 16, 6
"""Placements of which single points choose: in all, if that leaves as many as the second for each orientation."""

HEIGHTS = (-0.3, 0.0, 0.3)
"""Å above the height of contact, at which their energies are compared."""


@dataclass(frozen=True)
class JoinedCrystals:
    """What is computed of one pair of faces: each side alone, and the interface in its lowest placements.

    Attributes
    ----------
    title
        ``Ag_fcc(111) on Au_fcc(111)``, with the faces that meet where a plane has several.
    sides, stackings
        Structures: those to compute, and those of which the lowest are.
    interfaces
        How the cells were matched, one for each orientation of the film; none, and ``problem`` says why, where they
        do not match.
    continued
        Whether some placement makes one crystal of the two.
    """

    title: str
    sides: Sequence[Candidate] = ()
    stackings: Sequence[Candidate] = ()
    interfaces: Sequence[CoherentInterface] = ()
    problem: str = ""
    continued: bool = False


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
    faces: dict[tuple[str, str], list[CoherentInterface]] = {}
    for one in interfaces:
        faces.setdefault((one.film_termination, one.substrate_termination), []).append(one)
    return [
        _joined(pair, settings, film.name, substrate.name, ways, tell_faces=len(faces) > 1) for ways in faces.values()
    ]


def _choice(termination: str | None) -> str | None:
    """Return what ``coherent_interfaces`` takes for a choice of the input."""
    return NEUTRAL if termination is None else None if termination == "all" else termination


def _joined(
    pair: AdhesionSettings,
    settings: SurfacesSettings,
    film: str,
    substrate: str,
    ways: Sequence[CoherentInterface],
    *,
    tell_faces: bool,
) -> JoinedCrystals:
    title = interface_name(pair, film, substrate)
    labels = adhesion_labels(pair, film, substrate)
    labels["termination"] = f"{ways[0].film_termination}|{ways[0].substrate_termination}"
    if tell_faces:
        title += f", {ways[0].film_termination} on {ways[0].substrate_termination}"
    source = f"{film} strained onto {substrate}"

    def alone(way: CoherentInterface, tag: int, role: Kind, what: str) -> Candidate:
        own = {**labels, "role": role} | ({"orientation": way.orientation} if way.orientation else {})
        return Candidate(f"{title}, {what} alone", role, way.atoms[way.atoms.get_tags() == tag], source, labels=own)

    sides = [alone(ways[0], SOLID, "solid", "substrate")]
    sides += [alone(way, LIQUID, "film", "film") for way in ways if way.strain_state == way.orientation]
    share = max(LEAST_TRIED, -(-max(MOST_TRIED, 2 * settings.registries) // len(ways)))
    placed = [(way, registry) for way in ways for registry in registries(way, share)]
    stackings = [
        Candidate(
            f"{title}, orientation {way.orientation}, registry {number}",
            "interface",
            registry.atoms,
            source,
            labels={**labels, "site": f"registry-{number}", "orientation": way.orientation},
        )
        for number, (way, registry) in enumerate(placed)
    ]
    return JoinedCrystals(title, sides, stackings, ways, continued=any(one.continues for _, one in placed))


def relax_joined(calculations: Calculations, joined: JoinedCrystals, count: int) -> None:
    """Relax the sides, and the interface in ``count`` of its placements."""
    for side in joined.sides:
        calculations.relax(side, verify=partial(check_slab, initial=side.atoms))
    for stacking in _chosen(calculations, joined.stackings, count):
        way = joined.interfaces[int(stacking.labels["orientation"])]
        calculations.relax(
            stacking,
            measure=partial(_rigid_sides, calculations),
            verify=partial(check_slab, initial=stacking.atoms),
            film_strain=_mean_strain(way),
            film_max_strain=way.max_strain,
            strain_state=way.strain_state,
            n_orientations=len(joined.interfaces),
            n_placements=len(joined.stackings),
            continued=int(joined.continued),
        )


def _chosen(calculations: Calculations, stackings: Sequence[Candidate], count: int) -> list[Candidate]:
    """Placements to relax: by turns the lowest in energy before relaxation and the deepest; or those stored.

    Where the cells fit, the energy decides. Where they are strained the atoms move far, and the energy of the film as a
    whole, at the best of a few heights, is no better a guide than how deep it sits.
    """
    stored = [one for one in stackings if calculations.find(one) is not None]
    if len(stored) >= count:
        return stored
    if len(stackings) <= count:
        return list(stackings)
    lowest = sorted(range(len(stackings)), key=lambda index: _unrelaxed_energy(calculations, stackings[index]))
    deepest = sorted(range(len(stackings)), key=lambda index: round(_gap(stackings[index].atoms), 3))
    by_turns = dict.fromkeys(index for pair in zip(lowest, deepest, strict=True) for index in pair)
    return [stackings[index] for index in list(by_turns)[:count]]


def _gap(atoms: Atoms) -> float:
    z, film = atoms.positions[:, 2], atoms.get_tags() == LIQUID
    return float(z[film].min() - z[~film].max())


def _unrelaxed_energy(calculations: Calculations, stacking: Candidate) -> float:
    film = stacking.atoms.get_tags() == LIQUID
    at_heights = [stacking.atoms.copy() for _ in HEIGHTS]
    for raised, height in zip(at_heights, HEIGHTS, strict=True):
        raised.positions[film, 2] += height
    return float(calculations.energies(at_heights).min())


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
    solid, film = map(float, calculations.energies([result.atoms[tags == side] for side in (SOLID, LIQUID)]))
    return {"rigid_solid_energy": solid, "rigid_film_energy": film}
