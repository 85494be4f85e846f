"""Mechanisms from a wetting report and a panel: which angle each takes from where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from amalgamics.reports.mechanisms import mechanisms_section
from amalgamics.reports.panel.model import PanelReport, PanelSolid
from amalgamics.tests.reports.wetting_examples import wetting_report
from amalgamics.thermodynamics.uncertainty import Estimate
from amalgamics.thermodynamics.wetting.cleaning import CarriedLayer
from amalgamics.thermodynamics.wetting.curve import Limit
from amalgamics.thermodynamics.wetting.mechanisms import Mechanism, agreements
from amalgamics.workflows.studies.panel.mechanisms import cleanings, mechanisms
from amalgamics.workflows.studies.panel.settings import PanelSettings

GAMMA = 0.4855
WETTING = wetting_report()
RICHEST = max(WETTING.observed)
WATER = CarriedLayer("H2O", 4, 6.7, -0.13)


def face(solid: str, *works: float, surface: str = "clean", carried: CarriedLayer | None = None) -> PanelSolid:
    methods = {f"method {i}": Estimate(work) for i, work in enumerate(works)}
    return PanelSolid(solid, solid, "(001)", "TiO2", methods, surface=surface, carried=carried)


@pytest.fixture
def found() -> dict[str, Mechanism]:
    solids = (
        face(WETTING.substrate, 0.1, 0.2, surface="water"),
        face("LLTO-lithiated", 0.6, 0.3),
        face("LiHg3", 1.2, 1.0),
        face("MgO", 0.5),
    )
    settings = PanelSettings.model_validate(
        {
            "solids": [
                "MgO",
                {"name": "LLTO-lithiated", "stands_for": "lithiated"},
                {"name": "LiHg3", "stands_for": "product"},
            ]
        }
    )
    panel = PanelReport("Hg", 298.15, GAMMA, solids)
    return {one.name: one for one in mechanisms(WETTING, panel, settings)}


def theta(mechanism: Mechanism, x: float) -> float:
    band = mechanism.angles[x]
    assert band is not None
    return band.theta_deg


def test_adsorption_has_the_angles_of_the_wetting_study(found: dict[str, Mechanism]) -> None:
    point = WETTING.curve.at(RICHEST)
    assert theta(found["adsorption, dry face bare, TiO2"], RICHEST) == point.fresh.theta_deg
    resting = point.of(Limit.EQUILIBRATED)
    assert resting is not None
    assert theta(found["adsorption, both faces at the same potential, TiO2"], RICHEST) == resting.theta_deg


def test_a_handled_face_is_cleaned_once_there_is_solute(found: dict[str, Mechanism]) -> None:
    cleaned = found["cleaned surface (water before, TiO2)"]
    resting = found["adsorption, both faces at the same potential, TiO2"]
    band = cleaned.angles[0.0]
    assert band is not None
    assert band.theta_deg == band.high_deg  # 0.1 J/m², of 0.1 and 0.2
    assert theta(cleaned, 0.0) > theta(resting, 0.0)
    assert theta(cleaned, RICHEST) == theta(resting, RICHEST)


def test_a_lithiated_solid_has_its_own_angle_as_soon_as_there_is_solute(found: dict[str, Mechanism]) -> None:
    lithiated = found["lithiated solid (LLTO-lithiated)"]
    assert theta(lithiated, 0.0) == WETTING.curve.at(0.0).fresh.theta_deg
    dissolved = [x for x in WETTING.observed if x > 0.0]
    assert {theta(lithiated, x) for x in dissolved} == {theta(lithiated, RICHEST)}
    assert theta(lithiated, RICHEST) < 90.0


def test_a_product_covers_the_solid_at_saturation_only(found: dict[str, Mechanism]) -> None:
    skin, resting = found["skin of LiHg3"], found["adsorption, both faces at the same potential, TiO2"]
    assert theta(skin, RICHEST) == 0.0
    assert skin.spreads
    for x in sorted(WETTING.observed)[:-1]:
        assert theta(skin, x) == theta(resting, x)


def test_a_solid_that_stands_for_nothing_is_no_mechanism(found: dict[str, Mechanism]) -> None:
    assert len(found) == 2 * len(WETTING.faces) + 3
    assert not any("MgO" in name for name in found)


def test_each_face_of_the_study_has_its_adsorption(found: dict[str, Mechanism]) -> None:
    for studied in WETTING.faces:
        point = studied.curve.at(RICHEST)
        assert theta(found[f"adsorption, dry face bare, {studied.termination}"], RICHEST) == point.fresh.theta_deg


@pytest.mark.parametrize(("plane", "termination"), [("(001)", "LaLiO2"), ("(110)", "TiO2")])
def test_a_layer_belongs_to_its_own_face_alone(plane: str, termination: str) -> None:
    handled = replace(face(WETTING.substrate, 0.1, surface="water"), plane=plane, termination=termination)
    panel = PanelReport("Hg", 298.15, GAMMA, (handled,))
    names = [one.name for one in mechanisms(WETTING, panel, PanelSettings.model_validate({"solids": ["MgO"]}))]
    expected = ["cleaned surface (water before, LaLiO2)"] if plane == "(001)" else []
    assert [name for name in names if name.startswith("cleaned")] == expected


def test_whether_it_wets_better_is_told_method_by_method() -> None:
    """An error that is common to both angles does not make a fall uncertain, and a rise is none."""
    names = [member.potential for member in WETTING.faces[0].members]
    pure = {member.potential: member.curve.at(0.0).fresh.work_of_adhesion_J_m2 for member in WETTING.faces[0].members}
    methods = {name: Estimate(pure[name] - 0.03) for name in names}
    lithiated = PanelSolid("LLTO-lithiated", "LLTO", "(001)", "TiO2", methods)
    settings = PanelSettings.model_validate({"solids": [{"name": "LLTO-lithiated", "stands_for": "lithiated"}]})
    found = mechanisms(WETTING, PanelReport("Hg", 298.15, GAMMA, (lithiated,)), settings)[-1]
    better = next(one for one in agreements(found, WETTING.observed) if one.claim == "wets better")
    assert (better.met, better.certain) == (False, True)
    assert found.falls[RICHEST].high_deg <= 0.0


def test_the_section_says_of_each_whether_it_is_as_seen(found: dict[str, Mechanism]) -> None:
    section = mechanisms_section(list(found.values()), WETTING.observed, "Li")
    table, needs = section.tables
    seen = table.columns.index("as seen")
    assert [row[0] for row in table.rows] == list(found) == [row[0] for row in needs.rows]
    assert all(str(row[seen]).startswith(("agrees", "misses")) for row in table.rows)
    assert section.summary["mechanisms"][0]["name"] == next(iter(found))


def test_a_handled_face_says_whether_its_layer_is_removed() -> None:
    panel = PanelReport("Hg", 298.15, GAMMA, (face(WETTING.substrate, 0.1, surface="water", carried=WATER),))
    found = cleanings(WETTING, panel)
    ((name, reactions),) = found.items()
    assert name == f"{WETTING.substrate} (001), TiO2, water"
    assert {one.reaction.carried for one in reactions} == {"H2O"}
    assert set(reactions[0].free_energies) == {x for x in WETTING.observed if x > 0.0}  # the richest is saturated
    names = mechanisms(WETTING, panel, PanelSettings.model_validate({"solids": ["MgO"]}))
    cleaned = next(one for one in names if one.name.startswith("cleaned"))
    assert cleaned.needs.endswith(
        "takes it off the face, and no product stays there: H₂O + 2 Li → Li₂O + H₂ is favourable"
    )
    section = mechanisms_section([cleaned], WETTING.observed, "Li", found)
    table = section.tables[-1]
    assert table.rows[0][1] == "H₂O + Li → LiOH + ½ H₂"
    assert table.rows[0][2:5] == ("−0.13", "−0.85", "−1.02")
    assert table.rows[0][-1] == "favourable"
    assert table.rows[3][-1] == "undecided at 0.003 % Li, favourable at 1.33 % Li"
    assert section.summary["cleaning"][name][0]["free_energy_eV"]["0.0133"] == pytest.approx(-1.018, abs=1e-3)


def test_without_a_binding_there_is_no_table(found: dict[str, Mechanism]) -> None:
    assert found["cleaned surface (water before, TiO2)"].needs.endswith("no product stays there")
    assert len(mechanisms_section(list(found.values()), WETTING.observed, "Li", {}).tables) == 2


def test_a_solute_without_reactions_has_no_table() -> None:
    panel = PanelReport("Hg", 298.15, GAMMA, (face(WETTING.substrate, 0.1, surface="water", carried=WATER),))
    for solute in ("Na", "K"):  # with and without a measured chemical potential
        assert cleanings(wetting_report(solute=solute), panel) == {}
