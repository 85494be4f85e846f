"""What both drawings of the wetting curve show."""

from __future__ import annotations

import math

from amalgamics.reports.wetting.diagram import ZERO_DECADES, bands, decades, limit_lines, log_place, log_range
from amalgamics.thermodynamics.wetting.curve import Limit


def test_the_higher_limit_comes_first_and_is_filled(wetting, fresh_only):
    equilibrated, fresh = limit_lines(wetting)
    assert (equilibrated.limit, fresh.limit) == (Limit.EQUILIBRATED, Limit.FRESH)
    assert (equilibrated.filled, fresh.filled) == (True, False)
    assert len(equilibrated.points) == len(equilibrated.dissolved) + 1 == len(wetting.curve.points)
    assert [line.limit for line in limit_lines(fresh_only)] == [Limit.FRESH]
    other = wetting.faces[1].curve
    assert limit_lines(wetting, other)[1].points[1][1] is other.points[1].fresh


def test_of_several_sets_the_statistical_band_lies_in_the_model_band(wetting, make_wetting):
    model, statistical = bands(wetting)
    assert (model.inner, statistical.inner) == (False, True)
    assert "3 parameter sets" in model.label
    assert "chgnet+d3" in statistical.label
    for _, drop in limit_lines(wetting)[0].points:
        low, high = model.ends(drop)
        assert low <= statistical.ends(drop)[0] <= statistical.ends(drop)[1] <= high
    assert [band.inner for band in bands(make_wetting([("TiO2", "emt", 0.4, (-1.0,), (-1.0,))]))] == [True]


def test_the_pure_liquid_lies_left_of_the_decades(wetting):
    low, high = log_range(wetting.curve)
    assert (low, high) == tuple(math.log10(wetting.curve.points[i].x) for i in (1, -1))
    assert log_place(wetting.curve, 0.0) == low - ZERO_DECADES
    named = decades(wetting.curve)
    assert low - 1e-9 <= named[0] < low + 1.0
    assert high - 1.0 < named[-1] <= high
