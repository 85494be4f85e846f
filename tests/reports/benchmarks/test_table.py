"""Published values beside computed ones."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import amalgamics
from amalgamics.errors import InputError
from amalgamics.reference.published import published_values
from amalgamics.reports.benchmarks.published import PROPERTIES, Benchmark, benchmarks, cell_edges
from amalgamics.reports.benchmarks.table import (
    BEGIN,
    END,
    ComputedValue,
    benchmarks_markdown,
    compare,
    mean_errors,
    update_page,
)
from amalgamics.reports.benchmarks.values import cell_values, hull_values, window_values
from amalgamics.structures.library.phases import get_phase, list_phases
from amalgamics.thermodynamics.hulls.hull import PhaseEntry, build_hull
from amalgamics.thermodynamics.stability.electrolyte_window import electrolyte_window

PAGE = Path(amalgamics.__file__).parent / "docs" / "benchmarks-physics.md"


def published(quantity: str, subject: str, label: str = "", basis: str = "experiment") -> Benchmark:
    found = [item for item in benchmarks() if item.key == (quantity, subject, label) and item.basis == basis]
    assert len(found) == 1
    return found[0]


def as_computed(potential: str, scale: float = 1.0, shift: float = 0.0) -> list[ComputedValue]:
    """Computed values that follow the first published value of each key."""
    first = {item.key: item.value for item in reversed(benchmarks())}
    return [ComputedValue(q, s, potential, scale * value + shift, label) for (q, s, label), value in first.items()]


def test_identical_values_have_no_error() -> None:
    only = [item for item in benchmarks() if item.basis == "experiment"]
    rows = compare(only, [ComputedValue(*b.key[:2], "p", b.value, b.label) for b in only])
    errors = mean_errors(rows)
    assert {error.quantity for error in errors} == {item.quantity for item in only if item.confidence != "derived"}
    assert all((e.mean_absolute, e.mean, e.largest) == (0.0, 0.0, 0.0) for e in errors)


@given(st.floats(-0.5, 0.5), st.floats(0.5, 1.5))
def test_constant_shifts_and_scales_come_back_as_mean_errors(shift, scale) -> None:
    only = [item for item in benchmarks() if item.basis == "experiment"]
    plain = {"formation_enthalpy", "cohesive_energy"}
    for error in mean_errors(compare(only, as_computed("p", shift=shift))):
        if error.quantity in plain:
            assert error.mean == pytest.approx(shift, abs=1e-12)
            assert error.mean_absolute == pytest.approx(abs(shift), abs=1e-12)
    for error in mean_errors(compare(only, as_computed("p", scale=scale))):
        if PROPERTIES[error.quantity].relative:
            assert error.unit == "%"
            assert error.largest == pytest.approx(100 * (scale - 1), abs=1e-9)


def test_potentials_and_bases_are_averaged_apart() -> None:
    values = [
        ComputedValue("surface_energy", "Al", "a", 1.00, "111"),
        ComputedValue("surface_energy", "Al", "a", 1.00, "100"),
        ComputedValue("surface_energy", "Al", "b", 0.80, "111"),
    ]
    errors = {(e.basis, e.potential): e for e in mean_errors(compare(benchmarks(), values))}
    assert errors.keys() == {("PBE", "a"), ("LDA", "a"), ("PBE", "b"), ("LDA", "b")}
    assert errors["PBE", "a"].count == 2
    assert errors["PBE", "a"].mean_absolute == pytest.approx((0.23 + 0.09) / 2)
    assert errors["LDA", "a"].mean == pytest.approx(-(0.199 + 0.347) / 2)
    assert errors["LDA", "a"].largest == pytest.approx(-0.347)
    assert errors["PBE", "b"].mean_absolute == pytest.approx(0.03)


def test_derived_values_are_shown_but_not_counted() -> None:
    derived = published("saturated_emf", "Li")
    assert derived.confidence == "derived"
    rows = compare([derived], [ComputedValue("saturated_emf", "Li", "p", 1.0)])
    assert mean_errors(rows) == []
    assert "1.000 (+0.057)" in benchmarks_markdown(rows)


def test_formation_enthalpies_are_referred_to_solid_mercury() -> None:
    lihg3, oxide = published("formation_enthalpy", "LiHg3"), published("formation_enthalpy", "Li2O")
    assert lihg3.value == pytest.approx((-26.5 + 0.75 * 2.295) / 96.48533, rel=1e-6)
    assert lihg3.published == "-26.5 kJ/mol-atom"
    assert oxide.value == pytest.approx(-597.9 / 3 / 96.48533, rel=1e-6)


def test_every_value_of_the_reference_table_that_is_computed_is_there() -> None:
    keys = [(item.key, item.basis) for item in benchmarks()]
    assert len(keys) == len(set(keys))
    wanted = {(v.quantity, v.subject) for v in published_values() if v.quantity in PROPERTIES}
    assert wanted <= {item.key[:2] for item in benchmarks()}
    assert {item.quantity for item in benchmarks()} == set(PROPERTIES)
    for item in benchmarks():
        assert math.isfinite(item.value)
        assert item.uncertainty is None or item.uncertainty > 0
        assert item.source


def test_surface_energies_per_cell_are_converted() -> None:
    for label, per_cell, area in (("001-CaO", 0.94, 3.85**2), ("011-TiO", 3.13, 2**0.5 * 3.85**2)):
        value = published("surface_energy", "CaTiO3", label, "B3PW").value
        assert value == pytest.approx(per_cell / area * 16.0218, abs=0.006)
    value = published("surface_energy", "SrTiO3", "001-TiO2", "B3PW").value
    assert value == pytest.approx(1.23 / 3.905**2 * 16.0218, abs=0.006)


@pytest.mark.parametrize(
    "key", ["LiHg3", "Li3Hg", "Li_bcc", "Hg_alpha", "TiO2_anatase", "La2O3", "Li3PS4_gamma", "P_black"]
)
def test_the_measured_cell_itself_has_no_error(key: str) -> None:
    atoms = get_phase(key).atoms()
    rows = [row for row in compare(benchmarks(), cell_values(key, atoms, "p")) if row.computed]
    assert {row.benchmark.label for row in rows} == {"", *cell_edges(get_phase(key).space_group_number)}
    for row in rows:
        assert row.error("p") == pytest.approx(0.0, abs=1e-6)


def test_edges_are_left_out_where_the_symmetry_is_lost_or_the_setting_is_free() -> None:
    sheared = get_phase("LiHg").atoms()
    sheared.set_cell(sheared.cell.array + [[0, 0.3, 0], [0, 0, 0], [0, 0, 0]], scale_atoms=True)
    assert [value.quantity for value in cell_values("LiHg", sheared, "p")] == ["volume_per_atom"]
    monoclinic = get_phase("Li2TiO3")
    assert [value.quantity for value in cell_values(monoclinic.key, monoclinic.atoms(), "p")] == ["volume_per_atom"]
    systems = {phase.key: cell_edges(phase.space_group_number) for phase in list_phases(buildable=True)}
    assert (systems["LiHg"], systems["Hg_alpha"], systems["Hg_beta"], systems["O2_alpha"]) == ("a", "ac", "ac", "")


def test_hulls_give_enthalpies_and_saturated_amalgams() -> None:
    entries = [
        PhaseEntry("Li", "Li", {"Li": 1}, 0.0, 20.0),
        PhaseEntry("Hg", "Hg", {"Hg": 1}, 0.0, 23.0, "R-3m"),
        PhaseEntry("Hg fcc", "Hg", {"Hg": 1}, 0.02, 25.0, "Fm-3m"),
        PhaseEntry("LiHg3", "LiHg3", {"Li": 2, "Hg": 6}, -0.22, 20.0),
        PhaseEntry("LiHg3 other", "LiHg3", {"Li": 1, "Hg": 3}, -0.20, 20.0),
    ]
    found = {(v.quantity, v.subject): v.value for v in hull_values(build_hull("Li-Hg", entries), "p")}
    assert found == {
        ("formation_enthalpy", "LiHg3"): pytest.approx(-0.22),
        ("pbe_formation_energy", "LiHg3"): pytest.approx(-0.22),
        ("e_above_hull", "Hg"): pytest.approx(0.02),
        # 0.88 V from solid mercury; liquid mercury is 0.00648 eV per atom lower at 298 K.
        ("saturated_emf", "Li"): pytest.approx(0.88 - 3 * 0.00648, abs=1e-5),
    }


def test_windows_give_reduction_onsets() -> None:
    hull = build_hull("Li-S", [PhaseEntry(n, n, c, e, 9.0) for n, c, e in (("Li", {"Li": 1}, 0), ("S", {"S": 1}, 0))])
    (value,) = window_values(electrolyte_window(hull, "S"), "Li3PS4", "p")
    (row,) = [row for row in compare(benchmarks(), [value]) if row.computed]
    assert (row.benchmark.value, row.computed["p"]) == (1.71, 0.0)


def test_the_page_keeps_what_is_around_the_table() -> None:
    rows = compare(benchmarks(), [ComputedValue("cohesive_energy", "Li", "a|b", 1.70)])
    page = update_page(f"before\n{BEGIN}\nold\n{END}\nafter\n", rows)
    assert page.startswith(f"before\n{BEGIN}\n")
    assert page.endswith(f"{END}\nafter\n")
    assert "old" not in page
    assert "1.700 (+0.070)" in page
    assert r"`a\|b`" in page
    assert update_page(page, rows) == page
    widths: set[int] = set()
    for line in page.splitlines():
        if line.startswith("|"):
            widths.add(line.replace(r"\|", "").count("|"))
        elif widths:
            assert len(widths) == 1
            widths = set()
    for broken in ("", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{END}{END}"):
        with pytest.raises(InputError, match="two markers"):
            update_page(broken, rows)


def test_the_page_of_the_documentation_lists_every_value() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert update_page(text, []).count(BEGIN) == 1
    for item in benchmarks():
        assert f"| {' '.join(filter(None, (item.subject, item.label)))} " in text
        assert f"## {PROPERTIES[item.quantity].title} (" in text


def test_bad_computed_values_are_refused() -> None:
    with pytest.raises(InputError, match="Did you mean 'cohesive_energy'"):
        ComputedValue("cohesive_enrgy", "Li", "p", 1.0)
    with pytest.raises(InputError, match="finite"):
        ComputedValue("cohesive_energy", "Li", "p", math.nan)
    twice = [ComputedValue("cohesive_energy", "Li", "p", value) for value in (1.0, 1.1)]
    with pytest.raises(InputError, match=r"two values with 'p', 1\.0 and 1\.1"):
        compare(benchmarks(), twice)
    with pytest.raises(InputError, match="unknown potential"):
        compare(benchmarks(), twice[:1])[0].error("q")
