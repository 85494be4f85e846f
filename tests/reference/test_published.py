"""Published values, decomposition temperatures, and what Fan et al. report."""

from __future__ import annotations

import math

import pytest

from amalgamics.errors import InputError
from amalgamics.reference.measured import Sources, load, parse
from amalgamics.reference.metals import metal, symbols_with
from amalgamics.reference.published import (
    QUANTITIES,
    CompoundsFile,
    FanFile,
    PublishedFile,
    decompositions,
    observed_drops,
    published_values,
    quoted_electrodes,
)
from amalgamics.structures.compositions import parse_formula
from amalgamics.structures.library.phases import get_phase

SOURCES = load(Sources).sources


def test_every_value_is_complete_and_there_once():
    keys = set()
    for entry in published_values():
        assert math.isfinite(entry.value)
        assert entry.unit in QUANTITIES[entry.quantity]
        assert entry.subject == "LLTO" or parse_formula(entry.subject)
        keys.add((entry.subject, entry.quantity, entry.mole_fraction, entry.space_group, entry.label, entry.basis))
    assert len(keys) == len(published_values())
    assert {entry.quantity for entry in published_values()} == set(QUANTITIES)


def test_facts_of_the_metals_are_among_them_in_the_units_of_the_tables():
    found = {(entry.subject, entry.quantity): entry for entry in published_values()}
    for symbol in symbols_with("solubility_in_mercury"):
        entry, x = found[symbol, "solubility_in_mercury"], metal(symbol).known("solubility_in_mercury")
        assert (entry.value, entry.unit) == (pytest.approx(100 * x.value, rel=1e-12), "at.%")
        assert entry.uncertainty == pytest.approx(100 * x.uncertainty, rel=1e-12)
        # Not 6.300000000000001.
        assert len(f"{entry.value!r}") <= 6
    fusion = found["Hg", "fusion_enthalpy"]
    assert (fusion.value, fusion.temperature_K) == (metal("Hg").heat_of_fusion_kJ_mol, metal("Hg").melting_point_K)


def test_compounds_are_those_of_the_library():
    for key, item in decompositions().items():
        assert get_phase(key).formula == (item.formula or key)
        assert 300.0 < item.value < 1000.0


def test_drops_and_electrodes_of_the_paper():
    assert list(observed_drops("Li", "Hg").items()) == [
        (0.0, "does not wet"),
        (3e-5, "wets better"),
        (metal("Li").known("solubility_in_mercury").value, "wets fully"),
    ]
    assert observed_drops("Na", "Hg") == {}
    assert set(quoted_electrodes()) == set(symbols_with("standard_potential"))
    assert load(FanFile).doi == "10.1002/adma.202004798"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"unit": "kcal"}, "unknown unit 'kcal'"),
        ({"unit": "K"}, "Li saturated_emf: unit 'K', allowed: V"),
        ({"quantity": "saturated_emv"}, "Did you mean 'saturated_emf'"),
        ({"source": "nobody"}, "unknown source 'nobody'"),
        ({"confidence": "sure"}, "unknown confidence 'sure'"),
        ({"value": None}, "entries.0.value"),
        ({"value": "high"}, "entries.0.value"),
        ({"mole_fraction": 1.5}, "entries.0.mole_fraction"),
        ({"colour": "red"}, "entries.0.colour"),
    ],
)
def test_a_broken_entry_is_refused(change, told):
    entry = {"subject": "Li", "quantity": "saturated_emf", "value": 1.0, "unit": "V", "source": "kittel"}
    entry |= {"confidence": "checked"}
    (good,) = parse(PublishedFile, {"schema": 1, "entries": [entry]}, SOURCES).entries
    assert good.source.startswith("Kittel")
    with pytest.raises(InputError, match=r"published\.yaml, entries\.0") as error:
        parse(PublishedFile, {"schema": 1, "entries": [entry | change]}, SOURCES)
    assert told in str(error.value)


def test_a_broken_compound_is_refused():
    entry = {"value": 500.0, "unit": "K", "kind": "eutectic", "source": "kittel", "confidence": "checked"}
    with pytest.raises(InputError, match="unknown kind 'eutectic'"):
        parse(CompoundsFile, {"schema": 1, "decomposition": {"LiHg": entry}}, SOURCES)
    with pytest.raises(InputError, match="unit 'V', allowed: K"):
        parse(
            CompoundsFile, {"schema": 1, "decomposition": {"LiHg": entry | {"kind": "congruent", "unit": "V"}}}, SOURCES
        )
