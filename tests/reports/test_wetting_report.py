"""The wetting report: its files, its page and its machine-readable numbers."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from ase import Atoms

from amalgamics.errors import InputError
from amalgamics.reports.page import render_page
from amalgamics.reports.wetting_export import CURVE_KEYS, wetting_csv, wetting_json
from amalgamics.reports.wetting_findings import wetting_headline
from amalgamics.reports.wetting_model import InterfacePicture
from amalgamics.reports.wetting_page import symbols, wetting_view
from amalgamics.reports.wetting_pictures import draw_interface
from amalgamics.reports.wetting_report import write_wetting_report
from amalgamics.structures.parts import LIQUID, SOLID, SOLUTE

HOSTILE = "<script>alert('x')</script>{{ 7 * 7 }}"


def test_files_with_a_hull(wetting, examples, tmp_path):
    paths = write_wetting_report(wetting, tmp_path / "report", hull=examples.li_hg)
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
    paths = write_wetting_report(wetting, tmp_path)
    assert set(paths) == {"report.html", "wetting.png", "wetting.csv", "wetting.json"}
    assert "hull.csv" not in paths["report.html"].read_text(encoding="utf-8")


def test_nothing_is_written_when_an_observation_is_off_the_curve(wetting, tmp_path):
    with pytest.raises(InputError, match="not among its points"):
        write_wetting_report(replace(wetting, observed={0.5: "?"}), tmp_path)
    assert not list(tmp_path.iterdir())


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
    assert data["work_of_adhesion_J_m2"] == pytest.approx(0.38)
    assert all(set(entry) == set(CURVE_KEYS) for entry in data["curve"])
    first = data["curve"][0]
    assert (first["x"], first["voltage_V"], first["gamma_SL_change_J_m2"]) == (0.0, None, 0.0)
    assert {0.0, 3e-5, 0.0133} <= {entry["x"] for entry in data["curve"]}
    json.dumps(data, allow_nan=False)


def test_csv_has_the_curve_and_every_parameter_set(wetting):
    rows = list(csv.DictReader(io.StringIO(wetting_csv(wetting))))
    assert [float(row["x"]) for row in rows] == [point.x for point in wetting.curve.points]
    for name, angles in wetting.curve.member_theta_deg.items():
        assert [float(row[f"theta_deg [{name}]"]) for row in rows] == pytest.approx(angles)
    assert rows[0]["voltage_V"] == ""


def test_the_page_shows_all_tables_and_warnings(wetting, examples):
    page = render_page(examples.li_hg, {}, wetting)
    for text in (
        wetting.warnings[0],
        "−0.844",
        "0.547",  # u of mercury from the measured tension
        "mean with LaLiO2",
        "rigid",
        "3 Li at the interface",
        "observed: wets better",
        "free surface, chgnet+d3",
        "Phase stability of lithium amalgam",
    ):
        assert text in page
    assert "calibrated" not in page.split("<script>")[0].lower()


def test_a_glass_has_no_face(wetting):
    members = (replace(wetting.members[0], termination="amorphous"), *wetting.members[1:])
    page = render_page(None, {}, replace(wetting, members=members, substrate="Li3PS4")).split("<script>")[0]
    assert "amorphous Li₃PS₄" in page
    assert "amorphous-terminated" not in page


def test_the_page_says_calibrated(wetting):
    curve = replace(wetting.curve, mode="calibrated")
    page = render_page(None, {}, replace(wetting, curve=curve)).split("<script>")[0]
    assert "<b>Calibrated.</b>" in page
    assert page.count("calibrated, 95%") == 3
    assert "predicted, 95%" not in page


def test_a_page_of_nothing_is_refused():
    with pytest.raises(InputError, match="needs a hull report"):
        render_page(None, {})


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
    page = render_page(None, {}, report)
    assert "<script>alert" not in page
    assert '"><q>' not in page
    assert symbols("γ_LV <b>") == "γ<sub>LV</sub> &lt;b&gt;"


def test_a_bare_report_is_shown(wetting):
    bare = replace(
        wetting, adhesion=(), falls=(), surfaces=(), dilute=(), pictures=(), vapour=None, film_surface_energy=None,
        observed={}, warnings=(), members=wetting.members[:1],
    )  # fmt: skip
    page = render_page(None, {}, bare)
    assert "Relaxed interfaces" not in page
    assert "What the curve shows" in page


def test_steps_are_differences_of_the_lattice_gas(wetting):
    rows = [row for row in wetting_view(wetting)["states"] if row.owner == "TiO₂, chgnet+d3"]
    gas = wetting.default.parameters.interface
    energies = dict(zip(gas.counts, gas.delta_energies, strict=True))
    assert [row.count for row in rows] == [1, 2, 3]
    assert [row.first for row in rows] == [3, 0, 0]
    assert [row.step for row in rows] == pytest.approx([energies[n] - energies[n - 1] for n in (1, 2, 3)])


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
