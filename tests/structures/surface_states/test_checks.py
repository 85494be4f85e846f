"""What a relaxed face carries: counted, and refused where it is no longer on it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from amalgamics.calculators.relaxation.relax import RelaxationSettings, relax
from amalgamics.errors import InputError
from amalgamics.structures.interfaces.checks import FilmError
from amalgamics.structures.library.electrolytes import get_electrolyte
from amalgamics.structures.slabs.checks import SlabError
from amalgamics.structures.slabs.slab import get_slab
from amalgamics.structures.surface_states.checks import check_surface_state, formal_charge, surface_state
from amalgamics.structures.surface_states.hydroxyl import hydroxylated
from amalgamics.structures.surface_states.water import water_covered
from amalgamics.structures.tags import ADLAYER, SOLID, is_solid


@cache
def magnesia(kind: str) -> Atoms:
    crystal = bulk("MgO", "rocksalt", 4.21, cubic=True)
    slab = get_slab(crystal, (0, 0, 1), min_slab_size=8.0, min_width=5.5).atoms
    return (hydroxylated if kind == "hydroxylated" else water_covered)(slab, crystal)


def first_carried(atoms: Atoms, symbol: str) -> int:
    return int(np.flatnonzero((atoms.get_tags() == ADLAYER) & (atoms.symbols == symbol))[0])


def test_the_adlayer_is_solid() -> None:
    assert is_solid(np.array([ADLAYER, SOLID, 1, 2])).tolist() == [True, True, False, False]


def test_water_that_comes_apart_is_counted() -> None:
    before = magnesia("water")
    after = before.copy()
    oxygen = first_carried(after, "O")
    # Of the oxygen atoms of the face, one that has no hydrogen near.
    taken = after.get_all_distances(mic=True)
    face = np.flatnonzero((after.get_tags() == SOLID) & (after.symbols == "O"))
    face = face[after.positions[face, 2] > after.positions[after.get_tags() == SOLID, 2].max() - 0.5]
    free = face[taken[face][:, after.symbols == "H"].min(axis=1).argmax()]
    after.positions[oxygen + 1] = after.positions[free] + [0, 0, 0.97]
    state = check_surface_state(before, after)
    molecules = (before.get_tags() == ADLAYER).sum() // 3
    assert state.dissociated_fraction == pytest.approx(1 / molecules)
    area_nm2 = before.cell.volume / before.cell[2, 2] / 100
    assert state.hydroxyl_per_nm2 * area_nm2 == pytest.approx(2)
    assert state.water_per_nm2 * area_nm2 == pytest.approx(molecules - 1)


def test_counts_per_area_do_not_depend_on_the_cell() -> None:
    atoms = magnesia("hydroxylated")
    one, four = surface_state(atoms), surface_state(atoms.repeat((2, 2, 1)))
    assert one.hydroxyl_per_nm2 == pytest.approx(four.hydroxyl_per_nm2)
    assert one.thickness == pytest.approx(four.thickness)


def moved(kind: str, symbol: str, place) -> tuple[Atoms, Atoms]:
    """A face before and after its first carried atom of an element went to a place, given by a function of the face."""
    before = magnesia(kind)
    after = before.copy()
    index = first_carried(after, symbol)
    after.positions[index] = place(after, index)
    return before, after


def test_hydrogen_that_left_its_group_is_named() -> None:
    before, after = moved("hydroxylated", "H", lambda atoms, index: atoms.positions[index - 1] + [0, 0, 1.6])
    with pytest.raises(FilmError, match=r"hydrogen left: H \(atom \d+\) is bonded to no anion"):
        check_surface_state(before, after)


def test_hydrogen_between_two_anions_is_shared() -> None:
    before = magnesia("water")
    after = before.copy()
    oxygens = np.flatnonzero((after.get_tags() == ADLAYER) & (after.symbols == "O"))[:2]
    after.positions[oxygens[1]] = after.positions[oxygens[0]] + [0, 0, 2.4]
    after.positions[oxygens[1] + 1] = after.positions[oxygens[1]] + [0.9, 0, 0.4]
    after.positions[oxygens[1] + 2] = after.positions[oxygens[1]] + [-0.9, 0, 0.4]
    after.positions[oxygens[0] + 1] = after.positions[oxygens[0]] + [0, 0, 1.2]
    with pytest.raises(FilmError, match=r"hydrogen shared: .* each belongs to one anion"):
        surface_state(after)


def test_two_hydrogens_that_met_are_named() -> None:
    before = magnesia("water")
    after = before.copy()
    oxygen = first_carried(after, "O")
    after.positions[oxygen + 1] = after.positions[oxygen] + [0, 0, 2.0]
    after.positions[oxygen + 2] = after.positions[oxygen] + [0, 0, 2.74]
    with pytest.raises(FilmError, match="hydrogen reacted"):
        surface_state(after)


def test_a_group_that_flew_off_is_named() -> None:
    before = magnesia("hydroxylated")
    after = before.copy()
    oxygen = first_carried(after, "O")
    after.positions[[oxygen, oxygen + 1], 2] += 6.0
    with pytest.raises(FilmError, match="the face lost 2 atoms"):
        check_surface_state(before, after)


def test_a_group_that_went_inside_is_named() -> None:
    before = magnesia("hydroxylated")
    after = before.copy()
    oxygen = first_carried(after, "O")
    top = after.positions[after.get_tags() == SOLID, 2].max()
    after.positions[[oxygen, oxygen + 1], 2] += top - 4.0 - after.positions[oxygen, 2]
    with pytest.raises(FilmError, match="went into the solid"):
        check_surface_state(before, after)


def test_a_solid_that_came_apart_is_refused() -> None:
    before = magnesia("hydroxylated")
    after = before.copy()
    after.positions[int(np.argmin(after.positions[:, 2])), 2] -= 8.0
    with pytest.raises(SlabError, match="desorbed"):
        check_surface_state(before, after)


def test_half_a_molecule_is_charged() -> None:
    atoms = magnesia("hydroxylated")
    proton = len(atoms) - 1
    lacking = atoms[[index for index in range(len(atoms)) if index != proton]]
    with pytest.raises(FilmError, match="is not neutral by formal charges"):
        check_surface_state(lacking, lacking)


def test_formal_charges_of_whole_cells() -> None:
    llto = get_electrolyte("LLTO")
    assert formal_charge(llto) == 0
    assert formal_charge(llto + Atoms("OH")) == -1
    assert formal_charge(bulk("LiHg", "cesiumchloride", 3.29)) is None


def test_a_bare_slab_carries_nothing() -> None:
    bare = magnesia("water")
    bare = bare[bare.get_tags() == SOLID]
    with pytest.raises(InputError, match="no atoms carried"):
        check_surface_state(bare, bare)
    assert surface_state(bare).thickness == surface_state(bare).dissociated_fraction == 0


def test_other_atoms_are_refused() -> None:
    with pytest.raises(FilmError, match="has other atoms"):
        check_surface_state(magnesia("water"), magnesia("water")[:-3])


@pytest.mark.slow
def test_hydroxylated_llto_stays_hydroxylated() -> None:
    crystal = get_electrolyte("LLTO")
    slab = get_slab(crystal, (0, 0, 1), termination="TiO2", min_slab_size=8.0, min_width=5.0).atoms
    before = hydroxylated(slab, crystal)
    settings = RelaxationSettings(fmax=0.05, relax_cell=False)
    after, bare = (relax(each, "chgnet+d3", settings) for each in (before, slab))
    state = check_surface_state(before, after.atoms)
    assert state.dissociated_fraction == 1
    assert state.hydroxyl_per_nm2 == pytest.approx(surface_state(before).hydroxyl_per_nm2)
    # Water gains by coming apart on bare titanium: against the molecule, which the potential gives only roughly.
    water = relax(
        Atoms("OH2", [[0, 0, 0], [0.76, 0.59, 0], [-0.76, 0.59, 0]], cell=[12] * 3, pbc=True), "chgnet+d3", settings
    )
    assert (after.energy - bare.energy) / 2 - water.energy < -0.3
