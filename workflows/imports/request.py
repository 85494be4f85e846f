"""What an import is asked for: files and options of the caller, and of a manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import InputError
from .importing import ImportOptions
from .manifest import Manifest, checked_settings, read_manifest
from .wanted import Wanted, wanted_crystals, wanted_of_manifest


def requested(
    files: Sequence[str],
    manifest: Path | None = None,
    *,
    label: str | None = None,
    system: str | None = None,
    corrections: str | None = None,
    allow_mixed: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    dry_run: bool = False,
) -> tuple[list[Wanted], ImportOptions]:
    """Return the files of an import and its options; what the caller says goes before what the manifest says.

    Parameters
    ----------
    files
        Files, folders and patterns with crystals.
    manifest
        YAML that names more, and says what they are.
    label, system, corrections, allow_mixed, settings, dry_run
        See `ImportOptions`.

    Raises
    ------
    InputError
        No file or no label is named, one of the files does not exist, or the manifest or an option is not allowed.
    """
    told = Manifest() if manifest is None else read_manifest(manifest)
    chosen = label or told.label
    if chosen is None:
        raise InputError("import: --label is missing; give a name for these energies, e.g. --label pbe")
    try:
        own = checked_settings(dict(settings or {}))
    except ValueError as error:
        raise InputError(f"settings: {error}") from None
    options = ImportOptions(
        label=chosen,
        system=system or told.system,
        corrections=corrections or told.corrections or "none",
        allow_mixed=(*told.allow_mixed, *allow_mixed),
        settings={**told.settings, **own},
        dry_run=dry_run,
    )
    wanted = wanted_crystals(files) + ([] if manifest is None else wanted_of_manifest(told, manifest.parent))
    if not wanted:
        raise InputError("import: there is no file; give files, folders or patterns, or a manifest that names some")
    return wanted, options
