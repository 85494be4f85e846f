"""Atoms and cell in three dimensions, in the form of the report's interactive figures."""

from __future__ import annotations

import html
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.data import covalent_radii
from ase.data.colors import jmol_colors

if TYPE_CHECKING:
    from ase import Atoms

    from ..reports.figures.interactive import Figure

_POINTS_PER_ANGSTROM = 16


def structure_figure(atoms: Atoms) -> Figure:
    """Return one trace for each element and one for the edges of the cell; without axes, at equal scale."""
    hidden: dict[str, Any] = {"visible": False}
    return {
        "data": [*([_edges(atoms)] if atoms.cell.rank == 3 else []), *_spheres(atoms)],
        "layout": {
            "scene": {"xaxis": hidden, "yaxis": hidden, "zaxis": hidden, "aspectmode": "data"},
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "font": {"color": "--text"},
        },
    }


def _edges(atoms: Atoms) -> dict[str, Any]:
    lines: list[Any] = []
    for axis in range(3):
        for corner in product((0, 1), repeat=2):
            start = np.insert(corner, axis, 0)
            lines += [start @ atoms.cell.array, np.insert(corner, axis, 1) @ atoms.cell.array, [None] * 3]
    x, y, z = ([point[i] for point in lines] for i in range(3))
    line = {"color": "--axis", "width": 3}
    return {
        "type": "scatter3d",
        "mode": "lines",
        "x": x,
        "y": y,
        "z": z,
        "line": line,
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _spheres(atoms: Atoms) -> list[dict[str, Any]]:
    traces = []
    for symbol in dict.fromkeys(atoms.get_chemical_symbols()):
        chosen = atoms[[atom.index for atom in atoms if atom.symbol == symbol]]
        number = int(chosen.numbers[0])
        colour = "rgb({:.0f}, {:.0f}, {:.0f})".format(*(255 * jmol_colors[number]))
        traces.append(
            {
                "type": "scatter3d",
                "mode": "markers",
                "name": html.escape(symbol),
                "x": chosen.positions[:, 0].tolist(),
                "y": chosen.positions[:, 1].tolist(),
                "z": chosen.positions[:, 2].tolist(),
                "marker": {
                    "size": _POINTS_PER_ANGSTROM * float(covalent_radii[number]),
                    "color": colour,
                    "line": {"color": "--text", "width": 1},
                },
                "hovertemplate": f"{html.escape(symbol)}<br>%{{x:.3f}}, %{{y:.3f}}, %{{z:.3f}} Å<extra></extra>",
            }
        )
    return traces
