"""Band structure and density of states as an interactive figure; conventions are those of the other ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..figures.interactive import Figure, base_layout, line_trace
from ..notation import html_text
from .diagram import DENSITY_TITLE, PhononDiagram, phonon_diagram

if TYPE_CHECKING:
    from ...calculators.phonons.results import Phonons

_BANDS, _DOS = [0.0, 0.78], [0.82, 1.0]
_HOVER = "%{y:.2f} THz<extra></extra>"


def phonon_figure(phonons: Phonons) -> Figure:
    """Return the bands, imaginary ones below 0 and in another colour, with the density of states beside them.

    Raises
    ------
    InputError
        There are no bands.
    """
    diagram = phonon_diagram(phonons)
    layout = base_layout()
    layout["xaxis2"] = layout["xaxis"] | {"domain": _DOS, "title": {"text": DENSITY_TITLE}}
    layout["xaxis2"] |= {"rangemode": "tozero", "nticks": 3}
    layout["xaxis"] |= {
        "domain": _BANDS,
        "range": [diagram.ticks[0][0], diagram.ticks[-1][0]],
        "tickvals": [place for place, _ in diagram.ticks],
        "ticktext": [html_text(name) for _, name in diagram.ticks],
    }
    layout["yaxis"] |= {"title": {"text": diagram.frequency_title}, "zeroline": True}
    layout["showlegend"] = False
    return {"data": [*_bands(diagram), _density(diagram)], "layout": layout}


def _bands(diagram: PhononDiagram) -> list[Figure]:
    """One trace for all bands and one for what is imaginary of them, with gaps between lines."""
    xs = [x for band in diagram.bands for x in (*band.distances, None)]
    real = [y for band in diagram.bands for y in (*band.frequencies_THz, None)]
    imaginary = [y for band in diagram.bands if band.imaginary_THz for y in (*band.imaginary_THz, None)]
    traces = [line_trace(xs, real, "--stable", 1.5, hovertemplate=_HOVER)]
    if imaginary:
        traces.append(line_trace(xs, imaginary, "--reference", 2.2, hovertemplate=_HOVER))
    return traces


def _density(diagram: PhononDiagram) -> Figure:
    trace = line_trace(diagram.density, diagram.density_THz, "--stable", 1.5, hovertemplate=_HOVER)
    return trace | {"xaxis": "x2", "fill": "tozerox", "fillcolor": "--equilibrated-band"}
