"""A solid in a workflow input: an electrolyte or phase by name, or the crystal of a file, ordered on request."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from ase import Atoms
from pydantic import Field, ValidationInfo, model_validator

from ...errors import InputError
from ...structures.input.crystals import InputCrystal, read_crystal
from ...structures.input.names import check_name, name_of_file
from ...structures.input.paths import from_folder
from ...structures.input.reader import split_index
from ...structures.library.electrolytes import get_electrolyte
from ...structures.ordering.order import MAX_ATOMS
from .settings import Settings, StructurePath, folder_of


class SolidSettings(Settings):
    """Where a solid comes from. A text alone is the name of an electrolyte or phase, or the path of a file.

    Attributes
    ----------
    name
        Of an electrolyte or phase of the library; with a ``file``, what the solid is called.
    file
        Of a crystal; ``@`` and an index behind it choose one of several structures.
    order
        How to order sites of the file that are partly filled or shared; without it they are refused.
    max_atoms
        Most sites of the ordered cell.
    """

    name: str | None = None
    file: StructurePath | None = None
    order: Literal["ewald", "sqs"] | None = None
    max_atoms: Annotated[int, Field(ge=1, le=200)] = MAX_ATOMS

    @model_validator(mode="before")
    @classmethod
    def _text_alone(cls, content: Any, info: ValidationInfo) -> Any:
        if isinstance(content, Path):
            return {"file": str(content)}
        if isinstance(content, str):
            return {"file" if _is_file(content, folder_of(info)) else "name": content}
        return content

    @model_validator(mode="after")
    def _one_source(self) -> SolidSettings:
        if self.file is not None:
            if self.name is not None:
                check_name(self.name)
        elif self.name is None:
            raise ValueError("give either the name of an electrolyte or a file")
        elif self.order is not None:
            raise ValueError("order: only crystals of files are ordered; leave it out")
        else:
            get_electrolyte(self.name)
        return self

    @property
    def label(self) -> str:
        """What it is called in names, queries and reports: its name, or that of its file, plainly spelt."""
        return self.name or name_of_file(split_index(self.file or "")[0])

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be decided to read its file: the setting, the ordering."""
        return () if self.file is None else self.read().notes

    def crystal(self) -> Atoms:
        """Return the crystal.

        Raises
        ------
        InputError
            The file cannot be read, is not a crystal, has atoms that overlap, or partly filled sites that are not or
            cannot be ordered.
        """
        return get_electrolyte(self.name or "") if self.file is None else self.read().atoms

    def read(self) -> InputCrystal:
        """Return the crystal of its file with what was decided to read it.

        Raises
        ------
        InputError
            As :meth:`crystal`, or it has no file.
        """
        if self.file is None:
            raise InputError(f"{self.name} comes from no file")
        return read_crystal(self.file, "structure", order=self.order, max_atoms=self.max_atoms)


def _is_file(text: str, folder: Path | None) -> bool:
    if len(text) > 255:
        return False  # the name of no file; whatever it is, it is refused as the name of an electrolyte
    file, _ = split_index(text)
    there, _ = split_index(from_folder(text, folder))
    return bool(file.suffix.lstrip(".").isalpha() or len(file.parts) > 1 or there.is_file())
