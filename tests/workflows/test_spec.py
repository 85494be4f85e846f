"""The workflow input: what is accepted, and how each mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from ase.build import bulk

from amalgamics.errors import InputError
from amalgamics.workflows.spec import load_spec
from amalgamics.workflows.studies.solids import SolidSettings

MINIMAL = "name: job\nsystems: [Li-Hg]\npotential: chgnet+d3\n"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write an input file in an empty working directory and return its path."""
    monkeypatch.chdir(tmp_path)

    def _write(text: str) -> Path:
        path = tmp_path / "job.yaml"
        path.write_text(text)
        return path

    return _write


def test_minimal_input_has_sensible_defaults(write, tmp_path):
    spec = load_spec(write(MINIMAL))
    assert spec.systems == ("Li-Hg",)
    assert spec.relaxation.settings().fmax == 0.02
    assert spec.structures.prototype_options is not None
    assert spec.output_dir == tmp_path / "results" / "job"
    assert spec.database_address == tmp_path / "results" / "structures.db"
    assert spec.elements == ("Hg", "Li")


def test_reading_an_input_writes_nothing(write, tmp_path):
    load_spec(write(MINIMAL))
    assert [path.name for path in tmp_path.iterdir()] == ["job.yaml"]


def test_environment_sets_database_and_launchpad(write, monkeypatch, tmp_path):
    monkeypatch.setenv("AMALGAMICS_DATABASE", str(tmp_path / "elsewhere.db"))
    monkeypatch.setenv("AMALGAMICS_LAUNCHPAD", "mongodb://localhost/x")
    spec = load_spec(write(MINIMAL))
    assert spec.database_address == tmp_path / "elsewhere.db"
    assert spec.launchpad == "mongodb://localhost/x"


def test_command_line_overrides_the_file(write):
    assert load_spec(write(MINIMAL), potential="7net-0+d3").potential == "7net-0+d3"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (MINIMAL + "potental: emt\n", ["unknown key 'potental'", "'potential'"]),
        (MINIMAL + "relaxation: {fmx: 0.1}\n", ["unknown key 'relaxation.fmx'", "'fmax'"]),
        (MINIMAL + "structures: {prototypes: {max_atom: 3}}\n", ["structures.prototypes.max_atom", "'max_atoms'"]),
        (MINIMAL + "relaxation: {fmax: -0.1}\n", ["relaxation.fmax", "above 0", "-0.1"]),
        (MINIMAL + "relaxation: {fmax: .nan}\n", ["relaxation.fmax", "finite"]),
        (MINIMAL + "relaxation: {max_steps: 0}\n", ["relaxation.max_steps", "0"]),
        (MINIMAL + "relaxation: {optimizer: FIR}\n", ["relaxation.optimizer", "FIRE"]),
        (MINIMAL.replace("Li-Hg", "Lx-Hg"), ["Lx"]),
        (MINIMAL.replace("Li-Hg", "Li"), ["two elements"]),
        (MINIMAL.replace("chgnet+d3", "chgnett+d3"), ["chgnett+d3", "'chgnet+d3'"]),
        (MINIMAL.replace("chgnet+d3", "emt"), ["emt", "Hg"]),
        (MINIMAL + "structures: {library: [LiHg33]}\n", ["LiHg33", "LiHg3"]),
        (MINIMAL + "structures: {library: [Li2Hg]}\n", ["Li2Hg"]),
        (MINIMAL + "structures: {files: [none.cif]}\n", ["none.cif"]),
        ("systems: [Li-Hg]\n", ["'name' is missing"]),
        ("name: a b\nsystems: [Li-Hg]\n", ["name"]),
        ("name: [\n", ["not valid YAML", "line"]),
        ("- a\n", ["mapping"]),
    ],
)
def test_each_mistake_is_one_clear_line(write, text, told):
    with pytest.raises(InputError) as caught:
        load_spec(write(text))
    message = str(caught.value)
    assert "\n" not in message
    for part in told:
        assert part in message


def test_missing_file_names_the_nearest(write, tmp_path):
    write(MINIMAL)
    with pytest.raises(InputError, match=r"Did you mean .*job\.yaml"):
        load_spec(tmp_path / "jop.yaml")


def test_output_under_a_file_is_refused(write, tmp_path):
    path = write(MINIMAL + f"output: {tmp_path}/job.yaml/results\n")
    with pytest.raises(InputError, match=r"output: .*not a directory"):
        load_spec(path)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a place where nobody may write")
def test_unwritable_output_is_refused(write):
    with pytest.raises(InputError, match="output: cannot write in /proc"):
        load_spec(write(MINIMAL + "output: /proc/results\n"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_mark_says_how_the_file_is_encoded(write, encoding):
    path = write("")
    path.write_bytes(f"# Größe\n{MINIMAL}".encode(encoding))
    assert load_spec(path).systems == ("Li-Hg",)


def test_what_yaml_may_say_keeps_its_meaning(write):
    text = (
        MINIMAL + "relaxation: &fine {fmax: 1e-2, max_steps: 1_000}\n"
        "equation_of_state: {fmax: 1.0e-3}\n"
        "phonons: {temperatures_K: &two [100, 3.0E+2], phases: 'LiHg'}\n"
        "stability:\n  electrolytes: [LLTO]\n  electrodes: ['Hg', \"Li\"]\n"
    )
    spec = load_spec(write(text))
    assert (spec.relaxation.fmax, spec.relaxation.max_steps) == (0.01, 1000)
    assert spec.phonons.temperatures_K == (100.0, 300.0)
    assert spec.stability.electrodes == ("Hg", "Li")


def test_an_alias_and_a_merge_key_stand_for_what_they_name(write):
    pair = "{<<: *pair, miller_index: [1, 0, 0]}"
    text = MINIMAL + f"surfaces: {{adhesion: [&pair {{film: Li_bcc, substrate: LiHg, max_strain: 0.1}}, {pair}]}}\n"
    first, second = load_spec(write(text)).surfaces.adhesion
    assert (second.film, second.max_strain) == (first.film, first.max_strain) == ("Li_bcc", 0.1)
    assert (first.miller_index, second.miller_index) == ((1, 1, 1), (1, 0, 0))


def test_crystals_of_the_elements_may_come_from_files(write, tmp_path):
    for symbol in ("Cu", "Au"):
        bulk(symbol).write(tmp_path / f"{symbol}.cif")
    text = (
        "name: job\nsystems: [Cu-Au]\npotential: emt\nstructures: {library: false, prototypes: false, files: [FILES]}\n"
    )
    assert len(load_spec(write(text.replace("FILES", "Cu.cif, Au.cif"))).structures.files) == 2
    with pytest.raises(InputError, match="structures: the hull of Cu-Au needs a crystal of pure Au"):
        load_spec(write(text.replace("FILES", "Cu.cif")))


def test_a_variable_of_the_environment_is_named(write, monkeypatch):
    monkeypatch.setenv("AMALGAMICS_DATABASE", "~nosuchuser/structures.db")
    with pytest.raises(InputError, match=r"^\$AMALGAMICS_DATABASE: '~nosuchuser"):
        load_spec(write(MINIMAL))


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder ``jobs`` with crystals beside the job, seen from another folder; returns what writes the job."""
    (tmp_path / "jobs" / "more").mkdir(parents=True)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for name in ("Pd.cif", "more/Cu.cif", "more/Au.cif"):
        bulk(Path(name).stem, cubic=True).write(tmp_path / "jobs" / name)

    def write(text: str) -> Path:
        path = tmp_path / "jobs" / "job.yaml"
        path.write_text("name: job\nsystems: [Cu-Au]\npotential: emt\n" + text)
        return path

    return write


@pytest.mark.parametrize("path", ["Pd.cif", "./Pd.cif", "more/../Pd.cif", "Pd.cif@0"])
def test_files_of_structures_start_in_the_folder_of_the_job(elsewhere, tmp_path, path):
    elsewhere("")
    (tmp_path / "jobs" / "job.yaml").write_text(
        f"name: job\nsystems: [Cu-Pd]\npotential: emt\nstructures: {{files: ['{path}']}}\n"
    )
    found = str(tmp_path / "jobs" / "Pd.cif") + "@0" * path.endswith("@0")
    assert [one.file for one in load_spec(tmp_path / "jobs" / "job.yaml").structures.files] == [found]
    for solid in (path, {"file": path}):  # of electrolytes, products and substrates
        assert SolidSettings.model_validate(solid, context={"folder": tmp_path / "jobs"}).file == found
        with pytest.raises(ValueError, match="no such structure file"):
            SolidSettings.model_validate(solid)


@pytest.mark.parametrize("path", ["more", "more/*.cif", "**/?u.cif"])
def test_patterns_and_folders_start_in_the_folder_of_the_job(elsewhere, path):
    spec = load_spec(elsewhere(f"structures: {{files: ['{path}']}}\n"))
    assert [Path(one.file).stem for one in spec.structures.files] == ["Au", "Cu"]


def test_what_is_not_beside_the_job_is_looked_for_in_the_current_folder(elsewhere, tmp_path):
    bulk("Cu", cubic=True).write("Cu.cif")
    bulk("Au", cubic=True).write("Au.cif")
    (tmp_path / "jobs" / "Au.cif").write_bytes(Path("Au.cif").read_bytes())
    files = load_spec(elsewhere("structures: {files: [Cu.cif, Au.cif]}\n")).structures.files
    assert [Path(one.file).parent.name for one in files] == ["here", "jobs"]
    with pytest.raises(InputError, match=r"no such structure file: Ag\.cif"):
        load_spec(elsewhere("structures: {files: [Ag.cif]}\n"))


def test_a_folder_that_is_called_like_an_electrolyte_is_not_taken_for_it(elsewhere, tmp_path):
    (tmp_path / "jobs" / "LLTO").mkdir()
    text = "name: job\nsystems: [Li-Hg]\npotential: chgnet+d3\nstability: {electrolytes: [LLTO]}\n"
    path = elsewhere("")
    path.write_text(text)
    assert load_spec(path).stability.electrolytes[0].name == "LLTO"
