"""What all sections of a workflow input share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from .spec import WorkflowSpec


class Settings(BaseModel):
    """A mapping of the input: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StudySettings(Settings):
    """The section of a study."""

    def check(self, spec: WorkflowSpec) -> None:
        """Refuse what the fields alone cannot tell, before anything is computed; ``spec`` is the whole input.

        Raises
        ------
        InputError
            Naming the key, the value, and what is allowed.
        """
