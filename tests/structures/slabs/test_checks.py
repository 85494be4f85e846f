"""Checks of relaxed slabs: each fault is made, found and named; what relaxes normally passes."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from amalgamics.structures.library.electrolytes import get_electrolyte
from amalgamics.structures.library.phases import get_phase
from amalgamics.structures.slabs.checks import SlabError, check_slab
from amalgamics.structures.slabs.slab import get_slab


@pytest.fixture
def slab() -> Atoms:
    return get_slab(get_electrolyte("LLTO"), (0, 0, 1), termination="TiO2").atoms


def test_ordinary_relaxation_passes(slab: Atoms) -> None:
    relaxed = slab.copy()
    relaxed.rattle(0.15, seed=1)
    relaxed.positions += [3.0, 1.0, 0.4]
    relaxed.wrap(pbc=[True, True, False])
    # Lithium hops to the next window.
    relaxed.positions[slab.symbols == "Li"] += [1.6, 0.0, 0.0]
    check_slab(relaxed, slab)


def test_metal_slab_with_contracted_top_passes() -> None:
    slab = get_slab(bulk("Cu", cubic=True), (3, 2, 1)).atoms
    relaxed = slab.copy()
    relaxed.positions[:, 2] *= 0.95
    check_slab(relaxed, slab)


def test_desorbed_atom_is_named(slab: Atoms) -> None:
    top = int(slab.positions[:, 2].argmax())
    relaxed = slab.copy()
    relaxed.positions[top, 2] += 6.0
    with pytest.raises(SlabError, match=rf"1 atoms desorbed: {slab.symbols[top]} \(atom {top}\)"):
        check_slab(relaxed, slab)


def test_collapse_is_named(slab: Atoms) -> None:
    relaxed = slab.copy()
    relaxed.positions[:, 2] *= 0.7
    with pytest.raises(SlabError, match=r"collapsed: it was 11\.6"):
        check_slab(relaxed, slab)
    relaxed.positions[:, 2] = 1.3 * slab.positions[:, 2]
    with pytest.raises(SlabError, match="swelled"):
        check_slab(relaxed, slab)


def test_layers_on_top_of_each_other_are_named(slab: Atoms) -> None:
    relaxed = slab.copy()
    top = slab.positions[:, 2] > slab.positions[:, 2].max() - 0.5
    relaxed.positions[top, 2] -= 1.7
    with pytest.raises(SlabError, match="layers 6 and 7 of 7"):
        check_slab(relaxed, slab)


def test_reconstruction_is_named(slab: Atoms) -> None:
    relaxed = slab.copy()
    oxygen = np.flatnonzero(slab.symbols == "O")
    relaxed.positions[oxygen[::2], 0] += 2.0
    with pytest.raises(SlabError, match=r"reconstructed through: 11 of its 36 atoms moved by more than 1\.5"):
        check_slab(relaxed, slab)


def test_other_atoms_and_broken_numbers_are_refused(slab: Atoms) -> None:
    with pytest.raises(SlabError, match="not those of the slab"):
        check_slab(slab[:-1], slab)
    broken = slab.copy()
    broken.positions[0, 0] = np.nan
    with pytest.raises(SlabError, match="not finite"):
        check_slab(broken, slab)


def test_cations_may_sink_between_anions() -> None:
    """The aluminium of Al2O3 (001) comes to lie nearly in its layer of oxygen, with bonds 5 % shorter."""
    slab = get_slab(get_phase("Al2O3_corundum").atoms(), (0, 0, 1), termination="Al-2").atoms
    z = slab.positions[:, 2]
    relaxed = slab.copy()
    relaxed.positions[z > z.max() - 0.3, 2] -= 0.6
    relaxed.positions[z < z.min() + 0.3, 2] += 0.6
    check_slab(relaxed, slab)


def test_layers_past_each_other_with_atoms_that_overlap_are_named() -> None:
    slab = get_slab(bulk("NaCl", "rocksalt", a=5.64, cubic=True), (0, 0, 1)).atoms
    relaxed = slab.copy()
    top = slab.positions[:, 2] > slab.positions[:, 2].max() - 0.3
    relaxed.positions[top, 2] -= 1.8
    with pytest.raises(SlabError, match="collapsed"):
        check_slab(relaxed, slab)
