"""The input file of a workflow: a YAML mapping, checked completely before anything is computed or written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ..addresses import redacted
from ..calculators.potentials.definitions import check_labels, on_device
from ..calculators.potentials.names import get_potential
from ..calculators.relaxation.relax import RelaxationSettings
from ..errors import InputError, SeveralPotentialsError, shown
from ..files import check_writable
from ..structures.compositions import parse_system
from .database.address import absolute_address, checked_address
from .database.backends.choice import open_backend
from .defaults import chosen_launchpad, default_database, default_launchpad
from .output_folder import folder_for
from .spec_messages import describe
from .studies.registry import STUDIES
from .studies.settings import PotentialField, Settings, StudySettings, UserPath, potentials_in
from .yaml_input import SpecError, read_mapping

if TYPE_CHECKING:
    from .studies.base import Study

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}", re.ASCII)


def _check_database(value: Any) -> Path | str:
    if not isinstance(value, str | Path):
        raise PydanticCustomError("path_type", "a path or URL is needed")
    try:
        return checked_address(value)
    except InputError as error:
        raise ValueError(str(error).removeprefix("database: ")) from None


DatabaseAddress = Annotated[Path | str, PlainValidator(_check_database)]
"""Where a structure database is."""


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{shown(name)} is not allowed; give a letter and then letters, digits, '.', '_' or '-', at most 60"
            " characters, e.g. name: li-hg"
        )
    return name


def _check_system(system: str) -> str:
    symbols = parse_system(system)
    if len(symbols) < 2:
        raise ValueError(f"a system needs at least two elements, e.g. Li-Hg; got {system!r}")
    return "-".join(symbols)


def _check_systems(systems: tuple[str, ...]) -> tuple[str, ...]:
    seen: set[frozenset[str]] = set()
    for system in systems:
        elements = frozenset(system.split("-"))
        if elements in seen:
            raise ValueError(f"{system} is given twice; keep one")
        seen.add(elements)
    return systems


def _without_given_password(address: Any) -> Any:
    return chosen_launchpad(address, "launchpad") if isinstance(address, str) else address


class RelaxationOptions(Settings):
    """Convergence of the relaxations; see :class:`~amalgamics.calculators.relaxation.relax.RelaxationSettings`."""

    fmax: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False, description="force convergence, eV/Å")] = 0.02
    relax_cell: bool = True
    max_steps: Annotated[int, Field(ge=1, le=100_000)] = 500
    keep_symmetry: bool = False
    optimizer: Literal["auto", "FIRE", "BFGS", "LBFGS", "BFGSLineSearch"] = "auto"
    evaluator: Literal["auto", "stock"] = "auto"

    def settings(self) -> RelaxationSettings:
        """Return what fixes the result; the evaluator does not, it only says how fast the same energies come."""
        return RelaxationSettings(**self.model_dump(exclude={"evaluator"}))


def _section_of(study: type[Study[Any, Any]]) -> Any:
    """Type and default of the key that holds a study's settings."""
    if study.default_settings is not None:
        return study.settings_class, study.default_settings
    return study.settings_class | None, None


# One key for each study, of the type that the study declares.
_StudySections: Any = create_model(
    "_StudySections", __base__=Settings, **{study.section: _section_of(study) for study in STUDIES}
)


class WorkflowSpec(_StudySections):
    """A whole job: systems, potential, structures, relaxation, studies, and where the results go.

    Relative paths are taken from the current directory. ``amalgamics run`` writes ``report.html``, ``hull.png``,
    ``hull.csv`` and ``summary.json`` into ``output`` (default ``results/<name>``).
    """

    name: Annotated[str, AfterValidator(_check_name), Field(examples=["li-hg"])]
    systems: Annotated[
        tuple[Annotated[str, AfterValidator(_check_system)], ...],
        AfterValidator(_check_systems),
        Field(examples=[["Li-Hg", "Na-Hg"]]),
    ] = ()
    potential: PotentialField = "chgnet+d3"
    relaxation: RelaxationOptions = RelaxationOptions()
    output: UserPath | None = None
    database: DatabaseAddress = Field(default_factory=default_database)
    launchpad: Annotated[str, BeforeValidator(_without_given_password)] = Field(
        default_factory=default_launchpad, exclude=True, repr=False
    )

    @model_validator(mode="after")
    def _has_systems(self) -> WorkflowSpec:
        alone = [study.section for study in STUDIES if not study.needs_systems]
        if not self.systems and not any(getattr(self, section) is not None for section in alone):
            raise ValueError(f"the key 'systems' is missing; only {', '.join(alone)} can do without")
        check_labels(potentials_in(self))
        return self

    @property
    def jobs(self) -> tuple[WorkflowSpec]:
        """The job alone, as `ComparedJobs` has several."""
        return (self,)

    @property
    def output_dir(self) -> Path:
        """Absolute directory of the report; see :func:`~.output_folder.report_folder`."""
        return (self.output or Path("results") / self.name).expanduser().resolve()

    @property
    def database_address(self) -> Path | str:
        """Absolute path of the structure database, or its URL without a password."""
        return absolute_address(self.database)

    @property
    def checkpoint_folder(self) -> Path:
        """Absolute folder for what is half computed: beside the file of the database, or with the report."""
        at = self.database_address
        return (at.parent if isinstance(at, Path) else self.output_dir) / "checkpoints"

    @property
    def elements(self) -> tuple[str, ...]:
        """Every element of every system, sorted."""
        return tuple(sorted({symbol for system in self.systems for symbol in parse_system(system)}))

    def check(self) -> None:
        """Refuse what the fields alone cannot tell.

        Raises
        ------
        InputError
            The potential does not cover an element or is not installed, the output or database cannot be written, or
            the server of the database does not answer.
        """
        potential = get_potential(self.potential)
        potential.check_elements(self.elements)
        potential.check_available()
        for study in STUDIES:
            section = getattr(self, study.section)
            if isinstance(section, StudySettings):
                section.check(self)
        check_writable(self.output_dir, "output")
        open_backend(self.database).check_usable()


@dataclass(frozen=True)
class ComparedJobs:
    """One input with several potentials: the same job with each of them.

    Attributes
    ----------
    jobs
        The job with each potential, in the order of the input; each has its report in a folder of its own.
    output_dir
        Absolute directory of the comparison; see :func:`~.output_folder.report_folder`.
    """

    jobs: tuple[WorkflowSpec, ...]
    output_dir: Path

    @property
    def name(self) -> str:
        """Of the input."""
        return self.jobs[0].name

    @property
    def systems(self) -> tuple[str, ...]:
        """The chemical systems that are compared."""
        return self.jobs[0].systems

    @property
    def potential(self) -> str:
        """Names of all potentials, joined by commas: under these the comparison stands."""
        return ", ".join(one.potential for one in self.jobs)

    @property
    def database_address(self) -> Path | str:
        """That of every job."""
        return self.jobs[0].database_address

    @property
    def launchpad(self) -> str:
        """That of every job."""
        return self.jobs[0].launchpad

    def check(self) -> None:
        """Refuse what the fields alone cannot tell; as :meth:`WorkflowSpec.check`, of each job."""
        for one in self.jobs:
            one.check()
        check_writable(self.output_dir, "output")

    def model_copy(self, *, update: Mapping[str, Any]) -> ComparedJobs:
        """Return the same jobs with other fields, such as another database."""
        return ComparedJobs(tuple(one.model_copy(update=update) for one in self.jobs), self.output_dir)


def _chosen(potential: Any, folder: Path, path: Path) -> str:
    """Return the name, with all that it says, of a potential whose paths start in a folder."""
    try:
        if not isinstance(potential, str | Mapping):
            raise InputError(f"{shown(potential)} is not allowed; give a name or a mapping")
        return get_potential(potential, folder).name
    except InputError as error:
        raise SpecError(f"{path}: potential: {error}") from None


def _names_of(potentials: Sequence[Any], folder: Path, path: Path) -> list[str]:
    """Return the names of the potentials of a list.

    Raises
    ------
    SpecError
        It is empty, has one twice, or two that differ but have one name, or one folder of reports.
    """
    if not potentials:
        raise SpecError(f"{path}: potential: the list is empty; give a name, or several to compare them")
    names = [_chosen(one, folder, path) for one in potentials]
    try:
        check_labels(names)
    except InputError as error:
        raise SpecError(f"{path}: potential: {error}") from None
    folders = [folder_for(Path("results"), name) for name in names]
    for number, name in enumerate(names):
        first = names[folders.index(folders[number])]
        if first != name:
            raise SpecError(f"{path}: potential: {first} and {name} would share a folder; give one of them a name:")
        if name in names[:number]:
            raise SpecError(f"{path}: potential: {name} is there more than once; keep one")
    return names


def _name_of(potential: Any, path: Path) -> str:
    """Return the name of the potential of a file, empty where there is none that can be used."""
    try:
        return str(get_potential(potential, path.absolute().parent).name)
    except InputError:
        return ""


def _read(path: Path) -> dict[str, Any]:
    """Return the keys of a job file."""
    content = read_mapping(path)
    for study in STUDIES:
        if study.section in content and content[study.section] is None:
            raise SpecError(
                f"{path}: {study.section}: the section is empty; write {{}} for its defaults, or leave it out"
            )
    return content


def _job_of(content: Mapping[str, Any], potential: Any, path: Path, device: str | None) -> WorkflowSpec:
    """Return the job of the keys of a file with one potential."""
    if device is not None:
        potential = on_device(potential, device)
    try:
        spec: WorkflowSpec = WorkflowSpec.model_validate(
            {**content, "potential": potential}, context={"folder": path.absolute().parent}
        )
    except ValidationError as error:
        raise SpecError(f"{path}: {redacted(describe(error, WorkflowSpec))}") from None
    return spec


def load_jobs(path: str | Path, *, device: str | None = None, **overrides: Any) -> WorkflowSpec | ComparedJobs:
    """Read, check and return the workflow input at ``path``: one job, or with a list of potentials one for each.

    Parameters
    ----------
    path
        YAML file.
    device
        ``cpu`` or ``cuda``, where the potentials of the job compute; None for what the file says.
    **overrides
        Top-level keys that replace those of the file; None means "not given". Another ``potential`` than that of the
        file adds its name to the folder of the report, so that the first report stays; so does each of several. Paths
        in them start in the current folder, those of potentials in the file in its folder.

    Raises
    ------
    InputError
        The file is missing or not YAML, a key is unknown (the nearest valid one is named), a value is not allowed,
        the potential does not cover the elements, or a place to write to is not writable.
    """
    path = Path(path)
    content = _read(path)
    in_file = _only(content.get("potential", WorkflowSpec.model_fields["potential"].default))
    given = _only(overrides.get("potential"))
    content.update({key: value for key, value in overrides.items() if value is not None})
    potential, folder = (in_file, path.absolute().parent) if given is None else (given, Path.cwd())
    if isinstance(potential, list | tuple):
        jobs = [_job_of(content, name, path, device) for name in _names_of(potential, folder, path)]
        found: WorkflowSpec | ComparedJobs = ComparedJobs(
            tuple(one.model_copy(update={"output": folder_for(one.output_dir, one.potential)}) for one in jobs),
            jobs[0].output_dir,
        )
    else:
        if isinstance(given, str | Mapping):
            potential = _chosen(given, folder, path)
        found = _job_of(content, potential, path, device)
        if given is not None and found.potential != _name_of(in_file, path) and overrides.get("output") is None:
            found = found.model_copy(update={"output": folder_for(found.output_dir, found.potential)})
    found.check()
    return found


def _only(potential: Any) -> Any:
    """Return the potential of a list of one."""
    is_one = isinstance(potential, list | tuple) and len(potential) == 1 and not isinstance(potential[0], list | tuple)
    return potential[0] if is_one else potential


def load_spec(path: str | Path, *, device: str | None = None, **overrides: Any) -> WorkflowSpec:
    """Read, check and return the workflow input at ``path``, which has one potential; see `load_jobs`.

    Raises
    ------
    SeveralPotentialsError
        It has several, and none was chosen.
    InputError
        As `load_jobs`.
    """
    found = load_jobs(path, device=device, **overrides)
    if isinstance(found, ComparedJobs):
        raise SeveralPotentialsError(f"{path} has several potentials, {found.potential}; choose one")
    return found
