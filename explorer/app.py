"""The server's addresses: the page, the files that it needs, and the data of its views; nothing can be changed."""

from __future__ import annotations

import logging
import mimetypes
import sqlite3
from importlib.resources import files

from flask import Flask, Response, send_from_directory
from werkzeug.exceptions import HTTPException

from .. import __version__
from ..errors import InputError, NotStoredError
from ..reports.figures.interactive import plotly_script
from ..structures.diffraction.radiation import WAVELENGTHS
from ..workflows.engine.launchpad_file import LaunchPadError
from . import hulls, rows, wetting, workflows
from .answers import as_error, as_file, as_json, as_page
from .asked import Asked
from .guard import Keys, guard
from .sources import Sources

logger = logging.getLogger(__name__)

mimetypes.add_type("text/javascript", ".js")  # some systems know it as plain text, which browsers do not run
_UNREADABLE = "the structure database or the LaunchPad cannot be read just now"


def create_app(sources: Sources, keys: Keys, *, cookie: str = "amalgamics") -> Flask:
    """Return the server.

    Parameters
    ----------
    sources
        What it shows.
    keys
        What lets a browser in.
    cookie
        Name of the cookie that holds the key.
    """
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False  # other pages have nothing to ask for
    guard(app, keys, cookie)
    _serve_files(app)
    _serve_rows(app, sources)
    _serve_results(app, sources)
    _answer_errors(app)
    return app


def _serve_files(app: Flask) -> None:
    here, reports = str(files(__package__) / "static"), str(files("amalgamics.reports") / "templates")

    @app.get("/")
    def page() -> Response:
        return send_from_directory(here, "index.html")

    @app.get("/static/<path:name>")
    def static(name: str) -> Response:
        if name == "plotly.js":
            return Response(plotly_script(), mimetype="text/javascript")
        # The style and the drawing of figures are those of the report.
        return send_from_directory(reports if name in {"report.css", "figures.js"} else here, name)


def _serve_rows(app: Flask, sources: Sources) -> None:
    @app.get("/api/about")
    def about() -> Response:
        Asked()
        return as_json(
            {
                "version": __version__,
                "database": sources.database.address,
                "launchpad": sources.launchpad,
                "radiations": list(WAVELENGTHS),
            }
        )

    @app.get("/api/rows")
    def table() -> Response:
        return as_json(rows.table(sources, Asked("query", "text", "sort", "offset", "limit")))

    @app.get("/api/places")
    def places() -> Response:
        return as_json(rows.places(sources, Asked("ids")))

    @app.get("/api/rows/<int:row_id>")
    def detail(row_id: int) -> Response:
        Asked()
        return as_json(rows.detail(sources, row_id))

    @app.get("/api/rows/<int:row_id>/pattern")
    def pattern(row_id: int) -> Response:
        radiation = Asked("radiation").choice("radiation", WAVELENGTHS, "CuKa")
        return as_json(rows.pattern(sources, row_id, radiation))

    @app.get("/api/rows/<int:row_id>/phonons")
    def phonons(row_id: int) -> Response:
        Asked()
        return as_json(rows.phonons(sources, row_id))

    @app.get("/api/rows/<int:row_id>/cif")
    def cif(row_id: int) -> Response:
        Asked()
        return as_file(rows.cif(sources, row_id), f"row-{row_id}.cif", "chemical/x-cif")

    @app.get("/api/rows/<int:row_id>/json")
    def entry(row_id: int) -> Response:
        Asked()
        return as_file(rows.entry(sources, row_id), f"row-{row_id}.json", "application/json")


def _serve_results(app: Flask, sources: Sources) -> None:
    @app.get("/api/systems")
    def systems() -> Response:
        Asked()
        return as_json(hulls.systems(sources))

    @app.get("/api/hull")
    def hull() -> Response:
        return as_json(hulls.hull(sources, Asked("system", "potential")))

    @app.get("/api/studies")
    def studies() -> Response:
        Asked()
        return as_json(wetting.studies(sources))

    @app.get("/api/wetting")
    def angles() -> Response:
        return as_json(wetting.wetting(sources, Asked(*wetting.PARAMETERS)))

    @app.get("/report/<int:workflow_id>")
    def report(workflow_id: int) -> Response:
        Asked()
        return as_page(workflows.report(sources, workflow_id))

    @app.get("/api/workflows")
    def progress() -> Response:
        Asked()
        return as_json(workflows.workflows(sources))


def _answer_errors(app: Flask) -> None:
    @app.errorhandler(InputError)
    def refused(error: InputError) -> Response:
        missing = isinstance(error, NotStoredError | LaunchPadError)
        return as_error(str(error), 404 if missing else 400)

    @app.errorhandler(HTTPException)
    def unknown(error: HTTPException) -> Response:
        return as_error(f"{error.name.lower()}: {error.description}", error.code or 500)

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        if isinstance(error, sqlite3.Error | OSError):
            return as_error(f"{_UNREADABLE} ({error})", 503)
        logger.error("the explorer could not answer", exc_info=error)
        return as_error(f"this cannot be shown ({type(error).__name__}: {error})", 500)
