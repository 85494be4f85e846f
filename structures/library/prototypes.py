"""Candidate crystals: known structure types decorated with two elements and scaled to a plausible volume."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ...errors import InputError, shown
from ..compositions import atomic_fractions, parse_formula, parse_system
from ..symmetry import primitive_structure
from .phases import list_phases
from .structure_types import Prototype, binary_prototypes

if TYPE_CHECKING:
    from pymatgen.core import Structure
    from pymatgen.core.structure_matcher import StructureMatcher

DEFAULT_STOICHIOMETRIES = ("1:3", "1:2", "2:3", "1:1", "3:2", "2:1", "3:1")
# Compounds of elements that pull on each other's electrons lose volume. 0.2 times the squared difference of Pauling's
# electronegativities gives the contraction of every measured M-Hg pair within 0.06; a constant would be far off for
# Zn and Al, which hardly attract Hg.
CONTRACTION_PER_SQUARED_ELECTRONEGATIVITY = 0.2
DEFAULT_CONTRACTION = 0.15
MAX_CONTRACTION = 0.4
# Nearest neighbours in close-packed metals are 1.81 Wigner-Seitz radii apart, 0.9 of the sum of the two radii; in the
# M-Hg compounds of the phase library no pair is closer than 0.74 of that sum. A pair well below it means that the
# structure type does not suit the sizes of the elements.
MIN_DISTANCE_FRACTION = 0.68
CUBIC_CM_PER_MOL_IN_CUBIC_ANGSTROM = 1 / 0.602214076
_MATCHERS_TOLERANCE = 0.25  # Å, with which pymatgen's matcher makes cells primitive


@dataclass(frozen=True, eq=False)
class PrototypeCandidate:
    """A structure type decorated with real elements.

    Attributes
    ----------
    name
        Unique, made of formula and AFLOW label, for example ``LiHg2-AB2_hP3_191_a_d``; ``-swapped`` at its end marks
        the second of two inequivalent decorations of a 1:1 type.
    formula
        Reduced formula, Hg last.
    prototype
        AFLOW label of the type.
    description
        Names of the type: example compound, Strukturbericht symbol, mineral.
    structure
        Primitive cell (pymatgen), scaled to the expected volume.
    source
        Where the coordinates of the type come from.
    """

    name: str
    formula: str
    prototype: str
    description: str
    structure: Structure
    source: str


@cache
def atomic_volume(symbol: str) -> float:
    """Volume per atom of a pure element, Å^3/atom.

    That of the first measured cell of the element in the phase library, else from the molar volume that pymatgen
    tabulates.

    Raises
    ------
    InputError
        When neither is known.
    """
    for phase in list_phases(symbol):
        if phase.measured_volume_per_atom is not None:
            return phase.measured_volume_per_atom
    from pymatgen.core import Element

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen warns on each missing value; the error below says it better
        molar_volume = Element(symbol).molar_volume
    if not molar_volume or math.isnan(molar_volume):
        raise InputError(f"element {symbol!r} has no tabulated atomic volume, so its prototypes cannot be scaled")
    return float(molar_volume) * CUBIC_CM_PER_MOL_IN_CUBIC_ANGSTROM


@cache
def contraction(first: str, second: str) -> float:
    """Relative loss of volume k of the 1:1 compound of two elements against the pure elements.

    The mean of (1 - V/V_mix)/(4 x (1 - x)) over the measured compounds of the pair in the phase library; where there
    are none, 0.2 times the squared difference of the Pauling electronegativities (0.15 where one has no such value).
    Limited to 0...0.4. Dimensionless.
    """
    values = []
    for phase in list_phases(f"{first}-{second}"):
        if phase.elements != {first, second} or phase.measured_volume_per_atom is None or phase.formula is None:
            continue
        fractions = atomic_fractions(parse_formula(phase.formula))
        mixed = sum(fraction * atomic_volume(symbol) for symbol, fraction in fractions.items())
        values.append((1 - phase.measured_volume_per_atom / mixed) / (4 * fractions[first] * fractions[second]))
    estimate = sum(values) / len(values) if values else estimated_contraction(first, second)
    return min(max(estimate, 0.0), MAX_CONTRACTION)


def estimated_contraction(first: str, second: str) -> float:
    """Contraction k of a pair without measured compounds, from the electronegativities of its elements."""
    from pymatgen.core import Element

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen warns on each missing value
        difference = Element(first).X - Element(second).X
    if math.isnan(difference):
        return DEFAULT_CONTRACTION
    return CONTRACTION_PER_SQUARED_ELECTRONEGATIVITY * difference**2


def expected_volume_per_atom(first: str, second: str, fraction_first: float) -> float:
    """Volume per atom expected of a binary compound, Å^3/atom: V = V_mix (1 - 4 k x (1 - x)).

    V_mix is the mean of the elements' volumes (:func:`atomic_volume`) weighted by atomic fraction, x the atomic
    fraction of ``first``, and k the :func:`contraction` of the pair; the pure elements keep their volume.
    """
    x = fraction_first
    mixed = x * atomic_volume(first) + (1 - x) * atomic_volume(second)
    return mixed * (1 - 4 * contraction(first, second) * x * (1 - x))


def _wigner_seitz_radius(symbol: str) -> float:
    return float((3 * atomic_volume(symbol) / (4 * math.pi)) ** (1 / 3))


def parse_stoichiometry(text: str) -> tuple[int, int]:
    """Turn ``"1:3"`` into the reduced pair (1, 3).

    Raises
    ------
    InputError
        It is not of that form.

    Examples
    --------
    >>> parse_stoichiometry("2:6")
    (1, 3)
    """
    match = re.fullmatch(r"\s*([1-9]\d?)\s*:\s*([1-9]\d?)\s*", text) if isinstance(text, str) else None
    if match is None:
        raise InputError(f"stoichiometry {shown(text)} is not two whole numbers from 1 to 99 such as '1:3'")
    first, second = int(match.group(1)), int(match.group(2))
    divisor = math.gcd(first, second)
    return first // divisor, second // divisor


def _pairs(system: str) -> list[tuple[str, str]]:
    """Pairs of elements to decorate with, in the order of the system."""
    elements = parse_system(system)
    if len(elements) == 1:
        raise InputError(f"system {system!r} has one element; prototypes need two, for example 'Li-Hg'")
    if len(elements) == 2:
        return [(elements[0], elements[1])]
    if "Hg" not in elements:
        raise InputError(f"system {system!r} has more than two elements and no Hg; give two elements, or include Hg")
    return [(element, "Hg") for element in elements if element != "Hg"]


def check_decorations(system: str) -> None:
    """Refuse a system whose elements no prototype can be decorated with; nothing is built.

    Raises
    ------
    InputError
        It has one element, more than two without Hg, or one whose volume is not known.
    """
    for pair in _pairs(system):
        for symbol in pair:
            atomic_volume(symbol)


def _formula(first: str, second: str, counts: tuple[int, int]) -> str:
    """Reduced formula with Hg last, else in the order given."""
    terms = [(first, counts[0]), (second, counts[1])]
    terms.sort(key=lambda term: term[0] == "Hg")
    return "".join(f"{symbol}{count if count > 1 else ''}" for symbol, count in terms)


def _assignments(prototype: Prototype, counts: tuple[int, int]) -> list[tuple[int, ...]]:
    """Ways to place element 0 and 1 on the sites of a type so that their amounts are in the ratio asked for."""
    symbols = [site.specie.symbol for site in prototype.structure]
    kinds = list(dict.fromkeys(symbols))
    amounts = [symbols.count(kind) for kind in kinds]
    return [
        tuple(order[kinds.index(symbol)] for symbol in symbols)
        for order in ((0, 1), (1, 0))
        if amounts[order.index(0)] * counts[1] == amounts[order.index(1)] * counts[0]
    ]


def _decorate(prototype: Prototype, elements: tuple[str, str], assignment: tuple[int, ...]) -> Structure:
    """Put the elements on the sites and scale the cell, kept in shape, to the expected volume."""
    from pymatgen.core import Lattice, Structure

    species = [elements[index] for index in assignment]
    fraction = species.count(elements[0]) / len(species)
    volume = len(species) * expected_volume_per_atom(*elements, fraction)
    # Rebuilding from the parameters gives a right-handed cell in the standard orientation.
    lattice = Lattice.from_parameters(*prototype.structure.lattice.parameters).scale(volume)
    structure = Structure(lattice, species, prototype.structure.frac_coords, to_unit_cell=True)
    return structure.get_sorted_structure(key=lambda site: elements.index(site.specie.symbol))


def _atoms_overlap(structure: Structure) -> bool:
    """Whether a pair, periodic images included, is too close for the sizes of its elements."""
    radii = [_wigner_seitz_radius(site.specie.symbol) for site in structure]
    centers, neighbors, _, distances = structure.get_neighbor_list(2 * MIN_DISTANCE_FRACTION * max(radii))
    return any(
        distance < MIN_DISTANCE_FRACTION * (radii[i] + radii[j])
        for i, j, distance in zip(centers, neighbors, distances, strict=True)
    )


def _decorations(
    elements: tuple[str, str], ratios: Sequence[tuple[int, int]], max_atoms: int
) -> Iterator[PrototypeCandidate]:
    """All decorated types of one pair that are small enough and physically sensible, in order of priority."""
    for prototype in binary_prototypes():
        if len(prototype.structure) > max_atoms:
            continue
        for counts in ratios:
            formula = _formula(*elements, counts)
            for number, assignment in enumerate(_assignments(prototype, counts)):
                structure = _decorate(prototype, elements, assignment)
                if not _atoms_overlap(structure):
                    yield PrototypeCandidate(
                        name=f"{formula}-{prototype.tag}{'-swapped' if number else ''}",
                        formula=formula,
                        prototype=prototype.label,
                        description=prototype.description,
                        structure=structure,
                        source=prototype.source,
                    )


def prototype_matcher() -> StructureMatcher:
    """Return the matcher that decides whether two candidates are the same crystal.

    Cells are reduced to primitive ones and scaled to one volume. The tolerances are tighter than pymatgen's defaults,
    which would call CuAu (c/a = 1.31) and CsCl the same.
    """
    from pymatgen.core.structure_matcher import StructureMatcher

    return StructureMatcher(ltol=0.1, stol=0.15, angle_tol=4, primitive_cell=True, scale=True)


def enumerate_prototypes(
    system: str,
    *,
    stoichiometries: Sequence[str] | None = None,
    max_atoms: int = 12,
    max_candidates: int | None = 28,
    known: Sequence[Structure] = (),
) -> list[PrototypeCandidate]:
    """Decorate known binary structure types with the elements of a system.

    The types are the AFLOW prototypes that pymatgen ships (Mehl et al. 2017, doi 10.1016/j.commatsci.2017.01.017),
    and types of the phase library that are missing there or shaped otherwise (AlB2, CeCu2, La3Al11, Mn5Si3). Cells are
    scaled to :func:`expected_volume_per_atom`. Left out are types whose atoms would then overlap, and candidates that
    equal an earlier one or a known structure. The order is fixed: common intermetallic types first, then small cells.

    Parameters
    ----------
    system
        Two elements such as ``"Li-Hg"``, or more with Hg among them: then each other element is paired with Hg.
    stoichiometries
        Ratios first:second element, for example ``["1:3", "1:1"]`` (other element : Hg for more than two elements).
        None takes 1:3, 1:2, 2:3, 1:1, 3:2, 2:1 and 3:1.
    max_atoms
        Largest primitive cell; the Laves phases C15, C14 and C36 have 6, 12 and 24 atoms.
    max_candidates
        Largest number of candidates per pair of elements; None keeps all.
    known
        Structures (pymatgen) that need no candidate, for example those of the phase library.

    Returns
    -------
    list of PrototypeCandidate
        At most ``max_candidates`` per pair.

    Raises
    ------
    InputError
        For an unknown element, fewer than two elements, more than two without Hg, a stoichiometry that is not of the
        form ``1:3``, or a limit below one.
    """
    for name, value, least in (("max_atoms", max_atoms, 2), ("max_candidates", max_candidates, 1)):
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < least):
            raise InputError(f"{name} = {value!r} must be a whole number of at least {least}")
    pairs = _pairs(system)
    if isinstance(stoichiometries, str):
        raise InputError(f"stoichiometries = {stoichiometries!r} must be a list such as ['1:3', '1:1']")
    asked = DEFAULT_STOICHIOMETRIES if stoichiometries is None else stoichiometries
    ratios = list(dict.fromkeys(parse_stoichiometry(text) for text in asked))
    return [
        candidate
        for elements in pairs
        for candidate in _distinct(_decorations(elements, ratios, max_atoms), known, max_candidates)
    ]


def _reduced(structure: Structure) -> Structure:
    """Return the cell that the matcher would work out anew for each comparison."""
    return primitive_structure(structure.get_reduced_structure(reduction_algo="niggli"), symprec=_MATCHERS_TOLERANCE)


def _distinct(
    candidates: Iterator[PrototypeCandidate], known: Sequence[Structure], limit: int | None
) -> list[PrototypeCandidate]:
    """Keep the first candidates that match neither a known structure nor each other."""
    matcher = prototype_matcher()
    taken: dict[str, list[Structure]] = {}
    for structure in known:
        taken.setdefault(structure.composition.reduced_formula, []).append(_reduced(structure))
    kept: list[PrototypeCandidate] = []
    for candidate in candidates:
        if limit is not None and len(kept) >= limit:
            break
        same_formula = taken.setdefault(candidate.structure.composition.reduced_formula, [])
        structure = _reduced(candidate.structure)
        if any(matcher.fit(structure, other, skip_structure_reduction=True) for other in same_formula):
            continue
        same_formula.append(structure)
        kept.append(candidate)
    return kept
