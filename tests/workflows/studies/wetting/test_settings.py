"""The wetting section of an input: presets, and each mistake told before any compute."""

from __future__ import annotations

import re

import pytest
from ase import Atoms
from ase.build import bulk
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.calculators.potentials.names import get_potential, list_potentials
from amalgamics.errors import InputError
from amalgamics.workflows.spec import WorkflowSpec, load_spec
from amalgamics.workflows.studies.films.settings import SubstrateSettings
from amalgamics.workflows.studies.wetting.settings import PRESETS, WettingSettings
from amalgamics.workflows.submission import spec_document


def test_the_tiny_job_is_fine_and_writes_nothing(wetting_job):
    before = sorted(wetting_job.parent.iterdir())
    spec = load_spec(wetting_job)
    assert spec.wetting.system == "Cu-Au"
    assert not spec.wetting.relaxation().relax_cell
    assert sorted(wetting_job.parent.iterdir()) == before


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_fill_in_what_is_not_given(preset):
    section = WettingSettings.model_validate({"preset": preset, "substrate": "LLTO"})
    for key, value in PRESETS[preset].items():
        found = getattr(section, key)
        if isinstance(value, dict):
            assert {name: getattr(found, name) for name in value} == value
        else:
            assert found == value


def test_what_is_given_goes_before_the_preset():
    content = {"preset": "standard", "substrate": "LLTO", "seeds": 7, "sampling": {"melt_steps": 9}}
    section = WettingSettings.model_validate(content)
    assert section.seeds == 7
    assert section.sampling.melt_steps == 9
    assert section.sampling.equilibration_steps == PRESETS["standard"]["sampling"]["equilibration_steps"]
    assert content == {"preset": "standard", "substrate": "LLTO", "seeds": 7, "sampling": {"melt_steps": 9}}


def test_a_name_alone_is_a_substrate():
    section = WettingSettings.model_validate({"substrate": "LLTO"})
    assert section.substrate == SubstrateSettings(name="LLTO")
    assert section.substrate.label == "LLTO"
    assert (section.solvent, section.solute, section.system) == ("Hg", "Li", "Li-Hg")


def test_the_document_of_an_input_is_the_same_input_anywhere(wetting_job, monkeypatch, tmp_path):
    """Workers read it elsewhere: files are absolute, and nothing is filled in twice."""
    spec = load_spec(wetting_job)
    document = spec_document(spec)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    again = WorkflowSpec.model_validate(document)
    assert spec_document(again) == document
    crystal = again.wetting.substrate.crystal()
    assert crystal.positions == pytest.approx(bulk("Ni", cubic=True).positions, abs=1e-9)


@given(st.text(min_size=1, max_size=12).filter(lambda text: text.isprintable() and "/" not in text))
def test_any_file_name_gives_a_plain_label(stem):
    """It goes into queries, and the database takes no text that reads as a number."""
    label = SubstrateSettings.model_construct(file=f"/folder/{stem}.cif", name=None).label
    assert re.fullmatch("[A-Za-z][A-Za-z0-9_.+()-]*", label)
    with pytest.raises(ValueError, match="could not convert"):
        float(f"x{label}")


def test_numbers_for_names_are_spelt_out(tmp_path):
    path = tmp_path / "1000.cif"
    bulk("Ni").write(path)
    assert SubstrateSettings(file=path).label == "file-1000"


MISTAKES = [
    ("  preset: quick\n  seed: 1\n", ["unknown key 'wetting.seed'", "'seeds'"]),
    ("  preset: qick\n", ["wetting.preset", "quick", "standard", "production"]),
    ("  preset: [quick]\n", ["wetting.preset"]),
    ("  sampling: 5\n", ["wetting.sampling"]),
    ("  sampling: {melt_step: 5}\n", ["unknown key 'wetting.sampling.melt_step'", "'melt_steps'"]),
    ("  sampling: {timestep_fs: 11}\n", ["wetting.sampling.timestep_fs", "10"]),
    ("  substrate: LLTOO\n", ["LLTOO", "'LLTO'"]),
    ("  substrate: {nme: LLTO}\n", ["unknown key 'wetting.substrate.nme'", "'name'"]),
    ("  substrate: {name: my nickel, file: Ni.cif}\n", ["my nickel", "letter"]),
    ("  substrate: {name: LLTO, order: ewald}\n", ["order", "files"]),
    ("  substrate: {}\n", ["either", "name", "file"]),
    ("  substrate: {file: none.cif}\n", ["none.cif"]),
    ("  substrate: {file: job.yaml}\n", ["job.yaml"]),
    ("  substrate: {file: molecule.xyz}\n", ["molecule.xyz", "periodic"]),
    ("  substrate: {file: Ni.cif, miller_index: [0, 0, 0]}\n", ["(0, 0, 0)"]),
    ("  substrate: {file: Ni.cif, miller_index: [0, 1]}\n", ["wetting.substrate.miller_index"]),
    ("  substrate: {file: Ni.cif, termination: TiO2}\n", ["termination", "'TiO2'", "there are Ni"]),
    ("  substrate: {file: Ni.cif, termination: [Ni, Au]}\n", ["'Au'", "there are Ni"]),
    ("  solvent: Agg\n", ["Agg", "'Ag'"]),
    ("  solvent: Fe\n", ["Fe", "liquid metal"]),
    ("  solute: Li\n", ["Li in Au", "hull of Li-Au", "systems"]),
    ("  solute: Au\n", ["wetting.solute", "Au is the solvent"]),
    ("  solute: Xx\n", ["Xx"]),
    ("  temperature_K: 298.15\n", ["wetting.temperature_K", "Au is solid", "298.15"]),
    ("  seeds: 0\n", ["wetting.seeds", "0"]),
    ("  max_solute: 0\n", ["wetting.max_solute", "0"]),
    ("  min_slab_size: 6\n", ["thinner than two cutoffs", "5.4", "min_slab_size"]),
    ("  min_slab_size: -1\n", ["wetting.min_slab_size", "-1"]),
    ("  more_potentials: [chgnet+d5]\n", ["chgnet+d5", "'chgnet+d4'"]),
    ("  single_points: [gpw]\n", ["gpw"]),
]


@pytest.mark.parametrize(("changed", "told"), MISTAKES, ids=[changed.strip() for changed, _ in MISTAKES])
def test_each_mistake_is_one_clear_line(wetting_job, changed, told):
    Atoms("Ni").write(wetting_job.parent / "molecule.xyz")
    keys = re.findall(r"^  (\w+):", changed, re.MULTILINE)
    lines = [
        line for line in wetting_job.read_text().splitlines() if not line.startswith(tuple(f"  {k}:" for k in keys))
    ]
    wetting_job.write_text("\n".join(lines) + "\n" + changed)
    before = sorted(wetting_job.parent.iterdir())
    with pytest.raises(InputError) as caught:
        load_spec(wetting_job)
    message = str(caught.value)
    assert "\n" not in message
    assert all(part in message for part in told), message
    assert sorted(wetting_job.parent.iterdir()) == before


def test_a_potential_must_cover_liquid_solute_and_solid(wetting_job):
    text = wetting_job.read_text().replace("Ni.cif", "Li.cif")
    bulk("Li").write(wetting_job.parent / "Li.cif")
    wetting_job.write_text(text)
    with pytest.raises(InputError, match="'emt' does not cover Li"):
        load_spec(wetting_job)


def test_no_solid_named_and_no_substrate_at_all(wetting_job):
    lines = [line for line in wetting_job.read_text().splitlines() if "substrate" not in line]
    wetting_job.write_text("\n".join(lines))
    with pytest.raises(InputError, match=r"wetting\.substrate"):
        load_spec(wetting_job)


def test_every_potential_of_ours_knows_its_cutoff():
    """What is thinner than two of them is refused; gpaw has none."""
    for name in list_potentials():
        potential = get_potential(name)
        assert (potential.cutoff is None) == (potential.model == "gpaw")
        assert potential.cutoff is None or 4 < potential.cutoff < 8
    assert get_potential("ase.calculators.lj:LennardJones").cutoff is None


def test_a_substrate_without_a_neutral_face_is_refused_with_what_there_is(tmp_path):
    """Said when the input is checked, not by a step of the workflow."""
    file = tmp_path / "sulfide.cif"
    _antifluorite().write(file)
    section = WettingSettings.model_validate({"substrate": {"file": str(file), "miller_index": [1, 0, 0]}})
    spec = WorkflowSpec(name="x", systems=["Li-Hg"], potential="chgnet", wetting=section)
    with pytest.raises(InputError, match=r"sulfide: \(1 0 0\) of Li2S has no nonpolar termination") as raised:
        section.check(spec)
    for part in ("Li (+1 e", "1 Li too many", "(1 1 1) Li", "wetting.substrate.termination"):
        assert part in str(raised.value)
    named = section.model_copy(update={"substrate": section.substrate.model_copy(update={"termination": "Li"})})
    named.check(spec)
    without = named.model_copy(update={"substrate": named.substrate.model_copy(update={"compensated": True})})
    without.check(spec)
    crystal = without.substrate.crystal()
    whole = named.cut_slab(named.substrate, crystal, "Li")
    left = without.cut_slab(without.substrate, crystal, "Li")
    # Of the two lithium atoms of a face, one is left.
    assert left.symbols.count("Li") == 2 * left.symbols.count("S")
    assert whole.symbols.count("S") == left.symbols.count("S")


def test_only_a_named_face_is_compensated():
    with pytest.raises(ValueError, match="name the polar face"):
        SubstrateSettings(name="LLTO", compensated=True)


def test_a_plane_of_high_indices_is_refused_at_once():
    section = WettingSettings.model_validate({"substrate": {"name": "LLTO", "miller_index": [999, 1, 7]}})
    spec = WorkflowSpec(name="x", systems=["Li-Hg"], potential="chgnet", wetting=section)
    with pytest.raises(InputError, match=r"wetting\.substrate\.miller_index: a slab along \(999, 1, 7\)"):
        section.check(spec)


def _antifluorite() -> Atoms:
    points = [(0, 0, 0), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)]
    points += [(x, y, z) for x in (0.25, 0.75) for y in (0.25, 0.75) for z in (0.25, 0.75)]
    return Atoms("S4Li8", cell=[5.71] * 3, scaled_positions=points, pbc=True)
