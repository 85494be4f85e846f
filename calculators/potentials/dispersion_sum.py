"""Sums of pairs and triples by the libraries dftd3 and dftd4: the energy alone or with its derivatives, on all threads.

The three-body sum of a periodic structure converges slowly: what triples with a side beyond R add to a work of adhesion
falls off as 1/R². It is therefore summed to 25 and to 35 Bohr, and continued by this law to 60 Bohr, which is as far as
pairs are summed. For 29 Hg on 88 atoms of LLTO(001), E(solid) + E(film) - E(interface) of the three-body term with the
parameters for PBE, in mJ/m²:

======================= ====== ====== ====== ====== ====== ====== ====== ===============
cutoff, Bohr              20     25     30     35     40     50     60   25, 35 and tail
======================= ====== ====== ====== ====== ====== ====== ====== ===============
D3                       -78.0  -89.2  -95.2  -98.7 -101.0 -103.5 -104.6     -105.3
D4                       -51.3  -58.0  -61.6  -63.8  -65.2  -66.7  -67.3      -67.8
seconds, 117 atoms         0.5    1.0    2.3    4.6    6.5     20     40        5.6
======================= ====== ====== ====== ====== ====== ====== ====== ===============

The libraries' own 40 Bohr are 4 (D3) and 2 mJ/m² short of 60; with the tail it is 0.7 and 0.4 mJ/m² too much, and in
crystals of Li, Hg, LiHg, LiHg3 and TiO2 0.02 to 0.3 meV/atom.

The pairs of D3 alone, which every step of a relaxation needs, are summed by a kernel of our own where there is a
compiler (:mod:`~amalgamics.calculators.potentials.dispersion_pairs`), to the same digits.

The libraries can be told to do one part of the triples only. Here dftd3, which has no threads of its own, does the
parts in as many threads as the process may use; dftd4 has threads of OpenMP, which follow the same setting.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculationFailed, Calculator, all_changes
from ase.units import Bohr, Hartree

from ..changes import ComparesExactly
from ..threads import current_threads
from .dispersion_methods import PAIR_CUTOFF, THREE_BODY_CUTOFFS, has_three_body, library_of
from .dispersion_pairs import COORDINATION_CUTOFF, sum_pairs

# The libraries' own cutoffs of the coordination numbers, Bohr.
_COORDINATION_CUTOFF_BOHR = {"d3": COORDINATION_CUTOFF, "d4": 30.0}
# Fewer atoms than this in a part are not worth a thread.
_MIN_ATOMS_PER_PART = 8
_VOIGT = [0, 4, 8, 5, 2, 1]

Sums = dict[str, Any]


def sum_energy(atoms: Atoms, method: str, functional: str) -> float:
    """Return the energy of a dispersion correction, eV, without derivatives; other arguments as `sum_dispersion`.

    It depends on the structure alone, not on the potential it is added to, so that several potentials on one structure
    share one sum: the last ones are remembered.
    """
    structure = _Structure(
        atoms.numbers.astype(int).tobytes(),
        atoms.positions.tobytes(),
        atoms.cell.array.tobytes(),
        tuple(atoms.pbc.tolist()),
        float(atoms.get_initial_charges().sum()),
    )
    return _remembered_energy(structure, method, functional)


class _Structure(NamedTuple):
    """What a dispersion energy depends on, as it lies in memory."""

    numbers: bytes
    positions: bytes
    cell: bytes
    pbc: tuple[bool, bool, bool]
    charge: float

    def atoms(self) -> Atoms:
        numbers = np.frombuffer(self.numbers, dtype=int)
        charges = np.zeros(len(numbers))
        charges[:1] = self.charge
        positions, cell = (np.frombuffer(raw).reshape(-1, 3) for raw in (self.positions, self.cell))
        return Atoms(numbers, positions, cell=cell, pbc=self.pbc, charges=charges)


@lru_cache(maxsize=128)
def _remembered_energy(structure: _Structure, method: str, functional: str) -> float:
    return float(sum_dispersion(structure.atoms(), method, functional, derivatives=False)["energy"])


def sum_dispersion(atoms: Atoms, method: str, functional: str, *, derivatives: bool) -> Sums:
    """Sum a dispersion correction over a structure.

    Parameters
    ----------
    atoms
        Structure; its calculator and constraints do not matter. Initial charges add up to the total charge of D4.
    method, functional
        See :func:`~amalgamics.calculators.potentials.dispersion.get_dispersion_calculator`.
    derivatives
        Compute forces and stress too.

    Returns
    -------
    dict
        ``energy`` and ``free_energy`` (eV), with ``derivatives`` also ``forces`` (eV/Å, shape (N, 3)) and, for a
        structure with three cell vectors that is periodic in any direction, ``stress`` (eV/Å³, Voigt order, shape
        (6,)).

    Raises
    ------
    ase.calculators.calculator.CalculationFailed
        The library cannot compute the structure.
    """
    if not has_three_body(method):
        compiled = sum_pairs(atoms, functional, derivatives=derivatives) if method == "d3" else None
        total = compiled or _add([_sum_part(atoms, method, functional, derivatives, None, (0, 1))], [1.0])
    else:
        n_parts = _n_parts(atoms, method)
        tasks = [(cutoff, part) for cutoff in THREE_BODY_CUTOFFS for part in range(n_parts)]
        weights = [weight for weight in tail_weights(*THREE_BODY_CUTOFFS, PAIR_CUTOFF) for _ in range(n_parts)]

        def compute(task: tuple[float, int]) -> Sums:
            return _sum_part(atoms, method, functional, derivatives, task[0], (task[1], n_parts))

        if n_parts == 1:
            sums = [compute(task) for task in tasks]
        else:
            with ThreadPoolExecutor(n_parts) as pool:  # the library lets go of Python while it sums
                sums = list(pool.map(compute, tasks))
        total = _add(sums, weights)
    return _in_ase_units(atoms, total)


def tail_weights(shorter: float, longer: float, end: float) -> tuple[float, float]:
    """Return the weights with which the sums to two cutoffs give that to ``end``, where the tail falls off as 1/R².

    With E(R) = E(∞) - a/R², E(end) = E(longer) + w [E(longer) - E(shorter)].

    Parameters
    ----------
    shorter, longer, end
        The cutoffs R, in one unit, ascending.
    """
    weight = (longer**-2 - end**-2) / (shorter**-2 - longer**-2)
    return -weight, 1 + weight


class DispersionCalculator(ComparesExactly, Calculator):
    """ASE calculator of a dispersion correction; asked for the energy, it computes nothing else.

    Parameters
    ----------
    method, functional
        See :func:`~amalgamics.calculators.potentials.dispersion.get_dispersion_calculator`.
    """

    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012 - as ASE declares it
    atoms: Atoms

    def __init__(self, method: str, functional: str) -> None:
        super().__init__(method=method, functional=functional)

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        """Compute the energy and, when asked for, forces and stress; see ASE."""
        super().calculate(atoms, properties, system_changes)
        method, functional = self.parameters["method"], self.parameters["functional"]
        derivatives = not {"forces", "stress"}.isdisjoint(properties or ())
        if derivatives:
            self.results = sum_dispersion(self.atoms, method, functional, derivatives=True)
        else:
            energy = sum_energy(self.atoms, method, functional)
            self.results = {"energy": energy, "free_energy": energy}


def _n_parts(atoms: Atoms, method: str) -> int:
    if library_of(method) == "d4":
        return 1  # it shares the work by itself
    return max(1, min(current_threads(), len(atoms) // _MIN_ATOMS_PER_PART))


def _sum_part(
    atoms: Atoms,
    method: str,
    functional: str,
    derivatives: bool,
    three_body_cutoff: float | None,
    part: tuple[int, int],
) -> Sums:
    """Return one part of all sums, in atomic units; ``part`` is its number and how many there are."""
    library = library_of(method)
    try:
        model = _model(atoms, library)
        if three_body_cutoff is not None:
            model.set_realspace_cutoff(
                disp2=PAIR_CUTOFF / Bohr, disp3=three_body_cutoff / Bohr, cn=_COORDINATION_CUTOFF_BOHR[library]
            )
        if part[1] > 1:
            model.set_work_partition(*part)
        sums: Sums = model.get_dispersion(_damping(library, functional, three_body_cutoff is not None), derivatives)
    except RuntimeError as error:
        raise CalculationFailed(f"dft{library} cannot compute {atoms.symbols}: {error}") from error
    return sums


def _model(atoms: Atoms, library: str) -> Any:
    positions = atoms.positions / Bohr
    if library == "d3":
        from dftd3.interface import DispersionModel

        return DispersionModel(atoms.numbers, positions, atoms.cell.complete().array / Bohr, atoms.pbc)
    from dftd4.interface import DispersionModel as D4Model

    if atoms.pbc.any() and atoms.cell.rank < 3:  # its charges repeat in all directions
        raise CalculationFailed(f"dftd4 needs three cell vectors; {atoms.symbols} has {atoms.cell.rank}: add a vacuum")
    lattice = atoms.cell.array / Bohr
    return D4Model(atoms.numbers, positions, float(atoms.get_initial_charges().sum()), lattice, atoms.pbc)


def _damping(library: str, functional: str, three_body: bool) -> Any:
    # "atm" is the three-body term; said in words because the libraries' defaults differ from each other. Made anew each
    # time, which is quick: objects of the libraries that live to the end of the process complain when it ends.
    if library == "d3":
        from dftd3.interface import RationalDampingParam

        return RationalDampingParam(method=functional, atm=three_body)
    from dftd4.interface import DampingParam

    return DampingParam(method=functional, atm=three_body)


def _add(sums: list[Sums], weights: list[float]) -> Sums:
    return {
        key: np.sum([weight * item[key] for item, weight in zip(sums, weights, strict=True)], axis=0) for key in sums[0]
    }


def _in_ase_units(atoms: Atoms, total: Sums) -> Sums:
    energy = float(total["energy"]) * Hartree
    results: Sums = {"energy": energy, "free_energy": energy}
    if "gradient" in total:
        results["forces"] = -total["gradient"] * Hartree / Bohr
        if atoms.pbc.any() and atoms.cell.rank == 3:
            results["stress"] = (total["virial"] * Hartree / atoms.get_volume()).flat[_VOIGT]
    return results
