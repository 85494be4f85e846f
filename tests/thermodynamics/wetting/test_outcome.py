"""Yes and no hold in the whole band, and in every band."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.thermodynamics.wetting.outcome import Wets, wets

ANGLES = st.floats(0.0, 180.0)
BANDS = st.tuples(ANGLES, ANGLES).map(sorted).map(tuple)


@given(BANDS, st.floats(0.0, 1.0))
def test_a_decided_band_decides_every_angle_in_it(band, share):
    inside = min(max(band[0] + share * (band[1] - band[0]), band[0]), band[1])
    assert wets(band) in {Wets.UNDECIDED, wets((inside, inside))}
    assert wets((inside, inside)) is (Wets.YES if inside < 90.0 else Wets.NO)


@given(st.lists(BANDS, min_size=1, max_size=4))
def test_several_bands_say_what_their_envelope_says(bands):
    envelope = min(low for low, _ in bands), max(high for _, high in bands)
    assert wets(*bands) is wets(*reversed(bands)) is wets(envelope)


@given(BANDS)
def test_a_wider_band_never_decides_more(band):
    assert wets((max(band[0] - 5.0, 0.0), min(band[1] + 5.0, 180.0))) in {wets(band), Wets.UNDECIDED}


@pytest.mark.parametrize("bands", [[], [(-1.0, 10.0)], [(10.0, 5.0)], [(0.0, 181.0)], [(float("nan"), 5.0)]])
def test_what_is_no_band_is_refused(bands):
    with pytest.raises(InputError, match="wets"):
        wets(*bands)
