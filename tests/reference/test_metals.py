"""The metals: every needed fact is there, once, and says where it comes from."""

from __future__ import annotations

import copy
import math
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import amalgamics
from amalgamics.errors import InputError
from amalgamics.reference.measured import CONFIDENCE_LEVELS, UNITS, LinearInTemperature, Measured, Sources, load, parse
from amalgamics.reference.metals import (
    MEASURED_FACTS,
    MetalsFile,
    ion_charge,
    list_metals,
    metal,
    oxidation_state,
    symbols_with,
)
from amalgamics.structures.library.phases import get_phase

OF_EVERY_METAL = ("phase", "melting_point", "heat_of_fusion", "cohesive_energy", "liquid_density", "surface_tension")
OF_A_SOLUTE = ("ion_charge", "solubility_in_mercury", "heat_of_solution_in_mercury")
OF_A_SOLVENT = ("boiling_point",)
ALL_AMALGAMS = Path(amalgamics.__file__).parent / "examples" / "all-amalgams.yaml"


@pytest.fixture
def raw():
    text = files("amalgamics.reference").joinpath("data", "metals.yaml").read_text(encoding="utf-8")
    return copy.deepcopy(yaml.safe_load(text))


def test_every_metal_of_an_amalgam_system_has_what_a_study_of_it_needs():
    systems = yaml.safe_load(ALL_AMALGAMS.read_text(encoding="utf-8"))["systems"]
    assert len(systems) >= 9
    for symbol in {symbol for system in systems for symbol in system.split("-")}:
        for fact in (*OF_EVERY_METAL, *(OF_A_SOLVENT if symbol == "Hg" else OF_A_SOLUTE)):
            assert getattr(metal(symbol), fact) is not None, f"{symbol} lacks {fact}"


def test_electrodes_have_an_ion():
    assert set(symbols_with("standard_potential")) <= set(symbols_with("ion_charge", "phase"))
    assert [ion_charge(symbol) for symbol in ("Li", "Mg", "Al", "Sn", "Hg", "Xx")] == [1, 2, 3, 2, None, None]
    assert ion_charge("Xx", 1) == 1
    assert [oxidation_state(symbol) for symbol in ("La", "Ti", "O", "Li")] == [3, 4, -2, 1]
    with pytest.raises(InputError, match="no oxidation state of Xe"):
        oxidation_state("Xe")


@pytest.mark.parametrize("symbol", symbols_with("phase"))
def test_the_crystal_of_a_metal_is_in_the_library_and_denser_than_its_liquid(symbol):
    phase = get_phase(metal(symbol).phase)
    assert phase.elements == {symbol}
    solid = phase.atoms()
    density = solid.get_masses().sum() / solid.get_volume() * 1.66053906660
    assert 1.0 < density / metal(symbol).liquid_density.value < 1.16


def test_every_value_says_where_it_comes_from():
    for one in list_metals():
        known = [value for fact in MEASURED_FACTS if (value := getattr(one, fact)) is not None]
        assert len(known) >= 3
        for value in known:
            assert math.isfinite(value.value)
            assert len(value.source) > 5
            assert value.confidence in CONFIDENCE_LEVELS
            # A key of sources.yaml that was not looked up would still be one word.
            assert " " in value.source


def test_metals_melt_before_they_boil_and_take_up_heat():
    for one in list_metals():
        assert one.boiling_point is None or one.melting_point_K < one.boiling_point.value
    for symbol in symbols_with("heat_of_fusion"):
        # Richard's rule: metals melt with an entropy near R; an error of unit fails here.
        one = metal(symbol)
        assert 6.0 < 1000.0 * one.heat_of_fusion_kJ_mol / one.melting_point_K < 15.0


def test_what_is_not_known_is_told():
    with pytest.raises(InputError, match="unknown metal 'Lli'"):
        metal("Lli")
    with pytest.raises(InputError, match="Ga: heat_of_fusion is not known here; it is of Li, Na"):
        _ = metal("Ga").heat_of_fusion_kJ_mol
    with pytest.raises(InputError, match="unknown measured fact 'heat_of_fussion'"):
        metal("Li").known("heat_of_fussion")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"colour": "grey"}, "metals.Li.colour: Extra inputs are not permitted"),
        (
            {"melting_point": {"value": 453.65, "unit": "K", "confidence": "recalled"}},
            "source: Field required",
        ),
        ({"melting_point": {"value": 180.5, "unit": "C"}}, "unknown unit 'C'"),
        ({"melting_point": {"value": 0.04, "unit": "V"}}, "metals.Li.melting_point: unit 'V', allowed: K"),
        ({"melting_point": {"value": "hot", "unit": "K"}}, "melting_point.value: Input should be a valid number"),
        ({"melting_point": {"value": True, "unit": "K"}}, "melting_point.value: Input should be a valid number"),
        ({"melting_point": {"value": 1.0, "unit": "K", "source": "nobody"}}, "unknown source 'nobody'"),
        ({"melting_point": {"value": 1.0, "unit": "K", "source": ""}}, "unknown source ''"),
        ({"melting_point": {"value": 1.0, "unit": "K", "confidence": "sure"}}, "unknown confidence 'sure'"),
        ({"melting_point": {"value": 1.0, "unit": "K", "uncertainty": 0.0}}, "uncertainty: Input should be greater"),
        ({"melting_point": None}, "metals.Li.melting_point"),
        ({"solubility_in_mercury": {"value": 0.01, "unit": "1", "temperature_K": 298.15}}, "needs uncertainty"),
        ({"standard_emf_in_mercury": {"value": 0.8, "unit": "V"}}, "standard_emf_in_mercury needs temperature_K"),
        ({"ion_charge": 1.5}, "metals.Li.ion_charge"),
        (
            {"liquid_density": {"value": 0.5, "unit": "g/cm3", "temperature_K": 453.0}},
            "slope: Field required",
        ),
        ({"liquidus_in_mercury": {"points": [[300.0, 0.1], [290.0, 0.2]]}}, "temperatures of the points must rise"),
        ({"liquidus_in_mercury": {"points": [[300.0, 0.1], [310.0, 1.2]]}}, "outside"),
    ],
)
def test_a_malformed_entry_is_named(raw, change, told):
    provenance = {"source": "handbook", "confidence": "recalled"}
    for fact, entry in change.items():
        filled_up = isinstance(entry, dict) and "source: Field" not in told
        raw["metals"]["Li"][fact] = provenance | entry if filled_up else entry
    with pytest.raises(InputError) as error:
        parse(MetalsFile, raw, load(Sources).sources)
    assert str(error.value).startswith("reference/data/metals.yaml, metals.Li")
    assert told in str(error.value)


def test_a_metal_that_is_no_element_and_another_schema_are_refused(raw):
    with pytest.raises(InputError, match="unknown element 'Lx'"):
        parse(MetalsFile, {**raw, "metals": {"Lx": raw["metals"]["Li"]}}, load(Sources).sources)
    with pytest.raises(InputError, match=r"metals\.yaml, schema: Input should be 1"):
        parse(MetalsFile, {**raw, "schema": 9}, load(Sources).sources)
    with pytest.raises(InputError, match="top level"):
        parse(MetalsFile, None, {})


@given(
    value=st.floats(allow_nan=False, allow_infinity=False),
    unit=st.sampled_from(UNITS),
    uncertainty=st.none() | st.floats(1e-9, 1e9),
    kelvin=st.none() | st.floats(0, 1e4),
)
def test_a_value_comes_back_as_it_was_written(value, unit, uncertainty, kelvin):
    raw = {"value": value, "unit": unit, "uncertainty": uncertainty, "temperature_K": kelvin, "source": "a b"}
    raw |= {"confidence": "checked", "doi": None, "note": None}
    assert Measured.model_validate(raw).model_dump() == raw


def test_a_fact_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        metal("Hg").melting_point.value = 0.0
    assert isinstance(metal("Hg").surface_tension, LinearInTemperature)
    assert metal("Hg") is metal("Hg")
