"""The input file of a workflow: a YAML mapping, checked completely before anything is computed or written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, Field, ValidationError, field_validator

from ..calculators.registry import get_potential
from ..calculators.relaxation import RelaxationSettings
from ..errors import InputError, nearest
from ..structures.phases import get_phase
from ..structures.systems import parse_system
from .database_file import check_file
from .output_folder import folder_for
from .phonon_spec import PhononSection
from .section import Section
from .solutions_spec import SolutionsSection
from .stability_spec import StabilitySection
from .surfaces_spec import AdhesionSection, SurfacesSection
from .wetting_spec import SamplingSection, SubstrateSection, WettingSection
from .writable import check_writable

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


class PrototypeSection(Section):
    """Which decorated AFLOW prototypes to add to the library phases."""

    max_atoms: Annotated[int, Field(ge=1, le=60, description="largest primitive cell, atoms")] = 12
    max_candidates: Annotated[int, Field(ge=0, le=500, description="most candidates per system")] = 24
    stoichiometries: tuple[str, ...] | None = None


class StructureSection(Section):
    """Where the structures come from."""

    library: bool | tuple[str, ...] = True
    prototypes: bool | PrototypeSection = True
    files: tuple[Path, ...] = ()

    @field_validator("library")
    @classmethod
    def _known_phases(cls, value: bool | tuple[str, ...]) -> bool | tuple[str, ...]:
        if not isinstance(value, bool):
            for key in value:
                get_phase(key).structure()  # refuses unknown keys and phases that cannot be built
        return value

    @field_validator("files")
    @classmethod
    def _readable_files(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        for path in value:
            if not path.expanduser().is_file():
                raise ValueError(f"no such structure file: {path}")
        return tuple(path.expanduser().resolve() for path in value)

    @property
    def prototype_options(self) -> PrototypeSection | None:
        """Options of the prototype search, or None when it is switched off."""
        if isinstance(self.prototypes, PrototypeSection):
            return self.prototypes
        return PrototypeSection() if self.prototypes else None


class RelaxationSection(Section):
    """Convergence of the relaxations; see :class:`~amalgamics.calculators.relaxation.RelaxationSettings`."""

    fmax: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False, description="force convergence, eV/Å")] = 0.02
    relax_cell: bool = True
    max_steps: Annotated[int, Field(ge=1, le=100_000)] = 500
    keep_symmetry: bool = False
    optimizer: Literal["auto", "FIRE", "BFGS", "LBFGS", "BFGSLineSearch"] = "auto"
    evaluator: Literal["auto", "stock"] = "auto"

    def settings(self) -> RelaxationSettings:
        """Return what fixes the result; the evaluator does not, it only says how fast the same energies come."""
        return RelaxationSettings(**self.model_dump(exclude={"evaluator"}))


class WorkflowSpec(Section):
    """A whole job: systems, potential, structures, relaxation, and where the results go.

    Relative paths are taken from the current directory. ``amalgamics run`` writes ``report.html``, ``hull.png``,
    ``hull.csv`` and ``summary.json`` into ``output`` (default ``results/<name>``).
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$", max_length=60)]
    systems: Annotated[tuple[Annotated[str, AfterValidator(_check_system)], ...], Field(min_length=1)]
    potential: str = "chgnet+d3"
    structures: StructureSection = StructureSection()
    relaxation: RelaxationSection = RelaxationSection()
    wetting: WettingSection | None = None
    surfaces: SurfacesSection | None = None
    phonons: PhononSection | None = None
    solutions: SolutionsSection | None = None
    stability: StabilitySection | None = None
    output: Path | None = None
    database: Path = Field(default_factory=default_database)
    launchpad: str = Field(default_factory=default_launchpad)

    @field_validator("potential")
    @classmethod
    def _known_potential(cls, value: str) -> str:
        return get_potential(value).name

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
        if self.wetting is not None:
            self.wetting.check(self.potential, self.systems)
        if self.surfaces is not None:
            self.surfaces.check(self)
        if self.phonons is not None:
            self.phonons.check(self)
        if self.solutions is not None:
            self.solutions.check(self.potential, self.systems)
        if self.stability is not None:
            self.stability.check(self.potential, self.relaxation.relax_cell)
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
    try:
        in_file = content.get("potential", WorkflowSpec.model_fields["potential"].default)
        content.update({key: value for key, value in overrides.items() if value is not None})
        spec = WorkflowSpec.model_validate(content)
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


_UNION_MEMBERS = {
    "bool",
    "str",
    "PrototypeSection",
    "WettingSection",
    "StabilitySection",
    "PhononSection",
    "SolutionsSection",
    "SurfacesSection",
    "tuple[str, ...]",
}
_SECTIONS: dict[tuple[str, ...], type[Section]] = {
    (): WorkflowSpec,
    ("structures",): StructureSection,
    ("structures", "prototypes"): PrototypeSection,
    ("relaxation",): RelaxationSection,
    ("wetting",): WettingSection,
    ("surfaces",): SurfacesSection,
    ("surfaces", "adhesion"): AdhesionSection,
    ("wetting", "substrate"): SubstrateSection,
    ("wetting", "sampling"): SamplingSection,
    ("phonons",): PhononSection,
    ("solutions",): SolutionsSection,
    ("solutions", "sampling"): SamplingSection,
    ("stability",): StabilitySection,
}


def _keys_at(location: list[str]) -> list[str]:
    return list(_SECTIONS[tuple(location)].model_fields)
