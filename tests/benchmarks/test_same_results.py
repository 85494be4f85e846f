"""The script that shows that results are still the same finds whatever is not; with a command line of four verbs."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.benchmarks import same_results
from amalgamics.benchmarks.same_results import Comparison, Job, clean, main, read_jobs, visible_text

COMMAND_LINE = """
import json, os, sqlite3, sys, time
from pathlib import Path

verb, number = sys.argv[1], float(os.environ["NUMBER"])
if verb == "run":
    import ase.db
    from ase import Atoms
    folder = Path("results/tiny")
    folder.mkdir(parents=True)
    database = ase.db.connect("results/structures.db")
    data = {"wall_time_s": time.time(), "frequencies": [[1.0, number]]}
    database.write(Atoms("Cu"), name="Cu", fingerprint="relax-a", e_above_hull=number, data=data)
    (folder / "summary.json").write_text(json.dumps({"created": time.time(), "energy": [{"Cu": number}]}))
    (folder / "hull.csv").write_text(f"name,energy,row_id\\nCu,{number},{time.time()}\\n")
    (folder / "report.html").write_text(f"<p>It is {number}</p><p>2026-01-01 10:00<script>{time.time()}</script></p>")
    (folder / "hull.png").write_bytes(os.urandom(4))
    print(f"  Cu {time.time()} s")
    print(f"report: {folder.resolve()}")
elif verb == "status":
    print(json.dumps([{"updated": time.time(), "state": "COMPLETED"}]))
elif verb == "rows":
    print(json.dumps([number * n for n, in sqlite3.connect(sys.argv[2]).execute("SELECT natoms FROM systems")]))
elif number > 2:
    sys.exit("error: too much")
else:
    Path(sys.argv[2]).mkdir()
    Path(sys.argv[2], "made.txt").write_text("made")
"""
PLACES = {
    "tiny/rows/Cu |  | /e_above_hull",
    "tiny/rows/Cu |  | /data/frequencies",
    "tiny/files/summary.json/energy/0/Cu",
    "tiny/files/hull.csv/0/energy",
    "tiny/files/report.html",
    "tiny/verbs/rows/printed",
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the recording ``first`` of a job of the made-up command line, whose numbers are ``NUMBER``."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "made_up_verbs.py").write_text(COMMAND_LINE)
    (folder / "tiny.yaml").touch()
    job = Job(folder / "tiny.yaml", {"rows": "rows {database} --json", "fragile": "fragile {out}"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(same_results, "MODULE", "made_up_verbs")
        patch.setattr(same_results, "JOBS", {"tiny": job})
        patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))
        patch.setenv("NUMBER", "1.0")
        assert main(["record", str(folder / "first")]) == 0
        yield folder


@pytest.fixture
def tiny(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """To change ``NUMBER``, in the folder of the recording."""
    monkeypatch.chdir(recorded)
    return monkeypatch


def differences(capsys: pytest.CaptureFixture[str], *arguments: str) -> set[str]:
    """Where the script finds differences."""
    capsys.readouterr()
    code = main(arguments)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("tiny")]
    assert code == (1 if lines else 0)
    return {line.split(": ")[0] for line in lines}


def test_what_differs_is_found_everywhere_and_nothing_else(tiny, capsys):
    main(["record", "same"])
    assert differences(capsys, "compare", "first", "same") == set()
    tiny.setenv("NUMBER", "1.000001")
    main(["record", "other"])
    assert differences(capsys, "compare", "first", "other") == PLACES
    assert differences(capsys, "compare", "first", "other", "--rtol", "1e-5") == {"tiny/files/report.html"}
    assert differences(capsys, "compare", "first", "other", "--ignore", "*/rows/*") == PLACES - {
        place for place in PLACES if "/rows/" in place
    }


def test_an_older_database_is_read_by_the_code_at_hand(tiny, capsys):
    assert differences(capsys, "read", "first") == set()
    tiny.setenv("NUMBER", "3.0")  # with which one verb fails
    assert differences(capsys, "read", "first") == {
        "tiny/verbs/rows/printed",
        "tiny/verbs/fragile/exit code",
        "tiny/verbs/fragile/notes",
        "tiny/verbs/fragile/files/written/made.txt",
    }


def test_a_recording_is_never_overwritten_and_a_missing_one_no_agreement(recorded):
    with pytest.raises(SystemExit, match="is there already"):
        main(["record", str(recorded / "first")])
    with pytest.raises(SystemExit, match="holds no recording"):
        main(["compare", str(recorded / "first"), str(recorded / "nowhere")])


NUMBERS = st.integers(-5, 5) | st.floats(-1e6, 1e6)
CONTENTS = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


def changed(content: Any) -> Iterator[Any]:
    """Yield the content with one of its numbers another one, for each number."""
    if isinstance(content, int | float) and not isinstance(content, bool):
        yield content + 1e-8 * max(1, abs(content))
    elif isinstance(content, dict | list):
        for key in content if isinstance(content, dict) else range(len(content)):
            for other in changed(content[key]):
                result = copy.copy(content)
                result[key] = other
                yield result


def found(first: Any, second: Any) -> list[str]:
    comparison = Comparison()
    comparison.compare(first, second, "")
    return comparison.found


@given(CONTENTS)
def test_a_content_equals_itself_and_every_changed_number_is_found(content):
    assert not found(content, copy.deepcopy(content))
    for other in changed(content):
        assert len(found(content, other)) == 1


@given(CONTENTS, CONTENTS)
def test_either_may_come_first(first, second):
    assert bool(found(first, second)) == bool(found(second, first))


@pytest.mark.parametrize(
    ("first", "second"),
    [([[1, 2], [3]], [[1], [2, 3]]), (["a", "b"], ["b", "a"]), ([1, None], [1, 0]), ([True], [1]), ([{}], [[]])],
)
def test_what_looks_alike_differs(first, second):
    assert found(first, second)


def test_a_line_that_is_gone_is_one_difference():
    assert found(["a", "b", "c"], ["a", "c"]) == [": only in the first: b"]


def test_of_a_page_only_what_is_read_counts():
    page = "<h1>Hull</h1><script>var x</script><style>a</style><table><tr><td>Hg</td><td>1 <b>eV</b></td></tr></table>"
    assert [line.split() for line in visible_text(page).splitlines() if line] == [["Hull"], ["|", "Hg", "|", "1", "eV"]]


def test_times_places_and_versions_do_not_count(tmp_path):
    content = {"created": 1, "packages": {"ase": "3"}, "text": f"{tmp_path}/a at 2026-01-02T03:04:05+00:00"}
    assert clean(content, tmp_path) == {"text": "<folder>/a at <time>"}


def test_the_jobs_name_files_that_exist():
    jobs = read_jobs()
    assert set(jobs) == {"emt-metals", "li-hg", "small-wetting"}
    assert all(file.is_file() for job in jobs.values() for file in (job.input_file, *job.files))
    assert not any("{system}" in verb for job in jobs.values() for verb in job.verbs.values())
