"""Density functional theory with GPAW, an optional extra: plane waves, so that cells can be relaxed too."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from ..errors import InputError

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator

# Good enough for bulk M-Hg phases; any of them can be given otherwise as an option.
GPAW_DEFAULTS: dict[str, Any] = {
    "mode": {"name": "pw", "ecut": 400.0},
    "xc": "PBE",
    "kpts": {"density": 4.0, "gamma": True},
    "occupations": {"name": "fermi-dirac", "width": 0.1},
    "txt": None,
}


def check_gpaw() -> None:
    """Refuse to go on without GPAW.

    Raises
    ------
    InputError
        GPAW is not installed.
    """
    if importlib.util.find_spec("gpaw") is None:
        raise InputError(
            "potential 'gpaw' needs GPAW, which is not installed: pip install \"amalgamics[gpaw]\" and then"
            " gpaw install-data DIRECTORY, or your system's package gpaw"
        )


def build_gpaw(**options: Any) -> Calculator:
    """Return a GPAW calculator with :data:`GPAW_DEFAULTS`, changed by ``options`` (any keyword of ``gpaw.GPAW``).

    Raises
    ------
    InputError
        GPAW is not installed.
    """
    check_gpaw()
    from gpaw import GPAW  # type: ignore[import-not-found, unused-ignore]

    return GPAW(**{**GPAW_DEFAULTS, **options})
