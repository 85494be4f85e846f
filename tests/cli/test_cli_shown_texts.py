"""What is stored may hold anything; a terminal and a spreadsheet only show it."""

from __future__ import annotations

import json

import pytest

from amalgamics.cli.output import print_csv, print_notes, print_rows
from amalgamics.cli.values import visible

NASTY = "\x1b]0;title\x07\x1b[2J\x9b31mred\u202e\r\x00"


@pytest.mark.parametrize("how", ["table", "json", "csv", "note"])
def test_stored_texts_are_only_shown(how, capsys):
    if how == "note":
        print_notes([NASTY])
    else:
        print_rows(NASTY, ("name",), [(NASTY,)], as_json=how == "json", as_csv=how == "csv")
    shown = "".join(capsys.readouterr())
    assert all(one.isprintable() or one == "\n" for one in shown)
    assert "title" in shown
    if how == "json":
        assert json.loads(shown) == [{"name": NASTY}]


def test_usual_texts_are_shown_as_they_are():
    text = "Li₃Hg (001), 0.5 Å³/atom – θ = 90°\nnext"
    assert visible(text) == text


def test_no_text_in_csv_is_a_formula(capsys):
    cells = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "-0.5", -0.5, "LiHg", None)
    print_csv([f"c{number}" for number in range(len(cells))], [cells])
    line = capsys.readouterr().out.splitlines()[1]
    assert line == "'=cmd|' /C calc'!A0,'+1+1,'-2+3,'@SUM(A1),'\\t=1,-0.5,-0.5,LiHg,"
