"""The wetting of a solid by a liquid with a solute: films, interfaces and the dry face, and the contact angle."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from ....errors import InputError
from ....structures.slabs.lattice_planes import densest_planes
from ....structures.symmetry import MillerIndex
from ...database.candidates import Candidate
from ...database.rows import conventional_of, miller_text
from ..base import Step, step
from ..films.cells import Role
from ..films.free_energy import take_off
from ..films.steps import (
    chosen_terminations,
    quench_bulk_liquid,
    relax_slab,
    relax_solid,
    relax_substrate,
    relax_variant,
    sample_film,
    sample_interface,
    substrate_variants,
)
from ..films.study import FilmStudy
from ..surfaces.phase_surfaces import SURFACES, relax_slabs, slab_candidates
from .dry_face import fill_dry_face
from .plan import WettingPlan
from .quench import quench_film, quench_interface
from .settings import WettingSettings
from .single_points import repeat_on_first_film, repeat_with

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ....reports.sections import ReportSection
    from ....reports.wetting.model import WettingReport


class WettingStudy(FilmStudy[WettingSettings, "WettingReport"]):
    """Films with solute at the interface, on the dry face and in the liquid."""

    name: ClassVar = "wetting"
    section: ClassVar = "wetting"
    settings_class: ClassVar = WettingSettings
    identifying: ClassVar = (*FilmStudy.identifying, "solute")
    begins_at_once: ClassVar = True

    @property
    def liquid_name(self) -> str:
        """Solute and solvent: ``Li-Hg``."""
        return f"{self.settings.solute}-{self.settings.solvent}"

    @property
    def liquid_elements(self) -> set[str]:
        """Elements besides those of the solid."""
        return {self.settings.solvent, self.settings.solute}

    def owns(self, row: AtomsRow) -> bool:
        """Return whether a row is within what this input asks for; another may have added to the same study."""
        return super().owns(row) and row.get("n_solute", 0) <= self.settings.max_solute

    def labels(self) -> dict[str, str | int]:
        """Return the labels of all its rows."""
        return {**super().labels(), "solute": self.settings.solute}

    def plan_at_once(self) -> Sequence[Step]:
        """Return the steps of substrate and films."""
        return WettingPlan(self).films(chosen_terminations(self), len(substrate_variants(self)))

    def plan(self) -> Sequence[Step]:
        """Return the steps that need the stable phases."""
        return WettingPlan(self).phase_surfaces(self.stable_planes())

    def stable_planes(self) -> list[tuple[str, str, MillerIndex]]:
        """Return the planes whose energy is computed: of each stable phase with solute, those of the widest spacing.

        Each with the name of the phase and the fingerprint of its relaxation.
        """
        from ...database.row_hulls import hull_of_rows

        if self.settings.surfaces == 0:
            return []
        rows = self.job.rows
        hull, _ = hull_of_rows(self.settings.system, rows)
        by_id = {int(row.id): row for row in rows}
        stable = [by_id[int(one.entry_id or 0)] for one in hull.stable if self.settings.solute in one.composition]
        return [
            (row.name, row.fingerprint, plane)
            for row in stable
            for cell in [conventional_of(row)]
            for plane in densest_planes(cell.atoms, self.settings.surfaces, symprec=cell.symprec)
        ]

    @step
    def phase_surface(self, key: str, miller_index: Sequence[int]) -> None:
        """Relax the slabs of one plane of the phase whose relaxation has the fingerprint ``key``."""
        h, k, i = miller_index
        relax_slabs(self.calculations(), self._slabs_of_phase(self.database.get(key), (h, k, i)))

    @step
    def substrate_surface(self) -> None:
        """Relax the slabs of the plane of the substrate."""
        relax_slabs(self.calculations(), self._slabs_of_substrate())

    def _slabs_of_phase(self, row: AtomsRow, plane: MillerIndex) -> list[Candidate]:
        return slab_candidates(row.name, conventional_of(row).atoms, plane)

    def _stored_slabs_of_substrate(self) -> list[AtomsRow]:
        """Return those of its plane by their labels: to cut them anew the substrate would have to be relaxed."""
        substrate = self.settings.substrate
        if substrate.amorphous:
            return []
        where = {"study": SURFACES, "substrate": substrate.label, "miller": f"({miller_text(substrate.plane)})"}
        found = [row for ok in (True, False) for row in self.database.select(where={**where, "converged": ok})]
        return [row for row in found if self.owns(row)]

    def _slabs_of_phases(self) -> list[Candidate]:
        planes = self.stable_planes()
        return [slab for _, key, plane in planes for slab in self._slabs_of_phase(self.database.get(key), plane)]

    def _slabs_of_substrate(self) -> list[Candidate]:
        substrate = self.settings.substrate
        return slab_candidates(substrate.label, relax_substrate(self), substrate.plane)

    @cached_property
    def relaxed_slabs(self) -> list[AtomsRow]:
        """The slabs of stable phases and substrate that are stored and converged."""
        slabs = [] if self.settings.substrate.amorphous else self._slabs_of_substrate()
        return [row for row in self.stored([*slabs, *self._slabs_of_phases()]) if row.converged]

    @step
    def substrate(self, variant: int) -> None:
        """Relax one variant of the crystal of the substrate."""
        relax_variant(self, variant)

    @step
    def slab(self, termination: str) -> None:
        """Relax the slab that carries the film."""
        relax_slab(self, termination)

    @step
    def solid(self, termination: str, potential: str) -> None:
        """Relax it once more with one of the potentials, held as under a film."""
        relax_solid(self, potential, termination)

    @step
    def interface(self, termination: str, seed: int, frame: int | None = None) -> None:
        """Melt a film on the solid, or follow it further, and store frames of it up to this one, or all."""
        sample_interface(self, termination, seed, frame=frame)

    @step
    def free_film(self, termination: str, seed: int) -> None:
        """Melt a free film and store frames of it."""
        sample_film(self, termination, seed)

    @step
    def quench(self, termination: str, seed: int, frame: int, potential: str) -> None:
        """Quench one frame of the film on the solid, bare and with solute."""
        quench_interface(self, potential, termination, seed, frame)

    @step
    def solute_in_film(self, potential: str, seed: int) -> None:
        """Quench the frames of the free film, bare and with solute."""
        for frame in range(self.settings.frames):
            quench_film(self, potential, seed, frame)

    @step
    def bulk_liquid(self, potential: str, seed: int) -> None:
        """Relax frames of the bulk liquid."""
        quench_bulk_liquid(self, potential, seed)

    @step
    def take_off(self, termination: str) -> None:
        """Take the first film off the solid reversibly."""
        take_off(self, termination, seed=0)

    @step
    def dry_face(self, termination: str, potential: str) -> None:
        """Put solute on the face without liquid."""
        fill_dry_face(self, potential, termination)

    @step
    def first_single_points(self, termination: str, potential: str, others: Sequence[str] = ()) -> None:
        """Take energies of the first frame with other potentials, while more frames are quenched."""
        for name in (potential, *map(self.own_name, others)):
            repeat_on_first_film(self, name, termination)

    @step
    def single_points(self, termination: str, potential: str, others: Sequence[str] = ()) -> None:
        """Take energies of quenched structures with other potentials."""
        for name in (potential, *map(self.own_name, others)):
            repeat_with(self, name, termination)

    def computed(self) -> list[AtomsRow]:
        """Return the rows of this job's study."""
        own = [*(row for role in Role for row in self.all_rows(role)), *self._stored_slabs_of_substrate()]
        with contextlib.suppress(InputError):  # without a hull there are no slabs of its phases
            own += self.stored(self._slabs_of_phases())
        return own

    def results(self) -> WettingReport:
        """Return the contact angle in both limits of the dry face, with everything that it rests on.

        Raises
        ------
        InputError
            There is no quenched interface yet.
        """
        from .analysis import wetting_report
        from .options import WettingOptions
        from .stored import get_study

        stored = replace(get_study(self.database, study=self.key), within=self.owns)
        options = WettingOptions(
            temperature_K=self.settings.temperature_K,
            terminations=tuple(chosen_terminations(self)),
            potentials=stored.potentials_among(self.all_potentials),
        )
        return wetting_report(
            self.job.spec.name, stored, options, preset=self.settings.preset, slabs=self.relaxed_slabs
        )

    def sections(self, results: WettingReport) -> Sequence[ReportSection]:
        """Return the section that leads the report: the contact angle is what such a job is run for."""
        from ....reports.wetting.section import wetting_section

        return [wetting_section(results)]

    def report_parts(self) -> dict[str, Callable[[], Sequence[ReportSection]]]:
        """Return the equilibrium shapes of the stable phases, unless ``surfaces`` shows them, and the contact angle."""
        shapes = {} if self.job.spec.surfaces is not None else {"equilibrium shapes": self._equilibrium_shapes}
        return {**shapes, "no contact angle": lambda: self.sections(self.results())}

    def _equilibrium_shapes(self) -> Sequence[ReportSection]:
        from ....reports.surfaces.section import wulff_section
        from ..surfaces.stored import phase_record, surface_records

        slabs = self.relaxed_slabs
        crystals = {row.name: row for row in self.job.relaxed_rows}
        found = []
        for name in dict.fromkeys(row.substrate for row in slabs if row.substrate in crystals):
            bulk = crystals[name]
            records = surface_records([row for row in slabs if row.substrate == name], bulk, [])
            cell = conventional_of(bulk)
            found.append(phase_record(name, str(bulk.reduced_formula), self.potential, records, bulk, cell))
        section = wulff_section(found)
        return [] if section is None else [section]
