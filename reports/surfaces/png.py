"""Pictures of surfaces as PNG: energies of planes beside published ones, and the shape of a crystal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ..figures.style import FACES, GRID, MUTED, REFERENCE, colour_and_marker, draw_png
from ..notation import mathtext_formula

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...thermodynamics.surfaces.wulff import WulffShape
    from ..benchmarks.published import Benchmark
    from .model import PhaseSurfaces

HEIGHT_INCHES = 3.6
COLUMNS = 4
PANEL_INCHES = (2.3, 2.75)
# Seen from a little above and aside, so that no facet of a cube is seen edge-on. Degrees.
_AZIMUTH, _ELEVATION = 15.0, 18.0
_LIGHT = np.array([0.35, 0.55, 0.76])
_AMBIENT = 0.55


def surface_energies_png(phases: Sequence[PhaseSurfaces], measured: Mapping[str, Benchmark]) -> bytes:
    """Draw a column of points for each phase, one for each plane, and return the PNG.

    Parameters
    ----------
    phases
        At least one, each with a surface.
    measured
        Mean over all faces, by the name of the phase.
    """
    planes = _in_order(record.miller_index for phase in phases for record in phase.surfaces)
    width = min(max(2.6 + 0.75 * len(phases), 4.5), 12.0)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for column, phase in enumerate(phases):
            item = measured.get(phase.phase)
            if item is None:
                continue
            axes.plot([column - 0.36, column + 0.36], [item.value] * 2, color=REFERENCE, lw=1.8, zorder=2)
            if item.uncertainty:
                low, high = item.value - item.uncertainty, item.value + item.uncertainty
                axes.fill_between([column - 0.36, column + 0.36], low, high, color=REFERENCE, alpha=0.12, lw=0)
        for number, plane in enumerate(planes):
            # Side by side, so that planes of nearly one energy do not cover each other.
            offset = 0.5 * ((number + 0.5) / len(planes) - 0.5)
            points = [
                (column + offset, record.surface_energy_J_m2)
                for column, phase in enumerate(phases)
                for record in phase.surfaces
                if record.miller_index == plane
            ]
            if not points:
                continue
            colour, marker = colour_and_marker(number)
            x, y = zip(*points, strict=True)
            axes.plot(x, y, marker, color=colour, ms=7, mec="white", mew=0.7, zorder=3, label=plane_text(plane))
        if measured:
            axes.plot([], [], color=REFERENCE, lw=1.8, label="measured mean")
        axes.set_xticks(range(len(phases)), [mathtext_formula(phase.formula) for phase in phases])
        axes.set_xlim(-0.6, len(phases) - 0.4)
        axes.set_ylim(0.0, axes.get_ylim()[1] * 1.05)
        axes.set_ylabel("surface energy (J/m²)")
        axes.tick_params(axis="x", length=0)
        axes.grid(axis="y", color=GRID, lw=0.8)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9, labelcolor=MUTED)

    return draw_png(draw, size_inches=(width, HEIGHT_INCHES), layout={"w_pad": 0.1, "h_pad": 0.08})


def _in_order(planes: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Planes by their indices, low ones first: each has one colour in all pictures of a crystal."""
    return sorted(set(planes), key=lambda plane: (sum(index * index for index in plane), plane))


def plane_text(miller_index: Sequence[int], brackets: str = "()") -> str:
    """Return ``(111)``, or ``(1 −1 0)`` where an index has a sign or two digits; ``{}`` for a plane and its equals."""
    plain = all(0 <= index < 10 for index in miller_index)
    text = ("" if plain else " ").join(str(index).replace("-", "−") for index in miller_index)
    return f"{brackets[0]}{text}{brackets[1]}"


def wulff_png(phases: Sequence[PhaseSurfaces]) -> bytes:
    """Draw the equilibrium shape of each phase that has one, the same colour for the same plane, and return the PNG.

    Raises
    ------
    InputError
        No phase has a shape.
    """
    return shapes_png(
        [(mathtext_formula(phase.formula), phase.shape, {}) for phase in phases if phase.shape is not None]
    )


def shapes_png(
    shapes: Sequence[tuple[str, WulffShape, Mapping[tuple[int, int, int], str]]], columns: int = COLUMNS
) -> bytes:
    """Draw equilibrium shapes side by side and return the PNG.

    Parameters
    ----------
    shapes
        Heading, shape, and the face of each plane where it is to be told.
    columns
        Shapes in a row.

    Raises
    ------
    InputError
        There is none.
    """
    if not shapes:
        raise InputError("Wulff shapes: there is none to draw")
    columns = min(columns, len(shapes))
    rows = math.ceil(len(shapes) / columns)
    size = (max(columns * PANEL_INCHES[0], 3.0), rows * PANEL_INCHES[1])
    planes = _in_order(plane for _, shape, _ in shapes for plane in shape.area_fractions)
    colours = {plane: FACES[number % len(FACES)] for number, plane in enumerate(planes)}

    def draw(figure: Figure) -> None:
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes in panels[len(shapes) :]:
            axes.set_axis_off()
        for axes, (heading, shape, faces) in zip(panels, shapes, strict=False):
            _draw_shape(axes, heading, shape, colours, faces)

    return draw_png(draw, size_inches=size, layout={"w_pad": 0.04, "h_pad": 0.04})


def surface_lines_png(phases: Sequence[PhaseSurfaces]) -> bytes:
    """Draw surface energies against the chemical potential, a panel for each phase of two elements; return the PNG.

    Parameters
    ----------
    phases
        At least one, each with shapes at chemical potentials and two elements in them.
    """
    columns = min(3, len(phases))
    rows = math.ceil(len(phases) / columns)

    def draw(figure: Figure) -> None:
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes in panels[len(phases) :]:
            axes.set_axis_off()
        for axes, phase in zip(panels, phases, strict=False):
            _draw_lines(axes, phase)

    return draw_png(draw, size_inches=(1.2 + 3.9 * columns, 3.4 * rows), layout={"w_pad": 0.08, "h_pad": 0.08})


def _draw_lines(axes: Axes, phase: PhaseSurfaces) -> None:
    """Every face against the chemical potential of the first element, between what the phase coexists with."""
    from matplotlib.ticker import MaxNLocator

    ends = [each.equilibrium for each in phase.shapes if each.equilibrium.beside]
    element = next(iter(ends[0].chemical_potentials))
    x = [end.chemical_potentials[element] for end in ends]
    open_planes = {each.miller_index for each in phase.open_surfaces}
    planes = _in_order([*open_planes, *(each.miller_index for each in phase.surfaces)])
    for record in phase.open_surfaces:
        y = [record.line.surface_energy_J_m2(end.chemical_potentials) for end in ends]
        style = "-" if record.line.slope_J_m2_per_eV(element) >= 0 else "--"
        colour = FACES[planes.index(record.miller_index) % len(FACES)]
        axes.plot(x, y, style, color=colour, lw=1.8, label=f"{plane_text(record.miller_index)} {record.termination}")
    for plain in phase.surfaces:
        if plain.polar or ("|" in plain.termination and plain.miller_index in open_planes):
            continue
        colour = FACES[planes.index(plain.miller_index) % len(FACES)]
        label = f"{plane_text(plain.miller_index)} {plain.termination}"
        axes.plot(x, [plain.surface_energy_J_m2] * len(x), ":", color=colour, lw=1.8, label=label)
    axes.set_xlim(min(x), max(x))
    axes.xaxis.set_major_locator(MaxNLocator(4))
    low, high = axes.get_ylim()
    # Room below for the names of the lines.
    axes.set_ylim(low - (0.10 + 0.05 * len(axes.lines)) * (high - low), high)
    axes.set_xlabel(f"μ({element}) − μ({element}, pure) (eV)")
    axes.set_ylabel("surface energy (J/m²)")
    left, right = (mathtext_formula(end.label) for end in (ends[0], ends[-1]))
    axes.set_title(f"{mathtext_formula(phase.formula)}\n← {left}      {right} →", fontsize=10)
    axes.grid(axis="y", color=GRID, lw=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, labelcolor=MUTED, loc="lower center", ncols=2)


def _draw_shape(
    axes: Axes,
    heading: str,
    shape: WulffShape,
    colours: Mapping[tuple[int, int, int], str],
    faces: Mapping[tuple[int, int, int], str],
) -> None:
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Polygon

    view = _view()
    reach = 0.0
    for facet in shape.facets:
        corners = facet.vertices @ view.T
        normal = np.cross(corners[1] - corners[0], corners[2] - corners[1])
        normal = normal / np.linalg.norm(normal) * np.sign(normal @ corners[0])  # outwards: the centre is inside
        reach = max(reach, float(np.abs(corners[:, :2]).max()))
        if normal[2] <= 1e-6:
            continue  # a convex body: faces that look away are hidden, and the others never overlap
        light = _AMBIENT + (1.0 - _AMBIENT) * max(float(normal @ _LIGHT), 0.0)
        colour = np.clip(np.array(to_rgb(colours[facet.miller_index])) * light * 1.1, 0.0, 1.0)
        axes.add_patch(Polygon(corners[:, :2], closed=True, facecolor=tuple(colour), edgecolor="white", lw=0.8))
    axes.set_xlim(-1.08 * reach, 1.08 * reach)
    axes.set_ylim(-1.08 * reach, 1.08 * reach)
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_title(f"{heading}\n{shape.mean_surface_energy_J_m2:.2f} J/m²", fontsize=11)
    visible = sorted(
        (item for item in shape.area_fractions.items() if item[1] > 0.0), key=lambda item: item[1], reverse=True
    )
    for line, (plane, share) in enumerate(visible[:4]):
        face = f" {faces[plane]}" if plane in faces else ""
        label = f"■ {plane_text(plane, '{}')}{face} {100.0 * share:.0f} %"
        axes.text(
            0.5, -0.04 - 0.105 * line, label, color=colours[plane], ha="center", va="top", fontsize=9,
            transform=axes.transAxes,
        )  # fmt: skip
    if len(visible) > 4:
        rest = 100.0 * sum(share for _, share in visible[4:])
        axes.text(
            0.5, -0.04 - 0.42, f"others {rest:.0f} %", color=MUTED, ha="center", va="top", fontsize=9,
            transform=axes.transAxes,
        )  # fmt: skip


def _view() -> np.ndarray:
    """Rows: to the right, up, and towards who looks."""
    azimuth, elevation = math.radians(_AZIMUTH), math.radians(_ELEVATION)
    towards = np.array(
        [math.cos(elevation) * math.cos(azimuth), math.cos(elevation) * math.sin(azimuth), math.sin(elevation)]
    )
    right = np.cross([0.0, 0.0, 1.0], towards)
    right /= np.linalg.norm(right)
    return np.array([right, np.cross(towards, right), towards])
