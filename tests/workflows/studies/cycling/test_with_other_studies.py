"""Films in a job that has phonons and wetting as well: what these find reaches the films."""

from dataclasses import replace

import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from amalgamics.reports.cycling.section import cycling_sections
from amalgamics.reports.sections import Links
from amalgamics.tests.conftest import MadeUpStudy
from amalgamics.thermodynamics.cycling.contact import wetted_fraction
from amalgamics.thermodynamics.wetting.contact_angle import measured_tension
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import load_spec
from amalgamics.workflows.studies.cycling.study import CyclingStudy
from amalgamics.workflows.studies.hulls.study import HullStudy
from amalgamics.workflows.studies.phonons.study import PhononStudy
from amalgamics.workflows.studies.wetting.study import WettingStudy

pytest.importorskip("pybamm")

JOB = """
name: all-three
systems: [Li-Hg]
potential: amalgamics.tests.workflows.studies.cycling.test_with_other_studies:Disguised
structures: {library: false, prototypes: false, files: [Li.cif, Hg.cif, LiHg.cif]}
relaxation: {fmax: 0.05}
phonons: {min_length: 4.5, temperatures_K: [300], fmax: 0.02}
wetting:
  substrate: {file: Ni.cif, miller_index: [0, 0, 1]}
  solvent: Hg
  solute: Li
  min_slab_size: 10.8
  min_film_size: 5
  min_width: 4.9
cycling: {currents_mA_cm2: [2], cycles: 1, cells: 8, solid_diffusivities_m2_s: [1.0e-16], map: null}
"""
OTHER = {3: 29, 80: 79}


class Disguised(EMT):
    """Lithium is copper and mercury gold."""

    def calculate(self, atoms=None, properties=("energy",), system_changes=()):  # noqa: ARG002
        other = atoms.copy()
        other.numbers = [OTHER.get(number, number) for number in other.numbers]
        super().calculate(other, list(properties), ["positions", "numbers", "cell", "pbc"])
        self.atoms = atoms.copy()


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """Crystals and phonons are computed; what an angle above 90° needs is made up."""
    folder = tmp_path_factory.mktemp("job")
    bulk("Ni", cubic=True).write(folder / "Ni.cif")
    for name, like in (("Li", "Cu"), ("Hg", "Au")):
        atoms = bulk(like)
        atoms.symbols[:] = name
        atoms.write(folder / f"{name}.cif")
    places = [[0, 0, 0], [0.5, 0.5, 0.5]]
    Atoms("LiHg", cell=[2.8, 2.8, 3.6], scaled_positions=places, pbc=True).write(folder / "LiHg.cif")
    (folder / "job.yaml").write_text(JOB, encoding="utf-8")
    spec = load_spec(folder / "job.yaml").model_copy(update={"database": folder / "structures.db"})
    for study in (HullStudy, PhononStudy):
        asked = study(Job.of(spec))
        for step in asked.plan():
            asked.run(step.method, step.arguments)
    done = Job.of(spec)
    MadeUpStudy(StructureDatabase(spec.database_address), WettingStudy(done).key).fill(
        adhesion=0.3, deltas=(0.1,), potential=spec.potential, termination="Ni"
    )
    return done


@pytest.fixture(scope="module")
def report(job):
    return CyclingStudy(job).results()


def test_contact_follows_from_the_wetting_of_the_job(job, report):
    """Lowest and highest angle of the saturated liquid over both limits of the dry face, with their bands."""
    wetting = WettingStudy(job).results()
    point = wetting.curve.at(wetting.key_x[-1])
    limits = [one for one in (point.fresh, point.equilibrated) if one is not None]
    low, high = min(one.theta_low_deg for one in limits), max(one.theta_high_deg for one in limits)

    contact = report.contact

    assert 90.0 < high < 180.0
    assert (contact.angles_deg, contact.is_computed) == ((low, high), True)
    tension = measured_tension("Hg").at_J_m2(298.15)
    face = CyclingStudy(job).settings.face.face()
    assert contact.worst.liquid == pytest.approx(wetted_fraction(face, high, tension))
    assert contact.worst.liquid < 1.0
    assert "by Li in Hg" in contact.source


def test_fronts_are_those_of_the_free_energies_of_the_job(job, report):
    static = CyclingStudy(replace(job, spec=job.spec.model_copy(update={"phonons": None, "wetting": None}))).results()
    films = [report.films[0], static.films[0]]

    assert [film.energies for film in films] == ["free energies", "static energies"]
    thermal = PhononStudy(job).results()[0].hull_with(298.15, "absolute").hull
    lihg = next(phase for phase in thermal.stable if phase.formula == "LiHg")
    volts = [film.chain.front_voltages_V[0] for film in films]
    assert volts[0] == pytest.approx(-2.0 * lihg.formation_energy_per_atom, abs=1e-6)
    assert volts[0] != pytest.approx(volts[1], abs=1e-3)


def test_a_wetting_without_results_is_told(job, tmp_path):
    """The database has the crystals alone: the liquid is taken to touch everything, and the report says so."""
    spec = job.spec.model_copy(update={"database": tmp_path / "structures.db", "phonons": None})
    asked = HullStudy(Job.of(spec))
    for step in asked.plan():
        asked.run(step.method, step.arguments)

    report = CyclingStudy(Job.of(spec)).results()

    assert report.contact.angles_deg is None
    assert any("no contact angle of the job's wetting" in problem for problem in report.problems)


def test_the_section_links_to_what_it_rests_on(job, report):
    (section,) = cycling_sections(report, pictures=False)
    (links,) = (block for block in section.blocks if isinstance(block, Links))
    anchors = {address for _, address, _ in links.entries}
    wetting = WettingStudy(job)
    (angles,) = wetting.sections(wetting.results())
    assert anchors == {"#systems", f"#{angles.anchor}"}
