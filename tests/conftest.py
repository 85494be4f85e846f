"""A wetting study whose energies are made up, so that every result of it is known beforehand; a PostgreSQL server."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from hypothesis import settings

from amalgamics.calculators.potentials.names import get_potential
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.calculators.relaxation.results import RelaxationError, RelaxationResult
from amalgamics.structures.tags import LIQUID, SOLID
from amalgamics.tests.postgresql_server import PostgreSQLCluster, binaries, running_server
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.structure_database import StructureDatabase

# How fast the machine is decides no test.
settings.register_profile("amalgamics", deadline=None, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=500)
settings.load_profile("amalgamics")

J_PER_M2 = 16.0217663
"""1 eV/Å² in J/m²."""

AREA = 49.0
_NUMBERS = count()
SETTINGS = RelaxationSettings(fmax=0.05, relax_cell=False)
CRYSTAL_SETTINGS = RelaxationSettings(fmax=0.05)


@dataclass
class MadeUpStudy:
    """A database with one study of lithium in mercury, filled row by row."""

    database: StructureDatabase
    key: str = "LLTO(001)-Li-Hg-12345678"

    def add(
        self,
        role: str,
        energy: float,
        *,
        potential: str = "emt",
        failed: str = "",
        kind: Any = "interface",
        measured: dict[str, float] | None = None,
        **labels: str | int,
    ) -> int:
        """Store one row of the study; with ``failed`` the reason why it has no energy."""
        where = {"substrate": "LLTO", "miller": "(001)", "solvent": "Hg", "solute": "Li"}
        # Each row has a structure of its own, as two relaxations never start from the same.
        height = 3.0 + 0.01 * next(_NUMBERS)
        atoms = Atoms("TiHg", positions=[[1, 1, 1], [1, 1, height]], cell=[7.0, 7.0, 30.0], pbc=True)
        atoms.set_tags([SOLID, LIQUID])
        labels = {"study": self.key, **where, "role": role, **labels}
        candidate = Candidate(f"{role} {height:.2f}", kind, atoms, "made up", labels=labels)
        return self.store(candidate, energy, potential, SETTINGS, failed, measured)

    def store(
        self,
        candidate: Candidate,
        energy: float,
        potential: str = "emt",
        settings: RelaxationSettings = CRYSTAL_SETTINGS,
        failed: str = "",
        measured: dict[str, float] | None = None,
    ) -> int:
        final = candidate.atoms.copy()
        final.calc = SinglePointCalculator(final, energy=energy, forces=0 * final.positions, stress=[0.0] * 6)
        outcome = RelaxationResult(final, energy, 0.0, 3, 4, 0.1)
        problem = RelaxationError(failed, candidate.atoms) if failed else None
        return self.database.add(candidate, problem or outcome, get_potential(potential), settings, **(measured or {}))

    def add_crystals(self, *, potential: str = "emt", compound: float = -0.4) -> None:
        """Store the hull of Li-Hg: the elements at 0 eV/atom and LiHg at ``compound``."""
        for formula, energy in (("Li", 0.0), ("Hg", 0.0), ("LiHg", compound)):
            n_atoms = len(Atoms(formula))
            places = [[0, 0, 0], [0.5, 0.5, 0.5]][:n_atoms]
            atoms = Atoms(formula, scaled_positions=places, cell=[3.3] * 3, pbc=True)
            self.store(Candidate(formula, "library", atoms, "made up"), energy * n_atoms, potential)

    def fill(
        self,
        *,
        adhesion: float = 0.3,
        reference: float = -1.0,
        deltas: tuple[float, ...] = (-0.2, -0.3),
        spread: float = 0.01,
        seeds: int = 2,
        frames: int = 2,
        potential: str = "emt",
        termination: str = "TiO2",
    ) -> None:
        """Store everything that an angle needs.

        ``adhesion`` (J/m²) is the work of adhesion, ``reference`` the energy of one solute atom in the film,
        ``deltas`` what 1, 2, ... of them gain at the interface (eV). Frames differ by ``spread``, seeds not in the
        mean.
        """
        self.add("substrate", -10.0, kind="substrate")
        at_interface = {"termination": termination, "potential": potential}
        self.add("solid", -100.0, kind="solid", **at_interface)
        bare = -150.0 - adhesion * AREA / J_PER_M2
        for seed in range(seeds):
            for frame in range(frames):
                where = {"seed": seed, "frame": frame}
                off = spread * (frame - (frames - 1) / 2)
                rigid = {"rigid_solid_energy": -99.9, "rigid_film_energy": -49.9}
                self.add("detached-film", -50.0 + off, kind="film", **at_interface, **where)
                self.add("interface", bare + 2 * off, n_solute=0, site="none", measured=rigid, **at_interface, **where)
                for n, delta in enumerate(deltas, start=1):
                    self.add(
                        "interface",
                        bare + 2 * off + n * reference + delta + off,
                        n_solute=n,
                        site="sites-" + "+".join(map(str, range(n))),
                        measured={"degeneracy": 4 // n},
                        **at_interface,
                        **where,
                    )
                in_film = {"kind": "film", "potential": potential, **where}
                self.add("film", -40.0 + off, n_solute=0, site="none", **in_film)
                self.add("solute-in-film", -40.0 + off + reference, n_solute=1, site="place-0", **in_film)
                self.add("solute-on-film", -40.0 + off + reference + 0.3, n_solute=1, site="place-0", **in_film)


@pytest.fixture(scope="session", autouse=True)
def _no_state_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep logs that belong beside no report out of the home of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def filled_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a study with W_ad = 0.3 J/m² and lithium that likes the interface; read only."""
    path = tmp_path_factory.mktemp("made-up") / "structures.db"
    MadeUpStudy(StructureDatabase(path)).fill()
    return path


@pytest.fixture
def made_up_study(tmp_path: Path, filled_database: Path) -> Callable[..., MadeUpStudy]:
    """Return a study in ``results/structures.db`` of the temporary directory, empty or ``filled`` with the usual."""
    path = tmp_path / "results" / "structures.db"

    def make(*, filled: bool = False) -> MadeUpStudy:
        path.parent.mkdir(exist_ok=True)
        if filled:
            shutil.copy(filled_database, path)
        return MadeUpStudy(StructureDatabase(path))

    return make


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQLCluster]:
    """A server for all tests that need one."""
    if binaries() is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    with running_server() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def database_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a structure database may come into being: what holds for the one holds for the other."""
    if request.param == "sqlite":
        return str(tmp_path / "deep" / "structures.db")
    cluster: PostgreSQLCluster = request.getfixturevalue("postgresql")
    return cluster.new_schema()
