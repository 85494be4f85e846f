"""The stages of a molecular dynamics run."""

from __future__ import annotations

from dataclasses import dataclass

from ...arguments import number, whole_number
from ...errors import InputError


@dataclass(frozen=True)
class MDStage:
    """A stretch of molecular dynamics.

    Parameters
    ----------
    n_steps
        Number of steps.
    temperature_K
        Temperature, K; that at the beginning where ``final_temperature_K`` is given.
    final_temperature_K
        Temperature at the last step of a linear ramp, K; None keeps it constant.
    frame_interval
        Keep a frame every so many steps of this stage; None keeps none.

    Raises
    ------
    InputError
        A value is out of range.
    """

    n_steps: int
    temperature_K: float
    final_temperature_K: float | None = None
    frame_interval: int | None = None

    def __post_init__(self) -> None:
        whole_number("n_steps", self.n_steps)
        number("temperature_K", self.temperature_K, above=0.0)
        if self.final_temperature_K is not None:
            number("final_temperature_K", self.final_temperature_K, above=0.0)
            object.__setattr__(self, "final_temperature_K", float(self.final_temperature_K))
        if self.frame_interval is not None:
            whole_number("frame_interval", self.frame_interval)
            if self.frame_interval > self.n_steps:
                raise InputError(f"frame_interval: {self.frame_interval} keeps no frame of {self.n_steps} steps")
            object.__setattr__(self, "frame_interval", int(self.frame_interval))
        object.__setattr__(self, "n_steps", int(self.n_steps))
        object.__setattr__(self, "temperature_K", float(self.temperature_K))

    def target_K(self, step: int) -> float:
        """Return the temperature wanted at ``step`` (1 to ``n_steps``) of the stage, K."""
        if self.final_temperature_K is None:
            return self.temperature_K
        return self.temperature_K + (self.final_temperature_K - self.temperature_K) * step / self.n_steps
