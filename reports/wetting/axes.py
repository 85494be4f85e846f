"""The two horizontal axes of the interactive wetting figure: composition and voltage."""

from __future__ import annotations

import math
from collections.abc import Callable

from ...thermodynamics.wetting.curve import WettingCurve, WettingPoint
from ..hulls.interactive import Figure
from .lines import ZERO_DECADES, log_place

_ZERO_VOLTAGE_SHARE = 0.18
"""How far left of the highest voltage x = 0 is drawn, as a share of the axis."""

_MARGIN = 0.25
"""Decades left of x = 0."""

Place = Callable[[WettingPoint], float | None]


def composition_axis(curve: WettingCurve) -> tuple[Place, Figure]:
    """Return where a point lies on the logarithmic axis of mole fractions, and that axis."""
    logs = [math.log10(point.x) for point in curve.points if point.x > 0.0] or [-7.0, -2.0]
    zero = log_place(curve, 0.0)
    decades = range(math.ceil(min(logs) - 1e-9), math.floor(max(logs)) + 1)
    axis = {
        "type": "log",
        "title": "",
        "range": [zero - _MARGIN, max(logs) + 0.08],
        "tickvals": [10.0**zero, *(10.0**decade for decade in decades)],
        "ticktext": ["0", *(f"10<sup>{str(decade).replace('-', '−')}</sup>" for decade in decades)],
    }
    return lambda point: point.x if point.x > 0.0 else float(10.0**zero), axis


def voltage_axis(curve: WettingCurve) -> tuple[Place, Figure]:
    """Return the same for voltages. They fall to the right, so that the solute rises; drops without it lie left."""
    voltages = [point.fresh.voltage_V for point in curve.points if point.fresh.voltage_V is not None] or [0.0, 1.0]
    low = min(voltages)
    # A drop that lost all its solute has a voltage without meaning; it is not what the axis is for.
    high = min(max(voltages), low + 1.0)
    zero = high + _ZERO_VOLTAGE_SHARE * max(high - low, 0.01)
    ticks = [round(0.1 * i, 1) for i in range(math.ceil(10.0 * low - 1e-9), math.floor(10.0 * high + 1e-9) + 1)]
    axis = {
        "type": "linear",
        "title": "",
        "range": [zero + 0.4 * (zero - high), low - 0.25 * (zero - high)],
        "tickvals": [zero, *ticks],
        "ticktext": ["x = 0", *(f"{tick:.1f}".replace("-", "−") for tick in ticks)],
    }

    def place(point: WettingPoint) -> float | None:
        if point.x == 0.0:
            return zero
        return point.fresh.voltage_V if point.fresh.voltage_V is not None and point.fresh.voltage_V <= high else None

    return place, axis


def gap_end(curve: WettingCurve) -> float:
    """Where the lines with solute begin on the axis of compositions, as a share of the figure's width."""
    first, last = composition_axis(curve)[1]["range"]
    return float((_MARGIN + ZERO_DECADES) / (last - first))
