"""Clocks that jump: a small library, put before the C library, shows processes another time than the machine's."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

CLOCK_VARIABLES = ("LD_PRELOAD", "CHAOS_CLOCK")
"""Without these a process reads the clock of the machine."""


def can_turn() -> bool:
    """Return whether this machine has what the library is built with."""
    return shutil.which("cc") is not None


def environment(folder: Path) -> dict[str, str]:
    """Build the library in a folder; return the variables with which processes add what a file there says."""
    library, file = folder / "clock.so", folder / "clock"
    source = Path(__file__).with_suffix(".c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O", "-o", str(library), str(source), "-ldl"], check=True)
    file.write_text("0\n")
    return dict(zip(CLOCK_VARIABLES, (str(library), str(file)), strict=True))


def is_turned() -> bool:
    """Return whether this process reads its clock from a file."""
    return CLOCK_VARIABLES[1] in os.environ


def turn_clock(offset_s: int) -> None:
    """Let the clocks of this process and of those it started show so much more than the machine's."""
    file = Path(os.environ[CLOCK_VARIABLES[1]])
    whole = file.with_suffix(".new")
    whole.write_text(f"{offset_s}\n")
    whole.replace(file)
