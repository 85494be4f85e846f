"""The picture of a hull by its number of elements: an energy diagram for two, a triangle of compositions for three."""

from __future__ import annotations

from ..figures.interactive import Figure
from ..model import SystemReport
from .diagram import HullDiagram, binary_diagram
from .interactive import hull_figure
from .ternary import TernaryDiagram, ternary_diagram, ternary_figure


def hull_diagram(report: SystemReport) -> HullDiagram | TernaryDiagram | None:
    """Lay out the hull of a system; None where it has one element, or more than three."""
    return binary_diagram(report) or ternary_diagram(report)


def interactive_hull(diagram: HullDiagram | TernaryDiagram) -> Figure:
    """Return a hull as plotly JSON."""
    return ternary_figure(diagram) if isinstance(diagram, TernaryDiagram) else hull_figure(diagram)
