"""Walk the pages as a new user does, each in an empty folder, and write how long it takes into docs/timings.md.

python benchmarks/first_results.py [--only NAME ...] [--install]

Commands and files are those of the pages. ``--install`` begins with an empty virtual environment, in which everything
else then runs; without it the environment of this process does. Each row is stored when it is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amalgamics.benchmarks.machine import describe_machine
from amalgamics.benchmarks.report import machine_section, markdown_table
from amalgamics.benchmarks.timing import say

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).with_name("first_results.json")
PAGE = ROOT / "docs" / "timings.md"
_BEGIN, _END = "<!-- first results: begin -->", "<!-- first results: end -->"


@dataclass(frozen=True)
class Walk:
    """One way to a first result: a page, what it ends with, and what is typed.

    ``blocks`` are the numbers of the blocks of Python of the page that are run first, ``jobs`` those of YAML that are
    written to the files in their first lines.
    """

    what: str
    page: str
    commands: tuple[str, ...]
    blocks: tuple[int, ...] = ()
    jobs: tuple[int, ...] = ()


WALKS = {
    "metals": Walk("first hull and surfaces, metals with EMT", "tutorial", ("run examples/emt-metals.yaml",)),
    "python": Walk("ten lines of Python: relaxation, hull, surface, curve", "python", (), (0,)),
    "hull": Walk("first hull of an amalgam", "tutorial", ("run examples/li-hg.yaml", "hull Li-Hg")),
    "electrolyte": Walk(
        "own electrolyte: does it react?",
        "own-electrolyte",
        ("run own-electrolyte.yaml", "stability Li3OCl"),
        (0,),
        (0,),
    ),
    "metal": Walk("own metal: a hull", "own-metal", ("run own-metal.yaml", "hull Y-Hg"), (0,), (0,)),
    "dft": Walk(
        "own DFT: a hull of imported files",
        "own-dft",
        ("import Cu.extxyz Au.extxyz CuAu.extxyz --label mine", "hull Cu-Au --potential dft:mine"),
        (0,),
    ),
    "curve": Walk("first curve, the main job", "wetting-results", ("run examples/li-hg-llto.yaml", "wetting")),
    "substrate": Walk("own substrate: a curve", "own-structures", ("run own-llto.yaml", "wetting"), (), (1,)),
}
INSTALL = "install"


def blocks_of(page: str, language: str) -> list[str]:
    """Return the blocks of code of a page of the documentation."""
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def walk(one: Walk, folder: Path, python: Path) -> None:
    """Do what the page says in an empty folder, with the examples beside it."""
    shutil.copytree(ROOT / "examples", folder / "examples")
    for number in one.jobs:
        job = blocks_of(one.page, "yaml")[number]
        (folder / job.partition("\n")[0].removeprefix("# ")).write_text(job, encoding="utf-8")
    for number in one.blocks:
        call(folder, python, "-c", blocks_of(one.page, "python")[number])
    for command in one.commands:
        call(folder, python, "-m", "amalgamics", *shlex.split(command))


def install(folder: Path) -> Path:
    """Make an environment with the lines of docs/installation.md, and return its Python."""
    call(folder, Path(sys.executable), "-m", "venv", "environment")
    python = folder / "environment" / "bin" / "python"
    for what in ("torch", ROOT):
        call(folder, python, "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt", what)
    return python


def call(folder: Path, *command: str | Path) -> None:
    """Run a command in a folder; what it prints goes to ``said.txt`` there.

    Raises
    ------
    subprocess.CalledProcessError
        It failed.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AMALGAMICS_")}
    with (folder / "said.txt").open("a", encoding="utf-8") as said:
        subprocess.run(command, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT, check=True)


def measured(name: str, what: str, page: str, start: tuple[float, float]) -> dict[str, Any]:
    """Return the row of what began at ``start``, wall and CPU seconds, with the load of the machine meanwhile."""
    wall, cpu = (now - then for now, then in zip(clocks(), start, strict=True))
    others = max(0.0, os.getloadavg()[1] - cpu / wall)
    return {"name": name, "what": what, "page": page, "wall_s": wall, "cpu_s": cpu, "load_of_others": others}


def clocks() -> tuple[float, float]:
    """Return wall time and the CPU time, user and system, of all processes that were started and have ended, s."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic(), used.ru_utime + used.ru_stime


def section(results: dict[str, Any]) -> str:
    """Return the text between the marks of the page."""
    rows = [
        {
            "": one["what"],
            "page": f"[{one['page']}]({one['page']}.md)",
            "wall time": duration(one["wall_s"]),
            "CPU time": duration(one["cpu_s"]),
            "load of others": round(one["load_of_others"], 1),
        }
        for one in results["rows"]
    ]
    return f"{machine_section(results['machine']).partition(chr(10))[0]}\n\n{markdown_table(rows)}"


def duration(seconds: float) -> str:
    """Return ``8 s`` or ``4 min``."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def store(row: dict[str, Any]) -> None:
    """Put a row into the results and the page, in the place of an earlier one."""
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {"rows": []}
    order = [INSTALL, *WALKS]
    rows = {one["name"]: one for one in [*results["rows"], row]}
    results = {"machine": describe_machine(), "rows": [rows[name] for name in order if name in rows]}
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(update_page(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")


def update_page(page: str, results: dict[str, Any]) -> str:
    """Return the page with the table between its marks.

    Raises
    ------
    ValueError
        The page has no marks.
    """
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"the page has no lines {_BEGIN} and {_END}")
    return f"{before}{begin}\n{section(results)}\n{end}{after}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Walk, and store each time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(WALKS), default=list(WALKS), metavar="NAME")
    parser.add_argument("--install", action="store_true", help="begin with an empty environment, of 2 GB")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="first-results-") as place:
        python = Path(sys.executable)
        if options.install:
            start = clocks()
            python = install(Path(place))
            store(measured(INSTALL, "installation into an empty environment", "installation", start))
        for name in options.only:
            one = WALKS[name]
            say(f"{name}: {one.what}")
            folder = Path(place) / name
            folder.mkdir()
            start = clocks()
            try:
                walk(one, folder, python)
            except subprocess.CalledProcessError:
                say((folder / "said.txt").read_text(encoding="utf-8"))
                raise
            row = measured(name, one.what, one.page, start)
            store(row)
            say(f"  {row['wall_s']:.0f} s wall, {row['cpu_s']:.0f} s CPU")


if __name__ == "__main__":
    main()
