"""How formulas are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.reports.notation import (
    couple,
    html_text,
    mathtext,
    mathtext_formula,
    unicode_formula,
    unicode_space_group,
)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("Li3Hg", "Li₃Hg"),
        ("Na11Hg52", "Na₁₁Hg₅₂"),
        ("Hg", "Hg"),
        ("Li0.5Hg", "Li0.5Hg"),
        ("(LiHg)2", "(LiHg)₂"),
        ("my2nd", "my2nd"),
    ],
)
def test_unicode(formula, expected):
    assert unicode_formula(formula) == expected


def test_mathtext():
    assert mathtext_formula("Li3Hg") == "Li$_{3}$Hg"
    assert mathtext_formula("$x$") == r"\$x\$"


@given(st.dictionaries(st.sampled_from(["Li", "Na", "Hg", "O"]), st.integers(2, 999), min_size=1))
def test_subscripts_keep_the_digits(counts):
    formula = "".join(f"{symbol}{count}" for symbol, count in counts.items())
    plain = unicode_formula(formula).translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789"))
    assert plain == formula
    assert not any(character.isdecimal() for character in unicode_formula(formula))


def test_space_groups_and_couples():
    assert unicode_space_group("P6_3/mmc") == "P6₃/mmc"
    assert unicode_space_group("Fm-3m") == "Fm-3m"
    assert couple("Li") == "Li/Li⁺"
    assert couple("Mg", 2) == "Mg/Mg²⁺"


def test_only_the_formula_of_a_name_has_counts() -> None:
    assert unicode_formula("LiHg2-AB2_oI12_74_e_h") == "LiHg₂-AB2_oI12_74_e_h"
    assert unicode_formula("Li3PS4_beta") == "Li₃PS₄_beta"
    assert mathtext_formula("Li3Hg-A3B_hP8") == "Li$_{3}$Hg-A3B_hP8"


def test_indices_of_a_text_for_both_kinds_of_figure():
    text = "x in <Li>_{x}Hg_{1−x} $"
    assert html_text(text) == "x in &lt;Li&gt;<sub>x</sub>Hg<sub>1−x</sub> $"
    assert mathtext(text) == r"x in <Li>$_{x}$Hg$_{1{-}x}$ \$"
