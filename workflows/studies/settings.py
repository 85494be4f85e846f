"""What all sections of a workflow input share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from ...structures.input.paths import absolute_path

if TYPE_CHECKING:
    from ...calculators.relaxation.relax import RelaxationSettings
    from ..spec import WorkflowSpec


def one_or_more(*words: str) -> BeforeValidator:
    """Return what lets a single name stand for a list of one, unless it is one of these words."""
    return BeforeValidator(lambda value: (value,) if isinstance(value, str) and value not in words else value)


class Settings(BaseModel):
    """A mapping of the input: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _path_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


StructurePath = Annotated[str, BeforeValidator(_path_as_text), AfterValidator(absolute_path)]
"""Absolute path of a structure file, perhaps with ``@`` and an index."""


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
