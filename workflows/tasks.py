"""The Firetasks: each unpacks its spec, calls one plain function, and stores."""

from __future__ import annotations

import logging
from typing import Any

from fireworks import FiretaskBase, Firework, FWAction, Workflow, explicit_serialize

from ..calculators.batch import relax_many
from ..calculators.registry import Potential, get_potential
from ..calculators.relaxation import RelaxationError, RelaxationResult, RelaxationSettings
from ..errors import InputError
from .analysis import write_report
from .batches import split_batches
from .candidates import Candidate, gather_candidates
from .database import StructureDatabase
from .fingerprint import fingerprint, potential_identity
from .output_folder import report_folder
from .potential_notices import potential_notices
from .report_sections import report_sections, wetting_of_job
from .row_hulls import hull_of_rows
from .spec import WorkflowSpec

logger = logging.getLogger(__name__)


@explicit_serialize
class BuildStructures(FiretaskBase):
    """Build the candidates, and add one Firework for each batch of those that are not in the database yet."""

    required_params = ("workflow",)

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:  # noqa: ARG002 - the FireWorks signature
        spec = WorkflowSpec.model_validate(self["workflow"])
        candidates, refused = gather_candidates(spec)
        potential, settings = get_potential(spec.potential), spec.relaxation.settings()
        keys = {item.name: fingerprint(item.atoms, potential, settings) for item in candidates}
        database = StructureDatabase(spec.database_path)
        fresh_after = database.last_id()
        stored = database.find_all(list(keys.values()))
        missing = [item for item in candidates if keys[item.name] not in stored]
        detours = [
            Firework(
                [RelaxStructures(candidates=[item.as_dict() for item in batch])],
                spec={
                    "workflow_name": spec.name,
                    "potential": potential.name,
                    "potential_identity": potential_identity(potential),
                    "settings": settings.as_dict(),
                    "evaluator": spec.relaxation.evaluator,
                    "database": str(database.path),
                    "structures": [item.name for item in batch],
                },
                name=f"relax {batch[0].name}" + (f" and {len(batch) - 1} more" if len(batch) > 1 else ""),
            )
            for batch in split_batches(missing, potential.model)
        ]
        manifest = {"fingerprints": keys, "refused": refused, "fresh_after": fresh_after}
        return FWAction(
            stored_data={"candidates": len(candidates), "to_relax": len(missing)},
            update_spec={"manifest": manifest},
            detours=Workflow(detours) if detours else None,
        )


@explicit_serialize
class RelaxStructures(FiretaskBase):
    """Relax a batch of candidates; each result is in the database the moment it is there."""

    required_params = ("candidates",)

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:
        candidates = [Candidate.from_dict(item) for item in self["candidates"]]
        potential, settings = get_potential(fw_spec["potential"]), RelaxationSettings(**fw_spec["settings"])
        _check_identity(potential, fw_spec)
        database = StructureDatabase(fw_spec["database"])
        # A batch that was interrupted has some of its results already.
        keys = [fingerprint(item.atoms, potential, settings) for item in candidates]
        stored = database.find_all(keys)
        todo = [item for item, key in zip(candidates, keys, strict=True) if key not in stored]

        def store(index: int, outcome: RelaxationResult | RelaxationError) -> None:
            database.add(todo[index], outcome, potential, settings)

        structures = [item.atoms for item in todo]
        relax_many(structures, potential.name, settings, on_result=store, evaluator=fw_spec["evaluator"])
        return FWAction(stored_data={"relaxed": len(todo), "reused": len(candidates) - len(todo)})


def _check_identity(potential: Potential, fw_spec: dict[str, Any]) -> None:
    """Refuse a calculator that is not the one for which the step was planned: nobody would find its results."""
    if potential_identity(potential) != fw_spec.get("potential_identity", potential_identity(potential)):
        raise InputError(
            f"potential {potential.name!r} is not what it was when the job was planned: its code, settings or files"
            " changed since, or differ from process to process (docs/potentials.md says what counts); run the job again"
        )


@explicit_serialize
class AssembleHulls(FiretaskBase):
    """Build the hull of each system: the studies that follow start from what is stable."""

    required_params = ("workflow",)

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:
        spec = WorkflowSpec.model_validate(self["workflow"])
        database = StructureDatabase(spec.database_path)
        rows = list(database.find_all(list(fw_spec["manifest"]["fingerprints"].values())).values())
        stable: dict[str, list[str]] = {}
        for system in spec.systems:
            hull, _ = hull_of_rows(system, rows)
            stable[system] = [phase.name for phase in hull.stable]
        return FWAction(stored_data={"stable": stable}, update_spec={"manifest": fw_spec["manifest"]})


@explicit_serialize
class WriteReport(FiretaskBase):
    """Write the report: the hulls and what the other studies of the job found."""

    required_params = ("workflow",)

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:
        spec = WorkflowSpec.model_validate(self["workflow"])
        manifest, database = fw_spec["manifest"], StructureDatabase(spec.database_path)
        rows = list(database.find_all(list(manifest["fingerprints"].values())).values())
        sections, warnings = report_sections(spec, database, rows, manifest["fingerprints"])
        wetting, why_none = wetting_of_job(spec, database, fw_spec.get("terminations", ()))
        paths = write_report(
            spec.name,
            spec.systems,
            rows,
            report_folder(spec.output_dir, spec.potential),
            wetting=wetting,
            fresh_after=int(manifest["fresh_after"]),
            warnings=[*potential_notices(spec, database), *warnings, *why_none],
            sections=sections,
        )
        return FWAction(stored_data={"paths": {key: str(path) for key, path in paths.items()}})
