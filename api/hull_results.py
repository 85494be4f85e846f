"""What a hull tells: its phases, its voltage steps, and what is not in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import InputError, unknown_name
from .display import drawn, html_table, with_version

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from pymatgen.analysis.phase_diagram import PhaseDiagram

    from ..reports.comparison.model import ComputedHull
    from ..reports.model import SystemReport
    from ..thermodynamics.hulls.hull import Hull, HullPhase


_SHOWN_ABOVE_HULL = 0.2
"""eV/atom up to which phases that are not stable are drawn in a triangle or tetrahedron."""


@dataclass(frozen=True)
class PhaseOnHull:
    """A phase and its place relative to the hull.

    Attributes
    ----------
    name, formula, space_group
        What it is called; its reduced formula; its Hermann-Mauguin symbol, "" where it is not known.
    energy_per_atom, formation_energy_per_atom, e_above_hull
        eV/atom; formation energies refer to the lowest phase of each element in this hull.
    stable
        Whether it is on the hull.
    volume_per_atom
        Å³/atom; None where only energies were given.
    source
        Where the structure comes from.
    """

    name: str
    formula: str
    space_group: str
    energy_per_atom: float
    formation_energy_per_atom: float
    e_above_hull: float
    stable: bool
    volume_per_atom: float | None
    source: str


@dataclass(frozen=True)
class VoltagePlateau:
    """A tie line as a step of the voltage against the pure metal, per gram of mercury."""

    voltage_V: float
    from_formula: str
    to_formula: str
    capacity_mAh_per_g: float


@dataclass(frozen=True, eq=False)
class HullResult:
    """The convex hull of a system.

    Attributes
    ----------
    system, potential
        Elements, and the name of the potential of all energies; None where energies were given.
    phases
        All phases, in the order of `hull`.
    voltage_steps
        Of a binary amalgam, from mercury on; empty for other systems.
    failed, not_built, merged
        What is not in the hull: relaxations with the reason why they failed, phases of the library with the reason why
        they cannot be built, and structures that relaxed into another one, with its name.
    notes
        What else to know, such as structures that something else behind the potential's name computed.
    settings, provenance
        How the structures were relaxed, and what fixes the energies; empty where energies were given.
    """

    system: str
    potential: str | None
    phases: tuple[PhaseOnHull, ...]
    voltage_steps: tuple[VoltagePlateau, ...]
    failed: tuple[tuple[str, str], ...]
    not_built: tuple[tuple[str, str], ...]
    merged: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    settings: Mapping[str, Any] = field(repr=False)
    provenance: Mapping[str, Any] = field(repr=False)
    _report: SystemReport = field(repr=False)
    _has_volumes: bool = field(repr=False)

    @property
    def stable(self) -> tuple[str, ...]:
        """Names of the phases on the hull."""
        return tuple(phase.name for phase in self.phases if phase.stable)

    def phase(self, name: str) -> PhaseOnHull:
        """Return a phase by its name, or by a formula: then the lowest of that formula.

        Raises
        ------
        InputError
            There is none; the message gives the nearest.
        """
        named = [phase for phase in self.phases if phase.name == name]
        alike = sorted((phase for phase in self.phases if phase.formula == name), key=lambda item: item.e_above_hull)
        if not named and not alike:
            known = dict.fromkeys(text for phase in self.phases for text in (phase.name, phase.formula))
            raise InputError(unknown_name(f"phase in the {self.system} hull", name, known))
        return (named or alike)[0]

    def computed(self) -> ComputedHull:
        """Return it as a comparison of potentials takes it.

        Raises
        ------
        InputError
            Energies were given, and nobody knows of which potential.
        """
        from ..reports.comparison.model import ComputedHull

        if self.potential is None:
            raise InputError(f"hull of {self.system}: energies were given; hulls of potentials are compared")
        identity = str(self.provenance["identity"])
        return ComputedHull(self.potential, identity, self._report, self.provenance, self.settings)

    @property
    def hull(self) -> Hull:
        """The hull that the functions of `amalgamics.thermodynamics` take.

        Raises
        ------
        InputError
            Only energies were given: those functions need volumes.
        """
        if not self._has_volumes:
            raise InputError(f"hull of {self.system}: only energies were given; give structures or phase entries")
        return self._report.hull

    @property
    def phase_diagram(self) -> PhaseDiagram:
        """The same hull as a pymatgen ``PhaseDiagram``."""
        return self._report.hull.phase_diagram

    def plot(self) -> go.Figure:
        """Return the hull as a plotly figure.

        Of two elements, formation energy against composition with published values beside; of three or four, the
        triangle of compositions with its tie lines, or the tetrahedron as pymatgen draws it.

        Raises
        ------
        InputError
            The system has more than four elements.
        """
        from ..reports.hulls.drawn import hull_diagram, interactive_hull

        diagram = hull_diagram(self._report)
        if diagram is None:
            return self._plot_compositions()
        figure = interactive_hull(diagram)
        if not any(point.kind == "prototype" for point in diagram.points):
            # The report knows two kinds of phases; what a user gave is neither.
            for trace in figure["data"]:
                if "name" in trace:
                    trace["name"] = trace["name"].replace("prototype, above", "above")
        return drawn(figure, f"{self.system}, {self.potential or 'given energies'}", height=480)

    def _plot_compositions(self) -> go.Figure:
        from pymatgen.analysis.phase_diagram import PDPlotter

        n_elements = len(self._report.hull.elements)
        if n_elements > 4:
            raise InputError(
                f"hull of {self.system}: systems of two, three and four elements are drawn, and this one has"
                f" {n_elements}; take phases or to_dict()"
            )
        plotter = PDPlotter(self.phase_diagram, backend="plotly", ternary_style="2d", show_unstable=_SHOWN_ABOVE_HULL)
        figure: go.Figure = plotter.get_plot()  # None for another backend only
        return figure.update_layout(title={"text": f"{self.system}, {self.potential or 'given energies'}"})

    def plot_voltage(self) -> go.Figure:
        """Return voltage and volume change against capacity, as a plotly figure.

        Raises
        ------
        InputError
            There are no steps, or only energies were given.
        """
        from ..reports.hulls.interactive import voltage_figure

        figure = voltage_figure(self._report) if self._has_volumes else None
        if figure is None:
            raise InputError(f"hull of {self.system}: there are no voltage steps with volumes to draw")
        layout = figure["layout"]
        layout["xaxis"] |= {"title": {"text": figure["alternatives"]["host"]["title"]}}
        # The figure leaves to the page where the labels stand, which depends on the axis that is chosen.
        for label, x in zip(layout["annotations"], figure["alternatives"]["host"]["labels"], strict=True):
            label["x"] = x
        for trace, x in zip(figure["data"], figure["alternatives"]["host"]["x"], strict=True):
            trace["x"] = x
        return drawn(figure, f"{self.system}, {self.potential or 'given energies'}", height=520)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON: phases, steps, what was left out, settings and provenance."""
        return with_version(
            {
                "system": self.system,
                "potential": self.potential,
                "phases": [vars(phase) for phase in self.phases],
                "voltage_steps": [vars(step) for step in self.voltage_steps],
                "failed": dict(self.failed),
                "not_built": dict(self.not_built),
                "merged": dict(self.merged),
                "notes": self.notes,
                "settings": self.settings,
                "provenance": self.provenance,
            }
        )

    def _repr_html_(self) -> str:
        rows = [
            (
                phase.name,
                phase.formula,
                phase.space_group,
                phase.formation_energy_per_atom,
                1000.0 * phase.e_above_hull,
                phase.stable,
            )
            for phase in self.phases
        ]
        headings = ["phase", "formula", "space group", "formation (eV/atom)", "above hull (meV/atom)", "stable"]
        notes = [*self.notes, *(f"{name} failed: {reason}" for name, reason in self.failed)]
        notes += [f"{name} relaxed into {other}" for name, other in self.merged]
        notes += [f"{name} was not built: {reason}" for name, reason in self.not_built]
        return html_table(f"Hull of {self.system}, {self.potential or 'given energies'}", headings, rows, notes)


def hull_result(
    report: SystemReport,
    potential: str | None,
    settings: Mapping[str, Any],
    provenance: Mapping[str, Any],
    *,
    has_volumes: bool,
    notes: Sequence[str] = (),
) -> HullResult:
    """Return the result for what a report holds of the system; without volumes where only energies were given."""
    steps = report.voltage.steps if report.voltage else ()
    return HullResult(
        system=report.hull.system,
        potential=potential,
        phases=tuple(_phase(phase, has_volumes) for phase in report.hull.phases),
        voltage_steps=tuple(
            VoltagePlateau(step.voltage_V, step.from_formula, step.to_formula, step.capacity_mAh_per_g)
            for step in steps
        ),
        failed=report.failed,
        not_built=report.not_built,
        merged=report.merged,
        notes=tuple(notes),
        settings=settings,
        provenance=provenance,
        _report=report,
        _has_volumes=has_volumes,
    )


def _phase(phase: HullPhase, has_volumes: bool) -> PhaseOnHull:
    return PhaseOnHull(
        name=phase.name,
        formula=phase.formula,
        space_group=phase.space_group,
        energy_per_atom=phase.energy_per_atom,
        formation_energy_per_atom=phase.formation_energy_per_atom,
        e_above_hull=phase.e_above_hull,
        stable=phase.stable,
        volume_per_atom=phase.volume_per_atom if has_volumes else None,
        source=phase.source,
    )
