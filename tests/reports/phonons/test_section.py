"""Sections on vibrations and on hulls at a temperature."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.calculators.phonons.finite_displacements import PhononSettings, run_phonons
from amalgamics.calculators.phonons.results import Phonons
from amalgamics.reports.notation import signed
from amalgamics.reports.phonons.model import (
    MissingPhonons,
    PhononRecord,
    ThermalSystem,
    VolumeModes,
    quasi_harmonic_hulls,
    thermal_system,
)
from amalgamics.reports.phonons.section import finite_temperature_sections, shown_indices
from amalgamics.reports.phonons.text import treatment_distances
from amalgamics.thermodynamics.hulls.finite_temperature import SolidPhase, signed_distances, solid_free_energy
from amalgamics.thermodynamics.hulls.hull import PhaseEntry
from amalgamics.thermodynamics.vibrations.harmonic import ModeSpectrum

TEMPERATURES_K = (0.0, 100.0, 200.0, 298.15, 400.0)


def record(name: str, composition: dict[str, int], energy: float, frequencies: list[float]) -> PhononRecord:
    """A phase whose modes have three frequencies, in equal shares."""
    symbols = "".join(f"{symbol}{count}" for symbol, count in composition.items())
    formula = "".join(symbol + (str(count) if count > 1 else "") for symbol, count in composition.items())
    crystal = Atoms(symbols, cell=[3.0] * 3, pbc=True)
    modes = np.tile(sorted(frequencies), (1, len(crystal)))
    phonons = Phonons(
        potential="test",
        primitive=crystal,
        space_group="P1",
        n_supercell_atoms=64,
        n_displacements=3,
        shortest_image=11.0,
        displacement=0.01,
        max_residual_force=0.001,
        stability_tolerance_THz=0.1,
        mesh=(1, 1, 1),
        qpoints=np.array([[0.5, 0.5, 0.5]]),
        qpoint_weights=np.array([1]),
        frequencies_THz=modes,
        dos_frequencies_THz=np.array([0.0, 10.0]),
        dos=np.array([0.3, 0.3]),
        bands=(),
    )
    return PhononRecord(PhaseEntry(name, formula, composition, energy, 20.0), phonons)


def records(of_compound: list[float]) -> list[PhononRecord]:
    return [
        record("Hg_alpha", {"Hg": 1}, -0.3, [1.0, 1.0, 2.0]),
        record("Hg_beta", {"Hg": 1}, -0.29, [1.0, 1.0, 2.0]),
        record("LiHg", {"Li": 1, "Hg": 1}, -1.5, [1.2, 3.0, 8.0]),
        record("LiHg3", {"Li": 1, "Hg": 3}, -1.0, of_compound),
        record("Li", {"Li": 1}, -1.9, [5.0, 6.0, 8.0]),
    ]


def system(of_compound: list[float], **options: object) -> ThermalSystem:
    return thermal_system("Li-Hg", "test", records(of_compound), TEMPERATURES_K, **options)


STABLE, UNSTABLE = [1.1, 1.5, 6.0], [-0.5, 1.5, 6.0]


def test_a_system_without_imaginary_modes_has_nothing_to_warn_of() -> None:
    first, second = finite_temperature_sections([system(STABLE)], pictures=False)
    assert first.paragraphs[0] == "With test, all 5 phases are dynamically stable: no mode is imaginary."
    assert not first.warnings
    assert not second.warnings
    assert "Hg is liquid above 234.32 K, as measured" in second.paragraphs[0]
    assert "2.295 kJ/mol" in second.paragraphs[-1]
    (distances, _) = second.tables
    rows = {row[0]: row[1:] for row in distances.rows}
    assert rows["Hg (liquid)"][:3] == (None, None, None)
    assert rows["Hg (liquid)"][3] == pytest.approx(-6.5, abs=0.1)
    assert set(rows) == {"Hg (liquid)", "Hg (Hg_alpha)", "Hg (Hg_beta)", "LiHg", "LiHg₃", "Li"}
    for table in (*first.tables, *second.tables):
        assert all(len(row) == len(table.columns) for row in table.rows)


def test_imaginary_modes_are_told_with_numbers_and_what_they_change() -> None:
    thermal = system(UNSTABLE)
    first, second = finite_temperature_sections([thermal], pictures=False)
    assert "4 of 5 phases are dynamically stable; LiHg₃ (0.50i THz) has imaginary modes" in first.paragraphs[0]
    assert first.warnings == (
        "LiHg₃ is dynamically unstable: 33.33% of the modes on the mesh are imaginary, the strongest 0.50i THz at"
        " q = (0.5, 0.5, 0.5) (test).",
    )
    general, special = second.warnings
    assert "the absolute value of their frequencies is taken" in general
    assert special.startswith("LiHg₃: 33.33% of its modes are imaginary")
    changed = treatment_distances(thermal)["LiHg3"]
    assert f"{signed(1000 * changed['skip'], 1)} without these modes" in special
    assert changed["skip"] - changed["absolute"] > 0.02  # a third of the modes is missing
    assert "What the treatment of imaginary modes changes" in second.tables[1].caption
    assert all(item.flagged.keys() == {"LiHg3"} for item in thermal.hulls)


def test_phases_may_be_left_out_or_refused_and_that_is_told_too() -> None:
    left_out = system(UNSTABLE, imaginary="leave_out")
    assert "LiHg3" not in {phase.name for phase in left_out.hulls[0].hull.phases}
    _, section = finite_temperature_sections([left_out], pictures=False)
    assert "these phases are left out" in section.warnings[0]
    vibrations = next(table for table in section.tables if table.caption == "Free energy of the vibrations")
    assert next(row for row in vibrations.rows if row[0] == "LiHg₃ *")[1:] == (None,) * (len(vibrations.columns) - 1)
    refused = system(UNSTABLE, imaginary="refuse")
    assert not refused.hulls
    _, section = finite_temperature_sections([refused], pictures=False)
    assert section.warnings[0].startswith("There is no Li–Hg hull at a temperature: LiHg3 has no harmonic free energy")


def test_phases_without_phonons_are_named_with_the_reason() -> None:
    missing = [MissingPhonons("Li3Hg", "Hg-Li", "the potential failed"), MissingPhonons("NaHg", "Hg-Na", "no")]
    for section in finite_temperature_sections([system(STABLE, missing=missing)], pictures=False):
        (warning,) = section.warnings
        assert warning == "Li3Hg has no phonons and is not in the hulls at a temperature: the potential failed."
    (nothing, hull) = finite_temperature_sections([thermal_system("Li-Hg", "test", [], TEMPERATURES_K)], pictures=False)
    assert nothing.paragraphs == ("No phase has phonons.",)
    assert hull.warnings


def test_a_stiff_compound_leaves_the_hull_where_its_distance_changes_sign() -> None:
    thermal = thermal_system(
        "Li-Hg",
        "test",
        [*records(STABLE)[:3], record("LiHg3", {"Li": 1, "Hg": 3}, -0.915, [2.0, 2.0, 8.0]), records(STABLE)[4]],
        TEMPERATURES_K,
    )
    (change,) = thermal.changes
    assert (change.name, change.gained) == ("LiHg3", False)
    for shift in (-2.0, 2.0):
        hull = thermal.hull_with(change.temperature_K + shift, "absolute")
        assert hull is not None
        assert (signed_distances(hull.hull)["LiHg3"] > 0) == (shift > 0)
    _, section = finite_temperature_sections([thermal], pictures=False)
    assert f"LiHg₃ leaves the hull at about {change.temperature_K:.0f} K" in section.paragraphs[0]


def test_the_hulls_hold_the_free_energies_of_the_phases() -> None:
    thermal = system(STABLE)
    one = thermal.record("LiHg")
    energy = thermal.hulls[-1].hull.phase("LiHg").energy_per_atom
    assert energy == pytest.approx(solid_free_energy(-1.5, one.spectrum, 400.0))
    assert one.phase == SolidPhase(one.entry, one.spectrum)


def test_mercury_of_several_systems_is_shown_once() -> None:
    metals = [record("Na", {"Na": 1}, -1.3, [3.0, 3.0, 4.0])]
    both = [system(STABLE), thermal_system("Na-Hg", "test", [*records(STABLE)[:2], *metals], TEMPERATURES_K)]
    sections = finite_temperature_sections(both, pictures=False)
    assert [section.anchor for section in sections] == ["vibrations", "temperature-li-hg", "temperature-na-hg"]
    assert [row[0] for row in sections[0].tables[0].rows].count("Hg (Hg_alpha)") == 1


def test_thermal_expansion_makes_a_hull_only_where_every_phase_has_it() -> None:
    def expanding(one: PhononRecord) -> PhononRecord:
        points = []
        for ratio in (0.96, 0.98, 1.0, 1.02, 1.04, 1.06, 1.08):
            energy = one.entry.energy_per_atom + 2.0 * (ratio - 1.0) ** 2
            frequencies = [value * ratio**-2.0 for value in one.phonons.frequencies_THz[0]]  # Grüneisen parameter 2
            modes = ModeSpectrum.from_frequencies(frequencies)
            points.append(VolumeModes(20.0 * ratio, energy, modes))
        return PhononRecord(one.entry, one.phonons, tuple(points))

    every = [expanding(one) for one in records(STABLE)]
    thermal = thermal_system("Li-Hg", "test", every, TEMPERATURES_K)
    hulls = quasi_harmonic_hulls(thermal)
    assert len(hulls) == len(TEMPERATURES_K)
    gain = hulls[-1].hull.phase("LiHg").energy_per_atom - thermal.hulls[-1].hull.phase("LiHg").energy_per_atom
    assert -0.05 < gain < 0.0
    *_, section = finite_temperature_sections([thermal], pictures=False)
    assert section.tables[-1].caption == "Thermal expansion"
    some = thermal_system("Li-Hg", "test", [*every[:-1], records(STABLE)[-1]], TEMPERATURES_K)
    assert not quasi_harmonic_hulls(some)
    *_, section = finite_temperature_sections([some], pictures=False)
    assert "no hull with thermal expansion" in section.tables[-1].note
    softened = replace(every[2].volumes[-1], spectrum=ModeSpectrum.from_frequencies([-1.5, 3.0, 8.0]))
    unstable = replace(every[2], volumes=(*every[2].volumes[:-1], softened))
    thermal = thermal_system("Li-Hg", "test", [*every[:2], unstable, *every[3:]], TEMPERATURES_K)
    reason = "modes are imaginary at 1 of 7 volumes, the strongest 1.50i THz at 21.60 Å^3/atom"
    assert thermal.quasi_harmonic_failures == {"LiHg": reason}


def test_pictures_have_names_of_their_own_and_say_what_they_show() -> None:
    from ase.build import bulk

    settings = PhononSettings(min_supercell_length=5.0, mesh_length=15.0, path_spacing=0.1)
    copper = run_phonons(bulk("Cu", "fcc", a=3.594), "emt", settings)
    entries = [PhaseEntry(name, "Cu", {"Cu": 1}, energy, 11.7) for name, energy in (("Cu 1", 0.0), ("Cu-1", 0.1))]
    gold = PhaseEntry("Au", "Au", {"Au": 1}, 0.0, 17.0)
    own = [PhononRecord(entry, copper) for entry in (*entries, gold)]
    first, second = finite_temperature_sections([thermal_system("Cu-Au", "emt", own, [0, 300])])
    assert {picture.file_name for picture in first.pictures} == {
        "phonons-au.png",
        "phonons-cu-1.png",
        "phonons-cu-1-2.png",
    }
    assert all(picture.png.startswith(b"\x89PNG") for picture in (*first.pictures, *second.pictures))
    assert second.pictures[0].file_name == "temperature-cu-au.png"
    assert "dynamically stable" in first.pictures[0].description


@given(st.lists(st.floats(0.0, 2000.0), min_size=1, max_size=60, unique=True))
def test_a_table_shows_both_ends_and_room_temperature(kelvins: list[float]) -> None:
    thermal = ThermalSystem("Li-Hg", "test", (), (), tuple(sorted(kelvins)), "absolute")
    shown = shown_indices(thermal)
    assert len(shown) <= 9
    assert {0, len(kelvins) - 1, thermal.reference_index} <= set(shown)
    assert shown == sorted(shown)
