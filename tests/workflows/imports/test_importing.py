"""Finished calculations in the database: rows as others, each once, and no two that do not compare under one label."""

from __future__ import annotations

from pathlib import Path

import pytest
from ase import Atoms
from ase.build import bulk, fcc111, make_supercell
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.io.ase import AseAtomsAdaptor

from amalgamics.calculators.potentials.names import get_calculator, get_potential
from amalgamics.errors import InputError
from amalgamics.structures.library.phases import get_phase
from amalgamics.tests import calculation_files as made
from amalgamics.workflows.benchmarks.computed_values import computed_values
from amalgamics.workflows.benchmarks.free_atoms import compute_free_atoms
from amalgamics.workflows.comparison import compare_potentials
from amalgamics.workflows.database.candidates import Candidate, primitive_atoms
from amalgamics.workflows.database.export import row_values
from amalgamics.workflows.database.label_settings import LabelSettings, usual_first
from amalgamics.workflows.database.row_hulls import hull_of_rows
from amalgamics.workflows.database.rows import told_converged
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.imports.importing import ImportOptions, ImportReport, count_layers, import_calculations
from amalgamics.workflows.imports.recognition import known_of, library_phase
from amalgamics.workflows.imports.wanted import wanted_crystals
from amalgamics.workflows.studies.hulls.analysis import rows_for_system

# Energies of made-up crystals of Li-Hg, eV per cell.
CRYSTALS = {
    "Li": (bulk("Li", "bcc", a=3.44), -1.9),
    "Hg": (bulk("Hg", "fcc", a=4.6), -0.2),
    "LiHg": (bulk("LiHg", "cesiumchloride", a=3.29), -3.0),
}


@pytest.fixture
def database(tmp_path: Path) -> StructureDatabase:
    return StructureDatabase(tmp_path / "structures.db")


def fill(folder: Path, **settings) -> Path:
    for name, (atoms, energy) in CRYSTALS.items():
        made.write(folder / name / "vasprun.xml", made.vasprun(atoms, energy, **settings))
    return folder


def take(database: StructureDatabase, *paths: object, label: str = "pbe", **options) -> ImportReport:
    return import_calculations(
        database, wanted_crystals([str(path) for path in paths]), ImportOptions(label, **options)
    )


def reasons(report: ImportReport) -> list[str]:
    return [one.reason for one in report.refused]


def test_a_hull_of_imported_energies_is_that_of_their_numbers(tmp_path, database):
    report = take(database, fill(tmp_path / "runs"))
    assert [row.name for row in report.rows] == ["Hg", "Li_bcc", "LiHg"]
    assert all(row.is_new for row in report.rows)
    rows = rows_for_system(database, "Li-Hg", "dft:pbe")
    hull, _ = hull_of_rows("Li-Hg", rows)
    assert hull.phase("LiHg").formation_energy_per_atom == pytest.approx((-3.0 + 1.9 + 0.2) / 2)
    (row,) = database.select("Li-Hg,potential=dft:pbe,e_above_hull<0.01,natoms=2")
    assert (row.space_group, row.energy) == ("Pm-3m", pytest.approx(-3.0))
    told = row.data["calculation"]
    assert (told["code"], told["functional"], told["cutoff_eV"], told["file"]) == (
        "VASP",
        "PBE",
        400.0,
        "LiHg/vasprun.xml",
    )
    assert told["energy_kind"] == "extrapolated to zero smearing"
    assert len(told["sha256"]) == 64
    assert str(tmp_path) not in str(dict(row.data))
    assert row.data["provenance"]["imported"]["cutoff_eV"] == 400.0


def test_the_same_calculation_is_stored_once(tmp_path, database):
    folder = fill(tmp_path / "runs")
    take(database, folder)
    before = database.last_id()
    again = take(database, folder)
    assert [row.is_new for row in again.rows] == [False] * 3
    # from another folder, too
    moved = take(database, fill(tmp_path / "copies"))
    assert [row.is_new for row in moved.rows] == [False] * 3
    assert database.last_id() == before


def test_a_dry_run_stores_nothing(tmp_path, database):
    report = take(database, fill(tmp_path / "runs"), dry_run=True)
    assert len(report.rows) == 3
    assert not database.backend.exists()


def test_the_same_structure_with_another_energy_is_refused(tmp_path, database):
    take(database, fill(tmp_path / "runs"))
    atoms, energy = CRYSTALS["LiHg"]
    again = take(database, made.write(tmp_path / "again" / "vasprun.xml", made.vasprun(atoms, energy - 0.1)))
    assert not again.rows
    assert reasons(again) == [
        "its structure is there with -1.5000 eV/atom (LiHg/vasprun.xml), and here it has -1.5500; give another --label"
    ]


def cells_of(atoms: Atoms) -> list[Atoms]:
    """The same crystal in other cells: a supercell, a sheared one, the conventional cell."""
    sheared = make_supercell(atoms, [[1, 0, 0], [1, 1, 0], [0, 0, 1]])
    return [atoms.repeat((2, 1, 1)), atoms.repeat((2, 2, 2)), sheared]


@pytest.mark.parametrize("name", CRYSTALS)
@pytest.mark.parametrize("which", range(3))
def test_a_crystal_in_another_cell_is_the_same_crystal(tmp_path, database, name, which):
    take(database, fill(tmp_path / "runs"))
    atoms, energy = CRYSTALS[name]
    other = cells_of(atoms)[which]
    per_atom = energy / len(atoms)
    same = made.write(tmp_path / "same" / "vasprun.xml", made.vasprun(other, (per_atom + 4e-4) * len(other)))
    (row,) = take(database, same).rows
    assert not row.is_new
    assert len(rows_for_system(database, "Li-Hg", "dft:pbe")) == 3
    wrong = made.write(tmp_path / "wrong" / "vasprun.xml", made.vasprun(other, (per_atom - 0.05) * len(other)))
    report = take(database, wrong)
    assert not report.rows
    (reason,) = reasons(report)
    assert reason == (
        f"its crystal is there in another cell, {row.name} with {per_atom:.4f} eV/atom ({name}/vasprun.xml), and here"
        f" it has {per_atom - 0.05:.4f}; give another --label"
    )
    # in one import as well, whichever comes first
    both = take(database, wrong, tmp_path / "runs" / name / "vasprun.xml", label="both")
    assert (len(both.rows), len(both.refused)) == (1, 1)


def test_a_stretched_or_distorted_crystal_is_another_calculation(tmp_path, database):
    take(database, fill(tmp_path / "runs"))
    atoms, energy = CRYSTALS["LiHg"]
    stretched, moved = atoms.repeat((2, 1, 1)), atoms.repeat((2, 1, 1))
    stretched.set_cell(stretched.cell * 1.002, scale_atoms=True)
    moved.positions[0, 0] += 0.05
    for number, one in enumerate((stretched, moved)):
        path = made.write(tmp_path / f"other-{number}" / "vasprun.xml", made.vasprun(one, 2 * energy + 0.1))
        (row,) = take(database, path).rows
        assert row.is_new


@pytest.mark.parametrize(
    ("code", "told"),
    [("vasp", "VASP"), ("Vasp", "VASP"), ("pw.x", "Quantum ESPRESSO"), ("gpaw", "GPAW"), ("my own", "my own")],
)
def test_programs_and_functionals_are_known_by_any_spelling(tmp_path, database, code, told):
    copper = bulk("Cu")
    copper.calc = SinglePointCalculator(copper, energy=-1.0)
    copper.info = {"code": code, "functional": "pbe"}
    write(tmp_path / "Cu.extxyz", copper)
    (row,) = take(database, tmp_path / "Cu.extxyz", corrections="mp2020").rows
    assert (row.calculation.code, row.calculation.functional) == (told, "PBE")
    more = bulk("Au")
    more.calc = SinglePointCalculator(more, energy=-1.0)
    more.info = {"code": told.upper(), "functional": "Pbe"}
    write(tmp_path / "Au.extxyz", more)
    assert len(take(database, tmp_path / "Au.extxyz", corrections="mp2020").rows) == 1
    more.info |= {"functional": "PBEsol"}
    write(tmp_path / "Au.extxyz", more)
    assert "functional is PBEsol" in reasons(take(database, tmp_path / "Au.extxyz"))[0]


def test_what_a_file_does_not_tell_is_not_shown_as_converged(tmp_path, database):
    copper = bulk("Cu")
    copper.calc = SinglePointCalculator(copper, energy=-1.0)
    write(tmp_path / "Cu.extxyz", copper)
    take(database, tmp_path / "Cu.extxyz", label="silent")
    take(database, fill(tmp_path / "runs"))
    (silent,) = database.select("potential=dft:silent")
    told = database.select("potential=dft:pbe")
    assert told_converged(silent) is None
    assert [told_converged(row) for row in told] == [True] * 3
    assert "converged" not in row_values(silent)
    assert row_values(told[0])["converged"]
    assert len(database.select("potential=dft:silent,converged=True")) == 1  # it is a result, and no failure


@pytest.mark.parametrize(
    ("key", "settings", "told"),
    [
        ("cutoff_eV", {"encut": 520}, "its cutoff_eV is 520, and dft:pbe holds 400"),
        ("functional", {"gga": "PS"}, "its functional is PBEsol, and dft:pbe holds PBE"),
        ("dispersion", {"incar": {"IVDW": "11"}}, "its dispersion is DFT-D3, and dft:pbe holds none"),
        (
            "pseudopotentials",
            {"titles": {"Li": "PAW_PBE Li_sv 1"}},
            "its pseudopotentials of Li is PAW_PBE Li_sv 1, and dft:pbe holds PAW_PBE Li 01Jan2000",
        ),
        (
            "hubbard_U",
            {"incar": {"LDAU": "True", "LDAUU": "2.0", "LDAUJ": "0.0"}},
            "its hubbard_U of Li is 2, and dft:pbe holds 0",
        ),
    ],
)
def test_other_settings_do_not_share_a_label(tmp_path, database, key, settings, told):
    take(database, fill(tmp_path / "runs"))
    other = bulk("Li", "fcc", a=4.3)
    path = made.write(tmp_path / "other" / "vasprun.xml", made.vasprun(other, -1.8, **settings))
    (reason,) = reasons(take(database, path))
    assert reason.startswith(told)
    assert f"--allow-mixed {key}" in reason
    assert len(take(database, path, label="other").rows) == 1
    mixed = take(database, path, allow_mixed=[key])
    assert len(mixed.rows) == 1
    assert any(note.startswith(f"dft:pbe mixes {key}") for note in mixed.notes)
    notes: list[str] = []
    rows_for_system(database, "Li-Hg", "dft:pbe", notes)
    assert any(note.startswith(f"dft:pbe mixes {key}") for note in notes)


def test_a_comparison_says_where_a_label_mixes_settings(tmp_path, database):
    runs = fill(tmp_path / "runs")
    take(database, runs)
    take(database, runs, label="other")
    path = made.write(tmp_path / "other" / "vasprun.xml", made.vasprun(bulk("Li", "fcc", a=4.3), -1.8, encut=520))
    take(database, path, allow_mixed=["cutoff_eV"])
    notes: list[str] = []
    found = compare_potentials(database, "Li-Hg", notes=notes)
    assert [one.potential for one in found.hulls] == ["dft:other", "dft:pbe"]
    assert [note.startswith("dft:pbe mixes cutoff_eV") for note in notes] == [True]
    # one company, as asked for
    assert len({row.potential_identity for row in database.select("potential=dft:pbe")}) == 1


def test_of_files_that_differ_the_most_are_taken(tmp_path, database):
    folder = fill(tmp_path / "runs")
    made.write(folder / "A" / "vasprun.xml", made.vasprun(bulk("Li", "fcc", a=4.3), -1.8, encut=900))
    report = take(database, folder)
    assert [row.name for row in report.rows] == ["Hg", "Li_bcc", "LiHg"]
    assert [Path(one.file).parent.name for one in report.refused] == ["A"]


def test_labels_with_other_settings_have_another_identity(tmp_path, database):
    """So that databases merged into one never share a hull by the name alone."""
    other = StructureDatabase(tmp_path / "other.db")
    take(database, fill(tmp_path / "a"))
    take(other, fill(tmp_path / "b", encut=700))
    same = StructureDatabase(tmp_path / "same.db")
    take(same, fill(tmp_path / "c"))

    def identity(of: StructureDatabase) -> str:
        (found,) = {row.potential_identity for row in of.select()}
        return found

    assert identity(database) == identity(same) != identity(other)


def test_energies_with_and_without_corrections_never_mix(tmp_path, database):
    oxide = bulk("MgO", "rocksalt", a=4.21)
    path = made.write(tmp_path / "MgO" / "vasprun.xml", made.vasprun(oxide, -11.9))
    (row,) = take(database, path, corrections="mp2020").rows
    assert row.correction_per_atom == pytest.approx(-0.687 / 2)
    (stored,) = database.select("potential=dft:pbe")
    assert stored.energy == pytest.approx(-11.9 - 0.687)
    assert stored.data["calculation"]["energy"] == pytest.approx(-11.9)
    assert stored.data["calculation"]["correction"]["parts"] == {"anion correction (oxide)": pytest.approx(-0.687)}
    (reason,) = reasons(take(database, path))
    assert reason.startswith("its corrections is none, and dft:pbe holds mp2020")
    assert "--allow-mixed" not in reason
    with pytest.raises(InputError, match="never mix"):
        ImportOptions("pbe", allow_mixed=["corrections"])


def test_every_file_is_taken_or_refused_by_itself(tmp_path, database):
    folder = fill(tmp_path / "runs")
    made.write(folder / "broken" / "vasprun.xml", "<modeling>")
    made.write(folder / "limit" / "vasprun.xml", made.vasprun(bulk("Li", "fcc", a=4.3), -1.8, electronic_steps=60))
    made.write(folder / "salt" / "vasprun.xml", made.vasprun(bulk("NaCl", "rocksalt", a=5.6), -7.0))
    slab = fcc111("Cu", (1, 1, 3), vacuum=8, periodic=True)
    made.write(folder / "slab" / "vasprun.xml", made.vasprun(slab, -10.0))
    report = take(database, folder, system="Li-Hg")
    assert len(report.rows) == 3
    told = dict(zip([Path(one.file).parent.name for one in report.refused], reasons(report), strict=True))
    assert "NELM" in told["limit"]
    assert told["salt"] == "it holds Cl-Na, outside Li-Hg"
    assert "holds Cu, outside" in told["slab"]
    assert list(told) == ["broken", "limit", "salt", "slab"]
    assert "without atoms" in reasons(take(database, folder / "slab"))[0]


def test_two_structures_of_one_name_are_both_on_the_hull(tmp_path, database):
    take(database, fill(tmp_path / "runs"))
    other = made.vasprun(bulk("LiHg", "zincblende", a=6.4), -2.5)
    (row,) = take(database, made.write(tmp_path / "more" / "LiHg" / "vasprun.xml", other)).rows
    assert row.name == "LiHg-2"
    assert len(rows_for_system(database, "Li-Hg", "dft:pbe")) == 4


def test_large_forces_and_silence_are_told(tmp_path, database):
    atoms, energy = CRYSTALS["Li"]
    path = made.write(tmp_path / "Li" / "vasprun.xml", made.vasprun(atoms, energy, forces=[[0, 0, 0.5]]))
    assert any("forces above 0.1 eV/Å, the largest Li_bcc with 0.50" in note for note in take(database, path).notes)
    copper = bulk("Cu")
    copper.calc = SinglePointCalculator(copper, energy=-1.0)
    write(tmp_path / "Cu.extxyz", copper)
    notes = take(database, tmp_path / "Cu.extxyz", label="other").notes
    assert any("do not tell whether the calculation converged" in note for note in notes)


def test_nothing_can_be_computed_with_a_label():
    known = get_potential("dft:pbe+d3")
    assert (known.name, known.dispersion) == ("dft:pbe+d3", None)
    for use in (known.check_available, lambda: get_calculator("dft:pbe")):
        with pytest.raises(InputError, match=r"imported energies, and nothing can be computed"):
            use()


@pytest.mark.parametrize("label", ["", "my label", "1pbe", "a" * 41, "a/b", "pbe,x", "dft:"])
def test_labels_that_a_query_or_folder_would_read_otherwise(label):
    with pytest.raises(InputError, match=r"--label: .* is not allowed; start with a letter"):
        ImportOptions(label)


def test_energies_computed_here_and_imported_again_agree(tmp_path, database):
    """EMT energies through a file are those that the database gets otherwise."""
    for name in ("Cu", "Au"):
        atoms = bulk(name)
        atoms.calc = EMT()
        atoms.get_potential_energy()
        write(tmp_path / f"{name}.extxyz", atoms)
    report = take(database, *tmp_path.glob("*.extxyz"), label="emt")
    for row in report.rows:
        assert row.energy_per_atom == pytest.approx(EMT().get_potential_energy(bulk(row.formula)))


SETTINGS = st.fixed_dictionaries(
    {
        "file": st.just("f"),
        "code": st.sampled_from(["VASP", "GPAW"]),
        "cutoff_eV": st.sampled_from([300.0, 400.0]),
        "elements": st.just(["Li", "Hg"]),
        "hubbard_U": st.none() | st.dictionaries(st.sampled_from(["Li", "Hg"]), st.sampled_from([1.0, 2.0])),
        "pseudopotentials": st.none() | st.dictionaries(st.sampled_from(["Li", "Hg"]), st.sampled_from(["a", "b"])),
    }
)


@given(st.lists(SETTINGS, min_size=1, max_size=6))
def test_what_a_label_took_never_differs_in_what_it_shares(records):
    settings = LabelSettings("dft:x")
    taken = []
    for number in usual_first(records):
        if settings.conflict(records[number]) is None:
            settings.take(records[number])
            taken.append(records[number])
    assert taken
    assert not settings.mixed()
    for key in ("code", "cutoff_eV"):
        assert len({record[key] for record in taken}) == 1
        assert settings.shared()[key] == taken[0][key]
    # the most common kind comes first
    kinds = [(record["code"], record["cutoff_eV"]) for record in records]
    assert kinds.count((taken[0]["code"], taken[0]["cutoff_eV"])) == max(map(kinds.count, kinds))


@given(st.integers(1, 6))
def test_layers_of_a_slab_are_counted(layers):
    assert count_layers(fcc111("Cu", (1, 1, layers), vacuum=6)) == layers
    assert count_layers(Atoms("Cu2", positions=[[0, 0, 0], [1, 1, 0.1]])) == 1


def test_free_atoms_of_imported_energies_are_not_computed(tmp_path, database):
    take(database, fill(tmp_path / "runs"))
    assert compute_free_atoms(database, "dft:pbe", ["Li", "Hg"]) == []


def test_merged_databases_show_one_of_two_labels_of_one_name(tmp_path, database):
    other = StructureDatabase(tmp_path / "other.db")
    take(database, fill(tmp_path / "a"))
    take(other, fill(tmp_path / "b", encut=700))
    assert database.merge_from(other).added == 3
    notes: list[str] = []
    rows = rows_for_system(database, "Li-Hg", "dft:pbe", notes)
    assert {row.data["calculation"]["cutoff_eV"] for row in rows} == {700.0}
    assert any("has not always been the same" in note for note in notes)
    # the label goes on as the newest
    (reason,) = reasons(take(database, made.write(tmp_path / "c" / "vasprun.xml", made.vasprun(bulk("Na"), -1.3))))
    assert reason.startswith("its cutoff_eV is 400, and dft:pbe holds 700")


@pytest.mark.parametrize("key", ["Li_bcc", "LiHg", "LiHg3", "Hg_alpha", "Cu_fcc", "MgO"])
def test_crystals_of_the_library_are_recognised_whatever_their_cell_and_size(key):
    phase = get_phase(key)
    atoms = phase.atoms()
    atoms.set_cell(atoms.cell * 1.03, scale_atoms=True)
    for form in (atoms, atoms.repeat((2, 1, 1)), primitive_atoms(AseAtomsAdaptor.get_structure(atoms))):
        found = library_phase(form)
        assert found is not None
        assert found.key == key
    assert known_of(phase, atoms)["measured_lattice"] == phase.lattice


@pytest.mark.parametrize(
    "atoms",
    [
        bulk("Li", "fcc", a=4.3),
        bulk("LiHg", "zincblende", a=6.4),
        bulk("Hg", "sc", a=3.0),
        bulk("Cu", "fcc", a=4.6),
        bulk("CuAu", "cesiumchloride", a=3.1),
    ],
)
def test_other_crystals_are_not(atoms):
    assert library_phase(atoms) is None


def test_a_recognised_phase_stands_beside_what_was_measured_and_keeps_its_own_axes(tmp_path, database):
    cell = bulk("LiHg", "cesiumchloride", a=3.35)
    take(database, made.write(tmp_path / "x" / "vasprun.xml", made.vasprun(cell, -3.0)))
    (row,) = database.select("potential=dft:pbe")
    candidate = Candidate.from_dict(row.data["candidate"])
    assert (row.name, row.kind, candidate.axes) == ("LiHg", "library", "given")
    assert candidate.measured_volume_per_atom == get_phase("LiHg").measured_volume_per_atom
    assert candidate.source == "VASP 6.3.2, PBE, 400 eV, x/vasprun.xml"


@pytest.mark.parametrize(("nsw", "counts"), [(0, False), (20, True)])
def test_only_relaxed_cells_are_compared_with_measured_ones(tmp_path, database, nsw, counts):
    copper = bulk("Cu", a=3.63)
    path = made.write(tmp_path / "Cu" / "vasprun.xml", made.vasprun(copper, -3.7, nsw=nsw))
    assert [row.name for row in take(database, path).rows] == ["Cu_fcc"]
    values = computed_values(database, "dft:pbe")
    assert any(value.quantity == "volume_per_atom" for value in values) == counts
