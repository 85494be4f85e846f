"""Every address of the explorer: what it answers, to whom, and that it changes nothing."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import sqlite3
from pathlib import Path

import pytest
from ase import Atoms
from ase.db import connect
from ase.io import read
from fireworks import Firework, ScriptTask, Workflow
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amalgamics.cli.main import main
from amalgamics.explorer.app import create_app
from amalgamics.explorer.guard import Keys
from amalgamics.explorer.sources import Sources, open_database
from amalgamics.tests.conftest import MadeUpStudy
from amalgamics.tests.explorer.conftest import COOKIE, SCRIPT, Visitor
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.engine.launchpad import open_launchpad

ADDRESSES = (
    *("/", "/static/main.js", "/static/report.css", "/api/about", "/api/rows", "/api/rows/1", "/api/rows/1/cif"),
    *("/api/systems", "/api/hull?system=Li-Hg", "/api/studies", "/api/wetting", "/api/workflows", "/nothing"),
)


def ids(visitor: Visitor, **values: object) -> list[int]:
    return [row["id"] for row in visitor.get("/api/rows", **values)["rows"]]


def id_of(visitor: Visitor, name: str) -> int:
    found = visitor.get("/api/rows", text=name, limit=200)["rows"]
    return next(row["id"] for row in found if row["name"] == name)


# --- who may look ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("cookie", [None, "wrong", "", "ä"])
def test_nobody_looks_without_the_key(visitor, address, cookie):
    visitor.client.delete_cookie(COOKIE, domain="127.0.0.1")
    headers = {} if cookie is None else {"Cookie": f"{COOKIE}={cookie}"}
    answer = visitor.ask(address, headers=headers)
    assert answer.status_code == 403
    assert visitor.keys.key not in answer.text
    assert "Set-Cookie" not in answer.headers
    assert "structures.db" not in answer.text


@pytest.mark.parametrize("token", ["", "wrong", "ä" * 40, "' OR 1=1 --"])
def test_a_wrong_token_is_refused(visitor, token):
    visitor.client.delete_cookie(COOKIE, domain="127.0.0.1")
    answer = visitor.ask("/", query_string={"token": token})
    assert answer.status_code == 403
    assert "amalgamics serve" in answer.text


def test_the_token_opens_the_page_and_the_cookie_the_rest(visitor):
    visitor.client.delete_cookie(COOKIE, domain="127.0.0.1")
    answer = visitor.ask("/", query_string={"token": visitor.keys.key})
    assert answer.status_code == 200
    cookie = answer.headers["Set-Cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", "Path=/"))
    assert visitor.ask("/api/about").status_code == 200
    # Data never come for a token in the address, which others could have made the browser ask for.
    visitor.client.delete_cookie(COOKIE, domain="127.0.0.1")
    assert visitor.ask("/api/about", query_string={"token": visitor.keys.key}).status_code == 403


def test_a_key_for_one_visit_opens_once(visitor):
    visitor.client.delete_cookie(COOKIE, domain="127.0.0.1")
    once = visitor.keys.for_one_visit()
    statuses = []
    for _ in range(2):
        statuses.append(visitor.ask("/", query_string={"token": once}).status_code)
        visitor.client.delete_cookie(COOKIE, domain="127.0.0.1")
    assert statuses == [200, 403]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:1234", 200),
        ("localhost:99", 200),
        ("[::1]:99", 200),
        ("evil.example:1234", 403),
        ("127.0.0.1.evil.example", 403),
        ("evil.example:80@127.0.0.1", 403),
        ("localhost.", 403),
        ("0.0.0.0:1234", 403),
    ],
)
def test_the_name_of_the_host_is_checked(visitor, host, status):
    client = visitor.client.application.test_client(use_cookies=False)
    headers = {"Host": host, "Cookie": f"{COOKIE}={visitor.keys.key}"}
    assert client.get("/api/about", headers=headers).status_code == status


def test_other_pages_get_nothing(visitor):
    answer = visitor.ask("/api/rows", headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"})
    assert answer.status_code == 403
    for headers in ({"Origin": "https://evil.example"}, {}):
        answer = visitor.ask("/api/rows", headers=headers)
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_every_answer_says_what_its_page_may_do(visitor):
    for address in (*ADDRESSES, "/api/rows?sort=x"):
        answer = visitor.ask(address)
        policy = answer.headers["Content-Security-Policy"].split("; ")
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("address", ["/", "/api/rows", "/api/rows/1", "/api/workflows", "/static/main.js"])
def test_there_is_nothing_to_change(visitor, method, address):
    assert visitor.ask(address, method=method).status_code == 405


def test_the_page_has_no_script_or_handler_of_its_own(visitor):
    page = visitor.ask("/").text
    assert "<script>" not in page
    assert " on" not in page.replace(" only", "").partition("<body>")[2].partition("<noscript>")[0]
    for name in ("main", "data", "dom", "rows", "row", "structure", "hulls", "wetting", "workflows", "plots"):
        answer = visitor.ask(f"/static/{name}.js")
        assert answer.mimetype == "text/javascript"
        for sign in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "http://",
            "https://",
        ):
            assert sign not in answer.text.replace('"http://www.w3.org/2000/svg"', ""), (name, sign)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/..%5capp.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/vendor/../../guard.py",
        "/static/vendor",
        "/static/report.html.j2",
        "/static/plotly.js%00",
        "/static/none.js",
    ],
)
def test_no_other_file_is_served(visitor, path):
    answer = visitor.ask(path)
    assert answer.status_code in {400, 404}
    assert "import" not in answer.text
    assert "root:" not in answer.text


def test_what_the_page_needs_is_served_from_here(visitor):
    for name, mimetype in (
        ("plotly.js", "text/javascript"),
        ("figures.js", "text/javascript"),
        ("report.css", "text/css"),
        ("explorer.css", "text/css"),
        ("vendor/3Dmol-min.js", "text/javascript"),
    ):
        answer = visitor.ask(f"/static/{name}")
        assert (answer.status_code, answer.mimetype) == (200, mimetype)


# --- nothing is changed ----------------------------------------------------------------------------------------------


def test_the_database_stays_as_it_is(visitor, database_file):
    before = hashlib.sha256(database_file.read_bytes()).hexdigest(), database_file.stat().st_mtime_ns
    for address in ADDRESSES:
        visitor.ask(address)
    for row_id in ids(visitor, limit=200):
        for part in ("", "/pattern", "/phonons", "/cif", "/json"):
            visitor.ask(f"/api/rows/{row_id}{part}")
    visitor.get("/api/rows", query="e_above_hull<1", sort="-e_above_hull")
    assert (hashlib.sha256(database_file.read_bytes()).hexdigest(), database_file.stat().st_mtime_ns) == before
    assert sorted(path.name for path in database_file.parent.iterdir()) == ["structures.db"]


def test_a_file_without_our_indices_is_left_without(database_file):
    with sqlite3.connect(database_file) as connection:
        connection.execute("DROP INDEX text_value_index")
    connection.close()
    before = database_file.read_bytes()
    found = open_database(str(database_file)).page("Li-Hg")
    assert found.total >= 3
    assert database_file.read_bytes() == before


# --- rows ------------------------------------------------------------------------------------------------------------


def test_pages_follow_each_other(visitor):
    every = ids(visitor, limit=200)
    assert len(every) > 20
    paged = [row for offset in range(0, len(every), 7) for row in ids(visitor, limit=7, offset=offset)]
    assert paged == every
    assert visitor.get("/api/rows", limit=7)["total"] == len(every)
    assert ids(visitor, limit=200, sort="-id") == every[::-1]
    assert ids(visitor, offset=10**9) == []


def test_rows_are_those_of_the_query_command(visitor, database_file, capsys):
    for query, sort in (("Li-Hg,relax_cell=True", "e_above_hull"), ("converged=False", "id"), ("natoms>1", "-name")):
        with pytest.raises(SystemExit):
            main(["query", query, "--sort", sort, "--json", "--database", str(database_file)])
        printed = [row["id"] for row in json.loads(capsys.readouterr().out)]
        assert printed
        assert ids(visitor, query=query, sort=sort, limit=200) == printed


def test_hulls_tell_of_rows_afterwards(visitor):
    crystals = {row["name"]: row for row in visitor.get("/api/rows", query="Li-Hg,relax_cell=True")["rows"]}
    assert "e_above_hull" not in crystals["LiHg"]
    found = visitor.get("/api/places", ids=",".join(str(row["id"]) for row in crystals.values()))
    assert found["left"] == []
    place = found["places"][str(crystals["LiHg"]["id"])]
    assert place == {"formation_energy_per_atom": pytest.approx(-0.4), "e_above_hull": pytest.approx(0)}
    assert visitor.get("/api/places", ids="99999,1")["places"].keys() == {"1"}
    assert visitor.get("/api/places") == {"places": {}, "left": []}


def test_text_is_searched_as_it_is(visitor):
    assert visitor.get("/api/rows", text="LIHG", limit=200)["total"] >= 1
    assert [row["name"] for row in visitor.get("/api/rows", text="<script>")["rows"]] == [SCRIPT]
    for nothing in ("%", "_", "!", "'", '"', "'; DROP TABLE systems; --", "\\", "l_hg"):
        found = visitor.get("/api/rows", text=nothing)
        assert all(nothing.lower() in f"{row['name']}{row['reduced_formula']}LLTO".lower() for row in found["rows"])


ATTACKS = (
    "1=1; DROP TABLE systems",
    "name=' OR '1'='1",
    "name=x' UNION SELECT sqlite_version() --",
    "id=1) OR (1=1",
    "id>0 OR 1=1",
    'name="); DELETE FROM keys; --',
    "natoms<(SELECT 1)",
    "'; ATTACH DATABASE '/tmp/x' AS x; --",
    "name=" + "x" * 500,
    "e_above_hull<nan",
    "Li-Hg,Cu-Au",
    "age<x",
)


@pytest.mark.parametrize("query", ATTACKS)
def test_a_query_holds_no_sql(visitor, database_file, query):
    before = database_file.read_bytes()
    answer = visitor.ask("/api/rows", query_string={"query": query})
    assert answer.status_code in {200, 400}
    if answer.status_code == 200:
        assert answer.get_json()["total"] == 0
    assert database_file.read_bytes() == before


@given(query=st.text(max_size=60), text=st.text(max_size=30))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_query_is_an_error_of_ours(visitor, query, text):
    answer = visitor.ask("/api/rows", query_string={"query": query, "text": text})
    assert answer.status_code in {200, 400}, answer.text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"sort": "name; DROP TABLE systems"}, "sort: .*not allowed"),
        ({"sort": "fingerprint"}, "sort: 'fingerprint' is not allowed; give one of id, name"),
        ({"limit": "0"}, "limit: '0' is not allowed; give a whole number from 1 to 200"),
        ({"limit": "1e3"}, "limit: '1e3'"),
        ({"limit": "９"}, "limit: '９'"),
        ({"offset": "-1"}, "offset: '-1'"),
        ({"offset": "9" * 400}, "offset: .*not allowed"),
        ({"page": "1"}, "unknown parameter 'page'.*Known: limit"),
        ({"query": "a\0b"}, "query: .*control character"),
        ({"query": "x" * 1001}, "query: it has 1001 characters"),
        ({"query": "foo=1"}, "query 'foo=1': unknown key 'foo'"),
        ({"query": "natoms<"}, "natoms is compared with ''"),
    ],
)
def test_values_that_are_not_allowed_are_named(visitor, values, said):
    assert re.search(said, visitor.refused("/api/rows", **values))


def test_a_value_is_given_once(visitor):
    answer = visitor.ask("/api/rows?sort=id&sort=name")
    assert (answer.status_code, answer.get_json()) == (400, {"error": "sort: it is given 2 times; give it once"})


def test_a_row_is_told_whole(visitor):
    found = visitor.get(f"/api/rows/{id_of(visitor, 'LiHg')}")
    assert (found["name"], found["formula"], found["is_crystal"]) == ("LiHg", "LiHg", True)
    assert found["structure"]["symbols"] == ["Li", "Hg"]
    assert found["structure"]["lengths"] == pytest.approx([3.3] * 3)
    assert found["provenance"]["name"] == "emt"
    assert found["settings"]["fmax"] == 0.05
    assert found["origin"]["source"] == "made up"


def test_a_name_of_markup_is_a_name(visitor):
    row_id = id_of(visitor, SCRIPT)
    answer = visitor.ask(f"/api/rows/{row_id}")
    assert answer.mimetype == "application/json"
    assert answer.get_json()["name"] == SCRIPT
    figure = json.dumps(visitor.get("/api/hull", system="Li-Hg")["figure"])
    assert "<script" not in figure
    kept = visitor.ask(f"/api/rows/{row_id}/cif")
    assert kept.headers["Content-Disposition"] == f'attachment; filename="row-{row_id}.cif"'
    assert "<" not in kept.text.splitlines()[0]


def test_passwords_are_shown_nowhere(database_file):
    keys = Keys()
    sources = Sources(open_database(str(database_file)), "mongodb://me:hunter2@127.0.0.1:1/name")
    client = Visitor(create_app(sources, keys).test_client(), keys)
    texts = [client.ask("/api/about").text, client.ask("/api/rows?query=converged=False").text]
    (failed,) = ids(client, query="converged=False")
    texts.append(client.ask(f"/api/rows/{failed}").text)
    assert "refused <i>it</i>" in texts[-1]
    assert not [text for text in texts if "hunter2" in text]


def test_files_can_be_read_again(visitor, tmp_path):
    row_id = id_of(visitor, "LiHg")
    cif = tmp_path / "row.cif"
    cif.write_text(visitor.ask(f"/api/rows/{row_id}/cif").text)
    assert sorted(read(cif).get_chemical_symbols()) == ["Hg", "Li"]
    entry = json.loads(visitor.ask(f"/api/rows/{row_id}/json").text)
    assert entry["@class"] == "ComputedStructureEntry"
    assert entry["energy"] == pytest.approx(-0.8)


def test_a_pattern_has_the_lines_of_the_crystal(visitor):
    row_id = id_of(visitor, "LiHg")
    copper = visitor.get(f"/api/rows/{row_id}/pattern")
    cobalt = visitor.get(f"/api/rows/{row_id}/pattern", radiation="CoKa")
    assert copper["wavelength_A"] < cobalt["wavelength_A"]
    tops = [found["figure"]["data"][2] for found in (copper, cobalt)]
    assert all(max(top["y"]) == pytest.approx(100) for top in tops)
    # a longer wavelength moves every line to a larger angle
    assert tops[0]["x"][0] < tops[1]["x"][0]
    assert visitor.refused(f"/api/rows/{row_id}/pattern", radiation="UKa").startswith("unknown radiation 'UKa'")


def test_odd_rows_are_refused_part_by_part(visitor):
    for row in visitor.get("/api/rows", limit=200)["rows"]:
        for part in ("", "/pattern", "/phonons", "/cif", "/json"):
            answer = visitor.ask(f"/api/rows/{row['id']}{part}")
            assert answer.status_code in {200, 400, 404}, (row["name"], part, answer.text)
        assert visitor.ask("/api/places", query_string={"ids": row["id"]}).status_code in {200, 400}
    assert "cannot be shown" in visitor.refused(f"/api/rows/{id_of(visitor, 'foreign')}/phonons")
    assert visitor.refused(f"/api/rows/{id_of(visitor, 'water')}/pattern").endswith("a powder pattern needs one")


def test_a_hull_of_odd_rows_is_refused_and_the_table_is_not(visitor, database_file):
    (crystal,) = list(visitor.get("/api/rows", query="Li-Hg,natoms=2,relax_cell=True")["rows"])
    keys = visitor.get(f"/api/rows/{crystal['id']}")["keys"]
    names = ("kind", "potential", "potential_identity", "relax_cell", "converged", "chemical_system")
    with connect(database_file, type="db", use_lock_file=False) as rows:
        odd = rows.write(Atoms("LiHg", cell=[3] * 3, pbc=True), name="odd", **{name: keys[name] for name in names})
    assert "its hull cannot be shown" in visitor.refused("/api/hull", system="Li-Hg")
    assert crystal["id"] in ids(visitor, query="Li-Hg")
    found = visitor.get("/api/places", ids=f"{odd},{crystal['id']}")
    assert found["places"][str(odd)] == {"formation_energy_per_atom": None, "e_above_hull": None}
    assert "cannot be shown" in visitor.refused("/api/rows", query="Li-Hg", sort="e_above_hull")


@pytest.mark.parametrize("row_id", ["0", "999999", "9" * 30])
def test_a_row_that_is_not_there_is_said(visitor, row_id):
    for part in ("", "/pattern", "/phonons", "/cif", "/json"):
        assert "there is no row" in visitor.refused(f"/api/rows/{row_id}{part}", 404)


@pytest.mark.parametrize("path", ["/api/rows/-1", "/api/rows/x", "/api/rows/1/none", "/api", "/api/rows/1.5"])
def test_an_address_that_is_none_is_said(visitor, path):
    assert visitor.refused(path, 404).startswith("not found")


# --- hulls, wetting, workflows ---------------------------------------------------------------------------------------


def test_the_hull_leads_to_its_rows(visitor):
    assert [one["system"] for one in visitor.get("/api/systems")["systems"]] == ["Hg-Li"]
    found = visitor.get("/api/hull", system="Li-Hg")
    by_name = {phase["name"]: phase for phase in found["phases"]}
    assert by_name["LiHg"]["formation_energy_per_atom"] == pytest.approx(-0.4)
    clickable = {row_id for trace in found["figure"]["data"] for row_id in trace.get("customdata", [])}
    assert clickable == {phase["id"] for phase in found["phases"]}
    assert found["potential"] == "emt"


def test_a_hull_that_cannot_be_is_refused(visitor):
    assert visitor.refused("/api/hull") == "system: it is missing; give it, e.g. Li-Hg"
    assert "unknown element 'Xx'" in visitor.refused("/api/hull", system="Li-Xx")
    assert "no relaxed structure of Au-Cu" in visitor.refused("/api/hull", 404, system="Au-Cu")
    assert "was not computed with 'chgnet'" in visitor.refused("/api/hull", 404, system="Li-Hg", potential="chgnet")
    visitor.ask("/api/hull", query_string={"system": "Li"})


def test_angles_are_those_of_the_command(visitor, database_file, capsys):
    (study,) = visitor.get("/api/studies")["studies"]
    asked = {"temperature": 320, "gamma_lv": 0.4, "drop_radius": 0.001, "potential": "emt"}
    found = visitor.get("/api/wetting", study=study["key"], **asked)
    words = shlex.split(found["command"])[2:]
    with pytest.raises(SystemExit):
        main(["wetting", *words, "--json", "--database", str(database_file)])
    printed = json.loads(capsys.readouterr().out)
    assert found["curve"] == printed["curve"]
    assert found["temperature_K"] == 320
    usual = visitor.get("/api/wetting")
    assert usual["curve"] != found["curve"]
    assert usual["temperature_K"] == pytest.approx(study["temperature_K"]["usual"])
    assert usual["gamma_LV_J_m2"] == pytest.approx(study["gamma_LV_J_m2"]["usual"], rel=1e-9)


def test_studies_of_odd_rows_do_not_hide_the_others(visitor, database_file):
    labels = {"role": "substrate", "solute": "Li", "converged": True, "potential": "emt", "potential_identity": "x"}
    labels |= {"substrate": "odd", "reduced_formula": "Cu", "kind": "substrate"}
    with connect(database_file, type="db", use_lock_file=False) as rows:
        rows.write(Atoms("Cu"), study="unknown-liquid", solvent="Xx", miller="(001)", **labels)
    found = visitor.get("/api/studies")
    assert [study["substrate"] for study in found["studies"]] == ["LLTO"]
    (problem,) = found["problems"]
    assert "Xx" in problem
    assert "Xx" in visitor.refused("/api/wetting", study="unknown-liquid")
    with connect(database_file, type="db", use_lock_file=False) as rows:
        rows.write(Atoms("Cu"), study="no-plane", solvent="Hg", miller="plane", **labels)
    assert "cannot be shown" in visitor.refused("/api/studies")
    assert "cannot be shown" in visitor.refused("/api/wetting")


def test_a_limit_is_shown_alone(visitor):
    figure = visitor.get("/api/wetting", limit="fresh")["figure"]
    colours = {trace["line"]["color"] for trace in figure["data"] if "line" in trace}
    assert colours == {"--fresh"}
    assert visitor.get("/api/wetting", limit="equilibrated")["figure"]["data"] == []  # it was not computed


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"temperature": "hot"}, "temperature: 'hot' is not allowed"),
        ({"temperature": "nan"}, "temperature: nan is not allowed"),
        ({"temperature": "-5"}, "temperature: -5.0 is not allowed"),
        ({"gamma_lv": "0"}, "gamma_lv: 0.0 is not allowed"),
        ({"drop_radius": "1e9"}, "drop_radius: .*is not allowed"),
        ({"limit": "all"}, "unknown limit 'all'"),
        ({"potential": "chgnet"}, "chgnet"),
        ({"termination": "'"}, "'"),
        ({"study": "no"}, "unknown study 'no'"),
        ({"x": "1"}, "unknown parameter 'x'"),
    ],
)
def test_a_study_is_not_asked_for_everything(visitor, values, said):
    assert re.search(said, visitor.refused("/api/wetting", **values))


def test_no_launchpad_is_said(visitor, tmp_path):
    assert visitor.refused("/api/workflows", 404).startswith("no LaunchPad at")
    assert not (tmp_path / "launchpad").exists()


def test_a_report_opens_in_a_sandbox(visitor, tmp_path):
    launchpad = open_launchpad(f"sqlite:///{tmp_path}/launchpad")
    folders = {name: tmp_path / name for name in ("finished", "running")}
    for name, folder in folders.items():
        metadata = {"output": str(folder), "potential": "emt"}
        launchpad.add_wf(Workflow([Firework(ScriptTask.from_str("true"))], name=name, metadata=metadata))
    folders["finished"].mkdir()
    (folders["finished"] / "report.html").write_text("<!DOCTYPE html><script>1</script>")
    found = {one["name"]: one for one in visitor.get("/api/workflows")["workflows"]}
    assert {name: one["report"] for name, one in found.items()} == {"finished": True, "running": False}
    answer = visitor.ask(f"/report/{found['finished']['id']}")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert answer.text.startswith("<!DOCTYPE html>")
    # Of an origin of its own, its scripts can read no answer of this server.
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert "default-src 'none'" in policy
    assert not any("allow-same-origin" in one for one in policy)
    assert any(one.startswith("sandbox ") for one in policy)
    assert visitor.refused(f"/report/{found['running']['id']}", 404).endswith("has no report on this machine")
    assert visitor.refused("/report/999", 404)


def test_workflows_are_told_with_their_failures(visitor, tmp_path):
    launchpad = open_launchpad(f"sqlite:///{tmp_path}/launchpad")
    launchpad.add_wf(Workflow([Firework([ScriptTask.from_str("true")], name=SCRIPT)], name=f"job {SCRIPT}"))
    launchpad.add_wf(Workflow([Firework([ScriptTask.from_str("true")], name="b")], name="broken"))
    launchpad.workflows.update_one({"name": "broken"}, {"$set": {"links": 5, "nodes": "no list", "state": ["odd"]}})
    trace = "Traceback\nValueError: mongodb://me:hunter2@host/name is gone"
    launchpad.fireworks.update_one(
        {"name": SCRIPT}, {"$set": {"state": "FIZZLED", "spec._exception_details": {"_stacktrace": trace}}}
    )
    answer = visitor.ask("/api/workflows")
    assert answer.status_code == 200
    assert "hunter2" not in answer.text
    found = {one["name"]: one for one in answer.get_json()["workflows"]}
    failed = found[f"job {SCRIPT}"]
    assert failed["counts"]["fizzled"] == 1
    assert failed["failures"][0]["step"] == SCRIPT
    assert failed["failures"][0]["reason"].startswith("ValueError: mongodb://me:…@host")
    assert any(one["state"] == "MALFORMED" and one["malformed"] for one in found.values())


def test_a_store_that_breaks_is_said(visitor, database_file, tmp_path):
    (tmp_path / "launchpad" / "collections" / "fireworks").mkdir(parents=True)
    (tmp_path / "launchpad" / "collections" / "fireworks" / "workflows.db").write_bytes(b"no database at all" * 100)
    assert visitor.ask("/api/workflows").status_code in {404, 400, 503}
    database_file.write_bytes(b"no database at all" * 100)
    for path in ("/api/rows", "/api/rows/1", "/api/systems", "/api/hull?system=Li-Hg", "/api/wetting"):
        answer = visitor.ask(path)
        assert answer.status_code in {400, 503}, answer.text
        assert "\n" not in answer.get_json()["error"]


def test_ternary_systems_have_a_triangle_whose_points_lead_to_rows(tmp_path: Path):
    study = MadeUpStudy(StructureDatabase(tmp_path / "structures.db"))
    study.add_crystals()
    for formula in ("Na", "LiNaHg"):
        places = [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0, 0]][: len(Atoms(formula))]
        atoms = Atoms(formula, scaled_positions=places, cell=[4.0] * 3, pbc=True)
        study.store(Candidate(formula, "library", atoms, "made up"), -0.1 * len(atoms))
    keys = Keys()
    client = Visitor(create_app(Sources(open_database(str(tmp_path / "structures.db")), ""), keys).test_client(), keys)
    found = client.get("/api/hull", system="Li-Na-Hg")
    shown = [row for trace in found["figure"]["data"] for row in trace.get("customdata", [])]
    assert set(shown) == {phase["id"] for phase in found["phases"]}
    assert {phase["name"] for phase in found["phases"]} == {"Li", "Na", "Hg", "LiHg", "LiNaHg"}
