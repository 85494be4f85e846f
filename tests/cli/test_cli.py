"""The command line as a user meets it: real processes, a real embedded LaunchPad, EMT."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from amalgamics.benchmarks.query import fill
from amalgamics.cli.main import VERBS
from amalgamics.workflows.database.structure_database import StructureDatabase

EMT_JOB = """
name: emt
systems: [Ag-Au]
potential: emt
structures: {prototypes: {max_candidates: 5, max_atoms: 4}}
relaxation: {fmax: 0.01}
"""


def amalgamics(*arguments: str, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AMALGAMICS_")}
    environment |= {"OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", "amalgamics.cli.main", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory in which the EMT job ran once."""
    directory = tmp_path_factory.mktemp("job")
    (directory / "job.yaml").write_text(EMT_JOB)
    done = amalgamics("run", "job.yaml", "--workers", "2", cwd=directory)
    assert "report: " in done.stdout
    return directory


def test_run_writes_the_report_and_nothing_else_in_the_way(finished):
    assert sorted(path.name for path in finished.iterdir()) == ["job.yaml", "results"]
    files = {path.name for path in (finished / "results" / "emt").iterdir()}
    assert {"report.html", "hull.png", "hull.csv", "summary.json"} <= files


def test_second_run_repeats_nothing(finished):
    before = json.loads(amalgamics("query", "--json", cwd=finished).stdout)
    amalgamics("run", "job.yaml", cwd=finished)
    after = json.loads(amalgamics("query", "--json", cwd=finished).stdout)
    assert [row["id"] for row in after] == [row["id"] for row in before]


def test_hull_json_has_the_documented_keys(finished):
    hull = json.loads(amalgamics("hull", "Ag-Au", "--json", cwd=finished).stdout)
    assert list(hull) == ["system", "potential", "temperature_K", "phases", "voltage_steps", "mean_voltage_V"]
    keys = {
        "id",
        "name",
        "formula",
        "space_group",
        "energy_per_atom",
        "formation_energy_per_atom",
        "e_above_hull",
        "volume_per_atom",
        "published_pbe_formation_energy_per_atom",
        "source",
    }
    assert hull["phases"]
    assert all(set(phase) == keys for phase in hull["phases"])
    rows = json.loads(amalgamics("query", "Ag-Au", "--json", cwd=finished).stdout)
    assert {(phase["id"], phase["name"]) for phase in hull["phases"]} == {(row["id"], row["name"]) for row in rows}
    elements = [phase for phase in hull["phases"] if phase["formula"] in ("Ag", "Au")]
    assert all(phase["formation_energy_per_atom"] == pytest.approx(0, abs=1e-9) for phase in elements)


def test_query_filters_and_prints_csv(finished):
    every = json.loads(amalgamics("query", "Ag-Au", "--json", cwd=finished).stdout)
    near = json.loads(amalgamics("query", "Ag-Au,e_above_hull<0.01", "--json", cwd=finished).stdout)
    assert 0 < len(near) <= len(every)
    assert all(row["e_above_hull"] < 0.01 for row in near)
    lines = amalgamics("query", "Ag-Au,e_above_hull<0.01", "--csv", cwd=finished).stdout.splitlines()
    assert lines[0].startswith("id,name")
    assert len(lines) == len(near) + 1


def test_status_counts_and_stock_lpad_answer(finished):
    status = json.loads(amalgamics("status", "--json", cwd=finished).stdout)
    assert {row["state"] for row in status} == {"COMPLETED"}
    stock = amalgamics("lpad", "get_wflows", cwd=finished)
    assert "COMPLETED" in stock.stdout


def test_report_again_from_the_database(finished):
    amalgamics("report", "Ag-Au", "--output", "again", cwd=finished)
    assert (finished / "again" / "report.html").stat().st_size > 100_000


def test_submit_then_launch(tmp_path):
    (tmp_path / "job.yaml").write_text(EMT_JOB)
    amalgamics("submit", "job.yaml", cwd=tmp_path)
    again = amalgamics("submit", "job.yaml", cwd=tmp_path)
    assert "already" in again.stdout
    amalgamics("launch", "--workers", "1", cwd=tmp_path)
    assert (tmp_path / "results" / "emt" / "report.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "none.yaml"], "none.yaml"),
        (["run", "bad.yaml"], "not valid YAML"),
        (["run", "hg.yaml"], "Hg"),
        (["run", "job.yaml", "--launchpad", "ftp://x"], "ftp"),
        (["run", "job.yaml", "--workers", "0"], "workers"),
        (["phases", "Xx-Hg"], "Xx"),
        (["hull", "Li-Hg"], "no structure database"),
        (["query", "Li-Hg"], "no structure database"),
        (["hul", "Li-Hg"], "hull"),
    ],
)
def test_bad_input_is_one_line_exit_two_and_leaves_nothing(tmp_path, arguments, told):
    (tmp_path / "job.yaml").write_text(EMT_JOB)
    (tmp_path / "bad.yaml").write_text("name: [")
    (tmp_path / "hg.yaml").write_text(EMT_JOB.replace("Ag-Au", "Li-Hg"))
    before = sorted(tmp_path.iterdir())
    done = amalgamics(*arguments, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before


def loaded_by(*lines: str, cwd: Path) -> set[str]:
    """The modules that one process has loaded after these command lines."""
    code = (
        "import sys; from amalgamics.cli.main import main\n"
        "for line in sys.argv[1:]:\n"
        "    try: main(line.split())\n"
        "    except SystemExit as stop: assert not stop.code, line\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *lines], cwd=cwd, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


# The longest to import; each of them takes longer than what the verbs below do.
HEAVY = {"chgnet", "fireworks", "matplotlib", "phonopy", "plotly", "pymatgen", "scipy", "sevenn", "torch"}
STUDIES = "amalgamics.workflows.studies.registry"


def test_help_imports_nothing_heavy(tmp_path):
    lines = ["--help", *(f"{verb} --help" for verb in VERBS if verb not in {"lpad", "rlaunch"})]  # FireWorks' own
    assert not loaded_by(*lines, cwd=tmp_path) & {*HEAVY, "ase", "numpy", "pymongo", "yaml", STUDIES}


@pytest.mark.parametrize(
    ("line", "needless"),
    [
        # ase.io comes with half of SciPy.
        ("query Ag-Au,e_above_hull<1", {"ase.io", "ase.db", "spglib", "yaml", STUDIES}),
        ("query --json natoms<3", {"ase.io", "ase.db", "spglib", "yaml", STUDIES}),
        ("hull Ag-Au", {"ase.io", "ase.db", "spglib", STUDIES}),
        ("hull Ag-Au --json", {"ase.io", "ase.db", "spglib", STUDIES}),
        ("status", {"ase", "numpy", "psutil", "yaml", STUDIES}),
    ],
)
def test_what_only_reads_imports_what_it_needs(finished, line, needless):
    assert not loaded_by(line, cwd=finished) & (HEAVY | needless)


def test_a_job_is_submitted_without_what_computes_it(tmp_path):
    """As ``run`` does before its first output."""
    (tmp_path / "job.yaml").write_text(EMT_JOB)
    assert not loaded_by("submit job.yaml", cwd=tmp_path) & {*HEAVY - {"fireworks"}, "ase.io", "spglib"}


def test_voltage_steps_need_no_more(tmp_path):
    path = tmp_path / "results" / "structures.db"
    path.parent.mkdir()
    fill(path, 72)
    StructureDatabase(path)  # as ase.db leaves them, rows are upgraded first
    loaded = loaded_by("hull Li-Hg --potential chgnet+d3", cwd=tmp_path)
    assert "amalgamics.thermodynamics.hulls.voltage" in loaded
    assert not loaded & {*HEAVY, "ase.io", "ase.db", "spglib", STUDIES}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(tmp_path, verb):
    shown = amalgamics(verb, "--help", cwd=tmp_path).stdout
    assert "--help" in shown
    assert amalgamics(verb, "-h", cwd=tmp_path).stdout == shown


def test_the_bare_command_shows_its_help_and_the_package_runs_like_it(tmp_path):
    shown = amalgamics(cwd=tmp_path).stdout
    assert shown.startswith("Usage: amalgamics [OPTIONS] COMMAND")
    assert "Write the report of a system again" in shown
    assert shown == amalgamics("--help", cwd=tmp_path).stdout == amalgamics("-h", cwd=tmp_path).stdout
    package = subprocess.run(
        [sys.executable, "-m", "amalgamics"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert package.stdout.split() == shown.split()


@pytest.mark.parametrize(
    ("typed", "offered"), [("amalgamics wet", ["wetting"]), ("amalgamics hull --da", ["--database"])]
)
def test_a_shell_completes_verbs_and_options(tmp_path, monkeypatch, typed, offered):
    monkeypatch.setenv("_AMALGAMICS_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split()) - 1))
    command = [sys.executable, "-m", "amalgamics"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout.split() == offered


def test_phases_lists_the_unbuildable_with_a_reason(tmp_path):
    rows = json.loads(amalgamics("phases", "Li-Hg", "--json", cwd=tmp_path).stdout)
    by_key = {row["key"]: row for row in rows}
    assert by_key["LiHg3"]["builds"] is True
    assert by_key["Li2Hg"]["builds"] is False
    assert by_key["Li2Hg"]["remark"]
