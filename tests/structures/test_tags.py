"""What the tags of an interface mean, also to what measures its film and takes it off."""

from __future__ import annotations

import numpy as np
from ase import Atoms

from amalgamics.calculators.dynamics.detachment import with_room
from amalgamics.structures.interfaces.film_motion import film_paths
from amalgamics.structures.interfaces.liquid_check import pair_distribution
from amalgamics.structures.tags import ADLAYER, LIQUID, SOLID, SOLUTE, film_mask, is_solid

WET_FACE = Atoms("MgOOHHg2Li", cell=[6, 6, 30], pbc=True)
WET_FACE.positions = np.arange(7)[:, None] * [0.3, 0.2, 2.5]
WET_FACE.set_tags([SOLID, SOLID, ADLAYER, ADLAYER, LIQUID, LIQUID, SOLUTE])


def test_what_a_face_carries_belongs_to_its_solid() -> None:
    assert film_mask(WET_FACE).tolist() == [False] * 4 + [True] * 3
    assert (is_solid(WET_FACE.get_tags()) == ~film_mask(WET_FACE)).all()


def test_it_is_held_while_the_film_is_taken_off() -> None:
    (held,) = with_room(WET_FACE, rise=2.0).constraints
    assert held.get_indices().tolist() == [0, 1, 2, 3]


def test_its_motion_and_its_pairs_are_not_those_of_the_film() -> None:
    frames = [WET_FACE.copy() for _ in range(8)]
    assert film_paths(frames).shape == (8, 3, 3)
    film_alone = [frame[film_mask(frame)] for frame in frames]
    assert (pair_distribution(frames).values == pair_distribution(film_alone).values).all()
