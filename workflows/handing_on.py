"""What the later Fireworks of a job need of the earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEYS = ("manifest", "terminations")


def handed_on(fw_spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a spec that a step hands on to the next."""
    return {key: fw_spec[key] for key in KEYS if key in fw_spec}
