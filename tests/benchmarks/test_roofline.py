"""The roofline benchmark counts and times what a call does."""

from __future__ import annotations

import pytest

from amalgamics.benchmarks.operations import peak_multiply_adds, peak_operations
from amalgamics.benchmarks.roofline import KINDS, _evaluated
from amalgamics.benchmarks.systems import supercell
from amalgamics.calculators.native.library import find_compiler, native_code


@pytest.mark.parametrize("potential", ["chgnet", "7net-0"])
def test_a_call_is_taken_apart(potential: str) -> None:
    row, parts = _evaluated(potential, "LiHg", supercell("LiHg", 2), peak=1e12, rounds=1)
    assert row["atoms"] == 2
    assert 0 < float(row["share of the rate (%)"]) < 100
    assert sum(float(parts[kind]) for kind in KINDS) == pytest.approx(100)
    assert (float(parts["compiled"]) > 0) == (native_code().library is not None)


def test_the_rate_is_that_of_a_processor() -> None:
    matrices, most = peak_operations(repeats=1, size=256), peak_multiply_adds()
    assert 1e8 < matrices < 1e13
    if find_compiler() is None:
        assert most is None
    else:
        assert most is not None
        assert matrices / 3 < most < 1e13
