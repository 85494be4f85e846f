"""Published onsets belong to a composition, not to a name that a file may have."""

from __future__ import annotations

import pytest

from amalgamics.reports.stability.model import onsets_of


@pytest.mark.parametrize(
    ("name", "formula", "found"),
    [
        ("LLTO", "LaLiTi2O6", True),
        ("LLTO-vacancies", "La4Li2Ti7O21", True),
        ("LLTO-x11", "La7Li3Ti12O36", True),
        ("my-own", "Li3PS4", True),
        ("LLTO", "Ni", False),
        ("LLTO-test", "LiTi2O4", False),
        ("Li3PS4-beta", "Li2S", False),
    ],
)
def test_a_name_alone_finds_nothing(name: str, formula: str, found: bool) -> None:
    assert bool(onsets_of(name, formula)) is found
