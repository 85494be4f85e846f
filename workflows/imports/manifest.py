"""The manifest of an import: which file is what, where names of files do not tell it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from ...calculators.imported.calculation import ELEMENT_KEYS, SHARED_KEYS
from ...errors import InputError, unknown_name
from ...structures.input.names import check_name
from ..spec_messages import describe
from ..studies.settings import Settings
from ..yaml_input import read_mapping


def _element(value: str) -> str:
    from ase.data import atomic_numbers

    if atomic_numbers.get(value, 0) < 1:
        raise ValueError(unknown_name("element", value, [one for one in atomic_numbers if one != "X"]))
    return value


FilePath = Annotated[str, Field(min_length=1, examples=["LiHg/vasprun.xml"])]
Name = Annotated[str, AfterValidator(check_name)]
Element = Annotated[str, AfterValidator(_element)]
Miller = tuple[int, int, int]
Face = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.+|()-]{0,60}$", examples=["TiO2"])]
Count = Annotated[int, Field(ge=0, le=1000)]


def _two_thicknesses(files: tuple[str, ...]) -> tuple[str, ...]:
    if len(files) < 2:
        raise ValueError(f"{len(files)} slab is not enough; give two thicknesses or more, of which the fit is made")
    return files


class CrystalFile(Settings):
    """A crystal with a name of its own."""

    file: FilePath
    name: Name | None = None


class SurfaceFiles(Settings):
    """Slabs of one face of a crystal, of two thicknesses or more."""

    phase: Annotated[Name, Field(examples=["LiHg"])]
    miller_index: Miller
    termination: Face
    slabs: Annotated[tuple[FilePath, ...], AfterValidator(_two_thicknesses)]


class StateFile(Settings):
    """A face or film with a number of solute atoms; ``degeneracy`` is how many places are equivalent."""

    file: FilePath
    n_solute: Count
    degeneracy: Annotated[int, Field(ge=1)] = 1


class FilmFiles(Settings):
    """A film of the solvent: on the solid with 0, 1, ... solute atoms, taken off, and free."""

    seed: Count = 0
    frame: Count = 0
    interface: tuple[StateFile, ...]
    detached_film: FilePath
    film: FilePath
    solute_in_film: Annotated[tuple[FilePath, ...], Field(min_length=1)]
    solute_on_film: tuple[FilePath, ...] = ()

    @model_validator(mode="after")
    def _has_both(self) -> FilmFiles:
        counts = {one.n_solute for one in self.interface}
        if not {0, 1} <= counts:
            raise ValueError(f"interface: n_solute is {sorted(counts)}; give one without solute (0) and one with 1")
        return self


class WettingFiles(Settings):
    """A solid, films on it and what a solute does to them: all that a contact angle needs."""

    substrate: Name
    miller_index: Miller
    termination: Face
    solvent: Element = "Hg"
    solute: Element
    bulk: FilePath
    solid: FilePath
    films: Annotated[tuple[FilmFiles, ...], Field(min_length=1)]
    dry_face: tuple[StateFile, ...] = ()
    bulk_liquid: tuple[FilePath, ...] = ()

    @model_validator(mode="after")
    def _solute_on_the_dry_face(self) -> WettingFiles:
        if any(one.n_solute == 0 for one in self.dry_face):
            raise ValueError("dry_face: n_solute is 0; the face without solute is the key 'solid'")
        if self.solute == self.solvent:
            raise ValueError(f"solute: {self.solute} is the solvent, too; give another element")
        keys = [(one.seed, one.frame) for one in self.films]
        if len(set(keys)) < len(keys):
            raise ValueError("films: two have the same seed and frame; give each its own, as in frame: 1")
        return self


def checked_settings(given: dict[str, Any]) -> dict[str, Any]:
    """Return what a user tells of the calculations.

    Raises
    ------
    ValueError
        A key is unknown, or its value is of the wrong kind.
    """
    known = [key for key in (*SHARED_KEYS, *ELEMENT_KEYS, "version", "k_points") if key != "corrections"]
    for key, value in given.items():
        if key not in known:
            raise ValueError(unknown_name("setting", key, known))
        if key in ELEMENT_KEYS:
            wanted: Any = int | float if key == "hubbard_U" else str
            if not isinstance(value, dict) or not all(isinstance(one, wanted) for one in value.values()):
                raise ValueError(f"{key} is {value!r}; give a value for each element, as in {{Ti: 4.0}}")
        elif key == "cutoff_eV":
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e5:
                raise ValueError(f"settings: cutoff_eV is {value!r}; give a positive number, eV")
        elif not isinstance(value, str) or not value.strip():
            raise ValueError(f"{key} is {value!r}; give a text")
    return given


class Manifest(Settings):
    """A whole import; paths are taken from the folder of the manifest."""

    label: str | None = None
    system: str | None = None
    corrections: Literal["none", "mp2020"] | None = None
    allow_mixed: tuple[str, ...] = ()
    settings: Annotated[dict[str, Any], AfterValidator(checked_settings)] = Field(default_factory=dict)
    """What files do not tell of themselves, by the keys of the settings."""
    crystals: tuple[FilePath | CrystalFile, ...] = ()
    surfaces: tuple[SurfaceFiles, ...] = ()
    wetting: tuple[WettingFiles, ...] = ()


def read_manifest(path: Path) -> Manifest:
    """Return a manifest with its paths taken from its folder.

    Raises
    ------
    InputError
        It is missing or no YAML, a key is unknown, or a value is not allowed.
    """
    content = read_mapping(path)
    try:
        found = Manifest.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{path}: {describe(error, Manifest)}") from None
    if not (found.crystals or found.surfaces or found.wetting or found.label or found.settings):
        raise InputError(f"{path}: it names no file; give crystals, surfaces or wetting")
    return found
