"""How films moved: the table, and what speaks against independent frames."""

from __future__ import annotations

import dataclasses

import pytest

from amalgamics.reports.film_motion import FilmMotion, motion_problems, motion_table

GOOD = FilmMotion("LLTO(001) TiO2 seed 0", 2.3, 1.4, 2.0e-5, 0.2e-5, 6.9, is_liquid=True)


def test_independent_frames_of_a_liquid_are_no_problem() -> None:
    table = motion_table([GOOD])
    (row,) = table.rows
    assert (row[0], row[-1]) == ("LLTO(001) TiO2 seed 0", "yes")
    assert row[1:-1] == pytest.approx((2.3, 1.4, 2.0, 0.2, 6.9))
    assert motion_problems([GOOD]) == []
    assert motion_problems([]) == []


def test_the_slowest_film_is_named() -> None:
    slow = dataclasses.replace(GOOD, film="slow", decorrelation_ps=3.1)
    (text,) = motion_problems([GOOD, slow])
    assert text.startswith("frames of 1 of 2 films are not independent: slow takes 3.1 ps")


def test_a_film_that_never_forgets_is_neither_independent_nor_liquid() -> None:
    frozen = dataclasses.replace(GOOD, film="glass", decorrelation_ps=None, is_liquid=False)
    close, solid = motion_problems([frozen])
    assert "glass was not seen to forget" in close
    assert "not shown to be liquid while it was sampled: glass;" in solid
    assert motion_table([frozen]).rows[0][2] is None
