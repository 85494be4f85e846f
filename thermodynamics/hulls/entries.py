"""Energies as other packages hold them, as entries of a hull: pymatgen's entries, and ASE's atoms with an energy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from ...errors import InputError
from .phase_entry import PhaseEntry

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.analysis.phase_diagram import PDEntry
    from pymatgen.core import Structure
    from pymatgen.entries.computed_entries import ComputedEntry

    EntryLike: TypeAlias = "PhaseEntry | ComputedEntry | PDEntry | Atoms"


def is_pymatgen_entry(item: Any) -> bool:
    """Return whether something is an entry of pymatgen: a composition with an energy."""
    return hasattr(item, "composition") and hasattr(item, "energy_per_atom") and not isinstance(item, PhaseEntry)


def energy_of_atoms(item: Any) -> float | None:
    """Return the energy that ASE's atoms carry, eV; None for other things, and for atoms that carry none.

    Nothing is computed, and the energy of a structure that was changed since is none.
    """
    calculator: Any = getattr(item, "calc", None)
    if not hasattr(item, "get_chemical_symbols") or not hasattr(calculator, "get_property"):
        return None
    if calculator.calculation_required(item, ["energy"]):
        return None
    return float(calculator.get_property("energy", item))


def phase_entries(items: Sequence[EntryLike], *, unknown_volume: float | None = None) -> list[PhaseEntry]:
    """Return the hull entries of what other packages hold; what is a ``PhaseEntry`` already stays.

    Energies of pymatgen's entries are those with their corrections. Names are entry ids, names or formulas, numbered
    where several are the same.

    Parameters
    ----------
    items
        ``PhaseEntry``, pymatgen's ``ComputedStructureEntry``, ``ComputedEntry`` and ``PDEntry``, or ASE's atoms with an
        energy, all of one potential.
    unknown_volume
        Å³/atom, taken where an entry has no structure; None refuses it.

    Raises
    ------
    InputError
        Something else is among them, an entry has no structure, or energies are of different calculators.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from ase.calculators.emt import EMT
    >>> copper = bulk("Cu")
    >>> copper.calc = EMT()
    >>> _ = copper.get_potential_energy()
    >>> (entry,) = phase_entries([copper])
    >>> print(f"{entry.name} {entry.space_group}, {entry.energy_per_atom:.4f} eV/atom")
    Cu Fm-3m, -0.0057 eV/atom
    """
    given = [item for item in items if isinstance(item, PhaseEntry)]
    if len(given) == len(items):
        return given
    _check_one_calculator(items)
    found: list[PhaseEntry] = []
    taken = {item.name for item in given}
    for item in items:
        entry = item if isinstance(item, PhaseEntry) else _entry(item, taken, unknown_volume)
        taken.add(entry.name)
        found.append(entry)
    return found


def _check_one_calculator(items: Sequence[EntryLike]) -> None:
    names = {str(item.calc.name) for item in items if energy_of_atoms(item) is not None}  # type: ignore[union-attr]
    if len(names - {"unknown"}) > 1:
        raise InputError(f"phases: energies of {' and '.join(sorted(names))} are mixed; they have no common zero")


def _entry(item: Any, taken: set[str], unknown_volume: float | None) -> PhaseEntry:
    energy = energy_of_atoms(item)
    if energy is not None:
        symbols = item.get_chemical_symbols()
        counts = {symbol: float(symbols.count(symbol)) for symbol in dict.fromkeys(symbols)}
        formula, per_atom, name = _formula(counts), energy / len(symbols), None
        structure = item if item.cell.rank == 3 else None
        volume = item.get_volume() / len(item) if structure is not None else None
    elif is_pymatgen_entry(item):
        counts = {str(element): float(amount) for element, amount in item.composition.get_el_amt_dict().items()}
        formula, per_atom = item.composition.reduced_formula, float(item.energy_per_atom)
        name = getattr(item, "entry_id", None) or getattr(item, "name", None)
        structure = getattr(item, "structure", None)
        volume = structure.volume / len(structure) if structure is not None else None
    else:
        raise InputError(
            f"phases: {type(item).__name__} is not allowed; give phase entries, entries of pymatgen, or ASE atoms with"
            " an energy"
        )
    if volume is None and unknown_volume is None:
        raise InputError(f"phases: {formula} has no structure, and so no volume; amalgamics.hull takes energies alone")
    own = str(name or formula)
    numbered = (own if number == 1 else f"{own}-{number}" for number in range(1, len(taken) + 2))
    return PhaseEntry(
        name=next(one for one in numbered if one not in taken),
        formula=formula,
        composition=counts,
        energy_per_atom=per_atom,
        volume_per_atom=float(volume if volume is not None else unknown_volume or 1.0),
        space_group=_space_group(structure),
        source="given",
    )


def _formula(counts: dict[str, float]) -> str:
    from pymatgen.core import Composition

    return str(Composition(counts).reduced_formula)


def _space_group(crystal: Atoms | Structure | None) -> str:
    """Symbol of the space group; empty where there is no crystal, or none is found."""
    if crystal is None:
        return ""
    from ...structures.symmetry import conventional_cell
    from ...structures.symmetry_tolerances import relaxed_symprec

    try:
        return conventional_cell(crystal, symprec=relaxed_symprec(crystal), axes="standard").space_group
    except (InputError, RuntimeError, ValueError):
        return ""
