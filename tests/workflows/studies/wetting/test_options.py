"""The conditions of a recomputed curve in words."""

from __future__ import annotations

import pytest

from amalgamics.thermodynamics.wetting.contact_angle import Drop
from amalgamics.workflows.studies.wetting.options import WettingOptions, conditions_text


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, ""),
        ({"temperature_K": 350.0, "potentials": ("emt",), "x": (1e-4,)}, ""),
        ({"drop": Drop(0.5)}, "drop of 0.5 mm"),
        ({"roughness": 1.2}, "roughness 1.2"),
        ({"measured_angle_deg": 140.0}, "calibrated to 140°"),
        ({"measured_angle_deg": 0.0}, "calibrated to 0°"),
        (
            {"drop": Drop(0.5), "roughness": 1.2, "measured_angle_deg": 140.0},
            "drop of 0.5 mm, roughness 1.2, calibrated to 140°",
        ),
    ],
)
def test_conditions_name_what_is_not_usual(options, text) -> None:
    assert conditions_text(WettingOptions(**options)) == text
