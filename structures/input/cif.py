"""Crystals of CIF files: sites, occupancies and symmetry as the file means them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..ordering.charges import OF_FILE
from .checks import StructureFileError, check_cell, check_size
from .cif_symmetry import SymmetryChoice, symmetry_choices
from .orbits import AsymmetricSite, Operations, expand_sites, mean_charges, orbit

if TYPE_CHECKING:
    import gemmi
    from pymatgen.core import Composition, Structure

_CELL = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
_AXES = ("x", "y", "z")
# Water and hydroxyl without their hydrogen, vacancies, centroids, dummies.
_NO_ATOM = re.compile(r"(O[WH]\d*|Wat|WAT|H2O|Va|Vac|Vc|Du|Cent|Cg|Hal|Bq|X|Q|Tv|Zz)(?![a-z])")
_FULL = 0.005  # an occupancy this close to 1 is rounded
_SHARE = 0.02  # of the atoms, by which a composition may differ from the formula of the file, besides
_PART = 0.03  # of an element's own share: formulas are rounded
_VOLUME = 0.02
_MULTIPLICITY = ("symmetry_multiplicity", "site_symmetry_multiplicity")
_NUMBER_OF_ATOMS = 0.05  # of Z times the formula


def read_cif(text: str, origin: str) -> list[tuple[Structure, tuple[str, ...]]]:
    """Return the structure of each data block that has one, with notes on what had to be decided.

    Symmetry is taken from the operations that the file lists, else from its Hall symbol, its Hermann-Mauguin symbol, or
    its number. Where that leaves the origin or the axes open, the cell, the formula and the site symmetry decide.

    Parameters
    ----------
    text
        Of the file.
    origin
        What messages start with: the file.

    Returns
    -------
    list
        Structures in the axes of the file, with partial occupancies as they are.

    Raises
    ------
    StructureFileError
        The text is no CIF, no block holds a cell and atoms, a number or an element cannot be read, the symmetry
        contradicts the cell, or the atoms contradict the formula.
    """
    import gemmi

    # Tags of the newer dictionary have a dot where those of the older have an underscore.
    plain = re.sub(r"(?m)^(\s*_[A-Za-z][\w-]*)\.(?=[A-Za-z])", r"\1_", text)
    try:
        document = gemmi.cif.read_string(plain)
    except (ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split()).removeprefix("string:")
        raise StructureFileError(f"{origin}: it is not a valid CIF: {reason}") from None
    blocks = [block for block in document if _has_cell(block)]
    if not blocks:
        raise StructureFileError(f"{origin}: no data block holds a cell and the coordinates of atoms")
    return [_read_block(block, f"{origin}: block {block.name}" if len(blocks) > 1 else origin) for block in blocks]


def _has_cell(block: gemmi.cif.Block) -> bool:
    return block.find_value("_cell_length_a") is not None and any(
        block.find_value(f"_atom_site_{kind}_x") or len(block.find_loop(f"_atom_site_{kind}_x"))
        for kind in ("fract", "Cartn")
    )


def _read_block(block: gemmi.cif.Block, origin: str) -> tuple[Structure, tuple[str, ...]]:
    from pymatgen.core import Lattice

    parameters = [_number(block.find_value(f"_cell_{name}"), f"_cell_{name}", origin) for name in _CELL]
    if not (min(parameters) > 0.0 and max(parameters[3:]) < 180.0):
        raise StructureFileError(f"{origin}: the cell has edges and angles of {parameters}, which enclose nothing")
    if (_optional_number(block, "_cell_modulation_dimension") or 0.0) > 0.0:
        raise StructureFileError(f"{origin}: its crystal is modulated; give a commensurate cell of it")
    lattice = Lattice.from_parameters(*parameters)
    check_cell(np.asarray(lattice.matrix), origin)
    formula = _formula(block)
    sites, notes = _sites(block, formula, origin)
    check_size(len(sites), origin)
    declared = _Declared(formula, _optional_number(block, "_cell_formula_units_Z"))
    choices = symmetry_choices(block, np.asarray(lattice.matrix), origin)
    structure, choice = _choose(choices, sites, lattice.matrix, declared, origin)
    _check_volume(block, float(structure.volume), origin)
    _check_multiplicities(sites, choice.operations, np.asarray(lattice.matrix), origin)
    charges = mean_charges(sites, choice.operations, np.asarray(lattice.matrix))
    if charges:
        structure.properties[OF_FILE] = charges
    if len(choices) > 1:
        notes.append(f"the file does not say which origin its {choices[0].symbol} has; {choice.symbol} was taken")
    return structure, (*choice.notes, *notes)


class _Declared:
    """What the file says of its content besides the atoms."""

    def __init__(self, formula: Composition | None, units: float | None) -> None:
        self.formula, self.units = formula, units

    def objection(self, found: Composition) -> str | None:
        """Say how a composition contradicts it; None where it does not."""
        if self.formula is None:
            return None
        for element in {*self.formula.elements, *found.elements}:
            stated, read = self.formula.get_atomic_fraction(element), found.get_atomic_fraction(element)
            if abs(stated - read) > _SHARE * 0.5 + _PART * stated:
                return f"its atoms are {_shown(found)}, but its formula says {_shown(self.formula)}"
        if self.units is None:
            return None
        expected = self.units * self.formula.num_atoms
        # Some programs, pymatgen among them, write the content of the cell for the formula of one unit.
        counts = (expected, self.units * self.formula.reduced_composition.num_atoms)
        if all(abs(found.num_atoms - count) > max(0.5, _NUMBER_OF_ATOMS * count) for count in counts):
            return (
                f"its sites and symmetry give {found.num_atoms:g} atoms a cell, but {self.units:g} formula units of"
                f" {_shown(self.formula)} are {expected:g}"
            )
        return None


def _choose(
    choices: Sequence[SymmetryChoice],
    sites: Sequence[AsymmetricSite],
    cell: np.ndarray,
    declared: _Declared,
    origin: str,
) -> tuple[Structure, SymmetryChoice]:
    """Take the symmetry that fits what the file says, and of two that do the one with the more special positions."""
    expanded = [(expand_sites(sites, choice.operations, cell, origin), choice) for choice in choices]
    objections = [declared.objection(structure.composition) for structure, _ in expanded]
    fitting = [item for item, objection in zip(expanded, objections, strict=True) if objection is None]
    if not fitting:
        raise StructureFileError(f"{origin}: {objections[0]}")
    fitting.sort(key=lambda item: len(item[0]))
    if len(fitting) > 1 and len(fitting[0][0]) == len(fitting[1][0]) and not _same(fitting[0][0], fitting[1][0]):
        symbols = " or ".join(choice.symbol for _, choice in fitting)
        raise StructureFileError(f"{origin}: the space group has more than one origin; write {symbols} into the file")
    return fitting[0]


def _same(first: Structure, second: Structure) -> bool:
    from pymatgen.analysis.structure_matcher import StructureMatcher

    return bool(StructureMatcher(primitive_cell=False, attempt_supercell=False).fit(first, second))


def _sites(block: gemmi.cif.Block, formula: Composition | None, origin: str) -> tuple[list[AsymmetricSite], list[str]]:
    """Sites as the file lists them."""
    places = [f"fract_{axis}" for axis in _AXES]
    optional = ["label", "type_symbol", "occupancy", "calc_flag", "attached_hydrogens", *_MULTIPLICITY]
    table = block.find("_atom_site_", [*places, *(f"?{name}" for name in optional)])
    if len(table) == 0:
        raise StructureFileError(f"{origin}: atoms have no fractional coordinates (_atom_site_fract_x, y, z)")
    check_size(len(table), origin)
    sites, dummies, rounded = [], 0, 0
    for number, row in enumerate(table):
        value = {
            name: _plain(row[column]) if row.has(column) else "" for column, name in enumerate([*places, *optional])
        }
        label = value["label"] or f"site {number + 1}"
        if value["calc_flag"] == "dum":
            dummies += 1
            continue
        place = [_number(value[f"fract_{axis}"], f"_atom_site_fract_{axis} of {label}", origin) for axis in _AXES]
        symbol = _element(value["type_symbol"], value["label"], formula, origin)
        filled = _number(value["occupancy"], f"_atom_site_occupancy of {label}", origin) if value["occupancy"] else 1.0
        if not 0.0 <= filled <= 1.0 + 2.0 * _FULL:
            raise StructureFileError(f"{origin}: the occupancy of {label} is {filled:g}; it must lie in [0, 1]")
        if value["attached_hydrogens"].isdecimal() and int(value["attached_hydrogens"]):
            raise StructureFileError(f"{origin}: {label} has hydrogen attached that has no coordinates")
        if filled > 0.0:
            rounded += 0.0 < abs(filled - 1.0) <= 2.0 * _FULL
            filled = 1.0 if abs(filled - 1.0) <= _FULL else filled
            listed = next((int(value[name]) for name in _MULTIPLICITY if value[name].isdecimal()), None)
            sites.append(AsymmetricSite(label, symbol, np.array(place), filled, _charge(value["type_symbol"]), listed))
    notes = [f"{dummies} dummy sites are left out"] if dummies else []
    _check_listed_once(sites, origin)
    return sites, [*notes, f"{rounded} occupancies within {_FULL:g} of 1 are taken as 1"] if rounded else notes


def _charge(type_symbol: str) -> float | None:
    """The charge of a type such as ``Li1+``, ``O2-``, ``Co3.5+`` or ``Na+``; None without a sign."""
    found = re.fullmatch(r"[A-Za-z]{1,2}(\d+\.?\d*)?([+-])(\d+\.?\d*)?", type_symbol)
    if found is None:
        return None
    size = float(found.group(1) or found.group(3) or 1.0)
    return size if found.group(2) == "+" else -size


def _check_volume(block: gemmi.cif.Block, volume: float, origin: str) -> None:
    stated = _optional_number(block, "_cell_volume")
    if stated is not None and abs(stated / volume - 1.0) > _VOLUME:
        raise StructureFileError(f"{origin}: its cell has {volume:.4g} Å³, and _cell_volume says {stated:g}")


def _check_multiplicities(
    sites: Sequence[AsymmetricSite], operations: Operations, cell: np.ndarray, origin: str
) -> None:
    """Refuse multiplicities that no symmetry of the file has; some programs count those of a primitive cell."""
    ratios = {}
    for site in sites:
        if site.multiplicity:
            ratios[site.label] = len(orbit(site.place, operations, cell)) / site.multiplicity
    if len({round(ratio, 3) for ratio in ratios.values()}) > 1:
        shown = ", ".join(f"{label} {ratio:g} times" for label, ratio in list(ratios.items())[:4])
        raise StructureFileError(
            f"{origin}: its symmetry gives other numbers of atoms than its multiplicities say ({shown})"
        )


def _check_listed_once(sites: Sequence[AsymmetricSite], origin: str) -> None:
    """Refuse two full sites in one place; an image in the place of another is told by the symmetry."""
    for number, site in enumerate(sites):
        for other in sites[:number]:
            offset = site.place - other.place
            if site.occupancy == other.occupancy == 1.0 and np.abs(offset - np.rint(offset)).max() < 1e-4:
                raise StructureFileError(f"{origin}: {other.label} and {site.label} are in one place")


def _element(type_symbol: str, label: str, formula: Composition | None, origin: str) -> str:
    """Symbol of the element of a site: from its type, else from its label."""
    from pymatgen.core import Element

    text = type_symbol or label
    found = re.match(r"[A-Za-z]*", text)
    letters = found.group() if found else ""
    pair, single = letters[:2].capitalize(), letters[:1].upper()
    if not letters or (not type_symbol and _NO_ATOM.match(text)) or (type_symbol and _NO_ATOM.fullmatch(letters)):
        readings = []
    elif letters[1:2].islower() or (type_symbol and len(letters) > 1):
        # "Cx" is no carbon and "Wat" no tungsten; "CU" as a type is copper.
        readings = [pair] if Element.is_valid_symbol(pair) and not letters[2:3].islower() else []
    else:
        readings = [symbol for symbol in dict.fromkeys((pair, single)) if Element.is_valid_symbol(symbol)]
    if not readings:
        raise StructureFileError(f"{origin}: {text!r} is no element{' (of ' + label + ')' if type_symbol else ''}")
    if len(readings) == 2:
        # "HG1" and "CT1": a second capital is part of the symbol or of the label, as the formula has it.
        known = [symbol for symbol in readings if formula is not None and symbol in formula]
        if len(known) != 1:
            raise StructureFileError(
                f"{origin}: the label {text!r} may be {readings[0]} or {readings[1]}; give _atom_site_type_symbol"
            )
        readings = known
    # Deuterium scatters and binds as hydrogen does.
    return "H" if readings[0] in ("D", "T") else readings[0]


def _formula(block: gemmi.cif.Block) -> Composition | None:
    """The formula of the file; None where it has none that can be read."""
    from pymatgen.core import Composition

    text = _plain(block.find_value("_chemical_formula_sum") or "")
    parts = re.findall(r"([A-Z][a-z]?)\s*(\d*\.?\d*)", text)
    if not parts or re.sub(r"[A-Z][a-z]?\s*\d*\.?\d*|\s", "", text):
        return None
    try:
        counts: dict[str, float] = {}
        for symbol, number in parts:
            element = "H" if symbol == "D" else symbol
            counts[element] = counts.get(element, 0.0) + float(number or 1)
        return Composition(counts)
    except ValueError:
        return None


def _shown(composition: Composition) -> str:
    return str(composition.reduced_formula).replace(" ", "")


def _plain(value: str | None) -> str:
    """The text of a value; empty for unknown ones."""
    import gemmi

    return "" if value is None or gemmi.cif.is_null(value) else str(gemmi.cif.as_string(value)).strip()


def _optional_number(block: gemmi.cif.Block, tag: str) -> float | None:
    import gemmi

    value = float(gemmi.cif.as_number(block.find_value(tag) or "?"))
    return value if np.isfinite(value) and value > 0.0 else None


def _number(value: str | None, tag: str, origin: str) -> float:
    import gemmi

    plain = _plain(value)
    number = float(gemmi.cif.as_number(plain or "?"))
    if not np.isfinite(number):
        raise StructureFileError(f"{origin}: {tag} is {plain or 'missing'}, no number")
    return number
