"""Surface energies of crystals, their equilibrium shapes, and two crystals joined and parted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ....errors import InputError
from ....structures.symmetry import MillerIndex
from ...database.rows import miller_text
from ..base import Step, Study, step
from .joined_crystals import interface_name, joined_crystals, relax_joined, store_mismatch
from .open_faces import is_open, with_open_surfaces
from .phase_surfaces import face_candidates, relax_slabs
from .phases import adhesion_rows, check_four_indices, planes_of, surface_cell, surface_phases
from .settings import SurfacesSettings
from .stored import lattice_record, phase_record, surface_record
from .stored_interfaces import interface_record

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ....reports.sections import ReportSection
    from ....reports.surfaces.model import InterfaceRecord, LatticeRecord, PhaseSurfaces
    from ....reports.wetting.model import SurfaceRecord
    from ...database.candidates import Candidate
    from .joined_crystals import JoinedCrystals

_ALL_FACES = "surfaces.terminations: all computes its faces against chemical potentials"


@dataclass(frozen=True)
class Surfaces:
    """What was found of the surfaces and joined crystals of a job.

    ``problems`` say which planes have no surface energy and why, ``not_joined`` the same of the pairs.
    """

    lattices: list[LatticeRecord]
    phases: list[PhaseSurfaces]
    problems: list[str]
    interfaces: list[InterfaceRecord]
    not_joined: list[str]


class SurfacesStudy(Study[SurfacesSettings, Surfaces]):
    """Slabs of the planes of crystals, and interfaces of pairs of them."""

    name: ClassVar = "surfaces"
    section: ClassVar = "surfaces"
    settings_class: ClassVar = SurfacesSettings

    def plan(self) -> Sequence[Step]:
        """Relax the phases that the job does not hold; return a step for all planes of a phase, one for each pair."""
        steps: list[Step] = []
        phases = surface_phases(self.job, self.settings, compute=True)
        if self.settings.four_indices:
            check_four_indices(self.settings, phases.values())
        for name, row in phases.items():
            planes = [list(plane) for plane in planes_of(self.settings, row)]
            slabs = [
                f"{name}{tuple(plane)}, slab {number}"
                for plane in planes
                for number in range(sum(map(len, self._faces(row, plane)[0])))
            ]
            steps.append(Step("relax_planes", f"surfaces of {name}", slabs, {"key": row.fingerprint, "planes": planes}))
        crystals = adhesion_rows(self.job, self.settings, compute=True)
        check_four_indices(self.settings, (crystals[name] for name in self.settings.sides_with_four_indices))
        for number, pair in enumerate(self.settings.adhesion):
            film, substrate = crystals[pair.film], crystals[pair.substrate]
            title = interface_name(pair, film.name, substrate.name)
            if any(step.title == title for step in steps):  # asked for twice, by a name and by its formula
                title += f", pair {number + 1}"
            faces = joined_crystals(pair, self.settings, film, substrate)
            registries = self.settings.registries
            n_parts = sum(len(joined.sides) + min(registries, len(joined.stackings)) for joined in faces)
            parts = [f"{title}, part {index}" for index in range(max(1, n_parts))]
            keys = {"film": film.fingerprint, "substrate": substrate.fingerprint}
            steps.append(Step("relax_pair", title, parts, {"pair": number, **keys}))
        return steps

    @step
    def relax_planes(self, key: str, planes: Sequence[Sequence[int]]) -> None:
        """Relax the slabs of all planes of the crystal whose relaxation has the fingerprint ``key``."""
        row = self.database.get(key)
        for plane in planes:
            for slabs in self._faces(row, plane)[0]:
                relax_slabs(self.calculations(), slabs)

    @step
    def relax_pair(self, pair: int, film: str, substrate: str) -> None:
        """Relax the interface of a pair in its lowest placements, and its two sides alone in the same cell.

        Parameters
        ----------
        pair
            Its number in ``surfaces.adhesion``.
        film, substrate
            Fingerprints of the relaxed crystals.
        """
        wanted = self.settings.adhesion[pair]
        upper, lower = self.database.get(film), self.database.get(substrate)
        for joined in joined_crystals(wanted, self.settings, upper, lower):
            if joined.problem:
                store_mismatch(self.calculations(), wanted, joined, upper, lower)
            relax_joined(self.calculations(), joined, self.settings.registries)

    def slabs(self, row: AtomsRow, plane: MillerIndex) -> list[Candidate]:
        """Return the slabs of all faces of one plane of a relaxed crystal that are asked for."""
        return [slab for series in self._faces(row, plane)[0] for slab in series]

    def _faces(self, row: AtomsRow, plane: Sequence[int]) -> tuple[list[list[Candidate]], str]:
        """Return the slabs of each face of one plane, or none and why."""
        h, k, i = plane
        settings = self.settings
        try:
            faces = face_candidates(
                row.name,
                surface_cell(settings, row).atoms,
                (h, k, i),
                settings.terminations,
                min_slab_size=settings.min_slab_size,
                max_slab_atoms=settings.max_slab_atoms,
            )
        except InputError as error:
            return [], str(error)
        return faces, "" if faces else f"no slab has the composition of the crystal; {_ALL_FACES}"

    def computed(self) -> list[AtomsRow]:
        """Return the crystals, slabs, interfaces and sides of this job, also of crystals that cannot be joined."""
        phases = surface_phases(self.job, self.settings)
        found = [*phases.values(), *adhesion_rows(self.job, self.settings).values()]
        found += [
            row
            for crystal in phases.values()
            for plane in planes_of(self.settings, crystal)
            for row in self.stored(self.slabs(crystal, plane))
        ]
        for joined in self._pairs():
            found += self.stored([*joined.sides, *joined.stackings])
        return found

    def results(self) -> Surfaces:
        """Return cells, surface energies, equilibrium shapes and work of adhesion.

        Raises
        ------
        InputError
            A name stands for nothing that was relaxed.
        """
        rows = surface_phases(self.job, self.settings)
        problems: list[str] = []
        phases = [self._phase(row, problems) for row in rows.values()]
        phases = [phase for phase in phases if phase.surfaces or phase.open_surfaces]
        interfaces, not_joined = self._interfaces(phases)
        cells = {row.name: row for row in [*rows.values(), *adhesion_rows(self.job, self.settings).values()]}
        axes, symprec = self.settings.axes, self.settings.symprec
        lattices = [lattice_record(row, symprec=symprec, axes=axes) for row in cells.values()]
        return Surfaces(lattices, phases, problems, interfaces, not_joined)

    def sections(self, results: Surfaces) -> Sequence[ReportSection]:
        """Return cells, surface energies, equilibrium shapes and work of adhesion, as far as there are any."""
        from ....reports.surfaces.potentials_section import potentials_section
        from ....reports.surfaces.section import (
            adhesion_section,
            lattice_section,
            surface_energy_section,
            wulff_section,
        )

        found = [
            lattice_section(results.lattices),
            surface_energy_section(results.phases, warnings=results.problems),
            wulff_section(results.phases),
            potentials_section(results.phases),
            adhesion_section(results.interfaces, warnings=results.not_joined),
        ]
        return [item for item in found if item is not None]

    def _phase(self, crystal: AtomsRow, problems: list[str]) -> PhaseSurfaces:
        plain: list[SurfaceRecord] = []
        series: list[list[AtomsRow]] = []
        for plane in planes_of(self.settings, crystal):
            title = f"{crystal.name}({miller_text(plane)})"
            faces, why = self._faces(crystal, plane)
            if why:
                problems.append(f"{title} has no surface energy: {why}")
            for slabs in faces:
                stored = self.stored(slabs)
                good = [row for row in stored if row.converged]
                if len(good) < 2:
                    reasons = [str(row.data["reason"]) for row in stored if not row.converged]
                    face = f"{title} {slabs[0].labels['termination']}" if len(faces) > 1 else title
                    problems.append(f"{face} has no surface energy: {reasons[0] if reasons else 'it was not computed'}")
                elif is_open(good):
                    series.append(good)
                else:
                    try:
                        plain.append(surface_record(crystal.name, good, crystal))
                    except InputError as error:
                        problems.append(str(error))
        cell = surface_cell(self.settings, crystal)
        record = phase_record(crystal.name, str(crystal.reduced_formula), self.potential, plain, crystal, cell)
        if not series:
            return record
        return with_open_surfaces(
            record, series, crystal, self.job.hulls, within=self.settings.chemical_potentials, problems=problems
        )

    def _pairs(self) -> Iterator[JoinedCrystals]:
        crystals = adhesion_rows(self.job, self.settings)
        for pair in self.settings.adhesion:
            if pair.film in crystals and pair.substrate in crystals:
                yield from joined_crystals(pair, self.settings, crystals[pair.film], crystals[pair.substrate])

    def _interfaces(self, surfaces: Sequence[PhaseSurfaces]) -> tuple[list[InterfaceRecord], list[str]]:
        records: list[InterfaceRecord] = []
        problems: list[str] = []
        for joined in self._pairs():
            stored = self.stored([*joined.sides, *joined.stackings])
            failed = [str(row.data["reason"]) for row in stored if not row.converged]
            try:
                record = interface_record([row for row in stored if row.converged], surfaces)
            except InputError as error:
                problems.append(f"{joined.title}: {joined.problem or (failed[0] if failed else error)}")
                continue
            records.append(record)
            if record.warning:
                problems.append(f"{joined.title}: {record.warning}")
            if len(joined.stackings) < self.settings.registries:
                problems.append(
                    f"{joined.title}: registries: {self.settings.registries} are asked for, and there are"
                    f" {len(joined.stackings)} that differ"
                )
        return records, problems
