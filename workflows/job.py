"""A job at work: its input, the database that its results are in, and its relaxed crystals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ..addresses import redacted
from ..calculators.potentials.names import get_potential
from ..errors import InputError
from ..permissions import check_database, check_path
from ..structures.input.names import plain_name
from .database.candidates import Candidate, gather_candidates
from .database.fingerprint import fingerprint
from .database.rows import find_phase
from .database.structure_database import StructureDatabase
from .spec_messages import describe

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ..thermodynamics.hulls.hull import Hull
    from .spec import WorkflowSpec


@dataclass(frozen=True)
class Job:
    """What the studies of one workflow input share: for one step or one report, in which its crystals do not change.

    Attributes
    ----------
    spec
        The input.
    database
        Where results are looked for and kept.
    known_fingerprints
        Of the relaxations of its crystals, by name, where they were found before; None: worked out when needed.
    """

    spec: WorkflowSpec
    database: StructureDatabase
    known_fingerprints: Mapping[str, str] | None = field(default=None, hash=False)

    @classmethod
    def of(cls, spec: WorkflowSpec, fingerprints: Mapping[str, str] | None = None) -> Job:
        """Return the job of an input, with the database that it names."""
        return cls(spec, StructureDatabase(spec.database_address), fingerprints)

    @classmethod
    def of_document(cls, document: Mapping[str, Any], manifest: Mapping[str, Any] | None = None) -> Job:
        """Return the job of an input as plain JSON, as Fireworks hold it.

        Raises
        ------
        InputError
            It is not valid, or names a file, folder or module that this process may not use.
        """
        from .spec import WorkflowSpec

        try:
            spec = WorkflowSpec.model_validate(document)
        except ValidationError as error:
            raise InputError(f"the stored job: {redacted(describe(error, WorkflowSpec))}") from None
        check_database(str(spec.database), "database")
        check_path(spec.output_dir, "output")
        return cls.of(spec, manifest["fingerprints"] if manifest else None)

    @cached_property
    def candidates(self) -> list[Candidate]:
        """The crystals that the input asks for, as they are before they are relaxed."""
        return gather_candidates(self.spec)[0]

    @cached_property
    def fingerprints(self) -> Mapping[str, str]:
        """Fingerprint of the relaxation of each crystal, by name."""
        if self.known_fingerprints is not None:
            return self.known_fingerprints
        potential, settings = get_potential(self.spec.potential), self.spec.relaxation.settings()
        return {item.name: fingerprint(item.atoms, potential, settings) for item in self.candidates}

    @cached_property
    def rows(self) -> list[AtomsRow]:
        """The relaxations of its crystals that are stored, failed ones included."""
        return list(self.database.find_all(list(self.fingerprints.values())).values())

    @cached_property
    def relaxed_rows(self) -> list[AtomsRow]:
        """Those that converged."""
        return [row for row in self.rows if row.converged]

    def crystal(self, name: str) -> AtomsRow | None:
        """Return a relaxed crystal by the name that the input gives it, whatever it was called when it was stored.

        Else by the name that it is stored under, or the lowest of a formula.
        """
        key = self.fingerprints.get(name) or self.fingerprints.get(plain_name(name))
        own = [row for row in self.relaxed_rows if row.fingerprint == key]
        return own[0] if own else find_phase(name, self.relaxed_rows)

    @cached_property
    def hulls(self) -> list[Hull]:
        """The hull of each system, from its own relaxations alone."""
        from .database.row_hulls import hull_of_rows

        return [hull_of_rows(system, self.rows)[0] for system in self.spec.systems]
