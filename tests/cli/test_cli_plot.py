"""``--plot`` of hull and wetting: pictures and pages that show the numbers that are printed."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest

from amalgamics.cli import plot
from amalgamics.cli.main import main
from amalgamics.errors import InputError

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def amalgamics(tmp_path, monkeypatch, capsys, made_up_study):
    """Run the command in a folder with crystals of Li-Hg and a wetting study; its exit code and output."""
    study = made_up_study(filled=True)
    study.add_crystals()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AMALGAMICS_DATABASE", raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main(list(arguments))
        captured = capsys.readouterr()
        return int(stop.value.code or 0), captured.out, captured.err

    return run


COMMANDS = pytest.mark.parametrize("command", [("hull", "Li-Hg"), ("wetting",)])


@COMMANDS
def test_a_png_is_written_with_its_folder_and_said(amalgamics, tmp_path, command):
    code, out, _ = amalgamics(*command, "--plot", "new/plot.PNG")
    assert code == 0
    assert "plot: new/plot.PNG" in out
    assert (tmp_path / "new" / "plot.PNG").read_bytes().startswith(PNG)


@COMMANDS
def test_an_svg_holds_its_texts_and_is_the_same_each_time(amalgamics, tmp_path, command):
    for name in ("a.svg", "b.svg"):
        assert amalgamics(*command, "--plot", name)[0] == 0
    first, second = ((tmp_path / name).read_bytes() for name in ("a.svg", "b.svg"))
    assert first == second
    texts = " ".join(ElementTree.fromstring(first).itertext())
    assert "Hg" in texts
    assert "emt" in texts


@COMMANDS
def test_a_page_is_interactive_and_needs_no_network(amalgamics, tmp_path, command):
    assert amalgamics(*command, "--plot", "plot.html")[0] == 0
    page = (tmp_path / "plot.html").read_text(encoding="utf-8")
    assert "Plotly.newPlot" in page
    assert not re.findall(r'<(?:script|link)[^>]*(?:src|href)="', page)
    assert '"showSendToCloud": false' in page


@COMMANDS
def test_programs_read_on(amalgamics, command):
    code, out, err = amalgamics(*command, "--json", "--plot", "plot.svg")
    assert code == 0
    json.loads(out)
    assert "plot: plot.svg" in err


def test_the_page_shows_the_energies_of_the_table(amalgamics, tmp_path):
    _, out, _ = amalgamics("hull", "Li-Hg", "--json", "--plot", "plot.html")
    (compound,) = [phase for phase in json.loads(out)["phases"] if phase["formula"] == "LiHg"]
    page = (tmp_path / "plot.html").read_text(encoding="utf-8").rpartition("Plotly.newPlot")[2]
    shown = f"{abs(compound['formation_energy_per_atom']):.4f}"
    assert shown == "0.4000"
    assert shown in page


@pytest.mark.parametrize("name", ["plot.pdf", "plot", ".svg", "folder"])
def test_other_files_are_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=r"--plot: .*(must end in one of \.png, \.svg, \.html|directory)"):
        plot.check_plot(tmp_path / name)
