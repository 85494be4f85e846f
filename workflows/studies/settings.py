"""What all sections of a workflow input share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from ...calculators.potentials.definitions import definition_of
from ...calculators.potentials.names import get_potential
from ...files import usable_path
from ...structures.input.paths import absolute_path, from_folder

if TYPE_CHECKING:
    from ...calculators.relaxation.relax import RelaxationSettings
    from ..spec import WorkflowSpec


def _check_path(value: Any) -> Any:
    if isinstance(value, str | Path):
        usable_path(value)
    return value


UserPath = Annotated[Path, BeforeValidator(_check_path)]
"""A path that a user gave: one that there could be."""


def _read_potential(value: Any, info: ValidationInfo) -> str:
    if not isinstance(value, str | Mapping):
        raise PydanticCustomError("string_type", "a text is needed")
    return get_potential(value, folder_of(info)).name


def _potential_document(name: str) -> Any:
    definition = definition_of(name)
    return str(name) if definition is None else definition.document()


PotentialField = Annotated[
    str, PlainValidator(_read_potential), PlainSerializer(_potential_document, return_type=Any, when_used="json")
]
"""Name of a potential, or a mapping that defines one; as JSON again what defines it."""


_POTENTIAL_KEYS = ("potential", "more_potentials", "single_points")


def potentials_in(settings: BaseModel) -> Iterator[str]:
    """Yield the names of potentials in the settings, and in those within."""
    for key, value in settings:
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, BaseModel):
                yield from potentials_in(item)
            elif isinstance(item, str) and key in _POTENTIAL_KEYS:
                yield item


def one_or_more(*words: str) -> BeforeValidator:
    """Return what lets a single name stand for a list of one, unless it is one of these words."""
    return BeforeValidator(lambda value: (value,) if isinstance(value, str) and value not in words else value)


class Settings(BaseModel):
    """A mapping of the input: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @field_validator("*", mode="before")
    @classmethod
    def _truth_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse true and false for numbers; YAML makes them of yes, no, on and off."""
        if _holds_truth(value) and _wants_number(cls.model_fields[info.field_name or ""].annotation):
            raise PydanticCustomError("truth_value", "a truth value is no number")
        return value


def _path_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def folder_of(info: ValidationInfo) -> Path | None:
    """Return the folder of the file that the settings come from; None where they come from no file."""
    return (info.context or {}).get("folder")


def _from_its_folder(value: str, info: ValidationInfo) -> str:
    return absolute_path(from_folder(value, folder_of(info)))


StructurePath = Annotated[str, BeforeValidator(_path_as_text), AfterValidator(_from_its_folder)]
"""Absolute path of a structure file, perhaps with ``@`` and an index.

In a job file it starts in the folder of that, or else in the current one.
"""


class StudySettings(Settings):
    """The section of a study."""

    def identity(self) -> Any:
        """Return what of the settings fixes the numbers of the study, as plain JSON: all, unless a study says less."""
        return self.model_dump(mode="json")

    def relaxation(self) -> RelaxationSettings:
        """Return how structures of the study are relaxed: positions only, unless a study says otherwise."""
        from ...calculators.relaxation.relax import RelaxationSettings

        return RelaxationSettings(fmax=0.05, relax_cell=False)

    def check(self, spec: WorkflowSpec) -> None:
        """Refuse what the fields alone cannot tell, before anything is computed; ``spec`` is the whole input.

        Raises
        ------
        InputError
            Naming the key, the value, and what is allowed.
        """


def _holds_truth(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, list | tuple) and any(_holds_truth(item) for item in value))


def _wants_number(annotation: Any) -> bool:
    """Return whether numbers belong to a type, and neither truth values nor mappings."""
    types = set(_plain_types(annotation))
    return bool(types & {int, float}) and not any(issubclass(one, bool | BaseModel) for one in types)


def _plain_types(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation
    for argument in get_args(annotation):
        yield from _plain_types(argument)
