"""Powder patterns: Bragg's law, mixtures, profiles and published lines."""

from __future__ import annotations

import math
from itertools import permutations, product

import numpy as np
import pytest
from ase.build import bulk, molecule
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.analysis.diffraction.xrd import ATOMIC_SCATTERING_PARAMS
from pymatgen.core import Element, Lattice, Structure

from amalgamics.reference.powder_lines import MeasuredLine
from amalgamics.structures.diffraction.patterns import mix_patterns, powder_pattern, profile, telling_lines
from amalgamics.structures.diffraction.radiation import (
    WAVELENGTHS,
    DiffractionError,
    bragg_two_theta,
    resolve_wavelength,
)
from amalgamics.structures.diffraction.references import (
    compare_cell,
    compare_lines,
    list_powder_references,
)
from amalgamics.structures.library.phases import get_phase
from amalgamics.structures.occupancies import partial_occupancies

REFERENCES = {item.phase: item for item in list_powder_references()}


@pytest.fixture(scope="module")
def rich():
    return powder_pattern(get_phase("Li3Hg"))


@pytest.fixture(scope="module")
def poor():
    return powder_pattern(get_phase("LiHg3"))


@settings(deadline=None, max_examples=20)
@given(st.floats(3.0, 6.0), st.sampled_from(["CuKa", "CuKa1", "CoKa"]))
def test_cubic_lines_obey_bragg(a: float, radiation: str) -> None:
    for line in powder_pattern(bulk("Al", "fcc", a=a), radiation=radiation, two_theta_range=(5, 100)).lines:
        family = [int(digit) for digit in line.hkl.split("/")[0]]
        assert len({index % 2 for index in family}) == 1  # face centring
        assert line.d == pytest.approx(a / math.sqrt(sum(index**2 for index in family)))
        theta = math.radians(line.two_theta_deg / 2)
        assert 2 * line.d * math.sin(theta) == pytest.approx(WAVELENGTHS[radiation])


def test_any_cell_gives_the_same_pattern(poor) -> None:
    atoms = get_phase("LiHg3").atoms()
    sheared = atoms.copy()
    sheared.set_cell(np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1]]) @ atoms.cell[:])
    for other in (atoms, atoms * (2, 1, 2), sheared):
        pattern = powder_pattern(other, "LiHg3")
        assert len(pattern.lines) == len(poor.lines)
        for line, wanted in zip(pattern.lines, poor.lines, strict=True):
            assert line.two_theta_deg == pytest.approx(wanted.two_theta_deg, abs=1e-4)
            assert line.intensity == pytest.approx(wanted.intensity, rel=1e-4, abs=1e-6 * poor.strongest.intensity)


def test_primitive_and_supercell_of_aluminium() -> None:
    primitive, supercell = bulk("Al"), bulk("Al", cubic=True) * (2, 2, 1)
    first, second = powder_pattern(primitive), powder_pattern(supercell)
    assert [line.hkl for line in first.lines] == ["111", "200", "220", "311", "222"]
    assert [line.intensity for line in second.lines] == pytest.approx([line.intensity for line in first.lines])


@pytest.mark.parametrize("end", [0, 1])
def test_mixture_of_one_phase_is_that_phase(rich, poor, end: int) -> None:
    weights = [1.0 - end, float(end)]
    mixed = mix_patterns([poor, rich], weights)
    assert mixed.lines == (poor, rich)[end].lines
    assert mixed.weights == {"LiHg3": weights[0], "Li3Hg": weights[1]}


@given(st.floats(0.01, 0.99), st.floats(1e-3, 1e3))
def test_mixture_is_linear_in_the_weight_and_blind_to_its_unit(rich, poor, share: float, unit: float) -> None:
    angles = np.linspace(20.0, 50.0, 200)
    mixed = mix_patterns([poor, rich], [unit * (1 - share), unit * share])
    wanted = (1 - share) * profile(poor, angles) + share * profile(rich, angles)
    assert profile(mixed, angles) == pytest.approx(wanted)


def test_intensity_per_gram_follows_the_rietveld_relation() -> None:
    """W_p ~ S_p (Z M V)_p: with pymatgen's intensities of the cell as S_p = 1, equal weights give 1/(ZMV)."""
    from pymatgen.analysis.diffraction.xrd import XRDCalculator

    for key in ("LiHg", "Li3Hg"):
        cell = get_phase(key).structure()
        raw = XRDCalculator(wavelength=1.54184).get_pattern(cell, scaled=False, two_theta_range=(10, 90))
        weight = float(cell.composition.weight)
        assert powder_pattern(get_phase(key)).strongest.intensity == pytest.approx(max(raw.y) / (weight * cell.volume))


def test_relative_lines_do_not_depend_on_scale(rich) -> None:
    halved = mix_patterns([rich, powder_pattern(get_phase("LiHg"))], [1.0, 0.0])
    assert [line.intensity for line in halved.relative_lines()] == pytest.approx(
        [line.intensity for line in rich.relative_lines()]
    )
    assert max(line.intensity for line in rich.relative_lines()) == pytest.approx(100.0)


@settings(deadline=None, max_examples=25)
@given(st.floats(0.05, 0.5), st.floats(0.0, 1.0))
def test_profile_keeps_the_area_and_the_width(width: float, share: float) -> None:
    line = powder_pattern(bulk("Al"), two_theta_range=(35.0, 42.0))
    (peak,) = line.lines
    at_peak, at_half = profile(
        line, [peak.two_theta_deg, peak.two_theta_deg + width / 2], fwhm_deg=width, lorentz_share=share
    )
    assert at_half == pytest.approx(at_peak / 2)
    angles = np.linspace(peak.two_theta_deg - 400 * width, peak.two_theta_deg + 400 * width, 80001)
    area = np.trapezoid(profile(line, angles, fwhm_deg=width, lorentz_share=share), angles)
    assert area == pytest.approx(peak.intensity, rel=1e-3)


def scattered(
    structure: Structure, hkls: list[tuple[int, int, int]], wavelength: float, motion: dict[str, float] | None = None
) -> list[tuple[float, float]]:
    """2θ and |F|² m LP / (Z M V), summed here: the mean form factor of each site with its phase."""
    rows = []
    for hkl in hkls:
        # all of the family {hkl} of a cubic crystal
        family = {tuple(s * h for s, h in zip(signs, order, strict=True))
                  for order in permutations(hkl) for signs in product((1, -1), repeat=3)}  # fmt: skip
        s = math.sqrt(sum(h * h for h in hkl)) / (2 * structure.lattice.a)  # sin θ / λ
        total = 0.0
        for member in family:
            factor = 0j
            for site in structure:
                mean = sum(
                    share * form_factor(element.symbol, s) * math.exp(-(motion or {}).get(element.symbol, 0.0) * s**2)
                    for element, share in site.species.items()
                )
                factor += mean * np.exp(2j * math.pi * np.dot(member, site.frac_coords))
            total += abs(factor) ** 2
        theta = math.asin(s * wavelength)
        lorentz = (1 + math.cos(2 * theta) ** 2) / (math.sin(theta) ** 2 * math.cos(theta))
        scale = float(structure.composition.weight) * structure.volume
        rows.append((2 * math.degrees(theta), total * lorentz / scale))
    return rows


def form_factor(symbol: str, s: float) -> float:
    """f(s), from the table of pymatgen: Z - 41.78214 s² Σ a exp(-b s²)."""
    terms = sum(a * math.exp(-b * s**2) for a, b in ATOMIC_SCATTERING_PARAMS[symbol])
    return Element(symbol).Z - 41.78214 * s**2 * terms


SIMPLE = [(1, 0, 0), (1, 1, 0), (1, 1, 1), (2, 0, 0), (2, 1, 0), (2, 1, 1), (2, 2, 0)]
FACES = [(1, 1, 1), (2, 0, 0), (2, 2, 0), (3, 1, 1)]
FACE_CENTRED = [(0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)]
CENTRED = [(0, 0, 0), (0.5, 0.5, 0.5)]


@pytest.mark.parametrize(
    ("species", "places", "hkls"),
    [
        ([{"Cu": 0.75, "Au": 0.25}] * 4, FACE_CENTRED, FACES),
        # the same on each site, written in another order: still one kind of site
        ([{"Cu": 0.75, "Au": 0.25}, {"Au": 0.25, "Cu": 0.75}] * 2, FACE_CENTRED, FACES),
        ([{"Cs": 0.8}, {"Cl": 1.0}], CENTRED, SIMPLE),
        ([{"Cs": 1.0}, {"Cl": 0.5, "I": 0.3}], CENTRED, SIMPLE),
        ([{"Au": 1.0}, {"Cu": 0.5}, {"Cu": 0.5}, {"Cu": 0.5}], FACE_CENTRED, SIMPLE),
    ],
)
def test_partial_occupancies_scatter_in_proportion(species, places, hkls) -> None:
    structure = Structure(Lattice.cubic(3.744), species, places)
    expected = scattered(structure, hkls, WAVELENGTHS["CuKa"])
    sheared = structure.copy()
    sheared.make_supercell([[1, 1, 0], [0, 1, 0], [0, 0, 2]])
    for crystal in (structure, structure.get_primitive_structure(), sheared):
        lines = powder_pattern(crystal, two_theta_range=(10.0, expected[-1][0] + 1.0)).lines
        assert [line.hkl for line in lines] == ["".join(map(str, hkl)) for hkl in hkls]
        assert [line.two_theta_deg for line in lines] == pytest.approx([row[0] for row in expected])
        assert [line.intensity for line in lines] == pytest.approx([row[1] for row in expected], rel=1e-4)


def test_a_disordered_alloy_has_no_superlattice_lines() -> None:
    """Cu3Au: ordered it has 100 and 110; disordered it is fcc, with the mean form factor, per gram as before."""
    ordered = Structure(Lattice.cubic(3.744), ["Au", "Cu", "Cu", "Cu"], FACE_CENTRED)
    disordered = Structure(Lattice.cubic(3.744), [{"Cu": 0.75, "Au": 0.25}] * 4, FACE_CENTRED)
    one, other = ({line.hkl: line.intensity for line in powder_pattern(item).lines} for item in (ordered, disordered))
    assert {"100", "110", "210", "211"} <= set(one)
    assert set(other) == {"111", "200", "220", "311"}
    for hkl, intensity in other.items():
        assert intensity == pytest.approx(one[hkl], rel=1e-6)
    assert partial_occupancies(ordered) == []
    assert partial_occupancies(disordered) == ["4 of 4 sites: Au 0.25, Cu 0.75"]
    assert partial_occupancies(get_phase("AgHg_schachnerite").structure()) != []


def test_lines_that_are_extinct_are_no_lines() -> None:
    with pytest.raises(DiffractionError, match="no line in 2θ from 20 to 35"):
        powder_pattern(bulk("Al"), two_theta_range=(20.0, 35.0))  # 100 and 110 would lie there


def test_more_reflections_than_can_be_summed_are_refused_at_once() -> None:
    with pytest.raises(DiffractionError, match="reflections up to the highest 2θ are too many"):
        powder_pattern(bulk("Al"), radiation=0.06)


def test_thermal_motion_weakens_high_angles() -> None:
    still, moving = (powder_pattern(bulk("Al"), debye_waller_B=b) for b in (None, {"Al": 1.0}))
    ratios = [b.intensity / a.intensity for a, b in zip(still.lines, moving.lines, strict=True)]
    expected = [math.exp(-2 * 1.0 / (4 * line.d**2)) for line in still.lines]
    assert ratios == pytest.approx(expected)


def test_each_element_moves_by_its_own_B() -> None:
    structure = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.212), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    motion = {"Mg": 0.3, "O": 0.9}
    expected = scattered(structure, [*FACES, (2, 2, 2), (4, 0, 0)], WAVELENGTHS["CuKa"], motion)
    lines = powder_pattern(structure, two_theta_range=(10.0, 100.0), debye_waller_B=motion).lines
    assert [line.intensity for line in lines] == pytest.approx([row[1] for row in expected], rel=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"radiation": "CuKb7"}, "radiation"),
        ({"radiation": -1.5}, "positive wavelength"),
        ({"radiation": 1e-6}, "0.05 to 25"),
        ({"radiation": math.nan}, "0.05 to 25"),
        ({"two_theta_range": (50, 20)}, "two_theta_range"),
        ({"two_theta_range": (0, 90)}, "two_theta_range"),
        ({"two_theta_range": (1, 5)}, "no line"),
        ({"debye_waller_B": {"Al": -0.1}}, "debye_waller_B"),
        ({"debye_waller_B": {"Al": math.nan}}, "debye_waller_B"),
        ({"debye_waller_B": {"Aluminium": 1.0}}, "debye_waller_B"),
    ],
)
def test_impossible_patterns_are_refused(arguments, message: str) -> None:
    with pytest.raises(DiffractionError, match=message):
        powder_pattern(bulk("Al"), **arguments)


def test_molecules_are_refused() -> None:
    with pytest.raises(DiffractionError, match="periodic"):
        powder_pattern(molecule("H2O"))


def test_mixtures_must_fit_together(rich, poor) -> None:
    other = powder_pattern(get_phase("LiHg"), radiation="CuKa1")
    assert other.wavelength < rich.wavelength
    for patterns, weights, message in [
        ([rich, other], [1, 1], "differ in radiation"),
        ([rich], [1, 1], "1 patterns and 2 weights"),
        ([rich, poor], [1, -1], "0 or more"),
        ([rich, poor], [0, 0], "not all 0"),
        ([rich, poor], [1e308, 1e308], "0 or more"),
        ([rich, rich], [1, 1], "twice"),
    ]:
        with pytest.raises(DiffractionError, match=message):
            mix_patterns(patterns, weights)


def test_no_reflection_below_half_the_wavelength() -> None:
    assert bragg_two_theta(0.77, 1.54) == pytest.approx(180.0)
    with pytest.raises(DiffractionError, match="nothing is reflected"):
        bragg_two_theta(0.7, 1.54)
    assert resolve_wavelength("CuKa1") == 1.5406


def test_library_cells_are_those_of_the_cards() -> None:
    assert {item.card for item in REFERENCES.values()} >= {"04-004-8746", "04-004-8747"}
    for key in ("LiHg3", "Li3Hg"):
        for length in compare_cell(get_phase(key).atoms() * (2, 1, 1), REFERENCES[key]):
            assert length.deviation_percent == pytest.approx(0.0, abs=1e-6)


def test_strained_cell_is_told() -> None:
    atoms = get_phase("LiHg3").atoms()
    atoms.set_cell(atoms.cell[:] @ np.diag([1.01, 1.01, 0.98]), scale_atoms=True)
    a, c = compare_cell(atoms, REFERENCES["LiHg3"])
    assert (a.name, c.name) == ("a", "c")
    assert a.deviation_percent == pytest.approx(1.0)
    assert c.deviation_percent == pytest.approx(-2.0)


def test_another_crystal_is_not_compared() -> None:
    with pytest.raises(DiffractionError, match="space group"):
        compare_cell(get_phase("LiHg").atoms(), REFERENCES["Li3Hg"])
    with pytest.raises(DiffractionError, match="only lines"):
        compare_cell(get_phase("Au6Hg5").atoms(), REFERENCES["Au6Hg5"])


def test_measured_lines_of_au6hg5_are_where_they_were_measured() -> None:
    rows = compare_lines(powder_pattern(get_phase("Au6Hg5")), REFERENCES["Au6Hg5"])
    assert len(rows) == 7
    for row in rows:
        assert row.computed.hkl == row.published.hkl
        assert abs(row.shift_deg) < 0.1


def test_line_without_a_partner(rich) -> None:
    (row,) = compare_lines(rich, [MeasuredLine(3.0, 100.0, "???")], tolerance_deg=0.3)
    assert row.computed is None
    assert row.shift_deg is None
    with pytest.raises(DiffractionError, match="no published lines"):
        compare_lines(rich, [])


def test_lines_belong_together_by_their_indices_also_in_a_cell_that_is_too_large() -> None:
    atoms = get_phase("Au6Hg5").atoms()
    atoms.set_cell(atoms.cell * 1.02, scale_atoms=True)
    rows = compare_lines(powder_pattern(atoms, "Au6Hg5"), REFERENCES["Au6Hg5"])
    for row in rows:
        assert row.computed.hkl == row.published.hkl
        assert row.computed.d == pytest.approx(1.02 * row.published.d, rel=0.003)


def test_a_line_without_indices_of_its_own_takes_the_strongest_near(rich) -> None:
    strongest = rich.strongest
    (row,) = compare_lines(rich, [MeasuredLine(strongest.d * 1.002, 100.0, "???")])
    assert row.computed.hkl == strongest.hkl


def test_relaxed_atoms_off_their_sites_need_a_tolerance() -> None:
    atoms = get_phase("LiHg3").atoms()
    atoms.rattle(0.003, seed=1)
    ideal = powder_pattern(get_phase("LiHg3"))
    assert len(powder_pattern(atoms, symprec=0.05).lines) == len(ideal.lines)
    (a, _) = compare_cell(atoms, REFERENCES["LiHg3"], symprec=0.05)
    assert a.deviation_percent == pytest.approx(0.0, abs=1e-6)
    with pytest.raises(DiffractionError, match="space group"):
        compare_cell(atoms, REFERENCES["LiHg3"], symprec=1e-4)


def test_telling_lines_are_apart_from_all_strong_lines_of_the_others(rich, poor) -> None:
    metal = powder_pattern(get_phase("Li_bcc"))
    found = telling_lines([rich, poor, metal], separation_deg=0.4, least_intensity=5.0)
    for pattern in (rich, poor, metal):
        line = found[pattern.name]
        others = [other for other in (rich, poor, metal) if other is not pattern]
        strong = [one.two_theta_deg for other in others for one in other.relative_lines() if one.intensity >= 5.0]
        assert min(abs(line.two_theta_deg - place) for place in strong) > 0.4
        apart = [
            one
            for one in pattern.relative_lines()
            if one.intensity >= 5.0 and min(abs(one.two_theta_deg - place) for place in strong) > 0.4
        ]
        assert line == max(apart, key=lambda one: one.intensity)
    # The cell of Li3Hg is twice that of LiHg in each direction, and has all its lines.
    equal = telling_lines([rich, powder_pattern(get_phase("LiHg"))])
    assert equal["LiHg"] is None
    assert equal["Li3Hg"].hkl == "111"
    with pytest.raises(DiffractionError, match="name of its own"):
        telling_lines([rich, rich])
