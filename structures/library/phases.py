"""The phase library: what is known of each crystal, and the crystal itself where its coordinates are known."""

from __future__ import annotations

import math
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, get_args

import yaml
from pydantic import ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass

from ...errors import InputError, unknown_name
from ..compositions import ELEMENTS, atomic_fractions, parse_formula, parse_system

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.core import Structure

Role = Literal["phase", "polymorph", "model", "related", "contaminant"]
Coordinates = Literal["given", "derived", "unknown", "none"]
Confidence = Literal["checked", "recalled", "derived"]
CellOrigin = Literal["measured", "estimated", "model"]

LIBRARY_FILE = "phases.yaml"
SCHEMA_VERSION = 1
OCCUPANCY_TOLERANCE = 1e-3
# Refined occupancies of disordered phases reproduce the analysed formula to about a percent only.
DISORDERED_FRACTION_TOLERANCE = 0.02

Length = Annotated[float, Field(gt=0, lt=200)]
Angle = Annotated[float, Field(gt=0, lt=180)]
Occupancy = Annotated[float, Field(gt=0, le=1)]
_STRICT = ConfigDict(extra="forbid")


class NotBuildableError(InputError):
    """A crystal was asked of a phase whose structure is unknown, disordered or does not exist."""


class Lattice(NamedTuple):
    """Conventional cell: lengths in Å, angles in degrees."""

    a: Length
    b: Length
    c: Length
    alpha: Angle
    beta: Angle
    gamma: Angle

    @property
    def volume(self) -> float:
        """Volume of the cell, Å^3."""
        cosines = [math.cos(math.radians(angle)) for angle in (self.alpha, self.beta, self.gamma)]
        gram = 1 - sum(cosine**2 for cosine in cosines) + 2 * math.prod(cosines)
        return self.a * self.b * self.c * math.sqrt(max(gram, 0.0))


@dataclass(frozen=True, config=_STRICT)
class Site:
    """One orbit of atoms: its Wyckoff position, occupancies and the fractional coordinates of one of its points."""

    label: str
    wyckoff: Annotated[str, Field(pattern=r"^[1-9]\d*[a-zA-Z]$")]
    species: dict[str, Occupancy]
    xyz: tuple[float, float, float]

    def __post_init__(self) -> None:
        unknown = sorted(set(self.species) - ELEMENTS)
        if unknown or not self.species:
            raise ValueError(f"site {self.label} needs known elements, got {unknown or 'none'}")
        if sum(self.species.values()) > 1 + OCCUPANCY_TOLERANCE:
            raise ValueError(f"site {self.label} holds more than one atom: {self.filling}")

    @property
    def multiplicity(self) -> int:
        """Number of equivalent positions in the conventional cell."""
        return int(self.wyckoff[:-1])

    @property
    def filling(self) -> str:
        """Occupancies as text, for example ``Ag 0.55, Hg 0.45``."""
        return ", ".join(f"{symbol} {occupancy:g}" for symbol, occupancy in self.species.items())

    @property
    def ordered(self) -> bool:
        """Whether one element fills the site completely."""
        return len(self.species) == 1 and sum(self.species.values()) > 1 - OCCUPANCY_TOLERANCE


@dataclass(frozen=True, config=_STRICT)
class Phase:
    """One entry of the phase library.

    Lengths in Å, angles in degrees, temperatures in K. ``confidence`` is that of cell, space group and type:
    ``checked`` (compared with the cited source, its abstract or the quotation named there), ``recalled`` (attributed
    to the source, not compared with it) or ``derived`` (a model). ``coordinates`` says where the sites come from:
    ``given`` (literature or structure type), ``derived`` (a model to be relaxed), ``unknown``, or ``none`` where no
    such crystal exists.
    """

    key: str
    formula: str | None
    system: str
    role: Role
    coordinates: Coordinates
    source: str
    confidence: Confidence
    family: str | None = None
    stability: str | None = None
    mineral_name: str | None = None
    prototype: str | None = None
    strukturbericht: str | None = None
    pearson: str | None = None
    space_group_symbol: str | None = None
    space_group_number: Annotated[int, Field(ge=1, le=230)] | None = None
    origin_choice: Literal[1, 2] | None = None
    lattice: Lattice | None = None
    cell: CellOrigin | None = None
    atoms_per_cell: Annotated[float, Field(gt=0)] | None = None
    temperature_K: Annotated[float, Field(ge=0)] | None = None
    missing: str | None = None
    ordered_model: str | None = None
    sites: tuple[Site, ...] = ()
    note: str | None = None
    ids: dict[str, str] = Field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.elements != frozenset(parse_system(self.system)):
            raise ValueError(f"formula {self.formula!r} does not hold the elements of system {self.system!r}")
        if (self.cell is None) != (self.lattice is None):
            raise ValueError("lattice and cell must be given together")
        if self.coordinates in ("unknown", "none"):
            if self.sites or not self.missing:
                raise ValueError(f"coordinates {self.coordinates!r} exclude sites and need 'missing' to say why")
            return
        if not (self.sites and self.lattice and self.space_group_symbol and self.space_group_number):
            raise ValueError(f"coordinates {self.coordinates!r} need space_group, lattice and sites")
        self._check_composition()

    def _check_composition(self) -> None:
        """Compare the content of the cell with the formula."""
        expected = atomic_fractions(parse_formula(self.formula or ""))
        found = atomic_fractions(self._cell_content())
        tolerance = 1e-6 if self.ordered else DISORDERED_FRACTION_TOLERANCE
        if any(abs(expected.get(el, 0.0) - found.get(el, 0.0)) > tolerance for el in expected.keys() | found.keys()):
            raise ValueError(f"sites hold {self._cell_content()}, which is not formula {self.formula!r}")

    def __hash__(self) -> int:
        return hash(self.key)

    def _cell_content(self) -> dict[str, float]:
        """Atoms of each element in the conventional cell."""
        content: dict[str, float] = {}
        for site in self.sites:
            for symbol, occupancy in site.species.items():
                content[symbol] = content.get(symbol, 0.0) + site.multiplicity * occupancy
        return content

    @cached_property
    def elements(self) -> frozenset[str]:
        """Elements of the phase (of its system, where no compound exists)."""
        return frozenset(parse_formula(self.formula) if self.formula else parse_system(self.system))

    @property
    def ordered(self) -> bool:
        """Whether every listed site is filled completely by one element; False where no sites are known."""
        return bool(self.sites) and all(site.ordered for site in self.sites)

    @property
    def buildable(self) -> bool:
        """Whether :meth:`atoms` gives a crystal: coordinates are known and fully ordered."""
        return self.why_not_buildable is None

    @property
    def why_not_buildable(self) -> str | None:
        """One sentence on why :meth:`atoms` refuses; None where it does not."""
        stand_in = f" Its ordered stand-in is {self.ordered_model}." if self.ordered_model else ""
        if self.coordinates == "none":
            return f"there is no such crystal: {self.missing}"
        if self.coordinates == "unknown":
            return f"its coordinates are unknown: {self.missing}{stand_in}"
        if not self.ordered:
            partial = "; ".join(f"{site.label} ({site.filling})" for site in self.sites if not site.ordered)
            return f"its sites are partially occupied: {partial}.{stand_in}"
        return None

    @property
    def cell_volume(self) -> float | None:
        """Volume of the listed conventional cell, Å^3."""
        return self.lattice.volume if self.lattice else None

    @property
    def atom_count(self) -> float | None:
        """Atoms in the conventional cell, partial ones counted by their occupancy."""
        return sum(self._cell_content().values()) if self.sites else self.atoms_per_cell

    @property
    def measured_volume_per_atom(self) -> float | None:
        """Volume per atom of the measured cell, Å^3/atom; None for estimated and model cells."""
        if self.cell != "measured" or self.cell_volume is None or self.atom_count is None:
            return None
        return self.cell_volume / self.atom_count

    @property
    def volume_per_atom(self) -> float | None:
        """Same as :attr:`measured_volume_per_atom`."""
        return self.measured_volume_per_atom

    def structure(self) -> Structure:
        """Build the conventional cell, with partial occupancies where the phase is disordered.

        Raises
        ------
        NotBuildableError
            When the coordinates are unknown or there is no such crystal.
        """
        if not self.sites or self.lattice is None:
            raise NotBuildableError(f"phase {self.key!r} cannot be built: {self.why_not_buildable}")
        from pymatgen.core import Lattice as PymatgenLattice
        from pymatgen.core import Structure

        setting = f"{self.space_group_symbol}{':2' if self.origin_choice == 2 else ''}"
        _keep_space_group(setting)
        species: list[Any] = [site.species for site in self.sites]  # pymatgen takes dicts too
        return Structure.from_spacegroup(
            setting,
            PymatgenLattice.from_parameters(*self.lattice),
            species,
            [site.xyz for site in self.sites],
        )

    def atoms(self) -> Atoms:
        """Build the conventional cell as ASE Atoms.

        Raises
        ------
        NotBuildableError
            When the coordinates are unknown, there is no such crystal, or a site is partially occupied.
        """
        if self.why_not_buildable is not None:
            raise NotBuildableError(f"phase {self.key!r} cannot be built: {self.why_not_buildable}")
        from pymatgen.io.ase import AseAtomsAdaptor

        return AseAtomsAdaptor.get_atoms(self.structure(), msonable=False)


@cache
def _keep_space_group(setting: str) -> object:
    """Hold on to a space group: pymatgen takes up to a second to set one up and forgets it when it is unused."""
    from pymatgen.symmetry.groups import SpaceGroup

    return SpaceGroup(setting)


def _read_entry(raw: dict[str, Any], origin: str) -> Phase:
    """Turn one mapping of the file into a Phase; an error names the entry and the field."""
    if not isinstance(raw, dict) or not isinstance(raw.get("key"), str):
        raise InputError(f"{origin}: every entry is a mapping with a text 'key', got {str(raw)[:80]!r}")
    entry = dict(raw)
    group = entry.pop("space_group", None)
    if group is not None:
        known = {"symbol": "space_group_symbol", "number": "space_group_number", "origin_choice": "origin_choice"}
        if not isinstance(group, dict) or not set(group) <= set(known):
            raise InputError(f"{origin}: entry {raw['key']!r}: space_group takes {', '.join(known)}, got {group!r}")
        entry |= {known[name]: value for name, value in group.items()}
    try:
        return Phase(**entry)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        where = f"field {field!r}: " if field else ""
        got = f" (got {first['input']!r})" if field else ""
        message = first["msg"].removeprefix("Value error, ")
        raise InputError(f"{origin}: entry {raw['key']!r}: {where}{message}{got}") from None
    except TypeError as error:
        raise InputError(f"{origin}: entry {raw['key']!r}: {error}") from None


def read_library(text: str, origin: str = LIBRARY_FILE) -> tuple[Phase, ...]:
    """Read and validate a phase library from its YAML text.

    Parameters
    ----------
    text
        YAML with ``schema`` and ``phases``, as described at the head of ``structures/data/phases.yaml``.
    origin
        Name used in error messages.

    Raises
    ------
    InputError
        Naming the entry and the field that is wrong.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        document = yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        raise InputError(f"{origin} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict) or not isinstance(document.get("phases"), list):
        raise InputError(f"{origin} needs a list named 'phases'")
    if document.get("schema") != SCHEMA_VERSION:
        raise InputError(f"{origin}: schema is {document.get('schema')!r}, this version reads {SCHEMA_VERSION}")
    phases = tuple(_read_entry(raw, origin) for raw in document["phases"])
    keys = [phase.key for phase in phases]
    for phase in phases:
        if keys.count(phase.key) > 1:
            raise InputError(f"{origin}: key {phase.key!r} is used more than once")
        if phase.ordered_model and phase.ordered_model not in keys:
            problem = unknown_name("phase", phase.ordered_model, keys)
            raise InputError(f"{origin}: entry {phase.key!r}: field 'ordered_model': {problem}")
    return phases


@lru_cache(maxsize=1)
def _library() -> tuple[Phase, ...]:
    data = files("amalgamics.structures").joinpath("data", LIBRARY_FILE)
    return read_library(data.read_text(encoding="utf-8"))


def list_phases(system: str | None = None, *, buildable: bool | None = None, role: str | None = None) -> list[Phase]:
    """List phases of the library, in the order of its file.

    Parameters
    ----------
    system
        Keep phases whose elements all belong to it: ``"Li-Hg"`` gives the elements Li and Hg and every Li-Hg phase.
        The order of the symbols is free. None keeps all.
    buildable
        Keep only phases that can (True) or cannot (False) be built. None keeps both.
    role
        Keep only this role: ``phase``, ``polymorph``, ``model``, ``related`` or ``contaminant``. None keeps all.

    Raises
    ------
    InputError
        For an unknown element or role.
    """
    if role is not None and role not in get_args(Role):
        raise InputError(unknown_name("role", role, get_args(Role)))
    allowed = frozenset(parse_system(system)) if system is not None else ELEMENTS
    return [
        phase
        for phase in _library()
        if phase.elements <= allowed
        and (buildable is None or phase.buildable == buildable)
        and (role is None or phase.role == role)
    ]


def _same_composition(phase: Phase, fractions: dict[str, float]) -> bool:
    if phase.formula is None or phase.elements != frozenset(fractions):
        return False
    own = atomic_fractions(parse_formula(phase.formula))
    return all(math.isclose(own[symbol], fractions[symbol], abs_tol=1e-6) for symbol in own)


def get_phase(key: str) -> Phase:
    """Return a phase by its key or by a formula that only one phase has.

    Raises
    ------
    InputError
        When nothing matches (the nearest key is named), or when a formula matches several phases (all are named).
    """
    by_key = {phase.key: phase for phase in _library()}
    if not isinstance(key, str):
        raise InputError(f"a phase is named by a text, for example 'LiHg3', got {key!r}")
    if key in by_key:
        return by_key[key]
    try:
        fractions = atomic_fractions(parse_formula(key))
    except InputError:
        raise InputError(unknown_name("phase", key, by_key)) from None
    matches = [phase for phase in _library() if _same_composition(phase, fractions)]
    if not matches:
        raise InputError(unknown_name("phase", key, by_key))
    if len(matches) > 1:
        keys = ", ".join(phase.key for phase in matches)
        raise InputError(f"formula {key!r} belongs to several phases; name one by its key: {keys}")
    return matches[0]
