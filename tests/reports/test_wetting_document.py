"""The wetting report: its files, its page and its machine-readable numbers."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from ase import Atoms

from amalgamics.errors import InputError
from amalgamics.reports.document import write_report
from amalgamics.reports.model import Report
from amalgamics.reports.page import render_page, symbols
from amalgamics.reports.wetting.conclusions import wetting_headline
from amalgamics.reports.wetting.energy_tables import dispersion_table, state_rows
from amalgamics.reports.wetting.export import wetting_csv, wetting_json
from amalgamics.reports.wetting.model import InterfacePicture, WettingReport
from amalgamics.reports.wetting.pictures import draw_interface
from amalgamics.reports.wetting.section import wetting_section
from amalgamics.reports.wetting.tables import composition_table
from amalgamics.structures.tags import LIQUID, SOLID, SOLUTE
from amalgamics.thermodynamics.wetting.curve import Limit

HOSTILE = "<script>alert('x')</script>{{ 7 * 7 }}"


def alone(wetting: WettingReport) -> Report:
    """A report on the wetting only."""
    return Report(wetting.title, created=wetting.created, sections=(wetting_section(wetting, pictures=False),))


def page_of(wetting: WettingReport, hull: Report | None = None) -> str:
    """The page of the wetting, with the hull below if there is one."""
    report = alone(wetting)
    return render_page(replace(hull, sections=report.sections) if hull else report, {})


def test_files_with_a_hull(wetting, examples, tmp_path):
    paths = write_report(replace(examples.li_hg, sections=(wetting_section(wetting),)), tmp_path / "report")
    names = {"report.html", "wetting.png", "wetting.csv", "wetting.json", "hull.png", "hull.csv", "summary.json"}
    assert set(paths) == names == {path.name for path in (tmp_path / "report").iterdir()}
    summary = json.loads(paths["summary.json"].read_text(encoding="utf-8"))
    assert summary["headline"].startswith(wetting_headline(wetting))
    assert "LiHg₃, LiHg and Li₃Hg" in summary["headline"]
    assert summary["wetting"]["curve"] == json.loads(paths["wetting.json"].read_text(encoding="utf-8"))["curve"]
    assert summary["wetting"]["findings"]
    page = paths["report.html"].read_text(encoding="utf-8")
    assert page.index('id="wetting"') < page.index('id="phase-stability"') < page.index('id="system-1"')


def test_files_without_a_hull(wetting, tmp_path):
    report = Report(wetting.title, sections=(wetting_section(wetting),))
    paths = write_report(report, tmp_path)
    assert set(paths) == {"report.html", "summary.json", "wetting.png", "wetting.csv", "wetting.json"}
    assert "hull.csv" not in paths["report.html"].read_text(encoding="utf-8")


def test_nothing_is_written_when_an_observation_is_off_the_curve(wetting, tmp_path):
    with pytest.raises(InputError, match="not among its points"):
        write_report(alone(replace(wetting, observed={0.5: "?"})), tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_works_of_single_films_are_called_that(wetting, tmp_path):
    page = write_report(alone(wetting), tmp_path)["report.html"].read_text(encoding="utf-8")
    table = page[page.index("Work of adhesion of pure") :]
    header = table[: table.index("</thead>")]
    assert "each film<small>J/m²</small>" in header
    assert "seeds" not in header


def test_json_has_the_promised_keys(wetting):
    data = wetting_json(wetting)
    promised = [
        "substrate",
        "termination",
        "solute",
        "solvent",
        "potential",
        "temperature_K",
        "gamma_LV_J_m2",
        "work_of_adhesion_J_m2",
        "curve",
    ]
    assert list(data)[: len(promised)] == promised
    assert (data["termination"], data["potential"]) == ("TiO2", "chgnet+d3")
    assert data["work_of_adhesion_J_m2"] == pytest.approx(0.508)
    for key in ("limits", "dispersion", "work_at_coverage", "consistency", "reduction", "conditions", "faces"):
        assert data[key]
    first = data["curve"][0]
    assert (first["x"], first["voltage_V"], first["gamma_SL_change_J_m2"]) == (0.0, None, 0.0)
    assert {0.0, 3e-5, 0.0133} <= {entry["x"] for entry in data["curve"]}
    json.dumps(data, allow_nan=False)


def keys_of(data: object) -> set[str]:
    """All keys at every depth."""
    if isinstance(data, dict):
        return set(data) | {key for value in data.values() for key in keys_of(value)}
    return {key for value in data for key in keys_of(value)} if isinstance(data, list | tuple) else set()


def test_no_angle_in_the_json_is_without_its_limit(wetting, fresh_only, examples, tmp_path):
    for report in (wetting, fresh_only):
        paths = write_report(
            replace(examples.li_hg, sections=(wetting_section(report),)), tmp_path / report.default.parameters.name
        )
        for name in ("wetting.json", "summary.json"):
            keys = keys_of(json.loads(paths[name].read_text(encoding="utf-8")))
            angles = {key for key in keys if key.startswith("theta")}
            assert {"theta_fresh_deg", "theta_equilibrated_deg", "theta_fresh_low_deg"} <= angles
            assert all(any(word in key for word in ("fresh", "equilibrated", "at_coverage")) for key in angles)


def test_each_point_has_both_limits_with_their_bands(wetting):
    for point, entry in zip(wetting.curve.points, wetting_json(wetting)["curve"], strict=True):
        for limit in Limit:
            drop = point.of(limit)
            assert entry[f"theta_{limit}_deg"] == drop.theta_deg
            assert entry[f"theta_{limit}_low_deg"] == drop.theta_low_deg
            assert entry[f"theta_{limit}_high_deg"] == drop.theta_high_deg
            assert entry[f"work_of_adhesion_{limit}_J_m2"] == drop.work_of_adhesion_J_m2
        assert entry["gamma_SV_change_J_m2"] == point.equilibrated.gamma_SV_change_J_m2


def test_json_names_three_body_terms_faces_and_what_reacts(wetting):
    data = wetting_json(wetting)
    (atm,) = [row for row in data["dispersion"] if row["potential"] == "chgnet+d3atm"]
    assert (atm["three_body"], atm["structures_from"]) == (True, "chgnet+d3")
    assert [face["termination"] for face in data["faces"]] == ["TiO2", "LaLiO2"]
    assert [point["x"] for point in data["faces"][1]["points"]] == list(wetting.key_x)
    assert [point["reacts"] for point in data["reduction"]["points"]] == [True, True]
    assert data["members"][1]["structures_from"] == "chgnet+d3"
    assert data["members"][0]["dry_face"]["delta_energies_eV"][1] == -1.61
    assert len(data["members"][0]["theta_equilibrated_deg"]) == len(data["curve"])


def test_what_was_not_computed_is_null_and_said(fresh_only):
    data = wetting_json(fresh_only)
    assert data["limits_computed"] == ["fresh"]
    assert "running the job again adds them in minutes" in data["limits"]["equilibrated"]
    assert all(point["theta_equilibrated_deg"] is None for point in data["curve"])
    assert data["members"][0]["dry_face"] is None
    assert data["members"][0]["theta_equilibrated_deg"] is None


def test_csv_has_the_curve_and_every_parameter_set_in_each_limit(wetting):
    rows = list(csv.DictReader(io.StringIO(wetting_csv(wetting))))
    assert [float(row["x"]) for row in rows] == [point.x for point in wetting.curve.points]
    for limit, members in wetting.curve.member_theta_deg.items():
        for name, angles in members.items():
            assert [float(row[f"theta_{limit}_deg [{name}]"]) for row in rows] == pytest.approx(angles)
    assert rows[0]["voltage_V"] == ""
    assert "theta_deg" not in rows[0]


def test_the_page_shows_all_tables_and_warnings(wetting, examples):
    page = page_of(wetting, examples.li_hg)
    for text in (
        wetting.warnings[0],
        "−0.844",
        "0.547",  # u of mercury from the measured tension
        "mean with LaLiO2",
        "rigid",
        "3 Li at the interface",
        "observed: wets better",
        "free surface, chgnet+d3",
        "TiO₂, chgnet+d3: on the dry face",
        "single points on structures of chgnet+d3",
        "each film",
        "D3 + ATM",
        "Adhesion at fixed coverage",
        "One tension of the liquid in both places?",
        "statistical 95 % band",
        "Phase stability of lithium amalgam",
    ):
        assert text in page
    assert "calibrated" not in page.split("<script>")[0].lower()


def test_the_reacting_solid_is_the_first_thing_on_the_page(wetting, examples):
    page = page_of(wetting, examples.li_hg).split("<script>")[0]
    assert page.index("The solid reacts first") < page.index('class="drops"')
    assert page.index("The solid reacts first") < page.index(wetting.warnings[0])
    head = page[page.index("<h3>Compositions") :]
    assert "before the solid reacts" in head[: head.index("</thead>")]
    stable = page_of(replace(wetting, reduction=None)).split("<script>")[0]
    assert "reacts" not in stable.split("</style>")[1].replace("does not react", "")


def test_a_page_without_dry_faces_says_that_they_were_not_computed(fresh_only):
    page = page_of(fresh_only).split("<script>")[0]
    assert "<b>One limit only.</b>" in page
    assert "running the job again adds them in minutes" in page
    assert page.count("not computed") >= 6  # card, drops, verdicts and table
    assert "on the dry face</th>" not in page


def test_the_page_names_a_limit_in_every_row_of_angles(wetting):
    table = composition_table(wetting)
    place = [head.text for head in table.columns].index("limit")
    words = [row[place if len(row) == len(table.columns) else place - 3].text for row in table.rows]
    assert words == ["either", "equilibrated", "fresh", "equilibrated", "fresh"]
    assert all(len(row) == len(table.columns) or len(row) == len(table.columns) - 3 for row in table.rows)


def test_a_glass_has_no_face(wetting):
    first = wetting.faces[0]
    glass = replace(first, members=(replace(first.members[0], termination="amorphous"), *first.members[1:]))
    page = page_of(replace(wetting, faces=(glass,), substrate="Li3PS4")).split("<script>")[0]
    assert "amorphous Li₃PS₄" in page
    assert "amorphous-terminated" not in page


def test_the_page_says_calibrated_and_its_conditions(wetting, with_curve):
    report = with_curve(wetting, replace(wetting.curve, mode="calibrated"))
    report = replace(report, conditions_text="drop of 0.5 mm, calibrated to 140°")
    page = page_of(report).split("<script>")[0]
    assert "<b>Calibrated.</b>" in page
    assert "Calibrated, drop of 0.5 mm, calibrated to 140°" in page
    assert page.count("drop of 0.5 mm") >= 5  # headline, conditions, captions and tables
    assert "predicted" not in page.split("</style>")[1].replace("not predicted", "")


def test_a_page_of_nothing_is_refused():
    with pytest.raises(InputError, match="at least one system or section"):
        Report("nothing")


def test_texts_of_others_are_never_markup(wetting):
    report = replace(
        wetting,
        title=HOSTILE,
        substrate=HOSTILE,
        preset=HOSTILE,
        warnings=(HOSTILE,),
        observed={0.0: HOSTILE},
        provenance={HOSTILE: [HOSTILE]},
        pictures=(replace(wetting.pictures[0], title=HOSTILE, potential='"><q>'),),
        surfaces=(replace(wetting.surfaces[0], note=HOSTILE, phase=HOSTILE),),
    )
    page = page_of(report)
    assert "<script>alert" not in page
    assert '"><q>' not in page
    assert symbols("γ_LV <b>") == "γ<sub>LV</sub> &lt;b&gt;"


def test_a_bare_report_is_shown(wetting):
    bare = replace(
        wetting, adhesion=(), falls=(), surfaces=(), dilute=(), pictures=(), vapour=None, film_surface_energy=None,
        observed={}, warnings=(), faces=wetting.faces[:1], dispersion=(), coverage=(), consistency=(), sensitivity=(),
        reduction=None,
    )  # fmt: skip
    page = page_of(bare)
    assert "Relaxed interfaces" not in page
    assert "What the curves show" in page


@pytest.mark.parametrize(("where", "name"), [("under the liquid", "interface"), ("on the dry face", "dry_face")])
def test_steps_are_differences_of_the_lattice_gas(wetting, where, name):
    rows = [row for row in state_rows(wetting) if row.owner == f"TiO₂, chgnet+d3: {where}"]
    gas = getattr(wetting.default.parameters, name)
    energies = dict(zip(gas.counts, gas.delta_energies, strict=True))
    assert [row.count for row in rows] == [1, 2, 3, 4]
    assert [row.first for row in rows] == [4, 0, 0, 0]
    assert [row.step for row in rows] == pytest.approx([energies[n] - energies[n - 1] for n in (1, 2, 3, 4)])


def test_the_matrix_of_dispersion_marks_single_points(wetting):
    table = dispersion_table(wetting)
    assert [head.text for head in table.columns] == ["termination", "model", "none", "D3", "D3 + ATM"]
    first = table.rows[0]
    assert [cell.kind for cell in first[2:]] == ["", "", "single-point"]
    assert first[3].text == "0.508 ± 0.030"
    assert table.rows[1][4].text == "–"


def drawn_atoms(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return [use.attrib["href"] for use in root.iter("use")]


def test_pictures_show_every_atom_from_the_side_and_the_solute_in_front(wetting):
    picture = wetting.pictures[2]
    drawn = draw_interface(picture, 7)
    uses = drawn_atoms(drawn.svg)
    copies = 4  # 7.7 Å are repeated twice in each direction
    assert uses.count("#interface-7-solute") == 2 * copies * picture.n_solute
    n_mercury = sum(symbol == "Hg" for symbol in picture.atoms.symbols)
    assert uses.count("#interface-7-Hg") == copies * n_mercury  # not in the view onto the solid
    assert uses[-1] == "#interface-7-solute"
    assert drawn.legend[-1][0] == "Li from the liquid"
    assert {name for name, _ in drawn.legend} == {"Hg", "La", "Li", "O", "Ti", "Li from the liquid"}


def test_the_picture_has_a_drop_beside_the_endless_supply_and_says_its_radius(wetting):
    (figure,) = wetting_section(wetting, pictures=False).figures
    lines = [trace for trace in figure.data["data"] if "in a drop of 0.5 mm" in trace.get("name", "")]
    assert len(lines) == 2  # one for each limit
    assert lines[0]["y"][0] == lines[1]["y"][0] == wetting.curve.points[0].fresh.theta_deg
    assert "Dotted: the same energies in a drop of 0.5 mm (radius)" in figure.caption
    of_a_drop = replace(wetting, finite_drop=None, conditions_text="drop of 2 mm")
    (figure,) = wetting_section(of_a_drop, pictures=False).figures
    assert not [trace for trace in figure.data["data"] if "in a drop" in trace.get("name", "")]
    assert "Dotted" not in figure.caption
    assert "Conditions: drop of 2 mm." in figure.caption


def test_the_cell_is_outlined_where_its_images_are_drawn(wetting):
    picture = wetting.pictures[1]
    drawn = ElementTree.fromstring(draw_interface(picture, 1).svg)
    (cell,) = drawn.iter("polygon")
    corners = np.array([[float(one) for one in point.split(",")] for point in cell.attrib["points"].split()])
    sides = np.linalg.norm(np.diff(corners, axis=0, append=corners[:1]), axis=1)
    assert sides == pytest.approx([77.0] * 4, abs=0.2)  # 7.7 Å
    wide = picture.atoms.repeat((2, 2, 1))
    alone = ElementTree.fromstring(draw_interface(replace(picture, atoms=wide), 1).svg)
    assert not list(alone.iter("polygon"))  # nothing is repeated


def test_a_picture_keeps_the_atoms_as_they_were(wetting):
    atoms = wetting.pictures[1].atoms
    before = atoms.positions.copy()
    draw_interface(wetting.pictures[1], 1)
    assert (atoms.positions == before).all()


def test_what_lies_higher_is_drawn_higher():
    atoms = Atoms(
        "TiHgLi", [(7, 7, 1), (7, 7, 9), (7, 7, 5)], cell=(14, 14, 30), pbc=True, tags=[SOLID, LIQUID, SOLUTE]
    )
    root = ElementTree.fromstring(draw_interface(InterfacePicture("t", atoms, 1, "p"), 1).svg)
    heights = {use.attrib["href"]: float(use.attrib["y"]) for use in list(root.findall("use"))}
    assert heights["#interface-1-Hg"] < heights["#interface-1-solute"] < heights["#interface-1-Ti"]
