"""The Firetask that has the crystals of a stability study relaxed, as far as the database lacks them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from fireworks import FiretaskBase, Firework, FWAction, Workflow, explicit_serialize

from ..calculators.registry import get_potential
from .batches import split_batches
from .database import StructureDatabase
from .fingerprint import fingerprint
from .handing_on import handed_on
from .spec import WorkflowSpec
from .stability_candidates import Crystals, stability_crystals
from .tasks import RelaxStructures

if TYPE_CHECKING:
    from ..calculators.relaxation import RelaxationSettings
    from .candidates import Candidate


@explicit_serialize
class PlanStability(FiretaskBase):
    """Add one Firework for each batch of electrolytes and reaction products that are not in the database yet."""

    required_params = ("workflow",)

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:
        spec = WorkflowSpec.model_validate(self["workflow"])
        crystals = stability_crystals(spec)
        missing = _missing(spec, crystals)
        detours = [
            _relaxation(spec, batch, settings)
            for settings, group in groupby(missing, key=lambda pair: pair[1])
            for batch in split_batches([item for item, _ in group], get_potential(spec.potential).model)
        ]
        return FWAction(
            stored_data={"crystals": len(crystals), "to_relax": len(missing)},
            update_spec=handed_on(fw_spec),
            detours=Workflow(detours) if detours else None,
        )


def _missing(spec: WorkflowSpec, crystals: Crystals) -> Crystals:
    potential = get_potential(spec.potential)
    keys = [fingerprint(item.atoms, potential, settings) for item, settings in crystals]
    stored = StructureDatabase(spec.database_path).find_all(keys)
    return [crystal for crystal, key in zip(crystals, keys, strict=True) if key not in stored]


def _relaxation(spec: WorkflowSpec, batch: list[Candidate], settings: RelaxationSettings) -> Firework:
    return Firework(
        [RelaxStructures(candidates=[item.as_dict() for item in batch])],
        spec={
            "workflow_name": spec.name,
            "potential": spec.potential,
            "settings": settings.as_dict(),
            "evaluator": spec.relaxation.evaluator,
            "database": str(spec.database_path),
            "structures": [item.name for item in batch],
        },
        name=f"relax {batch[0].name}" + (f" and {len(batch) - 1} more" if len(batch) > 1 else ""),
    )
