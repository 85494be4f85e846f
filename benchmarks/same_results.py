"""Record what the package gives for a few jobs, and show after a change that it still gives the same.

python benchmarks/same_results.py record DIR [--jobs NAME ...]
python benchmarks/same_results.py compare DIR DIR [--rtol 1e-9] [--ignore PATTERN]
python benchmarks/same_results.py read DIR [--rerun]

``record`` runs the jobs in fresh folders and keeps what came of them: every row of the database, what each verb prints,
and every file that was written. ``compare`` lists what differs between two recordings, ``read`` what the code at hand
makes of the databases of an older one. Both exit with 1 where anything does. Everything goes through the command line
and ``ase.db``, so that one script serves code from before and after a change: PYTHONPATH chooses which.
"""

from __future__ import annotations

import argparse
import csv
import fnmatch
import io
import json
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from html.parser import HTMLParser
from itertools import zip_longest
from pathlib import Path
from typing import Any, ClassVar

import ase.db
import yaml

MODULE = "amalgamics.cli.main"
JOBS_FILE = Path(__file__).resolve().parent / "jobs" / "same_results.yaml"


@dataclass(frozen=True)
class Job:
    """An input, the files it names, and the verbs to ask of its database, each under a name of its own."""

    input_file: Path
    verbs: Mapping[str, str]
    files: tuple[Path, ...] = ()


def read_jobs(path: Path = JOBS_FILE) -> dict[str, Job]:
    """Return the jobs of the file, by their names."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    jobs = {}
    for name, job in content["jobs"].items():
        verbs = {key: f"{text} --database {{database}}" for key, text in (content["verbs"] | job["verbs"]).items()}
        verbs |= content["without_database"]
        verbs = {key: text.replace("{system}", job["system"]) for key, text in verbs.items()}
        files = tuple(path.parent / file for file in job.get("files", ()))
        jobs[name] = Job(path.parent / job["input"], verbs, files)
    return jobs


JOBS = read_jobs()

# What differs between two runs of the same code, or holds for one database alone.
LEFT_OUT = {
    "created", "updated", "ctime", "mtime", "unique_id", "user", "wall_time_s",  # when, who, how long
    "versions", "packages",
    "id", "row_id",  # rows are told apart by what they hold
}  # fmt: skip


# --- what is kept of a run ------------------------------------------------------------------------------------------


def run_verb(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run one command in ``folder``, on one thread, since threads add up in any order."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AMALGAMICS_")}
    environment |= {"OMP_NUM_THREADS": "1", "COLUMNS": "200", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", MODULE, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def code_in_use() -> str:
    """Return where the package lies whose command line is run."""
    code = f"import importlib.util as util; print(util.find_spec({MODULE.split('.')[0]!r}).origin)"
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "none"


def run_job(job: Job, folder: Path, *more: str) -> dict[str, Any]:
    """Run the job in ``folder`` with one worker; return how it ended, without a line for each calculation."""
    for path in (job.input_file, *job.files):
        shutil.copy(path, folder)
    done = run_verb(["run", job.input_file.name, "--workers", "1", *more], folder)
    said = "\n".join(line for line in done.stdout.splitlines() if not line.startswith("  "))
    return {"exit code": done.returncode, "printed": _lines(said, folder), "notes": _lines(done.stderr, folder)}


def ask_verbs(job: Job, database: Path) -> dict[str, Any]:
    """Return what each verb prints for the database, and the files it writes; a failure is an answer, too."""
    answers = {}
    for name, text in job.verbs.items():
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place).resolve()
            arguments = [part.format(database=database, out=folder / "written") for part in shlex.split(text)]
            done = run_verb(arguments, folder)
            answers[name] = {
                "exit code": done.returncode,
                "printed": _printed(done.stdout, arguments, folder, database.parent),
                "notes": _lines(done.stderr, folder, database.parent),
                "files": read_files(folder),
            }
    return answers


def _printed(text: str, arguments: Sequence[str], *folders: Path) -> Any:
    try:
        if "--json" in arguments:
            return clean(json.loads(text), *folders)
    except json.JSONDecodeError:
        pass
    return read_csv(text, *folders) if "--csv" in arguments else _lines(text, *folders)


def read_rows(path: Path) -> dict[str, Any]:
    """Return all that the database holds of each calculation, by its name, and fingerprint where a name comes twice."""
    if not path.is_file():
        return {}
    rows = list(ase.db.connect(path, type="db").select())
    names = {row.id: " | ".join(str(row.get(key, "")) for key in ("name", "kind", "potential")) for row in rows}
    counts = Counter(names.values())
    found: dict[str, Any] = {}
    for row in rows:
        content = {key: row[key] for key in row} | {"data": dict(row.data), "constraints": row.constraints}
        name = names[row.id]
        label = f"{name} | {row.get('fingerprint')}" if counts[name] > 1 or name in found else name
        if label in found:
            raise ValueError(f"{path}: two rows {label!r}")
        found[label] = clean(json.loads(json.dumps(content, default=_plain)), path.parent.parent)
    return found


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else repr(value)


def read_files(folder: Path) -> dict[str, Any]:
    """Return what the files below ``folder`` say, by name; of pictures and the like their names alone."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        found[path.relative_to(folder).as_posix()] = _content(path, folder)
    return found


def _content(path: Path, folder: Path) -> Any:
    if path.suffix not in (".json", ".csv", ".html", ".extxyz", ".cif", ".md", ".txt"):
        return None
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return clean(json.loads(text), folder)
    if path.suffix == ".csv":
        return read_csv(text, folder)
    return _lines(visible_text(text) if path.suffix == ".html" else text, folder)


def read_csv(text: str, *folders: Path) -> list[dict[str, Any]]:
    """Return the rows of a table, numbers as numbers."""
    rows = csv.DictReader(io.StringIO(text), restkey="beyond the header")
    found: list[dict[str, Any]] = clean([{key: _number(cell) for key, cell in row.items()} for row in rows], *folders)
    return found


def _number(cell: Any) -> Any:
    try:
        return float(cell)
    except (TypeError, ValueError):
        return cell


def clean(content: Any, *folders: Path) -> Any:
    """Return ``content`` without what depends on the run: times, versions, row numbers and places."""
    if isinstance(content, dict):
        return {key: clean(value, *folders) for key, value in content.items() if key not in LEFT_OUT}
    if isinstance(content, list):
        return [clean(value, *folders) for value in content]
    return clean_text(content, *folders) if isinstance(content, str) else content


def clean_text(text: str, *folders: Path) -> str:
    """Return ``text`` with marks for folders, dates and times."""
    for folder in sorted(folders, key=lambda one: -len(str(one))):
        text = text.replace(str(folder), "<folder>")
    return re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?", "<time>", text)


def _lines(text: str, *folders: Path) -> list[str]:
    lines = (" ".join(line.split()) for line in clean_text(text, *folders).splitlines())
    return [line for line in lines if line]


class _Page(HTMLParser):
    """Gathers the text of a page, a line for each block or row of a table; no scripts, no styles, no pictures."""

    HIDDEN = ("script", "style", "svg")
    APART: ClassVar = {"td": " | ", "th": " | ", "a": " ", "span": " ", "button": " ", "small": " ", "option": " "}
    INLINE = ("b", "i", "em", "strong", "sub", "sup", "code", "time", "abbr", *APART)

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the signature
        self.hidden += tag in self.HIDDEN
        self.text.append(self.APART.get(tag, "") if tag in self.INLINE else "\n")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in self.HIDDEN
        self.text.append(" " if tag in self.APART else "" if tag in self.INLINE else "\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.text.append(" ".join(f"_{data}_".split())[1:-1])


def visible_text(page: str) -> str:
    """Return the text that a reader of the page sees."""
    parser = _Page()
    parser.feed(page)
    return "".join(parser.text)


# --- what differs ---------------------------------------------------------------------------------------------------


@dataclass
class Comparison:
    """Differences found so far, by where they are; ``ignored`` counts those that match a pattern."""

    rtol: float = 1e-9
    atol: float = 1e-12
    ignore: tuple[str, ...] = ()
    found: list[str] = field(default_factory=list)
    ignored: int = 0

    def note(self, where: str, what: str) -> None:
        """Keep one difference, unless it is to be ignored."""
        if any(fnmatch.fnmatchcase(where, pattern) for pattern in self.ignore):
            self.ignored += 1
        else:
            self.found.append(f"{where}: {what}")

    def close(self, first: float, second: float) -> bool:
        """Tell whether two numbers are the same within the tolerances."""
        both_nan = math.isnan(first) and math.isnan(second)
        return both_nan or math.isclose(first, second, rel_tol=self.rtol, abs_tol=self.atol)

    def compare(self, first: Any, second: Any, where: str) -> None:
        """Note every difference between two contents."""
        if isinstance(first, dict) and isinstance(second, dict):
            for key in [*first, *(key for key in second if key not in first)]:
                place = f"{where}/{key}" if where else str(key)
                if key not in first or key not in second:
                    only, content = ("first", first[key]) if key in first else ("second", second[key])
                    self.note(place, f"only in the {only}: {_short(content)}")
                else:
                    self.compare(first[key], second[key], place)
        elif isinstance(first, list) and isinstance(second, list):
            self._lists(first, second, where)
        elif _is_number(first) and _is_number(second):
            if not self.close(first, second):
                self.note(where, f"{first!r} -> {second!r} ({second - first:+.2g})")
        elif type(first) is not type(second) or first != second:
            self.note(where, f"{_short(first)} -> {_short(second)}")

    def _lists(self, first: list[Any], second: list[Any], where: str) -> None:
        numbers = _flat(first), _flat(second)
        if all(numbers) and _shape(first) == _shape(second):
            self._arrays(*numbers, where)
        elif len(first) == len(second) and not all(isinstance(item, str) for item in (*first, *second)):
            for index, pair in enumerate(zip(first, second, strict=True)):
                self.compare(*pair, f"{where}/{index}")
        else:
            self._sequences(first, second, where)

    def _arrays(self, first: Sequence[float], second: Sequence[float], where: str) -> None:
        """One line for a whole array of numbers."""
        far = [pair for pair in zip(first, second, strict=True) if not self.close(*pair)]
        if far:
            most = max(far, key=lambda pair: abs(pair[1] - pair[0]))
            self.note(where, f"{len(far)} of {len(first)} numbers, the furthest {most[0]!r} -> {most[1]!r}")

    def _sequences(self, first: list[Any], second: list[Any], where: str) -> None:
        """Lines of a text, or lists of unlike length: what is in one and not in the other."""
        texts = [[one if isinstance(one, str) else json.dumps(one) for one in items] for items in (first, second)]
        for tag, a, b, c, d in SequenceMatcher(None, texts[0], texts[1], autojunk=False).get_opcodes():
            if tag == "equal":
                continue
            for old, new in zip_longest(texts[0][a:b], texts[1][c:d]):
                if old is None or new is None:
                    self.note(where, f"only in the {'first' if new is None else 'second'}: {_short(old or new)}")
                else:
                    self.note(where, f"{_short(old)} -> {_short(new)}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _flat(content: list[Any]) -> list[float]:
    """Return the numbers of an array as nested lists; none where it holds anything else."""
    found: list[float] = []
    for item in content:
        inner = _flat(item) if isinstance(item, list) else [item] if _is_number(item) else []
        if not inner:
            return []
        found += inner
    return found


def _shape(content: Any) -> Any:
    return [_shape(item) for item in content] if isinstance(content, list) else None


def _short(content: Any) -> str:
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return text if len(text) <= 160 else f"{text[:157]}..."


# --- the commands ---------------------------------------------------------------------------------------------------


def load(directory: Path, names: Sequence[str]) -> dict[str, Any]:
    """Return the recording in ``directory``; of the jobs in ``names``, where there are any."""
    found = {path.parent.name: path for path in sorted(directory.glob("*/recorded.json"))}
    missing = [name for name in names if name not in found]
    if missing or not found:
        raise SystemExit(f"error: {directory} holds no recording {' '.join(missing)}".rstrip())
    return {name: json.loads(found[name].read_text(encoding="utf-8")) for name in names or found}


def record(directory: Path, names: Sequence[str]) -> int:
    """Run the jobs, each in ``directory/NAME/run``, and write ``directory/NAME/recorded.json``; 1 if a job failed."""
    taken = [name for name in names if (directory / name).exists()]
    if taken:
        raise SystemExit(f"error: {directory / taken[0]} is there already; a recording needs fresh folders")
    codes = []
    for name in names:
        job = JOBS[name]
        folder = (directory / name / "run").resolve()
        folder.mkdir(parents=True)
        ended = run_job(job, folder)
        database = folder / "results" / "structures.db"
        recorded = {
            "run": ended,
            "status": _printed(run_verb(["status", "--json"], folder).stdout, ["--json"], folder),
            "rows": read_rows(database),
            "files": read_files(folder / "results" / name),
            "verbs": ask_verbs(job, database),
        }
        text = json.dumps(recorded, indent=1, ensure_ascii=False)
        (directory / name / "recorded.json").write_text(text, encoding="utf-8")
        failed = [verb for verb, answer in recorded["verbs"].items() if answer["exit code"]]
        codes.append(ended["exit code"])
        print(f"{name}: exit code {codes[-1]}, {len(recorded['rows'])} rows, {len(recorded['files'])} files")
        print(f"  {len(job.verbs)} verbs asked; an error from {', '.join(failed) or 'none'}", flush=True)
    return int(any(codes))


def read(directory: Path, names: Sequence[str], comparison: Comparison, rerun: bool) -> None:
    """Ask every verb of the code at hand about copies of the recorded databases; with ``rerun`` run the jobs on them.

    A rerun finds everything in the database: it may add no row and change none.
    """
    for name, recorded in load(directory, names).items():
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place).resolve()
            database = folder / "results" / "structures.db"
            database.parent.mkdir()
            shutil.copy(directory / name / "run" / "results" / "structures.db", database)
            comparison.compare(recorded["verbs"], ask_verbs(JOBS[name], database), f"{name}/verbs")
            if rerun:
                comparison.compare(recorded["run"], run_job(JOBS[name], folder), f"{name}/run")
            comparison.compare(recorded["rows"], read_rows(database), f"{name}/rows")


def main(arguments: Sequence[str] | None = None) -> int:
    """Record, compare or read; the exit code is 1 if a job failed or anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record", help="run the jobs and keep what they give")
    comparing = commands.add_parser("compare", help="list what differs between two recordings")
    reading = commands.add_parser("read", help="ask the code at hand about the recorded databases")
    for one in (recording, comparing, reading):
        one.add_argument("directory", type=Path, help="folder of a recording")
        one.add_argument("--jobs", nargs="+", choices=list(JOBS), default=[], help="only these; default all")
    comparing.add_argument("second", type=Path, help="folder of the other recording")
    reading.add_argument("--rerun", action="store_true", help="also run the jobs again on these databases")
    for one in (comparing, reading):
        one.add_argument("--rtol", type=float, default=1e-9, help="relative tolerance of numbers (default 1e-9)")
        one.add_argument("--atol", type=float, default=1e-12, help="absolute tolerance of numbers (default 1e-12)")
        one.add_argument("--ignore", nargs="+", default=[], help="where differences are expected: '*/e_above_hull'")
    options = parser.parse_args(arguments)
    if options.command != "compare":
        print(f"code: {code_in_use()}", flush=True)
    if options.command == "record":
        return record(options.directory, options.jobs or list(JOBS))
    comparison = Comparison(options.rtol, options.atol, tuple(options.ignore))
    if options.command == "compare":
        comparison.compare(load(options.directory, options.jobs), load(options.second, options.jobs), "")
    else:
        read(options.directory, options.jobs, comparison, options.rerun)
    print("\n".join([*comparison.found, f"{len(comparison.found)} differences, {comparison.ignored} ignored"]))
    return int(bool(comparison.found))


if __name__ == "__main__":
    sys.exit(main())
