"""Band structure and density of states as an interactive figure; conventions are those of the other ones."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...errors import InputError
from ..figures.interactive import Figure, base_layout

if TYPE_CHECKING:
    from ...calculators.phonons.results import BandSegment, Phonons

_BANDS, _DOS = [0.0, 0.78], [0.82, 1.0]


def phonon_figure(phonons: Phonons) -> Figure:
    """Return the bands, imaginary ones below 0 and in another colour, with the density of states beside them.

    Raises
    ------
    InputError
        There are no bands.
    """
    if not phonons.bands:
        raise InputError("phonons: there is no band structure to draw")
    layout = base_layout()
    ticks = _ticks(phonons.bands)
    layout["xaxis"] |= {
        "domain": _BANDS,
        "range": [ticks[0][0], ticks[-1][0]],
        "tickvals": [place for place, _ in ticks],
        "ticktext": [text for _, text in ticks],
    }
    layout["yaxis"] |= {"title": {"text": "frequency (THz)"}, "zeroline": True}
    layout["xaxis2"] = layout["xaxis"] | {"domain": _DOS, "title": {"text": "states/THz/atom"}}
    for key in ("range", "tickvals", "ticktext"):
        del layout["xaxis2"][key]
    layout["xaxis2"] |= {"rangemode": "tozero", "nticks": 3}
    layout["showlegend"] = False
    return {"data": [*_band_traces(phonons), *_dos_traces(phonons)], "layout": layout}


def _band_traces(phonons: Phonons) -> list[dict[str, Any]]:
    """One trace for all bands and one for what is imaginary of them, with gaps between lines."""
    xs: list[float | None] = []
    real: list[float | None] = []
    imaginary: list[float | None] = []
    for segment in phonons.bands:
        for band in segment.frequencies_THz.T.tolist():
            xs += [*segment.distances.tolist(), None]
            real += [*band, None]
            imaginary += [*(value if value < 0.0 else None for value in band), None]
    traces = [_line(xs, real, "--stable", 1.5)]
    if not phonons.dynamically_stable:
        traces.append(_line(xs, imaginary, "--reference", 2.2))
    return traces


def _line(x: Sequence[float | None], y: Sequence[float | None], colour: str, width: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(x),
        "y": list(y),
        "line": {"color": colour, "width": width},
        "hovertemplate": "%{y:.2f} THz<extra></extra>",
    }


def _dos_traces(phonons: Phonons) -> list[dict[str, Any]]:
    trace = _line(phonons.dos.tolist(), phonons.dos_frequencies_THz.tolist(), "--stable", 1.5)
    return [trace | {"xaxis": "x2", "fill": "tozerox", "fillcolor": "--equilibrated-band"}]


def _ticks(bands: Sequence[BandSegment]) -> list[tuple[float, str]]:
    """Where the named points lie and what they are called; two names where the path jumps."""
    ticks = [(float(bands[0].distances[0]), _name(bands[0].labels[0]))]
    for number, segment in enumerate(bands):
        if number and bands[number - 1].labels[1] != segment.labels[0]:
            place, text = ticks[-1]
            ticks[-1] = (place, f"{text}|{_name(segment.labels[0])}")
        ticks.append((float(segment.distances[-1]), _name(segment.labels[1])))
    return ticks


def _name(label: str) -> str:
    """``G`` is Gamma; digits are subscripts."""
    letters = label.rstrip("0123456789")
    digits = label[len(letters) :]
    name = "Γ" if letters == "G" else html.escape(letters)
    return f"{name}<sub>{digits}</sub>" if digits else name
