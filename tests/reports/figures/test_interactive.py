"""What figures and the plotly of the page have in common."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from amalgamics.reports.figures.interactive import plotly_script
from amalgamics.reports.page import render_page
from amalgamics.reports.wetting.section import wetting_section

_DRAWN = {"scatter", "bar", "pie"}
"""Kinds of traces of the basic bundle of plotly.js."""


def test_the_page_can_draw_all_that_it_holds(examples, wetting):
    page = render_page(replace(examples.both, sections=(wetting_section(wetting),)), {})
    found = re.search(r'id="figures">(.*?)</script>', page, re.DOTALL)
    assert found
    traces = [trace for figure in json.loads(found[1]).values() for trace in figure["data"]]
    assert len(traces) > 20
    assert {trace["type"] for trace in traces} <= _DRAWN


def test_the_bundle_is_of_the_version_of_plotly_itself():
    from plotly.offline import get_plotlyjs_version

    version = re.search(r"plotly\.js \(basic - minified\) v(\S+)", plotly_script())
    assert version
    assert version[1].split(".")[0] == get_plotlyjs_version().split(".")[0]
