"""The explorer as one file that works without a server: its answers about the rows of a job are recorded beforehand."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..reference.measured import ROOM_TEMPERATURE_K
from ..reports.document import write_files
from ..reports.figures.interactive import plotly_script
from ..reports.page import EXPLORER_PLACE
from ..workflows.database.row_hulls import HULL_KEYS
from .answers import plain
from .recording import Parameters, Recording
from .rows import COLUMNS, columns

if TYPE_CHECKING:
    from ..workflows.job import Job

MOST_ROWS = 500
"""Structures in the file; more would make it large and slow to write."""
MOST_PATTERNS = 50
"""Crystals with powder pattern and CIF, those nearest to the hulls."""
_AT_ONCE = 200
_STEPS_K = (25.0, 50.0, 100.0)
_TENSIONS = (0.8, 0.9, 1.1)
_RADII_MM = (1.0, 0.1, 0.01)

Answer = tuple[str, Parameters, Any]


@dataclass(frozen=True)
class Shown:
    """What a file holds of a database.

    Attributes
    ----------
    name
        Of the job.
    systems, potential
        Of the hulls.
    row_ids
        Structures beside the phases of the hulls, of which the first are taken.
    temperatures_K
        Of wetting studies, by their keys.
    """

    name: str
    systems: Sequence[str]
    potential: str
    row_ids: Sequence[int] = ()
    temperatures_K: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, job: Job) -> Shown:
        """Return the crystals of a job, slabs and interfaces of those that are no prototypes, and its studies."""
        from ..workflows.studies.registry import studies_of

        spec, rows = job.spec, job.rows
        ids = [int(row.id) for row in rows]
        keys = {study(job).key for study in studies_of(spec)}
        usual = spec.wetting.temperature_K if spec.wetting is not None else ROOM_TEMPERATURE_K
        cut = [{"substrate": row.name, "potential": row.potential} for row in rows if row.kind != "prototype"]
        for where in [*cut, *({"study": key} for key in sorted(keys))]:
            ids += [int(row.id) for row in job.database.select(where=where, limit=MOST_ROWS)]
        potential = rows[0].potential if rows else spec.potential
        return cls(spec.name, spec.systems, potential, ids, dict.fromkeys(keys, usual))


def explorer_page(database: str, shown: Shown, *, report: str = "") -> str:
    """Return the page over a part of a database, as HTML.

    Parameters
    ----------
    database
        Its address; it is only read.
    shown
        What of it.
    report
        Address of the report beside it; "" for none.

    Returns
    -------
    str
        All of it: views, libraries and data, packed with gzip, which the browser unpacks.

    Raises
    ------
    InputError
        There is nothing to show.
    """
    content = _Recorder(Recording(database), shown).content()
    return _page(content | {"report": report}, shown.name)


def write_explorer(job: Job, folder: Path) -> Path:
    """Write the page beside the report of a job, and a link to it into that.

    Parameters
    ----------
    job
        With its database.
    folder
        That of the report.

    Returns
    -------
    Path
        Of the page, ``explorer.html``.

    Raises
    ------
    InputError
        There is nothing to show, or the folder cannot be written to.
    """
    report = folder / "report.html"
    contents = {
        "explorer.html": explorer_page(str(job.spec.database_address), Shown.of(job), report=report.name).encode()
    }
    page = report.read_text(encoding="utf-8")
    if EXPLORER_PLACE in page:
        link = '<p><a href="explorer.html">Structures, hulls and angles to look through</a></p>'
        contents[report.name] = page.replace(EXPLORER_PLACE, link, 1).encode()
    return write_files(contents, folder)["explorer.html"]


class _Recorder:
    """Asks the server what the page will ask for."""

    def __init__(self, server: Recording, shown: Shown) -> None:
        self.server, self.shown = server, shown
        self.answers: list[Answer] = []

    def content(self) -> dict[str, Any]:
        ids = self._hulls()
        self._studies()
        found = list(dict.fromkeys([*ids, *self.shown.row_ids]))
        if not found:
            raise InputError(f"{self.shown.name}: the database has no structure of this job")
        taken = found[:MOST_ROWS]
        rows = [row for row in map(self._row, taken) if row]
        for start in range(0, len(taken), _AT_ONCE):
            self._places(rows, taken[start : start + _AT_ONCE])
        for row_id in ids[:MOST_PATTERNS]:
            self._ask(f"rows/{row_id}/pattern", {"radiation": "CuKa"})
            self._ask(f"rows/{row_id}/cif")
        counts = {"rows": len(found), "shown": len(rows), "job": self.shown.name}
        about = self.server.get("about", {}) | {"radiations": ["CuKa"], "database": "", "launchpad": ""}
        self.answers.append(("about", {}, about | counts))
        return {"columns": columns(), "rows": rows, "answers": self.answers}

    def _hulls(self) -> list[int]:
        """Record the hulls of the job, and return the rows of their phases, the nearest to the hull first."""
        spec, systems, near = self.shown, [], []
        for system in spec.systems:
            found = self._ask("hull", {"system": system, "potential": spec.potential})
            if found is None:
                continue
            # The page asks without a potential first; there is one only.
            found["potentials"] = {spec.potential: len(found["phases"])}
            self.answers.append(("hull", {"system": found["system"]}, found))
            self.answers.append(("hull", {"system": found["system"], "potential": spec.potential}, found))
            systems.append({"system": found["system"], "rows": len(found["phases"])})
            near += [(one["e_above_hull"], one["id"]) for one in found["phases"] if one["id"] is not None]
        self.answers.append(("systems", {}, {"systems": systems}))
        return [row_id for _, row_id in sorted(near)]

    def _studies(self) -> None:
        """Record the angles of the wetting studies."""
        stored = self.server.get("studies", {}) or {"studies": []}
        own = [one for one in stored["studies"] if one["key"] in self.shown.temperatures_K]
        for study in own:
            usual = self.shown.temperatures_K[study["key"]]
            study["temperature_K"]["usual"] = usual
            study["grid"] = _grid(study)
            asked = [{"study": study["key"], "limit": "both"} | parameters for parameters in _settings(study)]
            found = self.server.get_long("wetting", [{"temperature": usual} | one for one in asked])
            # The page names no value that is the usual one.
            self.answers += [
                ("wetting", one, answer) for one, answer in zip(asked, found, strict=True) if answer is not None
            ]
        self.answers.append(("studies", {}, {"studies": own, "problems": []}))

    def _row(self, row_id: int) -> dict[str, Any] | None:
        found = self._ask(f"rows/{row_id}")
        if found is None:
            return None
        if found["is_crystal"]:
            self._ask(f"rows/{row_id}/phonons")
        known = found["keys"] | {"id": row_id, "name": found["name"], "space_group": found["space_group"]}
        return {key: known.get(key) for key in COLUMNS if key not in HULL_KEYS}

    def _places(self, rows: Iterable[dict[str, Any]], ids: Sequence[int]) -> None:
        left = list(ids)
        places: dict[str, Any] = {}
        while left:
            answer = self.server.get("places", {"ids": ",".join(map(str, left))}) or {"places": {}, "left": []}
            places |= answer["places"]
            left = answer["left"]
        for row in rows:
            row.update(places.get(str(row["id"]), {}))

    def _ask(self, name: str, parameters: Parameters | None = None) -> Any:
        """Record an answer and return it; None for what is refused, which the page then says is not in the file."""
        found = self.server.get(name, parameters)
        if found is not None:
            self.answers.append((name, parameters or {}, found))
        return found


def _grid(study: dict[str, Any]) -> dict[str, list[float]]:
    """Return the values that sliders of a study take in a file."""
    kelvin, tension, radius = study["temperature_K"], study["gamma_LV_J_m2"], study["drop_radius_mm"]
    return {
        "temperature": [kelvin["usual"], *(round(kelvin["usual"] + step, 2) for step in _STEPS_K)],
        "gamma_lv": sorted([tension["usual"], *(round(tension["usual"] * share, 4) for share in _TENSIONS)]),
        "drop_radius": [value for value in sorted(_RADII_MM) if radius["least"] <= value <= radius["most"]],
    }


def _settings(study: dict[str, Any]) -> list[Parameters]:
    """Return what may be asked of a study in a file: one setting at a time, drops first, which take longest."""
    grid = _grid(study)
    found: list[Parameters] = [{"drop_radius": value} for value in grid.pop("drop_radius")]
    found += [{}, {"limit": "equilibrated"}, {"limit": "fresh"}]
    found += [{key: value} for key, values in grid.items() for value in values]
    found += [{"potential": name} for name in study["potentials"]]
    return [*found, *({"termination": name} for name in study["terminations"])]


def _page(content: dict[str, Any], title: str) -> str:
    from jinja2 import Environment

    here, reports = files(__package__) / "static", files("amalgamics.reports") / "templates"
    names = sorted(path.name for path in here.iterdir() if path.name.endswith(".js"))
    libraries = {
        "static/plotly.js": plotly_script(),
        "static/figures.js": (reports / "figures.js").read_text(encoding="utf-8"),
        "static/vendor/3Dmol-min.js": (here / "vendor" / "3Dmol-min.js").read_text(encoding="utf-8"),
        "data": json.dumps(plain(content), ensure_ascii=False, allow_nan=False, separators=(",", ":")),
    }
    licences = (here / "vendor" / "3Dmol-LICENSE.txt", files("amalgamics.reports") / "static/vendor/plotly-LICENSE.txt")
    template = Environment(autoescape=True).from_string(
        (files(__package__) / "templates" / "one_file.html.j2").read_text(encoding="utf-8")
    )
    return template.render(
        title=title,
        css=(reports / "report.css").read_text(encoding="utf-8") + (here / "explorer.css").read_text(encoding="utf-8"),
        modules={f"amalgamics/{name}": _module((here / name).read_text(encoding="utf-8")) for name in names},
        packed={name: _packed(text) for name, text in libraries.items()},
        licences=[path.read_text(encoding="utf-8") for path in licences],
    )


def _module(source: str) -> str:
    """Return a module as an address: its imports name what the import map of the page knows."""
    source = re.sub(r'(from|import) "\./', r'\1 "amalgamics/', source)
    return "data:text/javascript;base64," + base64.b64encode(source.encode()).decode()


def _packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()
