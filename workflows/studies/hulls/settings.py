"""The ``structures`` section of a workflow input: which crystals a job looks at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, field_validator, model_validator

from ....errors import InputError
from ....structures.compositions import parse_system
from ....structures.library.phases import Phase, get_phase, list_phases
from ....structures.library.prototypes import check_decorations, parse_stoichiometry
from ..settings import Settings, StudySettings, UserPath

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


class StructureSettings(StudySettings):
    """Where the structures come from."""

    library: Annotated[bool | tuple[str, ...], Field(examples=[["LiHg", "LiHg3"]])] = True
    prototypes: bool | PrototypeSettings = True
    files: Annotated[tuple[UserPath, ...], Field(examples=[["my.cif"]])] = ()

    @field_validator("library")
    @classmethod
    def _known_phases(cls, value: bool | tuple[str, ...]) -> bool | tuple[str, ...]:
        if not isinstance(value, bool):
            for key in value:
                get_phase(key).structure()  # refuses unknown keys and phases that cannot be built
                if value.count(key) > 1:
                    raise ValueError(f"{key} is given twice; keep one")
        return value

    @field_validator("files")
    @classmethod
    def _readable_files(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        for path in value:
            if not path.expanduser().is_file():
                raise ValueError(f"no such structure file: {path}")
        return tuple(path.expanduser().resolve() for path in value)

    @property
    def prototype_options(self) -> PrototypeSettings | None:
        """Options of the prototype search, or None when it is switched off."""
        if isinstance(self.prototypes, PrototypeSettings):
            return self.prototypes
        return PrototypeSettings() if self.prototypes else None

    def check(self, spec: WorkflowSpec) -> None:
        """Refuse crystals that belong to no system, and systems whose hull could not be made.

        Raises
        ------
        InputError
            A phase of the library is of no system of the job, no prototype can be decorated with the elements of a
            system, or there is no crystal of one of its elements, from which its energies are counted.
        """
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
        self._check_references(spec)

    def _chosen_phases(self) -> list[Phase]:
        """Return the phases of the library that are named."""
        return [] if isinstance(self.library, bool) else [get_phase(key) for key in self.library]

    def _check_references(self, spec: WorkflowSpec) -> None:
        """Refuse systems without a crystal of one of their elements; prototypes have two."""
        from ...database.candidates import gather_candidates

        phases = list_phases(buildable=True) if self.library is True else self._chosen_phases()
        pure = {symbol for phase in phases if len(phase.elements) == 1 for symbol in phase.elements}
        if set(spec.elements) - pure and self.files:
            alone = self.model_copy(update={"library": False, "prototypes": False})
            crystals, _ = gather_candidates(spec.model_copy(update={"structures": alone}))
            found = [set(one.atoms.get_chemical_symbols()) for one in crystals]
            pure |= {symbol for symbols in found if len(symbols) == 1 for symbol in symbols}
        for system in spec.systems:
            missing = [symbol for symbol in parse_system(system) if symbol not in pure]
            if missing:
                there_is = "" if self.library is True else ", or leave out structures.library"
                raise InputError(
                    f"structures: the hull of {system} needs a crystal of pure {' and '.join(missing)}, and"
                    f" {'the phase library has' if self.library is True else 'the job has'} none; add one to"
                    f" structures.files{there_is}"
                )
