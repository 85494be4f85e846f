"""The ``surfaces`` section of a workflow input: whose surface energies, of which planes, and which crystals to join."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ModelWrapValidatorHandler, PrivateAttr, model_validator

from ....calculators.relaxation.relax import RelaxationSettings
from ....errors import InputError, shown
from ....structures.slabs.lattice_planes import MAX_SLAB_ATOMS, check_slab_size
from ....structures.slabs.stacking import is_hexagonal
from ....structures.symmetry import Axes, ConventionalCell, conventional_cell
from ..settings import Settings, StudySettings, one_or_more
from .phase_surfaces import ALL, N_SIZES, STOICHIOMETRIC

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...database.candidates import Candidate
    from ...spec import WorkflowSpec


def _three_indices(value: Any) -> Any:
    """Turn the four indices of a hexagonal plane (h k i l), with i = -(h + k), into (h k l)."""
    if not isinstance(value, list | tuple) or len(value) not in (3, 4):
        return value
    if not all(isinstance(index, int) and not isinstance(index, bool) for index in value):
        raise ValueError(f"{shown(list(value))} is not allowed; indices are whole numbers, e.g. [1, 1, 1]")
    if not any(value):
        raise ValueError(f"{list(value)} is not a plane")
    if len(value) == 3:
        return value
    h, k, i, last = value
    if h + k + i != 0:
        raise ValueError(f"{list(value)} is no hexagonal plane: its first three indices must add up to 0")
    return (h, k, last)


Plane = Annotated[tuple[int, int, int], BeforeValidator(_three_indices)]
Phases = Annotated[Literal["stable", "elements"] | tuple[str, ...], one_or_more("stable", "elements")]

FaceChoice = Annotated[
    Literal["stoichiometric", "all"] | Annotated[tuple[str, ...], Field(min_length=1)],
    one_or_more(STOICHIOMETRIC, ALL),
]

DEFAULT_PLANES = 3


class AdhesionSettings(Settings):
    """Two crystals joined along a plane: how much work pulls them apart.

    Attributes
    ----------
    film, substrate
        Names as in ``phases``. The film is strained to fit the substrate.
    miller_index
        Plane of the substrate.
    film_miller_index
        Plane of the film; that of the substrate unless given.
    max_strain
        Largest relative change of a length of the film.
    max_area
        Largest area of the common cell, Å².
    film_termination, substrate_termination
        Composition of the layer of either crystal that faces the other, such as ``TiO2``; ``all`` for every one.
        By default those without formal charge: all of them, or all there are where none is neutral.
    """

    film: Annotated[str, Field(examples=["LiHg"])]
    substrate: Annotated[str, Field(examples=["Li_bcc"])]
    film_termination: str | None = None
    substrate_termination: str | None = None
    miller_index: Plane = (1, 1, 1)
    film_miller_index: Annotated[Plane | None, Field(examples=[[1, 1, 0]])] = None
    max_strain: Annotated[float, Field(gt=0, le=0.2)] = 0.05
    max_area: Annotated[float, Field(gt=0, le=1000)] = 100.0

    @property
    def film_plane(self) -> tuple[int, int, int]:
        """Plane of the film that faces the substrate."""
        return self.film_miller_index or self.miller_index


class SurfacesSettings(StudySettings):
    """Surface energies, equilibrium shapes and work of adhesion of crystals.

    Attributes
    ----------
    phases
        ``stable`` (all phases on the hulls of the job), ``elements`` (the lowest phase of each element), or a list of
        names: of structures of the job, formulas or elements (the lowest structure of that composition), or keys of
        the phase library. A phase of the library that the job does not hold is relaxed for this.
    miller_indices
        Planes, in the conventional cell of each phase; equivalent ones are computed once.
    axes
        Of that cell: ``given`` are those of the file or of the cell that the phase library lists, where these are
        conventional axes of the space group, else the standard ones; ``standard`` are always those of the standard
        setting of the International Tables.
    symprec
        Å within which atoms and lattice vectors of a relaxed crystal are taken as equivalent: 0.05 unless given, and
        less where that would change a length of the lattice by more than 0.1 %.
    planes
        Instead of ``miller_indices``: how many planes, those with the widest spacing of layers. 3 without either.
    terminations
        Which faces of a plane: ``stoichiometric``, those of slabs with the composition of the crystal, polar ones only
        where all are; ``all``, also those with an excess of some element, whose surface energy depends on chemical
        potentials; or compositions of outermost layers, such as ``[TiO2, SrO]``, of planes that have them.
    chemical_potentials
        Range of the chemical potentials for faces with an excess: ``neighbours`` of the phase on the hull of the job,
        or the ``elements`` as if there were no other compounds.
    adhesion
        Pairs of crystals to join.
    min_slab_size
        Least thickness of slabs and of either side of an interface, Å.
    max_slab_atoms
        Planes whose slabs are larger are refused.
    registries
        How many ways of placing the film on the substrate are relaxed, of about 16 in all orientations that fit: by
        turns those with the lowest energy as built and those in which the film sits deepest. The lowest counts.
    """

    phases: Annotated[Phases, Field(examples=[["LiHg", "Li_bcc"]])] = "stable"
    miller_indices: Annotated[tuple[Plane, ...], Field(examples=[[[1, 1, 1], [1, 0, 0]]])] = ()
    planes: Annotated[int | None, Field(ge=1, le=20)] = None
    terminations: FaceChoice = STOICHIOMETRIC
    chemical_potentials: Literal["neighbours", "elements"] = "neighbours"
    axes: Axes = "given"
    symprec: Annotated[float | None, Field(gt=0, le=0.5)] = None
    adhesion: tuple[AdhesionSettings, ...] = ()
    max_slab_atoms: Annotated[int, Field(ge=1, le=100_000)] = MAX_SLAB_ATOMS
    min_slab_size: Annotated[float, Field(gt=0, le=60)] = 9.0
    registries: Annotated[int, Field(ge=1, le=10)] = 2
    fmax: Annotated[float, Field(gt=0, le=1)] = 0.05
    max_steps: Annotated[int, Field(ge=1, le=100_000)] = 500

    _four_indices: frozenset[str] = PrivateAttr(default=frozenset())

    @model_validator(mode="wrap")
    @classmethod
    def _remember_four_indices(cls, content: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        made = handler(content)
        if isinstance(content, Mapping):
            names = {pair.get(key, "") for pair, key in _sides_with_four_indices(content.get("adhesion") or ())}
            if any(len(plane) == 4 for plane in content.get("miller_indices") or ()):
                names.add(ALL)
            made._four_indices = frozenset(names)  # noqa: SLF001 (its own)
        return made

    @model_validator(mode="after")
    def _one_choice_of_planes(self) -> SurfacesSettings:
        if self.phases == ():
            raise ValueError("phases: the list is empty; name one, or leave it out for the stable phases")
        if self.miller_indices and self.planes is not None:
            raise ValueError("give either miller_indices or planes, not both")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every phase that is asked for by name, those of the pairs included."""
        chosen = self.phases if isinstance(self.phases, tuple) else ()
        return tuple(
            dict.fromkeys([*chosen, *(name for pair in self.adhesion for name in (pair.film, pair.substrate))])
        )

    @property
    def four_indices(self) -> bool:
        """Whether planes of ``miller_indices`` were given by the four indices of hexagonal axes."""
        return ALL in self._four_indices

    @property
    def sides_with_four_indices(self) -> frozenset[str]:
        """The crystals to join whose planes were given so."""
        return self._four_indices - {ALL}

    def relaxation(self) -> RelaxationSettings:
        """Return how slabs and interfaces are relaxed: positions only."""
        return RelaxationSettings(fmax=self.fmax, max_steps=self.max_steps, relax_cell=False)

    def check(self, spec: WorkflowSpec) -> None:
        """Refuse names that are not known, phases that the potential does not cover, and four indices of others.

        In axes that are not hexagonal, (h k i l) would be read as (h k l) of another plane.

        Raises
        ------
        InputError
            Naming the phase, with the nearest name there is.
        """
        from ....calculators.potentials.names import get_potential
        from ..phase_names import check_name

        elements = {name: check_name(spec, name) for name in self.names}
        for name, symbols in elements.items():
            try:
                get_potential(spec.potential).check_elements(symbols)
            except InputError as error:
                raise InputError(f"surfaces: {name}: {error}") from None
        self._check_faces(spec, elements)
        self._check_sizes(spec)
        self._check_four_indices(spec)

    def _check_four_indices(self, spec: WorkflowSpec) -> None:
        """Refuse them where a crystal that is named may have other axes; of elements, where each of their crystals has.

        What else is stable shows when it is relaxed.
        """
        from ..phase_names import candidates_of

        named = set(self.sides_with_four_indices)
        if self.four_indices and isinstance(self.phases, tuple):
            named.update(self.phases)
        for name in sorted(named):
            for candidate in candidates_of(spec, name):
                refuse_four_indices(_label(candidate), self._cell(candidate))
        for name in spec.elements if self.four_indices and not isinstance(self.phases, tuple) else ():
            found = [(_label(one), self._cell(one)) for one in candidates_of(spec, name)]
            if not any(is_hexagonal(cell.atoms) for _, cell in found):
                for label, cell in found:
                    refuse_four_indices(label, cell)

    def _cell(self, candidate: Candidate) -> ConventionalCell:
        axes = candidate.axes if self.axes == "given" else self.axes
        return conventional_cell(candidate.atoms, symprec=self.symprec, axes=axes)

    def _check_faces(self, spec: WorkflowSpec, elements: Mapping[str, Sequence[str]]) -> None:
        """Refuse outermost layers that none of the crystals can have: other elements, or no composition at all."""
        if isinstance(self.terminations, tuple):
            named = self.phases if isinstance(self.phases, tuple) else ()
            there = {symbol for name in named for symbol in elements[name]} or set(spec.elements)
            for label in self.terminations:
                _check_face(label, there, "surfaces.terminations", (STOICHIOMETRIC, ALL))
        for number, pair in enumerate(self.adhesion):
            for side in ("film", "substrate"):
                label = getattr(pair, f"{side}_termination")
                if label not in (None, ALL):
                    name = getattr(pair, side)
                    _check_face(label, set(elements[name]), f"surfaces.adhesion.{number}.{side}_termination", (ALL,))

    def _check_sizes(self, spec: WorkflowSpec) -> None:
        """Refuse planes whose slabs are too large, whatever crystal is meant, before anything is relaxed."""
        from ..phase_names import candidates_of

        for number, plane in enumerate(self.miller_indices):
            for name in self.phases if isinstance(self.phases, tuple) else (None,):
                key = f"surfaces.miller_indices.{number}" + (f": {name}" if name else "")
                self._check_size(candidates_of(spec, name), plane, N_SIZES, key)
        for number, pair in enumerate(self.adhesion):
            for side, plane in ((pair.film, pair.film_plane), (pair.substrate, pair.miller_index)):
                self._check_size(candidates_of(spec, side), plane, 1, f"surfaces.adhesion.{number}: {side}")

    def _check_size(self, candidates: Sequence[Candidate], plane: tuple[int, int, int], n_sizes: int, key: str) -> None:
        refused: InputError | None = None
        # The smallest decides: which of several has the lowest energy is not known yet.
        for crystal in sorted((one.atoms for one in candidates), key=len):
            try:
                check_slab_size(
                    conventional_cell(crystal, axes=self.axes).atoms,
                    plane,
                    min_slab_size=self.min_slab_size,
                    n_sizes=n_sizes,
                    max_slab_atoms=self.max_slab_atoms,
                    name=key,
                )
                return
            except InputError as error:
                refused = refused or error
        if refused is not None:
            raise refused


def _check_face(label: str, elements: set[str], key: str, words: Sequence[str]) -> None:
    """Refuse what is no label of a face of a crystal of these elements."""
    from ....structures.compositions import parse_formula

    composition, _, number = label.partition("-")
    try:
        found = set(parse_formula(composition))
        if number and not number.isdecimal():
            raise InputError("")
    except InputError:
        allowed = f"{' or '.join(words)} alone, or the composition of an outermost layer, e.g. TiO2"
        raise InputError(f"{key}: {shown(label)} is not allowed; give {allowed}") from None
    if not found <= elements:
        raise InputError(
            f"{key}: {shown(label)} has {', '.join(sorted(found - elements))}, and the crystal is of"
            f" {', '.join(sorted(elements))}"
        )


def refuse_four_indices(name: str, cell: ConventionalCell) -> None:
    """Refuse planes given by four indices in a cell that is not hexagonal.

    Raises
    ------
    InputError
        Naming the crystal and its axes.
    """
    if is_hexagonal(cell.atoms):
        return
    instead = ", or set axes: standard" if cell.rhombohedral else ""
    raise InputError(
        f"surfaces: four indices are of hexagonal axes, and {name} has {cell.description}; give three{instead}"
    )


def _sides_with_four_indices(pairs: Any) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Pairs as they stand in the input, and which side of each has a plane with four indices."""
    for pair in pairs:
        if isinstance(pair, Mapping):
            substrate = pair.get("miller_index") or ()
            for side, plane in (("substrate", substrate), ("film", pair.get("film_miller_index") or substrate)):
                if len(plane) == 4:
                    yield pair, side


def _label(candidate: Candidate) -> str:
    return candidate.source if candidate.kind == "file" else candidate.name
