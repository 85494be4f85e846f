"""What all sections of a workflow input share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping of the input: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
