"""The static diagram."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text

from amalgamics.reports.figures.label_placement import Label, place_labels
from amalgamics.reports.figures.style import DPI
from amalgamics.reports.hulls.diagram import binary_diagram
from amalgamics.reports.hulls.png import PANEL_INCHES, hull_png


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(imread(io.BytesIO(png), format="png"))[..., :3]


@pytest.fixture(scope="module")
def picture(examples):
    return pixels(hull_png([binary_diagram(examples.li_hg.systems[0])], "chgnet+d3"))  # type: ignore[list-item]


def test_picture_has_the_size_of_its_panels(picture):
    assert picture.shape[:2] == (PANEL_INCHES[1] * DPI, PANEL_INCHES[0] * DPI)


def test_picture_shows_hull_and_published_values_on_white(picture):
    def share(red: int, green: int, blue: int) -> float:
        return float(np.mean(np.all(np.abs(picture - np.array([red, green, blue]) / 255) < 0.02, axis=-1)))

    assert share(255, 255, 255) > 0.85
    assert share(0x0B, 0x5C, 0x8A) > 0.003
    assert share(0xC2, 0x41, 0x0C) > 0.0005


def test_nothing_touches_the_border(picture):
    for edge in (picture[:3], picture[-3:], picture[:, :3], picture[:, -3:]):
        assert np.all(edge > 0.99)


def test_several_panels(examples):
    png = hull_png([binary_diagram(system) for system in examples.both.systems], "chgnet+d3")
    assert pixels(png).shape[:2] == (PANEL_INCHES[1] * DPI, 2 * PANEL_INCHES[0] * DPI)


def test_text_is_not_taken_for_markup(examples):
    assert hull_png([binary_diagram(examples.li_hg.systems[0])], r"$\frac{$ & <b>")  # type: ignore[list-item]


def axes_with_points(points):
    figure = Figure(figsize=(4, 3), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.plot(*zip(*points, strict=True), "o")
    canvas.draw()
    return axes, canvas.get_renderer()


def test_labels_of_close_points_do_not_overlap():
    points = [(0.5, 0.5), (0.51, 0.52), (0.49, 0.52), (0.5, 0.55)]
    axes, renderer = axes_with_points(points)
    labels = [Label(f"phase {i}", x, y, "above", {"fontsize": 8}) for i, (x, y) in enumerate(points)]
    assert place_labels(axes, renderer, labels, points, []) == labels
    axes.figure.canvas.draw()  # settles the positions of the annotations
    boxes = [Text.get_window_extent(text, renderer) for text in axes.texts]
    assert len(boxes) == 4
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])
        assert not any(box.contains(*axes.transData.transform(point)) for point in points)


def test_an_optional_label_without_room_is_left_out_and_a_required_one_is_not():
    grid = [(x, y) for x in np.linspace(0, 1, 60) for y in np.linspace(0, 1, 60)]
    axes, renderer = axes_with_points(grid)
    optional = Label("prototype", 0.5, 0.5, "above", {}, optional=True)
    required = Label("observed", 0.5, 0.5, "above", {})
    assert place_labels(axes, renderer, [optional, required], grid, []) == [required]
