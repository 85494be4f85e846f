"""The hulls of one system with several potentials, side by side and beside measured values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..arguments import flag, items
from ..calculators.potentials.names import Potential as NamedPotential
from ..calculators.potentials.names import get_potential
from ..errors import InputError, unknown_name
from .database import as_database
from .display import drawn, html_table, plain, with_version
from .energies import as_potential
from .hulls import hull
from .quantities import FORCE

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from ..reports.comparison.model import ComparedPhase, Comparison
    from ..workflows.database.structure_database import StructureDatabase


@dataclass(frozen=True)
class PhaseWithEach:
    """One structure with each potential that has it.

    Attributes
    ----------
    name, formula
        What it is called; its reduced formula.
    formation_energy_per_atom, e_above_hull, volume_per_atom
        By the name of the potential, eV/atom, eV/atom and Å³/atom; each against its own elements.
    formation_energy_spread, volume_spread
        Largest minus smallest, eV/atom and Å³/atom; None with one potential.
    measured_formation_energy_per_atom, measured_volume_per_atom
        For the composition at 298 K against the solid elements, and for the structure; None where they are not known.
    """

    name: str
    formula: str
    formation_energy_per_atom: Mapping[str, float]
    e_above_hull: Mapping[str, float]
    volume_per_atom: Mapping[str, float]
    formation_energy_spread: float | None
    volume_spread: float | None
    measured_formation_energy_per_atom: float | None
    measured_volume_per_atom: float | None


@dataclass(frozen=True)
class StepWithEach:
    """A voltage step; ``voltages_V`` has those potentials whose hull has it, against the pure metal."""

    from_formula: str
    to_formula: str
    voltages_V: Mapping[str, float]


@dataclass(frozen=True)
class Deviations:
    """How far each potential is from the measured values of one quantity that all of them give.

    Attributes
    ----------
    quantity, unit
        Such as ``formation_enthalpy`` in eV/atom; relative ones are in %.
    count
        How many values.
    mean_absolute
        By the name of the potential.
    ranking
        Names, the closest first; empty for fewer than three values.
    """

    quantity: str
    unit: str
    count: int
    mean_absolute: Mapping[str, float]
    ranking: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ComparisonResult:
    """One system with several potentials.

    Attributes
    ----------
    system, potentials
        Elements; names, in the order of all that follows.
    stable
        Names of the phases on the hull, by potential.
    phases
        Every structure that was not guessed, and whatever is on any hull, in the order of a hull.
    voltage_steps
        Of a binary amalgam, from mercury on; empty for other systems.
    deviations
        From measured values.
    notes
        Which phases a potential lacks and why, and what else to know.
    """

    system: str
    potentials: tuple[str, ...]
    stable: Mapping[str, tuple[str, ...]]
    phases: tuple[PhaseWithEach, ...]
    voltage_steps: tuple[StepWithEach, ...]
    deviations: tuple[Deviations, ...]
    notes: tuple[str, ...]
    _comparison: Comparison = field(repr=False)

    def phase(self, name: str) -> PhaseWithEach:
        """Return a phase by its name, or by a formula: then the first of that formula.

        Raises
        ------
        InputError
            There is none; the message gives the nearest.
        """
        found = [one for key in ("name", "formula") for one in self.phases if getattr(one, key) == name]
        if not found:
            known = dict.fromkeys(text for one in self.phases for text in (one.name, one.formula))
            raise InputError(unknown_name(f"phase of {self.system}", name, known))
        return found[0]

    def plot(self) -> go.Figure:
        """Return the hulls of two elements in one plotly figure.

        Raises
        ------
        InputError
            The system has another number of elements.
        """
        from ..reports.comparison.figures import hull_overlay, overlay_figure
        from ..reports.comparison.section import no_overlay

        overlay = hull_overlay(self._comparison)
        if overlay is None:
            raise InputError(no_overlay(self._comparison))
        return drawn(overlay_figure(overlay), f"{self.system}, {', '.join(self.potentials)}", height=480)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON: what ``amalgamics compare --json`` prints, with settings and provenance of each."""
        from ..reports.comparison.tables import comparison_data

        made = {one.potential: {"settings": one.settings, **one.provenance} for one in self._comparison.hulls}
        return with_version({**comparison_data(self._comparison), "notes": self.notes, "provenance": plain(made)})

    def _repr_html_(self) -> str:
        rows = [
            (
                one.name,
                *(one.formation_energy_per_atom.get(name) for name in self.potentials),
                one.formation_energy_spread,
                one.measured_formation_energy_per_atom,
            )
            for one in self.phases
        ]
        headings = ["phase", *self.potentials, "spread", "measured"]
        return html_table(f"Formation energies of {self.system}, eV/atom", headings, rows, self.notes)


def compare(
    system: str,
    potentials: Sequence[str | Mapping[str, Any] | NamedPotential] | None = None,
    *,
    database: StructureDatabase | str | Path | None = None,
    fmax: float = 0.02,
    max_steps: int = 500,
    progress: bool = True,
) -> ComparisonResult:
    """Put the hulls of a system with several potentials side by side, as ``amalgamics compare`` does.

    Each hull is that of one potential, against its own elements; energies of different potentials never meet.

    Parameters
    ----------
    system
        Element symbols joined by hyphens.
    potentials
        Two or more: names, mappings, or what `potential` returned. With ``database`` None takes all that it has.
    database
        Take relaxed structures from there and compute nothing: a `Database` or its path. None: relax what the library
        has with each potential, as `hull` does.
    fmax, max_steps
        Of these relaxations.
    progress
        Show a bar.

    Returns
    -------
    ComparisonResult
        Energies, volumes and voltages with each potential, how far apart these are, and how far from measured values.

    Raises
    ------
    InputError
        Fewer than two potentials, or one twice; one of them does not cover the system, or has no hull in the database.

    Examples
    --------
    >>> import amalgamics
    >>> soft = {"calculator": "ase.calculators.emt:EMT", "name": "again"}
    >>> both = amalgamics.compare("Cu-Au", ["emt", soft], progress=False)
    >>> both.potentials, both.stable["again"]
    (('emt', 'again'), ('Au_fcc', 'Cu_fcc'))
    >>> gold = both.phase("Au_fcc")
    >>> print(f"{gold.volume_per_atom['emt']:.1f} Å³/atom, measured {gold.measured_volume_per_atom:.1f}")
    16.7 Å³/atom, measured 17.0
    >>> gold.volume_spread
    0.0
    """
    from ..reports.comparison.model import Comparison
    from ..workflows.comparison import compare_potentials

    FORCE.check("fmax", fmax)
    flag("progress", progress)
    given = None if potentials is None else items("potentials", potentials, "a list of two or more")
    notes: list[str] = []
    if database is not None:
        names = [_name_of(one) for one in given or ()]
        return _result(compare_potentials(as_database(database), system, names, notes), notes)
    known = [as_potential(one) for one in given or ()]
    if len(known) < 2:
        raise InputError("potentials: comparing takes two or more; give a list, or a database")
    names = [one.name for one in known]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"potentials: {', '.join(repeated)} is there more than once")
    found = [hull(system, potential=one, fmax=fmax, max_steps=max_steps, progress=progress) for one in known]
    return _result(Comparison(tuple(one.computed() for one in found)), notes)


def _name_of(potential: str | Mapping[str, Any] | NamedPotential) -> str:
    """Return the name by which rows know a potential; what is imported or gone has no more than that."""
    if isinstance(potential, NamedPotential | str):
        return str(getattr(potential, "name", potential))
    return str(get_potential(potential).name)


def _numbers(phase: ComparedPhase, key: str) -> dict[str, float]:
    """Return one number of a phase by the potential."""
    return {name: float(getattr(record, key)) for name, record in phase.records.items()}


def _result(comparison: Comparison, notes: Sequence[str]) -> ComparisonResult:
    phases = [
        PhaseWithEach(
            one.name,
            one.formula,
            _numbers(one, "formation_energy_per_atom"),
            _numbers(one, "e_above_hull"),
            _numbers(one, "volume_per_atom"),
            one.formation_energy_spread,
            one.volume_spread,
            one.formation_energy.value if one.formation_energy else None,
            one.volume.value if one.volume else None,
        )
        for one in comparison.phases
    ]
    deviations = [
        Deviations(
            one.quantity,
            next(iter(one.errors.values())).unit,
            one.count,
            {name: error.mean_absolute for name, error in one.errors.items()},
            one.best_first,
        )
        for one in comparison.rankings
    ]
    return ComparisonResult(
        comparison.system,
        comparison.potentials,
        {one.potential: tuple(phase.name for phase in one.report.hull.stable) for one in comparison.hulls},
        tuple(phases),
        tuple(StepWithEach(one.from_formula, one.to_formula, one.voltages_V) for one in comparison.steps),
        tuple(deviations),
        (*notes, *comparison.notes),
        comparison,
    )
