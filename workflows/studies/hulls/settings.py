"""The ``structures`` section of a workflow input: which crystals a job looks at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from ....structures.library.phases import get_phase
from ..settings import Settings, StudySettings


class PrototypeSettings(Settings):
    """Which decorated AFLOW prototypes to add to the library phases."""

    max_atoms: Annotated[int, Field(ge=1, le=60, description="largest primitive cell, atoms")] = 12
    max_candidates: Annotated[int, Field(ge=0, le=500, description="most candidates per system")] = 24
    stoichiometries: tuple[str, ...] | None = None


class StructureSettings(StudySettings):
    """Where the structures come from."""

    library: bool | tuple[str, ...] = True
    prototypes: bool | PrototypeSettings = True
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
    def prototype_options(self) -> PrototypeSettings | None:
        """Options of the prototype search, or None when it is switched off."""
        if isinstance(self.prototypes, PrototypeSettings):
            return self.prototypes
        return PrototypeSettings() if self.prototypes else None
