"""What the benchmarks work on: small crystals, an LLTO slab, mercury on it, and supercells. All deterministic."""

from __future__ import annotations

from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from ..structures.library.phases import get_phase, list_phases
from ..structures.library.prototypes import enumerate_prototypes

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.core import Structure

METALS = ("Li", "Na", "K", "Mg", "Zn", "Al", "Ag", "Au", "Sn", "La", "Ti")
MAX_ATOMS = 12
SLAB_LAYERS, SLAB_REPEAT = 2, 2
VACUUM = 7.5  # Å on each side
# Number density of liquid mercury at 298 K from its density, 13.534 g/cm^3.
HG_PER_CUBIC_ANGSTROM = 0.0406
HG_GAP = 2.7  # Å between slab and film
HG_LAYERS, HG_PER_EDGE, HG_JITTER = 9, 2, 0.15


def small_crystals(count: int) -> list[tuple[str, Atoms]]:
    """Return names and primitive cells of 1 to 12 atoms: library phases, then prototypes of all metals in turn.

    A smaller ``count`` picks evenly from the list of 300, so that 40 crystals are like 300.

    Raises
    ------
    ValueError
        ``count`` is above what there is.
    """
    crystals = _all_crystals()
    if count > len(crystals):
        raise ValueError(f"there are {len(crystals)} crystals, not {count}")
    step = len(crystals) / count
    chosen = [crystals[int(index * step)] for index in range(count)]
    return [(name, atoms.copy()) for name, atoms in chosen]


@cache
def _all_crystals() -> tuple[tuple[str, Atoms], ...]:
    return (*_library_crystals(), *_prototype_crystals())[:300]


def _library_crystals() -> list[tuple[str, Atoms]]:
    allowed = {*METALS, "Hg"}
    found = []
    for phase in list_phases(buildable=True):
        if phase.elements <= allowed and (len(phase.elements) == 1 or "Hg" in phase.elements):
            found.append((phase.key, _primitive(phase.structure())))
    return [(name, atoms) for name, atoms in found if len(atoms) <= MAX_ATOMS]


def _prototype_crystals() -> list[tuple[str, Atoms]]:
    groups = [enumerate_prototypes(f"{metal}-Hg", max_atoms=MAX_ATOMS) for metal in METALS]
    return [
        (item.name, _primitive(item.structure)) for items in zip_longest(*groups) for item in items if item is not None
    ]


def _primitive(structure: Structure) -> Atoms:
    from pymatgen.io.ase import AseAtomsAdaptor

    from ..structures.symmetry import primitive_structure

    atoms = AseAtomsAdaptor.get_atoms(primitive_structure(structure), msonable=False)
    atoms.info.clear()
    return atoms


def llto_slab() -> Atoms:
    """Return an LLTO(001) slab of 80 atoms in vacuum, atoms moved off their sites so that there is something to relax.

    The ordered model, 2 × 2 cells wide and two cells thick, stoichiometric: LaO on one side, TiO2 on the other.
    """
    slab: Atoms = get_phase("LLTO_P4mmm_ordered").atoms().repeat((SLAB_REPEAT, SLAB_REPEAT, SLAB_LAYERS))
    slab.center(vacuum=VACUUM, axis=2)
    slab.rattle(0.05, seed=1)
    return slab


def mercury_on_llto() -> Atoms:
    """Return the slab with 36 Hg atoms at the density of the liquid on it, disordered by a little."""
    from ase import Atoms

    slab = llto_slab()
    width = slab.cell.lengths()[0]
    spacing = width / HG_PER_EDGE
    height = 1 / (HG_PER_CUBIC_ANGSTROM * spacing**2)
    positions = [
        (spacing * (i + 0.5 * (layer % 2)), spacing * (j + 0.5 * (layer % 2)), height * layer)
        for layer in range(HG_LAYERS)
        for i in range(HG_PER_EDGE)
        for j in range(HG_PER_EDGE)
    ]
    film = Atoms("Hg" * len(positions), positions=positions)
    film.positions += np.random.default_rng(2).uniform(-HG_JITTER, HG_JITTER, film.positions.shape)
    film.positions[:, 2] += slab.positions[:, 2].max() + HG_GAP - film.positions[:, 2].min()
    interface: Atoms = slab + film
    interface.center(vacuum=VACUUM, axis=2)
    return interface


def supercell(key: str, atoms_wanted: int) -> Atoms:
    """Return a rattled supercell of a library phase, as near to cubic as it goes, of about ``atoms_wanted`` atoms."""
    unit = _primitive(get_phase(key).structure())
    repeat = np.ones(3, dtype=int)
    while len(unit) * repeat.prod() < atoms_wanted:
        repeat[np.argmin(unit.cell.lengths() * repeat)] += 1
    atoms: Atoms = unit.repeat(tuple(repeat))
    atoms.rattle(0.03, seed=3)
    return atoms
