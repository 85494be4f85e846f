"""The public face: a dozen functions for notebooks and scripts, without YAML and without FireWorks.

They only put together what the other packages have: each takes names, files or ASE Atoms, checks them before anything
is computed, and returns a small frozen dataclass with its provenance. The root package offers them by name.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

PUBLIC = {
    "Database": ("..workflows.database.structure_database", "StructureDatabase"),
    "hull": (".hulls", "hull"),
    "load_job": (".jobs", "load_job"),
    "phases": (".structures", "phases"),
    "phonons": (".vibrations", "phonons"),
    "potential": (".energies", "potential"),
    "read_structure": (".structures", "read_structure"),
    "relax": (".energies", "relax"),
    "run": (".jobs", "run"),
    "surface_energy": (".surfaces", "surface_energy"),
    "wetting_curve": (".wetting", "wetting_curve"),
    "work_of_adhesion": (".adhesion", "work_of_adhesion"),
}
"""Module and attribute behind each public name."""


def load(name: str) -> Any:
    """Return what the public ``name`` stands for."""
    module, attribute = PUBLIC[name]
    return getattr(import_module(module, __name__), attribute)
