"""Solute atoms on a face, one by one: every distinct free site is looked at, the most promising ones are relaxed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ....structures.interfaces.solutes import insert_solute
from ...database.rows import atoms_of
from ..films.cells import Role, hold_bottom

if TYPE_CHECKING:
    from ase import Atoms
    from ase.db.row import AtomsRow

    from ....structures.interfaces.sites import InterfaceSites
    from ...database.calculations import Calculations, Measure
    from ...database.candidates import Candidate, Kind
    from .study import WettingStudy

_SITES = "sites-"


@dataclass(frozen=True)
class Start:
    """A structure to relax besides those that the search places itself.

    ``atoms`` has its solute, ``occupied`` are the sites that it sits on, ``degeneracy`` counts its equivalents.
    """

    atoms: Atoms
    occupied: frozenset[int]
    degeneracy: float
    origin: str


@dataclass(frozen=True)
class OccupationSearch:
    """The search for the lowest occupation of a face for each number of solute atoms: greedy, atom by atom.

    Attributes
    ----------
    study, calculations
        Whose structures, and what computes and stores them.
    kind, role, where, what
        Of the rows: their kind, their role, further labels, and the beginning of their names.
    verify
        Refuses the end of a relaxation.
    measure
        Further numbers of each result.
    """

    study: WettingStudy
    calculations: Calculations
    kind: Kind
    role: Role
    where: Mapping[str, str | int]
    what: str
    verify: Callable[[Atoms], None]
    measure: Measure | None = None

    def run(self, sites: InterfaceSites, bare: Atoms, more: Mapping[int, Sequence[Start]] | None = None) -> None:
        """Fill a face atom by atom up to the study's ``max_solute``.

        Parameters
        ----------
        sites
            Of the bare solid.
        bare
            The structure without solute.
        more
            Further starts for each number of solute atoms.
        """
        occupied: frozenset[int] = frozenset()
        atoms = bare
        for n_solute in range(1, self.study.settings.max_solute + 1):
            starts = (more or {}).get(n_solute, ())
            best = self._stored(sites, n_solute, occupied, len(starts))
            best = best or self._lowest(sites, n_solute, atoms, occupied, starts)
            if best is None:
                return
            row, occupied = best
            atoms = atoms_of(row)

    def follow(self, found: Mapping[int, AtomsRow]) -> None:
        """Relax what another potential found lowest for each number of solute atoms above 0."""
        for n_solute, row in sorted(found.items()):
            if n_solute:
                candidate = self._candidate(n_solute, atoms_of(row), sites_of(row))
                self.calculations.relax(
                    candidate, measure=self.measure, verify=self.verify, degeneracy=float(row.degeneracy)
                )

    def _stored(
        self, sites: InterfaceSites, n_solute: int, occupied: frozenset[int], n_starts: int
    ) -> tuple[AtomsRow, frozenset[int]] | None:
        """Return what is known of this number, if all of it is: saves looking at all sites again."""
        wanted = min(self.study.settings.relaxed_occupations, len(sites.extend(occupied))) + n_starts
        labels = {**self.where, "potential": self.calculations.potential.name, "n_solute": n_solute}
        stored = self.study.rows(self.role, **labels)
        if not stored or len(stored) < wanted:
            return None
        lowest = min(stored, key=lambda row: float(row.energy))
        return lowest, sites_of(lowest)

    def _lowest(
        self, sites: InterfaceSites, n_solute: int, atoms: Atoms, occupied: frozenset[int], starts: Sequence[Start]
    ) -> tuple[AtomsRow, frozenset[int]] | None:
        """Relax the trials that look best as they are, and the further starts; None when none converged."""
        trials = []
        for site in sites.extend(occupied):
            filled = occupied | {site}
            placed = insert_solute(atoms, self.study.settings.solute, sites.positions[site])
            trials.append((self._candidate(n_solute, placed, filled), filled))
        energies = self.calculations.energies([candidate.atoms for candidate, _ in trials])
        best = np.argsort(energies, kind="stable")[: self.study.settings.relaxed_occupations]
        chosen = [
            (candidate, filled, float(sites.orbit_size(filled)))
            for candidate, filled in (trials[number] for number in best)
        ]
        chosen += [
            (self._candidate(n_solute, one.atoms, one.occupied, one.origin), one.occupied, one.degeneracy)
            for one in starts
        ]
        found = []
        for candidate, filled, degeneracy in chosen:
            row = self.calculations.relax(candidate, measure=self.measure, verify=self.verify, degeneracy=degeneracy)
            if row.converged:
                found.append((row, filled))
        return min(found, key=lambda item: float(item[0].energy), default=None)

    def _candidate(self, n_solute: int, atoms: Atoms, filled: frozenset[int], origin: str = "") -> Candidate:
        label = _SITES + "+".join(map(str, sorted(filled)))
        name = f"{self.what}, {n_solute} {self.study.settings.solute} on {label}{origin}"
        return self.study.candidate(
            self.kind, self.role, hold_bottom(atoms), name, n_solute=n_solute, site=label, **self.where
        )


def sites_of(row: AtomsRow) -> frozenset[int]:
    """Return the sites that the solute atoms of a row were put on."""
    return frozenset(int(site) for site in row.site.removeprefix(_SITES).split("+"))


def lowest_by_number(rows: Sequence[AtomsRow], max_solute: float = math.inf) -> dict[int, AtomsRow]:
    """Return the lowest row for each number of solute atoms up to the largest that is asked for."""
    found: dict[int, AtomsRow] = {}
    for row in rows:
        known = found.get(row.n_solute)
        if row.n_solute <= max_solute and (known is None or row.energy < known.energy):
            found[row.n_solute] = row
    return found
