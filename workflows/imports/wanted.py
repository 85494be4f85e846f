"""The files of an import, each with what it is: a crystal, a slab, or a part of a wetting study."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ...calculators.imported.files import calculation_files, name_of_calculation
from ...structures.input.names import plain_name
from ..database.candidates import Kind
from ..database.fingerprint import digest
from ..database.rows import miller_text
from ..studies.films.cells import Role
from ..studies.surfaces.phase_surfaces import SURFACES
from .manifest import CrystalFile

if TYPE_CHECKING:
    from .manifest import FilmFiles, Manifest, WettingFiles

Labels = Mapping[str, str | int]


@dataclass(frozen=True)
class Wanted:
    """A file of an import.

    Attributes
    ----------
    path
        With an ``@`` and index where one of several structures is meant.
    name
        What its structure is called; several of one file get their numbers behind it.
    kind
        Of its row.
    labels
        Of its row, if it is part of a study.
    measured
        Further numbers of its row.
    is_named
        Whether a user gave the name, which is then kept.
    """

    path: str
    name: str
    kind: Kind = "file"
    labels: Labels = field(default_factory=dict, hash=False)
    measured: Mapping[str, int] = field(default_factory=dict, hash=False)
    is_named: bool = False

    @property
    def is_crystal(self) -> bool:
        """Whether it belongs on a hull."""
        return self.kind == "file"


def wanted_crystals(paths: Sequence[str]) -> list[Wanted]:
    """Return the crystals of files, patterns and folders; InputError where one of these stands for nothing."""
    return [Wanted(path, name_of_calculation(path)) for path in calculation_files(paths)]


def wanted_of_manifest(manifest: Manifest, folder: Path) -> list[Wanted]:
    """Return what a manifest names; ``folder`` is where its paths begin."""
    found: list[Wanted] = []
    for entry in manifest.crystals:
        if isinstance(entry, CrystalFile) and entry.name is not None:
            found.append(Wanted(_at(folder, entry.file), entry.name, is_named=True))
        else:
            found += wanted_crystals([_at(folder, entry.file if isinstance(entry, CrystalFile) else entry)])
    for surface in manifest.surfaces:
        plane = f"({miller_text(surface.miller_index)})"
        labels = {"study": SURFACES, "role": "surface", "substrate": surface.phase, "miller": plane}
        labels |= {"termination": surface.termination}
        for number, path in enumerate(surface.slabs, 1):
            name = plain_name(f"{surface.phase}{plane} {surface.termination} slab {number}")
            found.append(Wanted(_at(folder, path), name, "slab", labels))
    for study in manifest.wetting:
        found += _of_study(study, folder)
    return found


def _at(folder: Path, path: str) -> str:
    return path if Path(path).is_absolute() else str(folder / path)


def _of_study(study: WettingFiles, folder: Path) -> Iterator[Wanted]:
    """The rows of a wetting study, as one that was computed here has them."""
    plane = f"({miller_text(study.miller_index)})"
    parts = [study.substrate, plane, study.solute, study.solvent]
    key = plain_name(f"{study.substrate}{plane}-{study.solute}-{study.solvent}-imported")
    whole: Labels = {"study": f"{key}-{digest(parts, 8)}", "substrate": study.substrate, "miller": plane}
    whole = {**whole, "solvent": study.solvent, "solute": study.solute}
    on_face = {"termination": study.termination}

    def part(path: str, role: Role, kind: Kind, labels: Labels, measured: Mapping[str, int] | None = None) -> Wanted:
        numbers = "-".join(str(labels[one]) for one in ("seed", "frame", "n_solute") if one in labels)
        name = plain_name(f"{study.substrate}{plane} {role.value} {numbers}")
        return Wanted(_at(folder, path), name, kind, {**whole, "role": role.value, **labels}, measured or {})

    yield part(study.bulk, Role.SUBSTRATE, "substrate", {})
    yield part(study.solid, Role.SOLID, "solid", on_face)
    for state in study.dry_face:
        labels: Labels = {**on_face, "n_solute": state.n_solute, "site": "given"}
        yield part(state.file, Role.DRY_FACE, "solid", labels, {"degeneracy": state.degeneracy})
    for number, path in enumerate(study.bulk_liquid):
        yield part(path, Role.BULK_LIQUID, "film", {"seed": number, "frame": 0})
    for film in study.films:
        yield from (part(*one) for one in _of_film(film, on_face))


def _of_film(film: FilmFiles, on_face: Labels) -> Iterable[tuple[str, Role, Kind, Labels, Mapping[str, int]]]:
    where = {"seed": film.seed, "frame": film.frame}
    yield film.detached_film, Role.DETACHED_FILM, "film", {**on_face, **where}, {}
    yield film.film, Role.FILM, "film", {**where, "n_solute": 0, "site": "none"}, {}
    for number, state in enumerate(film.interface):
        labels = {
            **on_face,
            **where,
            "n_solute": state.n_solute,
            "site": f"given-{number}" if state.n_solute else "none",
        }
        yield state.file, Role.INTERFACE, "interface", labels, {"degeneracy": state.degeneracy}
    for role, paths in ((Role.SOLUTE_IN_FILM, film.solute_in_film), (Role.SOLUTE_ON_FILM, film.solute_on_film)):
        for number, path in enumerate(paths):
            yield path, role, "film", {**where, "n_solute": 1, "site": f"place-{number}"}, {}
