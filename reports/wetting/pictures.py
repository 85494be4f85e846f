"""Relaxed interfaces drawn as SVG: seen from the side, and from the film onto the solid's top layer."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...structures.tags import LIQUID, SOLUTE, is_solid
from ..figures.style import INK
from ..sections import Drawing
from .model import InterfacePicture

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

_COLOURS = {
    "Hg": "#a9b6c6",
    "O": "#d06a5e",
    "Ti": "#66809c",
    "La": "#5aa99b",
    "Li": "#b79ad8",
    "P": "#dd8f3c",
    "S": "#e3ce5a",
    "Zr": "#7ba3b5",
}
SOLUTE_COLOUR = "#e6007e"

_MIN_WIDTH = 13.0
"""Narrower cells are repeated in the plane, Å."""
_TOP_DEPTH = 2.6
"""Thickness of the layer seen from above, Å."""
_NEAR = 6.0
"""Solute atoms up to this height above it are drawn there, Å."""
_SOLUTE = "solute"
_SCALE = 10.0
"""SVG units per Å."""
_MARGIN = 2.0
_GAP = 30.0
_OUTLINE = 'fill="none" stroke="currentColor" stroke-width="3" stroke-dasharray="9 6"'
"""Of the cell that was computed, where neighbouring images are drawn beside it; in the colour of the text."""


def draw_interface(picture: InterfacePicture, number: int) -> Drawing:
    """Return the drawing, both views in one; ``number`` keeps the names in several on one page apart.

    The legend has symbol and colour of each element; the solute's own entry comes last.
    """
    atoms = _repeated(picture.atoms)
    tags = atoms.get_tags()
    kinds = [_SOLUTE if tag == SOLUTE else symbol for symbol, tag in zip(atoms.symbols, tags, strict=True)]
    balls = {kind: _ball(symbol, kind) for kind, symbol in sorted(set(zip(kinds, atoms.symbols, strict=True)))}
    scene = _Scene(kinds, balls, f"interface-{number}")
    side, side_width, side_height = scene.view(atoms.positions[:, [0, 2]], -atoms.positions[:, 1])
    top, top_width, top_height = scene.view(
        atoms.positions[:, :2], atoms.positions[:, 2], _top_layer(atoms), _outline(picture.atoms, atoms)
    )
    offset = side_height + _GAP
    label = f"{picture.title}, {picture.potential}: side view, and below it the solid's top layer seen from the film"
    svg = (
        f'<svg viewBox="0 0 {max(side_width, top_width):.0f} {offset + top_height:.0f}" role="img" '
        f'aria-label="{html.escape(label)}"><defs>{scene.definitions()}</defs>{side}'
        f'<g transform="translate(0 {offset:.0f})">{top}</g></svg>'
    )
    legend = [(kind, colour) for kind, (colour, _) in balls.items() if kind != _SOLUTE]
    dissolved = sorted({s for s, tag in zip(atoms.symbols, tags, strict=True) if tag == SOLUTE})
    legend += [(f"{symbol} from the liquid", SOLUTE_COLOUR) for symbol in dissolved]
    return Drawing(svg, picture.title, picture.potential, legend=tuple(legend))


def _repeated(atoms: Atoms) -> Atoms:
    """The cell wrapped, and repeated in the plane until it is wide enough to look at."""
    wrapped = atoms.copy()
    wrapped.set_constraint()
    wrapped.pbc = (True, True, False)
    wrapped.wrap()
    a, b = (float(np.linalg.norm(vector)) for vector in wrapped.cell[:2])
    made: Atoms = wrapped.repeat((math.ceil(_MIN_WIDTH / a), math.ceil(_MIN_WIDTH / b), 1))
    return made


def _outline(atoms: Atoms, drawn: Atoms) -> NDArray[np.float64] | None:
    """Corners (4, 2) of the cell in its plane, Å; None where it is drawn once and needs none."""
    if len(drawn) == len(atoms):
        return None
    a, b = atoms.cell[0, :2], atoms.cell[1, :2]
    return np.array([0 * a, a, a + b, b])


def _ball(symbol: str, kind: str) -> tuple[str, float]:
    """Colour and radius (SVG units)."""
    from ase.data import atomic_numbers, covalent_radii
    from ase.data.colors import jmol_colors

    number = atomic_numbers[symbol]
    radius = _SCALE * float(0.78 * covalent_radii[number])
    if kind == _SOLUTE:
        return SOLUTE_COLOUR, radius + 0.12 * _SCALE
    default = "#" + "".join(f"{round(255 * channel):02x}" for channel in jmol_colors[number])
    return _COLOURS.get(symbol, default), radius


def _top_layer(atoms: Atoms) -> NDArray[np.bool_]:
    """The solid's top layer with the solute near it: the film would hide them."""
    tags, z = atoms.get_tags(), atoms.positions[:, 2]
    solid = is_solid(tags)
    if not solid.any():
        return np.asarray(tags != LIQUID)
    top = z[solid].max()
    return np.asarray((solid & (z > top - _TOP_DEPTH)) | ((tags == SOLUTE) & (z < top + _NEAR)))


@dataclass(frozen=True)
class _Scene:
    """Atoms by kind, with the colour and radius of each kind."""

    kinds: list[str]
    balls: dict[str, tuple[str, float]]
    prefix: str

    def view(
        self,
        plane: NDArray[np.float64],
        nearness: NDArray[np.float64],
        shown: NDArray[np.bool_] | None = None,
        outline: NDArray[np.float64] | None = None,
    ) -> tuple[str, float, float]:
        """Atoms drawn from the farthest to the nearest, the solute in front of all; with width and height.

        ``outline`` has the corners of the cell in the plane, Å, and is drawn over the atoms.
        """
        chosen = np.arange(len(plane)) if shown is None else np.flatnonzero(shown)
        if not len(chosen):
            return "", 0.0, 0.0
        radii = np.array([self.balls[self.kinds[i]][1] for i in chosen])
        x, y = _SCALE * plane[chosen, 0], -_SCALE * plane[chosen, 1]
        corners = np.empty((0, 2)) if outline is None else _SCALE * outline * (1.0, -1.0)
        ends_x, ends_y = np.r_[x - radii, x + radii, corners[:, 0]], np.r_[y - radii, y + radii, corners[:, 1]]
        left, top = ends_x.min() - _MARGIN, ends_y.min() - _MARGIN
        order = sorted(range(len(chosen)), key=lambda i: (self.kinds[chosen[i]] == _SOLUTE, nearness[chosen[i]]))
        uses = [
            f'<use href="#{self.prefix}-{self.kinds[chosen[i]]}" x="{x[i] - left:.1f}" y="{y[i] - top:.1f}"/>'
            for i in order
        ]
        if len(corners):
            points = " ".join(f"{x - left:.1f},{y - top:.1f}" for x, y in corners)
            uses.append(f'<polygon class="cell" points="{points}" {_OUTLINE}/>')
        width, height = ends_x.max() + _MARGIN - left, ends_y.max() + _MARGIN - top
        return "".join(uses), float(width), float(height)

    def definitions(self) -> str:
        """A shaded ball for each kind; the light comes from the upper left."""
        parts = []
        for kind, (colour, radius) in self.balls.items():
            name = f"{self.prefix}-{kind}"
            edge, opacity, width = ("#ffffff", 0.95, 1.6) if kind == _SOLUTE else (INK, 0.4, 0.7)
            parts.append(
                f'<radialGradient id="{name}-light" cx="0.36" cy="0.32" r="0.75">'
                f'<stop offset="0" stop-color="{_mixed(colour, 255, 0.6)}"/>'
                f'<stop offset="0.45" stop-color="{colour}"/>'
                f'<stop offset="1" stop-color="{_mixed(colour, 0, 0.35)}"/></radialGradient>'
                f'<circle id="{name}" r="{radius:.1f}" fill="url(#{name}-light)" stroke="{edge}" '
                f'stroke-opacity="{opacity}" stroke-width="{width}"/>'
            )
        return "".join(parts)


def _mixed(colour: str, towards: int, share: float) -> str:
    """A colour on its way to black (0) or white (255)."""
    channels = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(channel + share * (towards - channel)):02x}" for channel in channels)
