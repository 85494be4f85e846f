"""``amalgamics diffraction``: library phases, files, relaxed crystals, mixtures and measured patterns."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator
from pymatgen.core import Lattice, Structure

from amalgamics.calculators.potentials.names import get_potential
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.calculators.relaxation.results import RelaxationResult
from amalgamics.cli.main import main
from amalgamics.structures.diffraction.patterns import mix_patterns, powder_pattern, profile
from amalgamics.structures.library.phases import get_phase
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.structure_database import StructureDatabase

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def diffraction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the verb in an empty directory; return exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AMALGAMICS_DATABASE", raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["diffraction", *arguments])
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


def store_relaxed(folder: Path, factor: float) -> None:
    """Put LiHg3 with a scaled cell, as if relaxed, into the database."""
    atoms = get_phase("LiHg3").atoms()
    final = atoms.copy()
    final.set_cell(final.cell * factor, scale_atoms=True)
    final.calc = SinglePointCalculator(final, energy=-1.0, forces=0 * final.positions, stress=[0.0] * 6)
    database = StructureDatabase(folder / "results" / "structures.db")
    outcome = RelaxationResult(final, -1.0, 0.0, 3, 4, 0.1)
    candidate = Candidate("LiHg3", "library", atoms, "made up")
    database.add(candidate, outcome, get_potential("chgnet+d3"), RelaxationSettings())


def test_lines_obey_braggs_law_in_every_format(diffraction: Run) -> None:
    document = json.loads(diffraction("LiHg3", "--json", "--min-intensity", "10")[1])
    lines = document["patterns"][0]["lines"]
    assert max(line["intensity"] for line in lines) == pytest.approx(100)
    assert min(line["intensity"] for line in lines) >= 10
    for line in lines:
        bragg = 2 * line["d"] * np.sin(np.radians(line["two_theta_deg"] / 2))
        assert bragg == pytest.approx(document["wavelength"])
    rows = list(csv.DictReader(io.StringIO(diffraction("LiHg3", "--csv", "--min-intensity", "10")[1])))
    assert [(row["hkl"], float(row["d"])) for row in rows] == [(line["hkl"], line["d"]) for line in lines]
    screen = diffraction("LiHg3", "--min-intensity", "10")[1]
    assert all(line["hkl"] in screen for line in lines)
    assert "04-004-8746" in screen


def test_a_mixture_has_the_weights_that_were_asked_for(diffraction: Run) -> None:
    document = json.loads(diffraction("LiHg3", "Li3Hg", "--weights", "30,10", "--json")[1])
    (mixture,) = document["patterns"]
    assert mixture["weights"] == pytest.approx({"LiHg3": 0.75, "Li3Hg": 0.25})
    assert {line["phase"] for line in mixture["lines"]} == {"LiHg3", "Li3Hg"}


def test_relaxed_cells_of_the_database_are_compared_with_the_published_ones(diffraction: Run, tmp_path: Path) -> None:
    store_relaxed(tmp_path, 1.02)
    document = json.loads(diffraction("LiHg3", "--relaxed", "--json")[1])
    (crystal,) = document["crystals"]
    assert (crystal["name"], crystal["origin"]) == ("LiHg3", "relaxed with chgnet+d3")
    assert crystal["axes"] == "P6_3/mmc, as given"
    assert crystal["lattice"][:3] == pytest.approx([6.253 * 1.02, 6.253 * 1.02, 4.804 * 1.02])
    assert [cell["deviation_percent"] for cell in document["published_cells"]] == pytest.approx([2.0, 2.0], abs=0.02)
    code, output, errors = diffraction("LiHg3")
    assert code == 0
    assert "--relaxed compares" in errors  # the library's own cell is the published one
    assert "cell of the library" in output


def test_a_measured_pattern_is_laid_over_and_drawn(diffraction: Run, tmp_path: Path) -> None:
    angles = np.arange(15.0, 80.0, 0.05)
    mixture = mix_patterns([powder_pattern(get_phase(key)) for key in ("LiHg3", "Li3Hg")], [60, 40])
    counts = 40.0 + 3.0 * profile(mixture, angles)
    (tmp_path / "my.xy").write_text("\n".join(f"{x:.3f} {y:.5f}" for x, y in zip(angles, counts, strict=True)))
    asked = ("LiHg3", "Li3Hg", "--weights", "60,40", "--measured", "my.xy")
    code, output, errors = diffraction(*asked, "--json", "--output", "pictures")
    assert code == 0, errors
    overlay = json.loads(output)["overlay"]
    assert overlay["scale"] == pytest.approx(3.0, abs=1e-3)
    assert overlay["background"] == pytest.approx(40.0, abs=0.1)
    assert overlay["r_weighted"] < 1e-3
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == ["diffraction.png", "overlay.png"]
    assert "R_wp 0.0 %" in diffraction(*asked)[1]
    code, _, errors = diffraction("LiHg3", "Li3Hg", "--measured", "my.xy")
    assert code == 2
    assert "--weights" in errors


def test_files_and_electrolytes_have_patterns_too(diffraction: Run, tmp_path: Path) -> None:
    get_phase("LiHg").atoms().write(tmp_path / "LiHg.cif")
    document = json.loads(diffraction("LiHg", "LiHg.cif", "LLTO", "--json")[1])
    library, file, _ = document["patterns"]
    assert [one["name"] for one in document["patterns"]] == ["LiHg", "LiHg.cif", "LLTO"]
    for one, other in zip(library["lines"], file["lines"], strict=True):
        assert one["two_theta_deg"] == pytest.approx(other["two_theta_deg"], abs=1e-3)
        assert one["intensity"] == pytest.approx(other["intensity"], abs=0.1)


def write_measured(path: Path, **options: str) -> Path:
    angles = np.arange(20.0, 80.0, 0.02)
    counts = 40.0 + 3.0 * profile(powder_pattern(get_phase("LiHg"), **options), angles)
    path.write_text("\n".join(f"{x:.2f} {y:.3f}" for x, y in zip(angles, counts, strict=True)))
    return path


def test_what_was_decided_in_reading_is_told_beside_the_fit(diffraction: Run, tmp_path: Path) -> None:
    plain = write_measured(tmp_path / "plain.xy").read_text()
    (tmp_path / "comma.xy").write_text(plain.replace(".", ",").replace(" ", "\t"))
    code, output, errors = diffraction("LiHg", "--measured", "comma.xy", "--json")
    assert code == 0
    assert json.loads(output)["overlay"]["scale"] == pytest.approx(3.0, abs=0.01)
    assert "note: comma.xy: the comma is the decimal mark" in errors
    (tmp_path / "falling.xye").write_text("\n".join(f"{line} 2.0" for line in reversed(plain.splitlines())))
    code, output, errors = diffraction("LiHg", "--measured", "falling.xye")
    assert "scale 3" in output
    assert "2θ falls in the file" in errors
    assert "standard errors" in errors
    (tmp_path / "coarse.xy").write_text("\n".join(plain.splitlines()[::50]))
    assert "fall between points 1° apart" in diffraction("LiHg", "--measured", "coarse.xy")[2]


def test_q_becomes_two_theta_of_the_radiation(diffraction: Run, tmp_path: Path) -> None:
    rows = [line.split() for line in write_measured(tmp_path / "my.xy", radiation="MoKa").read_text().splitlines()]
    scattering = [(4 * np.pi / 0.71073 * np.sin(np.radians(float(x) / 2)), y) for x, y in rows]
    (tmp_path / "q.xy").write_text("Q(1/A) I\n" + "\n".join(f"{q:.6f} {y}" for q, y in scattering))
    code, output, errors = diffraction("LiHg", "--measured", "q.xy", "--radiation", "MoKa", "--json")
    assert code == 0
    assert json.loads(output)["overlay"]["scale"] == pytest.approx(3.0, abs=0.01)
    assert "computed from its q with 0.71073 Å" in errors
    titled = "K-Alpha1 wavelength,0.7093\n" + (tmp_path / "my.xy").read_text()
    (tmp_path / "titled.xy").write_text(titled)
    code, _, errors = diffraction("LiHg", "--measured", "titled.xy")
    assert code == 2
    assert "give --radiation 0.7093" in errors


def test_partly_filled_sites_are_named(diffraction: Run) -> None:
    code, _, errors = diffraction("AgHg_schachnerite")
    assert code == 0
    assert "note: AgHg_schachnerite: partly filled sites" in errors
    assert "2 of 2 sites: Ag 0.55, Hg 0.45" in errors
    assert diffraction("LiHg")[2].count("partly filled") == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("LiHg33",), "Did you mean 'LiHg3'?"),
        (("missing.cif",), "structure file 'missing.cif' does not exist"),
        (("LiHg3", "--radiation", "CuKb"), "Did you mean 'CuKa'?"),
        (("LiHg3", "--radiation", "-1"), "positive wavelength"),
        (("LiHg3", "Li3Hg", "--weights", "1"), "1 for 2 crystals"),
        (("LiHg3", "Li3Hg", "--weights", "0,0"), "not all 0"),
        (("LiHg3", "LiHg3"), "more than once"),
        (("LiHg3", "--range", "80"), "not two angles"),
        (("LiHg3", "--range", "80,20"), "low < high"),
        (("LiHg3", "--range", "nan,20"), "low < high"),
        (("LiHg3", "--range", "10,a"), "not a list of numbers"),
        (("LiHg3", "--fwhm", "0"), "--fwhm"),
        (("LiHg3", "--fwhm", "nan"), "--fwhm"),
        (("LiHg3", "--fwhm", "1e-9", "--output", "pictures"), "--fwhm"),
        (("LiHg3", "--radiation", "nan"), "positive wavelength"),
        (("LiHg3", "Li3Hg", "--weights", "nan,1"), "0 or more"),
        (("LiHg3", "Li3Hg", "--weights", "1e308,1e308"), "0 or more"),
        (("LiHg", "--measured", "my.xy", "--range", "90,120"), "0 points lie in 2θ from 90 to 120"),
        (("LiHg", "--measured", "my.xy", "--range", "29,38"), "no line in 2θ from 29 to 38"),
        (("LiHg", "--measured", "short.xy", "--output", "pictures"), "no line of LiHg lies where was measured"),
        (("LiHg", "--measured", "flat.xy", "--output", "pictures"), "no scale fits"),
        (("LiHg", "--measured", "folder.xy"), "not a file"),
        (("LiHg3", "--measured", "missing.xy"), "cannot be read"),
        (("LiHg3", "--relaxed"), "no structure database"),
        (("Li2Hg",), "cannot be built"),
    ],
)
def test_mistakes_end_in_one_line(diffraction: Run, tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    lines = write_measured(tmp_path / "my.xy").read_text().splitlines()
    (tmp_path / "short.xy").write_text("\n".join(lines[500:800]))  # 30 to 36°
    (tmp_path / "flat.xy").write_text("\n".join(f"{line.split()[0]} 40" for line in lines))
    (tmp_path / "folder.xy").mkdir()
    before = sorted(tmp_path.iterdir())
    code, output, errors = diffraction(*arguments)
    assert code == 2
    assert output == ""
    assert told in errors
    assert errors.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_the_cell_of_the_indices_is_named(diffraction: Run) -> None:
    code, text, _ = diffraction("Hg_alpha", "--range", "38,42")
    assert code == 0
    assert "hkl of Hg_alpha: R-3m, hexagonal axes, as given; a × b × c = 3.4574 × 3.4574 × 6.6634 Å" in text
    assert " 012" in text
    assert "102" not in text


def nearly_tetragonal(folder: Path) -> Path:
    """LaFeAsO below its transition: a and b differ by 0.5 %, 0.028 Å."""
    crystal = Structure.from_spacegroup(
        "Cmma",
        Lattice.orthorhombic(5.6826, 5.7104, 8.7196),
        ["La", "Fe", "As", "O"],
        [(0, 0.25, 0.1426), (0.25, 0, 0.5), (0, 0.25, 0.6499), (0.25, 0, 0)],
    )
    crystal.to(str(folder / "LaFeAsO.cif"), fmt="cif")
    return folder / "LaFeAsO.cif"


def test_a_small_distortion_is_kept_unless_symprec_says_otherwise(diffraction: Run, tmp_path: Path) -> None:
    file = str(nearly_tetragonal(tmp_path))
    _, text, notes = diffraction(file, "--range", "65,66", "--json")
    found = json.loads(text)
    assert [line["hkl"] for line in found["patterns"][0]["lines"]] == ["040", "400"]
    assert found["crystals"][0]["largest_shift"] < 1e-3
    assert "Cmme within 0.02 Å, and P4/nmm within 0.05 Å" in notes
    _, text, notes = diffraction(file, "--range", "65,66", "--json", "--symprec", "0.05")
    found = json.loads(text)
    assert len(found["patterns"][0]["lines"]) == 1
    assert found["crystals"][0]["space_group"] == "P4/nmm"
    assert found["crystals"][0]["lattice_change"] == pytest.approx(0.0139 / 5.6965, rel=0.02)
    assert "symmetrised to P4/nmm within symprec 0.05 Å" in notes
    assert "largest change of the lattice 0.24 %" in notes


def test_the_standard_axes_can_be_asked_for(diffraction: Run) -> None:
    _, text, _ = diffraction("KHg2", "--range", "20,23", "--json", "--standard-axes")
    (crystal,) = json.loads(text)["crystals"]
    assert crystal["axes"] == "Imma, ITA standard setting"
    assert crystal["lattice"][:2] == pytest.approx([5.16, 8.10])
    assert diffraction("KHg2", "--symprec", "0")[0] == 2


def test_a_superstructure_that_symprec_takes_away_is_said(diffraction: Run, tmp_path: Path) -> None:
    doubled = Structure(
        Lattice.orthorhombic(3, 3.3, 7),
        ["Au", "Cu", "Au", "Cu"],
        [(0, 0, 0), (0.505, 0.5, 0.25), (0, 0, 0.5), (0.495, 0.5, 0.75)],
    )
    doubled.to(str(tmp_path / "AuCu.cif"), fmt="cif")
    file = str(tmp_path / "AuCu.cif")
    _, text, notes = diffraction(file, "--json")
    assert json.loads(text)["crystals"][0]["lattice"][2] == pytest.approx(7.0)
    assert "Pcmm within 0.02 Å, and Pmmm within 0.05 Å" in notes
    _, text, notes = diffraction(file, "--json", "--symprec", "0.05")
    (crystal,) = json.loads(text)["crystals"]
    assert crystal["lattice"][2] == pytest.approx(3.5)
    assert crystal["largest_shift"] == pytest.approx(0.015, rel=1e-3)
    assert "largest shift 0.015 Å" in notes
