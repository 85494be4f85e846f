"""The ``structures`` section of a workflow input: which crystals a job looks at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, field_validator, model_validator

from ....structures.input.names import check_name
from ....structures.input.paths import structure_files
from ....structures.library.phases import get_phase
from ....structures.ordering.order import MAX_ATOMS, OrderMethod
from ..settings import Settings, StructurePath, StudySettings

if TYPE_CHECKING:
    from ...spec import WorkflowSpec


class PrototypeSettings(Settings):
    """Which decorated AFLOW prototypes to add to the library phases."""

    max_atoms: Annotated[int, Field(ge=1, le=60, description="largest primitive cell, atoms")] = 12
    max_candidates: Annotated[int, Field(ge=0, le=500, description="most candidates per system")] = 24
    stoichiometries: tuple[str, ...] | None = None


class FileSettings(Settings):
    """Structures of one file: which, what they are called, and how to order those with partly filled sites.

    Attributes
    ----------
    file
        Path; ``@`` and an index or slice behind it choose among several structures, as in ``relaxation.traj@-1``.
    name
        What they are called, instead of their file.
    order
        How to order sites that are partly filled or shared; without it they are refused.
    orderings
        How many orderings to take, of ``order: ewald``.
    max_atoms
        Most sites of an ordered cell.
    """

    file: StructurePath
    name: Annotated[str, AfterValidator(check_name)] | None = None
    order: OrderMethod | None = None
    orderings: Annotated[int, Field(ge=1, le=50)] = 1
    max_atoms: Annotated[int, Field(ge=1, le=200)] = MAX_ATOMS

    @model_validator(mode="before")
    @classmethod
    def _path_alone(cls, content: Any) -> Any:
        return {"file": str(content)} if isinstance(content, str | Path) else content


class StructureSettings(StudySettings):
    """Where the structures come from.

    ``files`` are paths, patterns such as ``relaxed/*.cif``, folders, or mappings as :class:`FileSettings` has them.
    """

    library: bool | tuple[str, ...] = True
    prototypes: bool | PrototypeSettings = True
    files: tuple[FileSettings, ...] = ()

    @field_validator("library")
    @classmethod
    def _known_phases(cls, value: bool | tuple[str, ...]) -> bool | tuple[str, ...]:
        if not isinstance(value, bool):
            for key in value:
                get_phase(key).structure()  # refuses unknown keys and phases that cannot be built
        return value

    @field_validator("files", mode="before")
    @classmethod
    def _every_file(cls, value: Any) -> Any:
        given = [value] if isinstance(value, str | Path | dict) else value
        return _with_patterns_resolved(given) if isinstance(given, Sequence) else given

    def check(self, spec: WorkflowSpec) -> None:
        """Read every file and order what is to be ordered, so that what cannot be computed is refused here.

        Raises
        ------
        InputError
            See :func:`~amalgamics.workflows.database.candidates.gather_candidates`.
        """
        from ...database.candidates import file_candidates

        file_candidates(self.files, spec.systems)

    @property
    def prototype_options(self) -> PrototypeSettings | None:
        """Options of the prototype search, or None when it is switched off."""
        if isinstance(self.prototypes, PrototypeSettings):
            return self.prototypes
        return PrototypeSettings() if self.prototypes else None


def _with_patterns_resolved(given: Sequence[Any]) -> list[Any]:
    """Every file that patterns and folders stand for; what names one file stays as it is."""
    found: list[Any] = []
    for entry in given:
        content = {"file": entry} if isinstance(entry, str | Path) else entry
        place = content.get("file") if isinstance(content, dict) else None
        if not isinstance(place, str | Path):
            found.append(entry)
            continue
        files = structure_files(str(place))
        if len(files) > 1 and content.get("name") is not None:
            raise ValueError(f"{place} stands for {len(files)} files, which cannot share the name {content['name']!r}")
        found += [{**content, "file": file} for file in files]
    return found
