"""The ``structures`` section of a workflow input: which crystals a job looks at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from ....errors import InputError
from ....structures.compositions import parse_system
from ....structures.input.names import check_name
from ....structures.input.paths import from_folder, structure_files
from ....structures.library.phases import Phase, get_phase, list_phases
from ....structures.library.prototypes import check_decorations, parse_stoichiometry
from ....structures.ordering.order import MAX_ATOMS, OrderMethod
from ..settings import Settings, StructurePath, StudySettings, folder_of

if TYPE_CHECKING:
    from ...spec import WorkflowSpec


def _check_ratio(text: str) -> str:
    parse_stoichiometry(text)
    return text


class PrototypeSettings(Settings):
    """Which decorated AFLOW prototypes to add to the library phases."""

    max_atoms: Annotated[int, Field(ge=2, le=60, description="largest primitive cell, atoms")] = 12
    max_candidates: Annotated[int, Field(ge=1, le=500, description="most candidates per system")] = 24
    stoichiometries: Annotated[
        Annotated[tuple[Annotated[str, AfterValidator(_check_ratio)], ...], Field(min_length=1)] | None,
        Field(examples=[["1:3", "1:1"]]),
    ] = None

    @model_validator(mode="after")
    def _cells_hold_them(self) -> PrototypeSettings:
        for text in self.stoichiometries or ():
            least = sum(parse_stoichiometry(text))
            if least > self.max_atoms:
                raise ValueError(
                    f"stoichiometries: {text!r} needs cells of {least} atoms; max_atoms is {self.max_atoms}"
                )
        return self


class FileSettings(Settings):
    """Structures of one file: which, what they are called, and how to order those with partly filled sites.

    Attributes
    ----------
    file
        Path; ``@`` and an index or slice behind it choose among several structures, as in ``relaxation.traj@-1``.
    name
        What they are called, instead of their file.
    order
        How to order sites that are partly filled or shared; without it they are refused.
    orderings
        How many orderings to take, of ``order: ewald``.
    max_atoms
        Most sites of an ordered cell.
    """

    file: StructurePath
    name: Annotated[str, AfterValidator(check_name)] | None = None
    order: OrderMethod | None = None
    orderings: Annotated[int, Field(ge=1, le=50)] = 1
    max_atoms: Annotated[int, Field(ge=1, le=200)] = MAX_ATOMS

    @model_validator(mode="before")
    @classmethod
    def _path_alone(cls, content: Any) -> Any:
        return {"file": str(content)} if isinstance(content, str | Path) else content


class StructureSettings(StudySettings):
    """Where the structures come from.

    ``files`` are paths, patterns such as ``relaxed/*.cif``, folders, or mappings as :class:`FileSettings` has them.
    """

    library: Annotated[bool | tuple[str, ...], Field(examples=[["LiHg", "LiHg3"]])] = True
    prototypes: bool | PrototypeSettings = True
    files: Annotated[tuple[FileSettings, ...], Field(examples=[["my.cif"]])] = ()

    @field_validator("library")
    @classmethod
    def _known_phases(cls, value: bool | tuple[str, ...]) -> bool | tuple[str, ...]:
        if not isinstance(value, bool):
            for key in value:
                get_phase(key).structure()  # refuses unknown keys and phases that cannot be built
                if value.count(key) > 1:
                    raise ValueError(f"{key} is given twice; keep one")
        return value

    @field_validator("files", mode="before")
    @classmethod
    def _every_file(cls, value: Any, info: ValidationInfo) -> Any:
        given = [value] if isinstance(value, str | Path | dict) else value
        return _with_patterns_resolved(given, folder_of(info)) if isinstance(given, Sequence) else given

    @property
    def prototype_options(self) -> PrototypeSettings | None:
        """Options of the prototype search, or None when it is switched off."""
        if isinstance(self.prototypes, PrototypeSettings):
            return self.prototypes
        return PrototypeSettings() if self.prototypes else None

    def check(self, spec: WorkflowSpec) -> None:
        """Read and order every file; refuse crystals that belong to no system, and systems without a hull.

        Raises
        ------
        InputError
            A file cannot be read or ordered (see
            :func:`~amalgamics.workflows.database.candidates.file_candidates`), a phase of the library is of no system
            of the job, no prototype can be decorated with the elements of a system, or there is no crystal of one of
            its elements, from which its energies are counted.
        """
        from ...database.candidates import file_candidates, library_phases

        own = file_candidates(self.files, spec.systems, taken=[phase.key for phase in library_phases(spec)])
        for phase in self._chosen_phases():
            if spec.systems and not any(phase.elements <= set(parse_system(system)) for system in spec.systems):
                raise InputError(
                    f"structures.library: {phase.key} is {'-'.join(sorted(phase.elements))}, outside"
                    f" {', '.join(spec.systems)}; leave it out, or add its system"
                )
        if self.prototype_options is not None:
            for system in spec.systems:
                try:
                    check_decorations(system)
                except InputError as error:
                    raise InputError(f"structures.prototypes: {error}; or write prototypes: false") from None
        self._check_references(spec, [set(one.atoms.get_chemical_symbols()) for one in own])

    def _chosen_phases(self) -> list[Phase]:
        """Return the phases of the library that are named."""
        return [] if isinstance(self.library, bool) else [get_phase(key) for key in self.library]

    def _check_references(self, spec: WorkflowSpec, own: Sequence[set[str]]) -> None:
        """Refuse systems without a crystal of one of their elements; prototypes have two.

        ``own`` are the elements of each crystal of a file.
        """
        phases = list_phases(buildable=True) if self.library is True else self._chosen_phases()
        pure = {symbol for phase in phases if len(phase.elements) == 1 for symbol in phase.elements}
        pure |= {symbol for symbols in own if len(symbols) == 1 for symbol in symbols}
        for system in spec.systems:
            missing = [symbol for symbol in parse_system(system) if symbol not in pure]
            if missing:
                there_is = "" if self.library is True else ", or leave out structures.library"
                raise InputError(
                    f"structures: the hull of {system} needs a crystal of pure {' and '.join(missing)}, and"
                    f" {'the phase library has' if self.library is True else 'the job has'} none; add one to"
                    f" structures.files{there_is}"
                )


def _with_patterns_resolved(given: Sequence[Any], folder: Path | None) -> list[Any]:
    """Every file that patterns and folders, seen from that of the job, stand for; a single one stays as it is."""
    found: list[Any] = []
    for entry in given:
        content = {"file": entry} if isinstance(entry, str | Path) else entry
        place = content.get("file") if isinstance(content, dict) else None
        if not isinstance(place, str | Path):
            found.append(entry)
            continue
        files = structure_files(from_folder(str(place), folder))
        if len(files) > 1 and content.get("name") is not None:
            raise ValueError(f"{place} stands for {len(files)} files, which cannot share the name {content['name']!r}")
        found += [{**content, "file": file} for file in files]
    return found
