"""Place text labels in a Matplotlib axes where they cover nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .style import AXIS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase

Spot = tuple[float, float, str, str]

# Offsets in points from the marker with the alignment of the text, the preferred place first.
_BELOW: list[Spot] = [(0, -8, "center", "top"), (0, -18, "center", "top")]
_ABOVE: list[Spot] = [(0, 7, "center", "bottom"), (7, 5, "left", "bottom"), (-7, 5, "right", "bottom")]
_LEFT: list[Spot] = [(-8, -5, "right", "top"), (-9, 0, "right", "center")]
_RIGHT: list[Spot] = [(8, -5, "left", "top"), (9, 0, "left", "center")]
_AWAY: list[Spot] = [
    (side * dx, dy, "left" if side > 0 else "right", "bottom")
    for dy in (10, 18, 28, 40, 54)
    for dx in (8, 18, 30, 44)
    for side in (1, -1)
]


def _towards(degrees: int) -> Spot:
    """Beside the marker in a direction, counted from the right against the clock."""
    x, y = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    horizontal = "left" if x > _SIDEWAYS else "right" if x < -_SIDEWAYS else "center"
    vertical = "bottom" if y > _SIDEWAYS else "top" if y < -_SIDEWAYS else "center"
    return (round(8 * x), round(8 * y), horizontal, vertical)


_SIDEWAYS = 0.3
"""Share of a direction from which a text stands beside its marker, not centred on it."""
_AROUND = {degrees: _towards(degrees) for degrees in range(0, 360, 30)}
SPOTS: dict[str, list[Spot]] = {
    "end": [(0, 7, "center", "bottom"), (0, 12, "center", "bottom"), *_ABOVE[1:]],
    "above": [*_ABOVE, (9, 0, "left", "center"), (-9, 0, "right", "center"), *_AWAY],
    "left": [*_LEFT, *_BELOW],
    "right": [*_RIGHT, *_BELOW],
    **{
        f"{first}°": [_AROUND[(first + turn) % 360] for turn in (0, 30, -30, 60, -60, 90, -90)] + _AWAY
        for first in _AROUND
    },
}
"""Of each side, the best first; ``30°`` and so on are directions, in steps of 30°."""
_LEADER_FROM = 14.0
"""Distance in points from which a label needs a line to its marker."""


@dataclass(frozen=True)
class Label:
    """Text for the point (x, y) in data coordinates, with the side it prefers.

    An ``optional`` label is left out where it would cover something; a required one takes the least bad place.
    """

    text: str
    x: float
    y: float
    side: str
    style: dict[str, Any]
    optional: bool = False


def place_labels(
    axes: Axes,
    renderer: RendererBase,
    labels: Sequence[Label],
    points: Sequence[tuple[float, float]],
    segments: Iterable[tuple[tuple[float, float], tuple[float, float]]],
    marker_size_points: float = 9.0,
) -> list[Label]:
    """Draw ``labels`` in the order given, clear of ``points``, ``segments`` and each other; return those drawn.

    Points and segments are in data coordinates; ``renderer`` measures the texts. Limits and layout of the
    axes must be final.
    """
    scale = axes.figure.dpi / 72.0
    obstacles = _obstacles(axes, points, segments, marker_size_points * scale)
    frame = axes.get_window_extent(renderer)
    drawn = []
    for label in labels:
        covered = _draw_best(axes, renderer, label, obstacles, frame)
        if covered is not None:
            obstacles = np.vstack([obstacles, covered])
            drawn.append(label)
    return drawn


def _draw_best(
    axes: Axes, renderer: RendererBase, label: Label, obstacles: np.ndarray, frame: Any
) -> np.ndarray | None:
    """Draw the label at its cheapest spot and return the boxes it covers; None when it is left out."""
    best: tuple[float, Spot, np.ndarray] | None = None
    size = _text_size(axes, renderer, label)
    for rank, spot in enumerate(SPOTS[label.side]):
        box = _text_box(axes, label, spot, size)
        parts = np.vstack([box, _leader_boxes(axes, label, spot, box)])
        covered = _overlap(parts, obstacles) + 10.0 * _outside(box, frame)
        cost = covered + 0.01 * rank
        if best is None or cost < best[0]:
            best = (cost, spot, parts)
        if covered == 0.0:
            break
    if best is None or (label.optional and best[0] >= 1.0):
        return None
    _annotate(axes, label, best[1])
    return best[2]


def _annotate(axes: Axes, label: Label, spot: Spot) -> Any:
    dx, dy, horizontal, vertical = spot
    return axes.annotate(
        label.text,
        (label.x, label.y),
        xytext=(dx, dy),
        textcoords="offset points",
        ha=horizontal,
        va=vertical,
        annotation_clip=False,
        arrowprops=_leader(dx, dy),
        zorder=6,
        **label.style,
    )


def _text_size(axes: Axes, renderer: RendererBase, label: Label) -> np.ndarray:
    """Width and height in pixels of the text alone; measured once, as that takes longer than all else."""
    from matplotlib.text import Text

    text = axes.text(label.x, label.y, label.text, **label.style)
    extent = Text.get_window_extent(text, renderer)
    text.remove()
    return np.array([extent.width, extent.height])


_SHARE = {"left": 0.0, "bottom": 0.0, "center": -0.5, "right": -1.0, "top": -1.0}


def _text_box(axes: Axes, label: Label, spot: Spot, size: np.ndarray) -> np.ndarray:
    """Pixels (x0, y0, x1, y1) of the text at a spot."""
    dx, dy, horizontal, vertical = spot
    anchor = axes.transData.transform((label.x, label.y)) + np.array([dx, dy]) * axes.figure.dpi / 72.0
    low = anchor + size * np.array([_SHARE[horizontal], _SHARE[vertical]])
    return np.concatenate([low - 1.0, low + size + 1.0])


def _leader(dx: float, dy: float) -> dict[str, Any] | None:
    if float(np.hypot(dx, dy)) < _LEADER_FROM:
        return None
    return {
        "arrowstyle": "-",
        "color": AXIS,
        "lw": 0.7,
        "shrinkA": 0,
        "shrinkB": 4,
        "relpos": (0.0 if dx > 0 else 1.0, 0.2),
    }


def _obstacles(
    axes: Axes,
    points: Sequence[tuple[float, float]],
    segments: Iterable[tuple[tuple[float, float], tuple[float, float]]],
    size: float,
) -> np.ndarray:
    """Boxes (x0, y0, x1, y1) in pixels: one per point, and a chain of small ones along every segment."""
    centres = [axes.transData.transform(points)] if len(points) else []
    radii = [np.full(len(points), size / 2)] if len(points) else []
    for segment in segments:
        ends = axes.transData.transform(segment)
        length = float(np.hypot(*(ends[1] - ends[0])))
        along = np.linspace(0.0, 1.0, max(2, int(length / 3.0)))[:, None]
        centres.append(ends[0] + along * (ends[1] - ends[0]))
        radii.append(np.full(len(along), 1.5))
    if not centres:
        return np.empty((0, 4))
    centre, radius = np.vstack(centres), np.concatenate(radii)[:, None]
    # Hundreds of phases of one composition lie on one line.
    return np.unique(np.round(np.hstack([centre - radius, centre + radius])), axis=0)


def _overlap(boxes: np.ndarray, obstacles: np.ndarray) -> float:
    """Area in square pixels of the obstacles that boxes cover."""
    (left, bottom), (right, top) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    x0, y0, x1, y1 = obstacles.T
    near = obstacles[(x0 < right) & (x1 > left) & (y0 < top) & (y1 > bottom)]  # of thousands a few
    low = np.maximum(boxes[:, None, :2], near[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], near[None, :, 2:])
    return float(np.prod(np.clip(high - low, 0.0, None), axis=2).sum())


def _leader_boxes(axes: Axes, label: Label, spot: Spot, box: np.ndarray) -> np.ndarray:
    """Boxes along the leader, without the stretch that touches its own marker; none for a label close by."""
    if _leader(*spot[:2]) is None:
        return np.empty((0, 4))
    start = axes.transData.transform((label.x, label.y))
    end = np.array([box[0] if spot[0] > 0 else box[2], 0.8 * box[1] + 0.2 * box[3]])
    length = max(1.0, float(np.hypot(*(end - start))))
    along = np.arange(7.0 * axes.figure.dpi / 72.0, length, 3.0)[:, None]
    stops = start + along * (end - start) / length
    return np.hstack([stops - 1.0, stops + 1.0])


def _outside(box: np.ndarray, frame: Any) -> float:
    """Length in pixels by which the box leaves the frame."""
    over = [frame.x0 - box[0], frame.y0 - box[1], box[2] - frame.x1, box[3] - frame.y1]
    return float(sum(max(0.0, length) for length in over))
