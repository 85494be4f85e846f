"""The input file of a workflow: a YAML mapping, checked completely before anything is computed or written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import yaml
from pydantic import AfterValidator, BaseModel, Field, ValidationError, create_model, field_validator, model_validator

from ..calculators.potentials.names import get_potential
from ..calculators.relaxation.relax import RelaxationSettings
from ..errors import InputError, nearest
from ..files import check_writable
from ..structures.compositions import parse_system
from .database.file import check_file
from .output_folder import folder_for
from .studies import STUDIES
from .studies.settings import Settings, StudySettings

if TYPE_CHECKING:
    from .studies.base import Study

DEFAULT_DATABASE = "results/structures.db"
DEFAULT_LAUNCHPAD = "sqlite:///results/launchpad"


class SpecError(InputError):
    """The workflow input is not valid."""


def default_database() -> Path:
    """Path of the structure database: ``$AMALGAMICS_DATABASE``, else ``results/structures.db``."""
    return Path(os.environ.get("AMALGAMICS_DATABASE", DEFAULT_DATABASE))


def default_launchpad() -> str:
    """URL of the LaunchPad: ``$AMALGAMICS_LAUNCHPAD``, else an embedded store in ``results/launchpad``."""
    return os.environ.get("AMALGAMICS_LAUNCHPAD", DEFAULT_LAUNCHPAD)


def _check_system(system: str) -> str:
    symbols = parse_system(system)
    if len(symbols) < 2:
        raise ValueError(f"a system needs at least two elements, e.g. Li-Hg; got {system!r}")
    return "-".join(symbols)


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

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$", max_length=60)]
    systems: tuple[Annotated[str, AfterValidator(_check_system)], ...] = ()
    potential: str = "chgnet+d3"
    relaxation: RelaxationOptions = RelaxationOptions()
    output: Path | None = None
    database: Path = Field(default_factory=default_database)
    launchpad: str = Field(default_factory=default_launchpad)

    @field_validator("potential")
    @classmethod
    def _known_potential(cls, value: str) -> str:
        return get_potential(value).name

    @model_validator(mode="after")
    def _has_systems(self) -> WorkflowSpec:
        alone = [study.section for study in STUDIES if not study.needs_systems]
        if not self.systems and not any(getattr(self, section) is not None for section in alone):
            raise ValueError(f"the key 'systems' is missing; only {', '.join(alone)} can do without")
        return self

    @property
    def output_dir(self) -> Path:
        """Absolute directory of the report; see :func:`~.output_folder.report_folder`."""
        return (self.output or Path("results") / self.name).expanduser().resolve()

    @property
    def database_path(self) -> Path:
        """Absolute path of the structure database."""
        return self.database.expanduser().resolve()

    @property
    def elements(self) -> tuple[str, ...]:
        """Every element of every system, sorted."""
        return tuple(sorted({symbol for system in self.systems for symbol in parse_system(system)}))

    def check(self) -> None:
        """Refuse what the fields alone cannot tell.

        Raises
        ------
        InputError
            The potential does not cover an element or is not installed, or the output or database cannot be written.
        """
        potential = get_potential(self.potential)
        potential.check_elements(self.elements)
        potential.check_available()
        for study in STUDIES:
            section = getattr(self, study.section)
            if isinstance(section, StudySettings):
                section.check(self)
        check_writable(self.output_dir, "output")
        check_writable(self.database_path.parent, "database")
        if self.database_path.is_dir():
            raise SpecError(f"database: {self.database_path} is a directory; give the path of a file")
        check_file(self.database_path)


def load_spec(path: str | Path, **overrides: Any) -> WorkflowSpec:
    """Read, check and return the workflow input at ``path``.

    Parameters
    ----------
    path
        YAML file.
    **overrides
        Top-level keys that replace those of the file; None means "not given". Another ``potential`` than that of the
        file adds its name to the folder of the report, so that the first report stays.

    Raises
    ------
    InputError
        The file is missing or not YAML, a key is unknown (the nearest valid one is named), a value is not allowed,
        the potential does not cover the elements, or a place to write to is not writable.
    """
    path = Path(path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        siblings = [str(other) for other in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        close = nearest(str(path), siblings)
        raise SpecError(f"no such input file: {path}." + (f" Did you mean {close}?" if close else "")) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"cannot read {path}: {error}") from None
    except yaml.YAMLError as error:
        raise SpecError(f"{path} is not valid YAML: {_yaml_problem(error)}") from None
    if not isinstance(content, dict):
        raise SpecError(f"{path}: expected a mapping of keys such as name, systems and potential")
    for study in STUDIES:
        if study.section in content and content[study.section] is None:
            raise SpecError(
                f"{path}: {study.section}: the section is empty; write {{}} for its defaults, or leave it out"
            )
    try:
        in_file = content.get("potential", WorkflowSpec.model_fields["potential"].default)
        content.update({key: value for key, value in overrides.items() if value is not None})
        spec: WorkflowSpec = WorkflowSpec.model_validate(content)
    except ValidationError as error:
        raise SpecError(f"{path}: {describe(error)}") from None
    if spec.potential != in_file and overrides.get("output") is None:
        spec = spec.model_copy(update={"output": folder_for(spec.output_dir, spec.potential)})
    spec.check()
    return spec


def _yaml_problem(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return f"{getattr(error, 'problem', None) or 'cannot be parsed'}{where}"


def describe(error: ValidationError) -> str:
    """Say in one line what pydantic found wrong first, with the nearest valid key for a misspelt one."""
    # A union reports each of its members, the wrong ones too: the deepest complaint comes from the one that was
    # meant. The path then holds the members' names, which mean nothing to a user.
    first = max(error.errors(), key=lambda item: len(item["loc"]))
    location = [str(part) for part in first["loc"] if str(part) not in _UNION_MEMBERS]
    where = ".".join(location)
    if first["type"] == "extra_forbidden":
        allowed = _keys_at([part for part in location[:-1] if not part.isdecimal()])
        close = nearest(location[-1], allowed)
        hint = f" Did you mean {close!r}?" if close else ""
        return f"unknown key {where!r}.{hint} Allowed: {', '.join(allowed)}."
    if first["type"] == "missing":
        return f"the key {where!r} is missing"
    message = first["msg"].removeprefix("Value error, ")
    value = first["input"]
    shown = f" (got {value!r})" if isinstance(value, str | int | float | bool) else ""
    return f"{where}: {message}{shown}"


def _keys_at(location: list[str]) -> list[str]:
    """Names of the keys allowed in the mapping at a place of the input."""
    model: type[BaseModel] = WorkflowSpec
    for name in location:
        model = _models_in(model.model_fields[name].annotation)[0]
    return list(model.model_fields)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models that a type is made of, whatever they are nested in: unions, tuples, annotations."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]


def _members_of_unions(model: type[BaseModel]) -> set[str]:
    """Names by which pydantic tells the members of a union apart in the path of an error."""
    found = {"bool", "str", "tuple[str, ...]"}
    for info in model.model_fields.values():
        for inner in _models_in(info.annotation):
            found |= {inner.__name__} | _members_of_unions(inner)
    return found


_UNION_MEMBERS = _members_of_unions(WorkflowSpec)
