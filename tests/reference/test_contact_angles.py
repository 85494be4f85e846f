"""Measured contact angles: complete, of crystals that exist, and refused when broken."""

from __future__ import annotations

import pytest

from amalgamics.errors import InputError
from amalgamics.reference.contact_angles import ContactAnglesFile, contact_angles
from amalgamics.reference.measured import Sources, load, parse
from amalgamics.structures.library.phases import get_phase

SOURCES = load(Sources).sources


def test_every_angle_is_there_once_and_belongs_to_its_crystal() -> None:
    found = contact_angles()
    keys = {(angle.solvent, angle.solid, angle.plane, angle.kind, angle.atmosphere, angle.source) for angle in found}
    assert len(keys) == len(found) > 10
    for angle in found:
        low, high = angle.bounds_deg
        # Mercury wets none of them.
        assert 90 < low <= angle.value <= high <= 180
        if angle.phase is not None:
            phase = get_phase(angle.phase)
            assert phase.buildable
            assert angle.solid in (phase.formula, phase.key)


def test_what_was_not_compared_says_so() -> None:
    (graphite,) = contact_angles("Hg", "graphite")
    assert (graphite.confidence, graphite.source) == ("recalled", "porosimetry tables")
    assert graphite.bounds_deg == (145, 155)
    # No angle was found on a face cleaved in vacuum, whatever a caller may hope.
    assert not any(angle.plane or angle.atmosphere == "vacuum" for angle in contact_angles())


def test_a_solid_is_found_by_its_formula_and_by_its_crystal() -> None:
    assert contact_angles("Hg", "CaCO3") == contact_angles("Hg", "CaCO3_calcite") != ()
    assert {angle.kind for angle in contact_angles(solid="glass")} == {"porosimetry", "static"}
    assert contact_angles(solid="MgO") == ()


def test_an_unknown_liquid_is_refused() -> None:
    with pytest.raises(InputError, match="unknown solvent 'Ga'"):
        contact_angles("Ga")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"unit": "K"}, "unit 'K', allowed: deg"),
        ({"value": 190}, "angles.0.value"),
        ({"kind": "sessile"}, "unknown kind 'sessile'"),
        ({"atmosphere": "argon"}, "unknown atmosphere 'argon'"),
        ({"range": [140, 130]}, "two rising angles"),
        ({"range": [120, 130]}, "about value 140"),
        ({"source": "nobody"}, "unknown source 'nobody'"),
        ({"plane": [0, 1]}, "angles.0.plane"),
        ({"colour": "grey"}, "angles.0.colour"),
    ],
)
def test_a_broken_angle_is_refused(change: dict[str, object], told: str) -> None:
    entry: dict[str, object] = {"solvent": "Hg", "solid": "glass", "value": 140, "unit": "deg", "kind": "static"}
    entry |= {"atmosphere": "air", "source": "porexpert-list", "confidence": "checked"}
    (good,) = parse(ContactAnglesFile, {"schema": 1, "angles": [entry]}, SOURCES).angles
    assert good.bounds_deg == (140, 140)
    with pytest.raises(InputError, match=r"contact_angles\.yaml, angles\.0") as error:
        parse(ContactAnglesFile, {"schema": 1, "angles": [entry | change]}, SOURCES)
    assert told in str(error.value)
