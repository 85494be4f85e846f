"""The machine and versions behind the numbers: no names of hosts, users or folders."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    "amalgamics", "numpy", "scipy", "ase", "pymatgen", "torch", "vesin", "chgnet", "sevenn", "dftd3", "matcalc",
    "torch-sim-atomistic", "fireworks", "litemongo",
)  # fmt: skip


def describe_machine() -> dict[str, Any]:
    """Return processor, cores, memory, Python, versions of packages, threads, and the date, as plain JSON."""
    import psutil

    from ..calculators.threads import THREAD_VARIABLES, available_cores

    return {
        "processor": _processor(),
        "cores": available_cores(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "threads": {name: os.environ.get(name, "") for name in THREAD_VARIABLES},
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "date": datetime.now(UTC).date().isoformat(),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"
