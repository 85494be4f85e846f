"""Hulls of free energies."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.thermodynamics.hulls.finite_temperature import (
    SolidPhase,
    finite_temperature_hull,
    liquid_name,
    signed_distances,
    solid_free_energy,
)
from amalgamics.thermodynamics.hulls.fusion import get_fusion
from amalgamics.thermodynamics.hulls.hull import PhaseEntry, build_hull
from amalgamics.thermodynamics.vibrations.harmonic import ModeSpectrum, UnstableCrystalError, vibrational_free_energy

ENTRIES = [
    PhaseEntry("Hg", "Hg", {"Hg": 1}, -0.30, 24.0),
    PhaseEntry("LiHg3", "LiHg3", {"Li": 2, "Hg": 6}, -0.94, 21.0),
    PhaseEntry("LiHg", "LiHg", {"Li": 1, "Hg": 1}, -1.54, 18.0),
    PhaseEntry("Li3Hg", "Li3Hg", {"Li": 12, "Hg": 4}, -1.85, 17.0),
    PhaseEntry("Li", "Li", {"Li": 2}, -1.90, 20.0),
]
STATIC = [SolidPhase(entry) for entry in ENTRIES]


def spectrum(*values: float) -> ModeSpectrum:
    return ModeSpectrum.from_frequencies(values)


def vibrating(**values: float) -> list[SolidPhase]:
    """All phases with modes at 4 THz, but those given."""
    return [SolidPhase(entry, spectrum(values.get(entry.name, 4.0))) for entry in ENTRIES]


def test_without_vibrations_at_0_K_it_is_the_ordinary_hull() -> None:
    found = finite_temperature_hull("Li-Hg", STATIC, 0.0)
    assert found.hull == build_hull("Li-Hg", ENTRIES)
    assert not found.vibrations
    assert found.liquids == ()


@given(st.floats(0.0, 1000.0), st.floats(0.5, 20.0))
def test_equal_vibrations_of_all_phases_change_nothing(kelvin: float, frequency: float) -> None:
    phases = [SolidPhase(entry, spectrum(frequency)) for entry in ENTRIES]
    found = finite_temperature_hull("Li-Hg", phases, kelvin, liquids=False)
    ordinary = build_hull("Li-Hg", ENTRIES)
    for phase in ordinary.phases:
        again = found.hull.phase(phase.name)
        assert again.formation_energy_per_atom == pytest.approx(phase.formation_energy_per_atom, abs=1e-9)
        assert again.stable == phase.stable
    assert found.hull.temperature_K == kelvin


def test_at_0_K_the_zero_point_energy_counts() -> None:
    found = finite_temperature_hull("Li-Hg", vibrating(LiHg=8.0), 0.0)
    expected = ENTRIES[2].energy_per_atom + vibrational_free_energy(spectrum(8.0), 0.0)
    assert found.hull.phase("LiHg").energy_per_atom == pytest.approx(expected)
    assert found.vibrations


def test_mercury_melts_at_its_melting_point() -> None:
    melting = get_fusion("Hg").melting_point_K
    below = finite_temperature_hull("Li-Hg", vibrating(), melting - 0.1)
    assert below.liquids == ()
    at = finite_temperature_hull("Li-Hg", vibrating(), melting)
    assert at.hull.phase(liquid_name("Hg")).energy_per_atom == pytest.approx(at.hull.phase("Hg").energy_per_atom)
    assert {"Hg", liquid_name("Hg")} <= {phase.name for phase in at.hull.stable}
    above = finite_temperature_hull("Li-Hg", vibrating(), 298.15)
    assert above.liquids == (liquid_name("Hg"),)
    assert above.hull.phase("Hg").e_above_hull == pytest.approx(6.48e-3, abs=2e-5)
    assert above.hull.phase(liquid_name("Hg")).stable
    assert finite_temperature_hull("Li-Hg", vibrating(), 298.15, liquids=False).liquids == ()


def test_the_liquid_refers_to_the_most_stable_solid() -> None:
    other = SolidPhase(PhaseEntry("Hg-beta", "Hg", {"Hg": 2}, -0.29, 23.0), spectrum(1.0))
    found = finite_temperature_hull("Li-Hg", [*vibrating(), other], 300.0)
    solids = [found.hull.phase(name).energy_per_atom for name in ("Hg", "Hg-beta")]
    assert solids[1] < solids[0]  # the soft one overtakes
    liquid = found.hull.phase(liquid_name("Hg"))
    assert liquid.energy_per_atom == pytest.approx(solids[1] + get_fusion("Hg").free_energy(300.0))
    assert "Hg-beta" in liquid.source
    assert liquid.volume_per_atom == pytest.approx(24.6, abs=0.2)  # 13.53 g/cm^3


def test_a_soft_phase_comes_onto_the_hull_on_heating() -> None:
    soft = SolidPhase(PhaseEntry("LiHg2", "LiHg2", {"Li": 1, "Hg": 2}, -1.12, 20.0), spectrum(2.0))
    hulls = [
        finite_temperature_hull("Li-Hg", [*vibrating(), soft], kelvin, liquids=False) for kelvin in (0.0, 200.0, 400.0)
    ]
    stable = [item.hull.phase("LiHg2").stable for item in hulls]
    assert stable == sorted(stable)
    assert stable[0] < stable[-1]


def test_unstable_phases_are_refused_left_out_or_flagged_never_dropped_silently() -> None:
    phases = vibrating()
    phases[2] = SolidPhase(ENTRIES[2], ModeSpectrum.from_frequencies([-2.0, *[4.0] * 9], name="LiHg, CsCl type"))
    with pytest.raises(UnstableCrystalError, match="LiHg, CsCl type"):
        finite_temperature_hull("Li-Hg", phases, 300.0)
    without = finite_temperature_hull("Li-Hg", phases, 300.0, imaginary="leave_out")
    assert "LiHg" not in {phase.name for phase in without.hull.phases}
    assert "10.00%" in without.left_out["LiHg"]
    assert without.flagged == {}
    for treatment in ("skip", "absolute"):
        kept = finite_temperature_hull("Li-Hg", phases, 300.0, imaginary=treatment)
        assert kept.hull.phase("LiHg").stable
        assert "2.00i THz" in kept.flagged["LiHg"]
        assert kept.left_out == {}


def test_an_element_without_a_stable_phase_is_an_error() -> None:
    phases = vibrating(Li=-3.0)
    with pytest.raises(InputError, match="every phase of Li has imaginary modes"):
        finite_temperature_hull("Li-Hg", phases, 300.0, imaginary="leave_out")


def test_vibrations_for_some_phases_only_are_refused() -> None:
    with pytest.raises(InputError, match=r"2 of 5 have no vibrations \(Hg, LiHg3\)"):
        finite_temperature_hull("Li-Hg", [*STATIC[:2], *vibrating()[2:]], 300.0)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(InputError, match="temperature_K is -1"):
        finite_temperature_hull("Li-Hg", STATIC, -1.0)
    with pytest.raises(InputError, match="treatment of imaginary modes 'ignore'"):
        finite_temperature_hull("Li-Hg", STATIC, 0.0, imaginary="ignore")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="temperature_K"):
        solid_free_energy(-1.0, None, float("nan"))


def test_elements_without_a_heat_of_fusion_stay_solid() -> None:
    phases = [SolidPhase(replace(entry, composition={"Ti": 1}, name="Ti")) for entry in ENTRIES[:1]]
    phases.append(SolidPhase(ENTRIES[0]))
    assert finite_temperature_hull("Ti-Hg", phases, 3000.0).liquids == (liquid_name("Hg"),)


def test_signed_distances_tell_how_firmly_a_phase_stands() -> None:
    entries = [
        PhaseEntry("Hg", "Hg", {"Hg": 1}, 0.0, 20.0),
        PhaseEntry("Na", "Na", {"Na": 1}, 0.0, 20.0),
        PhaseEntry("Na hcp", "Na", {"Na": 1}, 0.03, 20.0),
        PhaseEntry("NaHg", "NaHg", {"Na": 1, "Hg": 1}, -0.4, 20.0),
        PhaseEntry("NaHg2", "NaHg2", {"Na": 1, "Hg": 2}, -0.3, 20.0),
        PhaseEntry("Na3Hg", "Na3Hg", {"Na": 3, "Hg": 1}, -0.1, 20.0),
    ]
    found = signed_distances(build_hull("Na-Hg", entries))
    assert found["NaHg"] == pytest.approx(-0.4 + 0.3 * (1 / 2) / (2 / 3))  # between Na and NaHg2
    assert found["NaHg2"] == pytest.approx(-0.3 + 0.4 * (1 / 3) / (1 / 2))  # between NaHg and Hg
    assert found["Na3Hg"] == pytest.approx(0.1)  # above Na and NaHg
    assert found["Na"] == pytest.approx(-0.03)
    assert found["Na hcp"] == pytest.approx(0.03)
    assert found["Hg"] == 0.0  # without it there is no hull
