"""The ways to relax and evaluate that are compared: ours, ASE's loop with the potential's own calculator, matcalc."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..calculators.relaxation.batch import relax_many
from ..calculators.relaxation.relax import RelaxationSettings
from ..calculators.relaxation.results import RelaxationError

if TYPE_CHECKING:
    from ase import Atoms

OURS, ASE, MATCALC = "amalgamics", "ASE loop", "matcalc"
SETTINGS = RelaxationSettings()
SYMPREC = 0.05


@dataclass(frozen=True)
class Relaxed:
    """Where a relaxation ended: eV/atom, number of the space group, steps (None where the peer does not say)."""

    energy_per_atom: float
    space_group: int
    steps: int | None = None


Outcome = Relaxed | None
Peer = Callable[[Sequence["Atoms"]], list[Outcome]]


@dataclass(frozen=True)
class RawOutcome:
    """The same before the space group is worked out, which is not part of what is timed."""

    atoms: Atoms
    energy: float
    steps: int | None = None

    def judge(self) -> Relaxed:
        """Work out the space group."""
        from ase import Atoms

        from ..structures.symmetry import conventional_cell

        bare = Atoms(self.atoms.numbers, cell=self.atoms.cell, positions=self.atoms.positions, pbc=True)
        number = conventional_cell(bare, symprec=SYMPREC).space_group_number
        return Relaxed(self.energy / len(self.atoms), number, self.steps)


def relax_ours(structures: Sequence[Atoms], potential: str) -> list[RawOutcome | None]:
    """Relax with :func:`relax_many`."""
    return [
        None if isinstance(outcome, RelaxationError) else RawOutcome(outcome.atoms, outcome.energy, outcome.n_steps)
        for outcome in relax_many(structures, potential, SETTINGS)
    ]


def stock_calculator(potential: str) -> Any:
    """Return the calculator as its authors ship it, D3 summed as ASE does."""
    from ..calculators.potentials.cards import MODEL_CARDS
    from ..calculators.potentials.loading import load_model

    model, _, dispersion = potential.partition("+")
    loaded = load_model(model)
    if model.startswith("chgnet"):
        from chgnet.model.dynamics import CHGNetCalculator

        calculator = CHGNetCalculator(model=loaded, use_device="cpu", on_isolated_atoms="ignore")
    else:
        from sevenn.calculator import SevenNetCalculator

        calculator = SevenNetCalculator(  # type: ignore[assignment]
            model=loaded, file_type="model_instance", device="cpu", modal=MODEL_CARDS[model].modal
        )
    if not dispersion:
        return calculator
    from ase.calculators.mixing import SumCalculator

    from ..calculators.potentials.names import get_potential

    return SumCalculator([calculator, _d3(get_potential(potential).functional)])


def _d3(functional: str | None) -> Any:
    from ..calculators.potentials.dispersion import get_dispersion_calculator

    return get_dispersion_calculator("d3", functional or "pbe")


def relax_with_ase(structures: Sequence[Atoms], calculator: Any) -> list[RawOutcome | None]:
    """Relax one after the other with ASE's FrechetCellFilter and FIRE, nothing of ours."""
    from ase.filters import FrechetCellFilter
    from ase.optimize import FIRE

    outcomes: list[RawOutcome | None] = []
    for start in structures:
        atoms = start.copy()
        atoms.calc = calculator
        optimizer = FIRE(FrechetCellFilter(atoms), logfile=None)
        converged = optimizer.run(fmax=SETTINGS.fmax, steps=SETTINGS.max_steps)
        energy = float(atoms.get_potential_energy())
        atoms.calc = None
        outcomes.append(RawOutcome(atoms, energy, int(optimizer.nsteps)) if converged else None)
    return outcomes


def relax_with_matcalc(structures: Sequence[Atoms], calculator: Any) -> list[RawOutcome | None]:
    """Relax one after the other with matcalc's RelaxCalc, of the same filter, optimiser and convergence."""
    from matcalc import RelaxCalc  # type: ignore[import-not-found, unused-ignore]
    from pymatgen.io.ase import AseAtomsAdaptor

    relaxer = RelaxCalc(calculator, optimizer="FIRE", fmax=SETTINGS.fmax, max_steps=SETTINGS.max_steps)
    outcomes: list[RawOutcome | None] = []
    for atoms in structures:
        result = relaxer.calc(atoms)
        # Its site properties are of no use here, and the conversion back does not always understand them.
        final = AseAtomsAdaptor.get_atoms(result["final_structure"].copy(site_properties={}), msonable=False)
        final.calc = None
        final.info.clear()
        outcomes.append(RawOutcome(final, float(result["energy"])))
    return outcomes


def matcalc_missing() -> str | None:
    """Return why matcalc is left out, or None."""
    if importlib.util.find_spec("matcalc") is None:
        return "matcalc is not installed (it is no dependency): `pip install matcalc` to compare with it."
    return None


def torch_sim_note() -> str:
    """Return why torch-sim is not among the peers."""
    if sys.version_info < (3, 12):
        return (
            "torch-sim is left out: its releases from 0.4 need Python 3.12, and 0.3, the newest for Python 3.11, does"
            " not import beside sevenn 0.13."
        )
    return "torch-sim is left out: it has not been tried with these potentials on Python 3.12 or newer."
