"""What every study of a job shares: its settings, the steps that it adds to the workflow, and its own rows.

A study is a class. Its ``plan`` names steps, each step is a method that computes what the database lacks, ``results``
gathers typed results from the rows, ``sections`` makes parts of the report of them. A number is always found by the
identity of the study and of the potential that made it, or of the structure itself: there is no other way to its rows
than :meth:`Study.rows` and :meth:`Study.stored`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from ...calculators.potentials.names import get_potential
from ..database.calculations import Calculations
from ..database.fingerprint import digest, potential_identity
from .settings import StudySettings

if TYPE_CHECKING:
    from enum import StrEnum

    from ase.db.row import AtomsRow

    from ...calculators.relaxation.relax import RelaxationSettings
    from ...reports.sections import ReportSection
    from ..database.candidates import Candidate
    from ..database.structure_database import StructureDatabase
    from ..job import Job
    from ..spec import WorkflowSpec

S = TypeVar("S", bound=StudySettings)
R = TypeVar("R")
Method = TypeVar("Method", bound=Callable[..., None])


@dataclass(frozen=True)
class Step:
    """One step of a study: one of its methods, and what it is called with.

    Attributes
    ----------
    method
        Name of the method, marked as a :func:`step`.
    title
        What the step is called in the LaunchPad; no two steps of a plan share one.
    results
        Names of the results that the progress bar waits for.
    arguments
        Of the method, plain JSON.
    after
        Titles of the steps of this plan that come before.
    """

    method: str
    title: str
    results: Sequence[str]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    after: Sequence[str] = ()


def numbered(title: str, count: int) -> list[str]:
    """Return ``count`` names for the results of a step."""
    return [f"{title} {number}" for number in range(count)]


def step(method: Method) -> Method:
    """Mark a method of a study as a step that a workflow may run."""
    method.is_step = True  # type: ignore[attr-defined]
    return method


class Study(ABC, Generic[S, R]):
    """One study of a job.

    Parameters
    ----------
    job
        Input, database and relaxed crystals.

    Raises
    ------
    ValueError
        The input does not ask for it; see :meth:`is_asked_for`.
    """

    name: ClassVar[str]
    """What it is called in the LaunchPad and in warnings."""
    section: ClassVar[str]
    """Key of its settings in the input."""
    settings_class: ClassVar[type[StudySettings]]
    default_settings: ClassVar[StudySettings | None] = None
    """Settings of an input without the section; None: the study is left out then."""
    needs_systems: ClassVar[bool] = True
    """Whether it needs the crystals of the job's systems; an input without systems may ask for others alone."""
    begins_at_once: ClassVar[bool] = False
    """Whether it has steps that need nothing of the studies before it; see :meth:`plan_at_once`."""

    def __init__(self, job: Job) -> None:
        settings = getattr(job.spec, self.section)
        if settings is None:
            raise ValueError(f"{job.spec.name} has no {self.section} section")
        self.job = job
        self.settings: S = settings

    @classmethod
    def is_asked_for(cls, spec: WorkflowSpec) -> bool:
        """Return whether the input has the section, or settings without it."""
        return getattr(spec, cls.section) is not None

    @property
    def database(self) -> StructureDatabase:
        """Where its results are looked for and kept."""
        return self.job.database

    @property
    def potential(self) -> str:
        """Name of the potential that leads the study."""
        return self.job.spec.potential

    @property
    def potentials(self) -> tuple[str, ...]:
        """Names of all potentials that it computes with."""
        return (self.potential,)

    @cached_property
    def identities(self) -> dict[str, str]:
        """Identity of each of its potentials, as rows hold it, by name."""
        return {name: potential_identity(get_potential(name)) for name in self.potentials}

    @abstractmethod
    def plan(self) -> Sequence[Step]:
        """Return the steps that bring what the database lacks; the crystals of the job are relaxed by now."""

    def plan_at_once(self) -> Sequence[Step]:
        """Return the steps that need nothing of the studies before it, and may run beside them from the start."""
        return []

    @abstractmethod
    def computed(self) -> list[AtomsRow]:
        """Return the rows of this job's study, those included that failed.

        Raises
        ------
        InputError
            What it is made from is not there yet, so that there can be none.
        """

    @abstractmethod
    def results(self) -> R:
        """Return what the study found, from the database alone.

        Raises
        ------
        InputError
            There is nothing yet, or it all failed.
        """

    @abstractmethod
    def sections(self, results: R) -> Sequence[ReportSection]:
        """Return its parts of the report."""

    def failed(self) -> list[AtomsRow]:
        """Return the rows of this job's study that failed, so that they can be tried again."""
        return [row for row in self.computed() if not row.converged]

    def report_parts(self) -> dict[str, Callable[[], Sequence[ReportSection]]]:
        """Return what makes its parts of the report, by the name under which a failure is told."""
        return {self.name: lambda: self.sections(self.results())}

    def run(self, method: str, arguments: Mapping[str, Any]) -> None:
        """Run one step; what it finds is in the database afterwards.

        Raises
        ------
        ValueError
            The study has no such step.
        """
        if not getattr(getattr(type(self), method, None), "is_step", False):
            raise ValueError(f"{self.name} has no step {method!r}")
        if "potential" in arguments:
            arguments = {**arguments, "potential": self.own_name(arguments["potential"])}
        getattr(self, method)(**arguments)

    def own_name(self, potential: str) -> str:
        """Return the name of one of its potentials with all that the input says of it: stored, it is a text alone."""
        return next((name for name in self.identities if name == potential), potential)

    @cached_property
    def key(self) -> str:
        """Name under which its rows are kept: the same for all inputs with settings of the same identity."""
        return f"{self.name.replace(' ', '-')}-{digest(self.settings.identity(), 12)}"

    @property
    def keys(self) -> tuple[str, ...]:
        """The key, and those of studies that it is made of."""
        return (self.key,)

    def calculations(self, potential: str = "", settings: RelaxationSettings | None = None) -> Calculations:
        """Return what computes for the study: with its leading potential and as its settings relax, unless told."""
        return Calculations(self.database, potential or self.potential, settings or self.settings.relaxation())

    def stored(self, candidates: Iterable[Candidate]) -> list[AtomsRow]:
        """Return what the database has of structures that the study relaxes, failed or not, found by what they are."""
        calculations = self.calculations()
        return [row for one in candidates if (row := calculations.find(one)) is not None]

    def rows(self, role: StrEnum, **labels: str | int) -> list[AtomsRow]:
        """Return the rows of a role that belong to this study and converged, oldest first.

        Parameters
        ----------
        role
            One of the roles of the study.
        **labels
            Further labels that they must have.
        """
        return self._select(role, True, labels)

    def all_rows(self, role: StrEnum, **labels: str | int) -> list[AtomsRow]:
        """Return the rows of a role that belong to this study, those that failed last; otherwise as :meth:`rows`."""
        return [*self.rows(role, **labels), *self._select(role, False, labels)]

    def _select(self, role: StrEnum, converged: bool, labels: Mapping[str, str | int]) -> list[AtomsRow]:
        terms = {"study": self.key, "role": role, "converged": converged, **labels}
        return [row for row in self.database.select(where=terms, sort="id") if self.owns(row)]

    def owns(self, row: AtomsRow) -> bool:
        """Return whether a row with the study's labels is its own: made by what is behind the potential's name now."""
        return bool(self.identities.get(row.potential) == row.potential_identity)
