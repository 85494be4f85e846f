"""The crystals that the stability of electrolytes needs: the electrolytes, and every library phase they can become."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..calculators.registry import get_potential
from ..structures.distortions import rattled
from .candidates import Candidate, gather_candidates
from .fingerprint import fingerprint

if TYPE_CHECKING:
    from ..calculators.relaxation import RelaxationSettings
    from .spec import WorkflowSpec
    from .stability_spec import StabilitySection

# A model of high symmetry may be a saddle point: the octahedra of LLTO tilt.
RATTLE = 0.05
_STEPS_OF_ELECTROLYTES = 1000
"""Least number of steps allowed: displaced at random, large cells take longer than most crystals of a hull."""

Crystals = list[tuple[Candidate, "RelaxationSettings"]]


def stability_crystals(spec: WorkflowSpec) -> Crystals:
    """Return the crystals that the stability section of ``spec`` needs, with how each is relaxed.

    Those that are in the job's hulls too are the same calculations, and so are done once.
    """
    from .spec import StructureSection

    section = _section(spec)
    settings = spec.relaxation.settings()
    systems = section.systems()
    structures = StructureSection(library=True, prototypes=False)
    products, _ = gather_candidates(spec.model_copy(update={"systems": _distinct(systems), "structures": structures}))
    known = {candidate.name for candidate in products}
    patient = replace(settings, max_steps=max(settings.max_steps, _STEPS_OF_ELECTROLYTES))
    electrolytes = [
        Candidate(name, "substrate", rattled(crystal, RATTLE), "electrolyte, displaced at random before it is relaxed")
        for name, crystal in section.crystals().items()
        if name not in known
    ]
    return [*((item, patient) for item in electrolytes), *((item, settings) for item in products)]


def stability_keys(spec: WorkflowSpec) -> list[str]:
    """Return the fingerprints of these relaxations."""
    potential = get_potential(spec.potential)
    return [fingerprint(item.atoms, potential, settings) for item, settings in stability_crystals(spec)]


def _section(spec: WorkflowSpec) -> StabilitySection:
    if spec.stability is None:
        raise ValueError(f"workflow {spec.name!r} has no stability section")
    return spec.stability


def _distinct(systems: dict[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(systems.values()))
