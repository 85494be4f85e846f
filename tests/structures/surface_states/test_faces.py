"""Open sites, hydroxyl and water on faces of oxides and sulfides."""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.constraints import FixAtoms
from ase.db import connect

from amalgamics.errors import InputError
from amalgamics.structures.interfaces.checks import check_film
from amalgamics.structures.interfaces.films import add_film, detach
from amalgamics.structures.interfaces.sites import find_interface_sites
from amalgamics.structures.library.electrolytes import get_electrolyte
from amalgamics.structures.slabs.slab import Slab, get_slab
from amalgamics.structures.surface_states.checks import check_surface_state, surface_state
from amalgamics.structures.surface_states.hydroxyl import hydroxylated
from amalgamics.structures.surface_states.registration import register
from amalgamics.structures.surface_states.sites import undercoordinated_sites
from amalgamics.structures.surface_states.water import water_covered
from amalgamics.structures.tags import ADLAYER, SOLID

# Plane, termination, and what is known of the face: open ions of the smallest cell with their bonds there and in the
# crystal, and the molecules of H2O that the cell takes apart.
FACES = {
    "MgO": ((0, 0, 1), None, {("Mg", 5, 6): 1, ("O", 5, 6): 1}, 1),
    "TiO2_rutile": ((1, 1, 0), "O-2", {("Ti", 5, 6): 1, ("O", 2, 3): 1}, 1),
    "LLTO": ((0, 0, 1), "TiO2", {("Ti", 5, 6): 2, ("O", 4, 6): 3, ("O", 3, 4): 1}, 2),
    "LLTO, LaLiO2": ((0, 0, 1), "LaLiO2", {("La", 8, 12): 1, ("Li", 5, 8): 1, ("O", 4, 5): 2}, 2),
    "Li2O": ((1, 1, 1), "Li", {("Li", 3, 4): 1, ("O", 7, 8): 1}, 1),
    "Li3PS4-gamma": ((0, 1, 0), "Li", {("Li", 3, 4): 2, ("S", 3, 4): 2}, 2),
    "Li3PS4-beta": ((1, 0, 0), "Li", None, None),
}
every_face = pytest.mark.parametrize("face", FACES)


@cache
def crystal(face: str) -> Atoms:
    return bulk("MgO", "rocksalt", 4.21, cubic=True) if face == "MgO" else get_electrolyte(face.split(",")[0])


@cache
def slab_of(face: str, min_width: float = 5.5) -> Slab:
    plane, termination, *_ = FACES[face]
    return get_slab(crystal(face), plane, termination=termination, min_slab_size=8.0, min_width=min_width)


@cache
def covered(face: str, kind: str) -> Atoms:
    build = hydroxylated if kind == "hydroxylated" else water_covered
    return build(slab_of(face).atoms, crystal(face))


def smallest(face: str) -> Slab:
    return slab_of(face, 0.0)


def cells(face: str) -> int:
    return round(slab_of(face).area / smallest(face).area)


def distances(atoms: Atoms) -> np.ndarray:
    found = atoms.get_all_distances(mic=True)
    np.fill_diagonal(found, np.inf)
    return found


@every_face
def test_open_sites_are_those_known_of_the_face(face: str) -> None:
    slab = slab_of(face)
    sites = undercoordinated_sites(slab.atoms, crystal(face))
    known = FACES[face][2]
    counts = Counter((site.symbol, site.coordination, site.bulk_coordination) for site in sites)
    if known is not None:
        assert counts == {kind: number * cells(face) for kind, number in known.items()}
    middle = slab.atoms.positions[:, 2].mean()
    for site in sites:
        assert site.coordination + len(site.missing) == site.bulk_coordination
        assert slab.atoms.positions[site.index, 2] > middle
        assert np.linalg.norm(site.direction) == pytest.approx(1.0)
        assert site.direction[2] > 0
    # What cations lack is what anions lack, where both faces of a cut are alike.
    if slab.stoichiometric:
        lacking = [sum(s.missing_strength for s in sites if np.sign(s.charge) == sign) for sign in (1, -1)]
        assert lacking[0] == pytest.approx(lacking[1], rel=0.05)


def test_bond_of_titanium_is_missing_where_its_oxygen_would_be() -> None:
    sites = undercoordinated_sites(slab_of("TiO2_rutile").atoms, crystal("TiO2_rutile"))
    (missing,) = next(site.missing for site in sites if site.symbol == "Ti")
    assert missing[:2] == pytest.approx([0, 0], abs=1e-6)
    assert missing[2] == pytest.approx(1.98, abs=0.01)


@pytest.mark.parametrize("face", ["LLTO", "Li3PS4-gamma"])
def test_a_relaxed_face_has_the_same_open_sites(face: str) -> None:
    slab = slab_of(face).atoms
    moved = slab.copy()
    moved.rattle(0.08, seed=3)
    # Outward and inward, as faces rumple; bonds then are as short as in the crystal or shorter.
    moved.positions[:, 2] += np.where(moved.symbols == "O", 0.1, -0.1)
    moved.wrap()
    found, again = (
        [(s.index, s.coordination) for s in undercoordinated_sites(each, crystal(face))] for each in (slab, moved)
    )
    assert found == again


@pytest.mark.parametrize("face", ["LLTO", "Li3PS4-gamma", "TiO2_rutile"])
def test_registration_gives_the_places_of_an_unrelaxed_slab(face: str) -> None:
    slab = slab_of(face).atoms
    found = register(slab, crystal(face))
    assert found.places == pytest.approx(slab.positions, abs=0.02)
    assert np.linalg.det(found.rotation) == pytest.approx(1.0)
    assert crystal(face).numbers[found.sites].tolist() == slab.numbers.tolist()


def test_a_slab_of_another_crystal_is_refused() -> None:
    with pytest.raises(InputError, match="holds La, Li, Ti, which its crystal MgOMgOMgOMgO"):
        undercoordinated_sites(slab_of("LLTO").atoms, crystal("MgO"))
    with pytest.raises(InputError, match=r"is not one of the crystal .* 90% are needed"):
        undercoordinated_sites(slab_of("TiO2_rutile").atoms, get_electrolyte("TiO2_anatase"))


def test_intermetallics_have_no_open_ions() -> None:
    amalgam = bulk("LiHg", "cesiumchloride", 3.29)
    slab = get_slab(amalgam, (1, 1, 0)).atoms
    with pytest.raises(InputError, match="LiHg has no formal charges"):
        undercoordinated_sites(slab, amalgam)


@every_face
def test_hydroxylated_face_takes_whole_molecules_apart(face: str) -> None:
    slab = slab_of(face)
    atoms = covered(face, "hydroxylated")
    added = atoms[atoms.get_tags() == ADLAYER]
    assert added.symbols.formula.reduce()[0].format("hill") == "H2O"
    molecules = len(added) // 3
    if FACES[face][3] is not None:
        assert molecules == FACES[face][3] * cells(face)
    state = check_surface_state(atoms, atoms)
    assert state.dissociated_fraction == 1
    assert state.water_per_nm2 == state.hydronium_per_nm2 == 0
    groups = (state.hydroxyl_per_nm2 + state.hydrosulfide_per_nm2) * slab.area / 100
    assert groups == pytest.approx(2 * molecules)
    # Half of the groups are OH; on sulfides the others are SH.
    assert state.hydrosulfide_per_nm2 == pytest.approx(state.hydroxyl_per_nm2 if "PS4" in face else 0)


@every_face
@pytest.mark.parametrize("kind", ["hydroxylated", "water"])
def test_bond_lengths_and_room(face: str, kind: str) -> None:
    slab, atoms = slab_of(face).atoms, covered(face, kind)
    apart = distances(atoms)
    hydrogen = atoms.numbers == 1
    for index in np.flatnonzero(hydrogen):
        anion, second = np.argsort(np.where(hydrogen, np.inf, apart[index]))[:2]
        assert apart[index, anion] == pytest.approx(0.97 if atoms.symbols[anion] == "O" else 1.36, abs=0.005)
        assert apart[index, second] > 1.35
    oxygen = np.flatnonzero((atoms.get_tags() == ADLAYER) & (atoms.symbols == "O"))
    assert (apart[oxygen][:, ~hydrogen] > 1.8).all()
    # The solid stays where it was, and the vacuum as wide.
    assert atoms.positions[: len(slab)] == pytest.approx(slab.positions)
    assert (atoms.get_tags()[: len(slab)] == SOLID).all()
    heights = [each.cell[2, 2] - np.ptp(each.positions[:, 2]) for each in (slab, atoms)]
    assert heights[1] == pytest.approx(heights[0])


@every_face
def test_water_is_dense_and_whole(face: str) -> None:
    atoms = covered(face, "water")
    state = check_surface_state(atoms, atoms)
    assert state.dissociated_fraction == state.hydroxyl_per_nm2 == 0
    cell_nm2 = slab_of(face).area / 100
    assert state.water_per_nm2 * cell_nm2 == pytest.approx(round(10.5 * cell_nm2))
    water = atoms[atoms.get_tags() == ADLAYER]
    for first in range(0, len(water), 3):
        assert list(water.symbols[first : first + 3]) == ["O", "H", "H"]
        assert water.get_angle(first + 1, first, first + 2, mic=True) == pytest.approx(104.5, abs=0.01)
    # One layer: the oxygen atoms lie within about a molecule's diameter.
    assert np.ptp(water.positions[water.symbols == "O", 2]) < 3.5


def test_groups_stand_on_what_lacks_neighbours() -> None:
    slab, atoms = slab_of("LLTO").atoms, covered("LLTO", "hydroxylated")
    apart = distances(atoms)
    for oxygen in np.flatnonzero((atoms.get_tags() == ADLAYER) & (atoms.symbols == "O")):
        titanium = int(np.argmin(np.where(atoms.symbols == "Ti", apart[oxygen], np.inf)))
        assert apart[oxygen, titanium] == pytest.approx(2.0, abs=0.02)
        assert titanium in {site.index for site in undercoordinated_sites(slab, crystal("LLTO"))}
    on_water = covered("LLTO", "water")
    apart = distances(on_water)
    open_titanium = [site.index for site in undercoordinated_sites(slab, crystal("LLTO")) if site.symbol == "Ti"]
    of_water = (on_water.get_tags() == ADLAYER) & (on_water.symbols == "O")
    assert apart[open_titanium][:, of_water].min(axis=1) == pytest.approx(np.full(len(open_titanium), 2.0), abs=0.02)


@pytest.mark.parametrize("build", [hydroxylated, water_covered])
def test_the_same_seed_gives_the_same_face(build) -> None:
    slab = slab_of("LLTO").atoms
    first, second, other = (build(slab, crystal("LLTO"), seed=seed) for seed in (4, 4, 5))
    assert first.positions.tolist() == second.positions.tolist()
    assert first.numbers.tolist() == other.numbers.tolist()
    assert not np.allclose(first.positions, other.positions)


@pytest.mark.parametrize("face", ["MgO", "TiO2_rutile", "LLTO"])
def test_twice_the_area_takes_twice_as_much(face: str) -> None:
    slab = slab_of(face).atoms
    double = slab.repeat((2, 1, 1))
    for build, slack in ((hydroxylated, 0), (water_covered, 1)):
        one, two = (int((build(each, crystal(face)).get_tags() == ADLAYER).sum()) // 3 for each in (slab, double))
        assert abs(two - 2 * one) <= slack


def test_part_of_a_coverage_is_spread_out() -> None:
    slab = slab_of("TiO2_rutile", 8.0).atoms
    full, part = (hydroxylated(slab, crystal("TiO2_rutile"), coverage=share) for share in (1.0, 0.5))
    assert surface_state(part).hydroxyl_per_nm2 == pytest.approx(surface_state(full).hydroxyl_per_nm2 / 2)
    oxygen = part[(part.get_tags() == ADLAYER) & (part.symbols == "O")]
    assert len(oxygen) == 2
    # Not next to each other: along a row titanium atoms are 2.96 Å apart.
    assert distances(oxygen).min() > 4.0


@pytest.mark.parametrize("coverage", [0, -1, 1.5, True])
def test_wrong_coverage(coverage) -> None:
    with pytest.raises(InputError, match=r"coverage: .* is not allowed"):
        hydroxylated(slab_of("MgO").atoms, crystal("MgO"), coverage=coverage)


@pytest.mark.parametrize("density", [0, -1, 50, True])
def test_wrong_density(density) -> None:
    with pytest.raises(InputError, match=r"molecules_per_nm2: .* is not allowed"):
        water_covered(slab_of("MgO").atoms, crystal("MgO"), molecules_per_nm2=density)


def test_constraints_of_the_slab_stay() -> None:
    slab = slab_of("MgO").atoms.copy()
    slab.set_constraint(FixAtoms([0, 1]))
    (constraint,) = hydroxylated(slab, crystal("MgO")).constraints
    assert constraint.index.tolist() == [0, 1]


def test_a_database_keeps_what_a_face_carries(tmp_path) -> None:
    atoms = covered("MgO", "water")
    with connect(tmp_path / "faces.db") as database:
        database.write(atoms)
        kept = database.get_atoms(id=1)
    assert kept.get_tags().tolist() == atoms.get_tags().tolist()
    assert surface_state(kept) == surface_state(atoms)


@pytest.mark.parametrize("kind", ["hydroxylated", "water"])
def test_what_a_face_carries_is_solid_under_a_film(kind: str) -> None:
    face = covered("LLTO", kind)
    wetted = add_film(face, "Hg", seed=1)
    check_film(wetted, initial=wetted)
    solid, film = detach(wetted)
    assert solid.get_tags().tolist() == face.get_tags().tolist()
    assert set(film.symbols) == {"Hg"}
    assert film.positions[:, 2].min() >= face.positions[:, 2].max() + 2.0
    # Lithium comes to rest beside and on the groups, not in them: 1.59 Å from hydrogen, 1.94 Å from oxygen.
    sites = find_interface_sites(solid).positions
    every = Atoms(f"{solid.symbols}", solid.positions, cell=solid.cell, pbc=True) + Atoms(f"He{len(sites)}", sites)
    assert distances(every)[-len(sites) :, : len(solid)].min() > 1.55
