"""CHGNet as a lean evaluator: the same weights and outputs as chgnet's calculator, for one structure or a batch."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from ....errors import InputError, unknown_name
from ...groups import consecutive_groups
from ..cards import MODEL_CARDS
from ..weights import checked_weights

if TYPE_CHECKING:
    from .layers import Network

LEAN_MODELS = ("chgnet", "chgnet-r2scan")

# More atoms at a time are no faster, and each needs some 3 MB for the gradient.
_MAX_ATOMS = 64


class LeanCHGNet(Calculator):
    """ASE calculator for CHGNet: energy, free energy, forces, and stress where there is a cell.

    Energies per atom agree with chgnet's own calculator to 1e-6 eV (3e-6 eV where perfect symmetry adds up the rounding
    of single precision there; lengths, angles and sums are in double precision here), forces to 1e-4 eV/Å, stresses to
    1e-5 eV/Å³. Left-handed cells have the stress of right-handed ones; in chgnet it has the wrong sign. There are no
    magnetic moments. The network is loaded once per process and shared.

    Parameters
    ----------
    model
        ``chgnet`` (weights 0.3.0) or ``chgnet-r2scan``.
    device
        torch device of the network.
    dtype
        ``float32``, as in chgnet, or ``float64``.

    Raises
    ------
    InputError
        Unknown model or dtype.
    """

    implemented_properties = ["energy", "free_energy", "forces", "stress"]  # noqa: RUF012 - as ASE has it
    atoms: Atoms
    name = "lean_chgnet"

    def __init__(self, model: str = "chgnet", *, device: str = "cpu", dtype: str = "float32") -> None:
        super().__init__()
        if model not in LEAN_MODELS:
            raise InputError("model: " + unknown_name("CHGNet model", model, LEAN_MODELS))
        if dtype not in ("float32", "float64"):
            raise InputError(f"dtype: {dtype!r} is not allowed; give float32 or float64")
        from .graph import GraphBuilder

        self.model = model
        self._network = load_network(model, device, dtype)
        self._builder = GraphBuilder(self._network.bond_cutoff, self._network.angle_cutoff)

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        """Compute all properties of ``atoms``, as ASE asks."""
        super().calculate(atoms, properties, system_changes)
        (self.results,) = self.evaluate_batch([self.atoms])

    def evaluate_batch(self, structures: Sequence[Atoms]) -> list[dict[str, Any]]:
        """Evaluate several structures together.

        Parameters
        ----------
        structures
            At least one atom each. What calculators they have is left alone.

        Returns
        -------
        list of dict
            For each structure ``energy`` and ``free_energy`` (eV), ``forces`` (eV/Å, shape (N, 3)) and, when it has
            three cell vectors, ``stress`` (eV/Å³, Voigt order, shape (6,)), in double precision.

        Raises
        ------
        InputError
            A structure has no atoms, or an element beyond plutonium.
        """
        for atoms in structures:
            self._check(atoms)
        results: list[dict[str, Any]] = []
        for group in consecutive_groups([len(atoms) for atoms in structures], _MAX_ATOMS):
            results += self._evaluate(structures[group])
        return results

    def _evaluate(self, structures: Sequence[Atoms]) -> list[dict[str, Any]]:
        graph = self._builder.build(structures)
        energies, d_length, d_angle = self._network.energies_and_gradients(graph)
        forces, virials = graph.forces_and_virials(d_length, d_angle)
        site_energies = energies.double().numpy() + self._network.reference_energies[graph.numbers.numpy() - 1]
        results = []
        stop = 0
        for atoms, virial in zip(structures, virials, strict=True):
            start, stop = stop, stop + len(atoms)
            energy = float(site_energies[start:stop].sum())
            result: dict[str, Any] = {"energy": energy, "free_energy": energy, "forces": forces[start:stop].copy()}
            if atoms.cell.rank == 3:
                result["stress"] = full_3x3_to_voigt_6_stress(virial / atoms.cell.volume)
            results.append(result)
        return results

    def _check(self, atoms: Atoms) -> None:
        numbers = atoms.numbers
        if len(numbers) == 0:
            raise InputError("atoms: there are none to evaluate")
        if numbers.min() < 1 or numbers.max() > len(self._network.reference_energies):
            raise InputError(f"atoms: {atoms.symbols} has an element that CHGNet does not know; it knows H to Pu")


@functools.cache
def load_network(model: str, device: str = "cpu", dtype: str = "float32") -> Network:
    """Return the network of a CHGNet model, loaded from chgnet's weight file once per process.

    Reading the file directly spares the import of chgnet, which takes three seconds.
    """
    import torch

    from .layers import Network

    path = checked_weights("chgnet", MODEL_CARDS[model].weights or "", MODEL_CARDS[model].sha256)
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)["model"]
    return Network(checkpoint, getattr(torch, dtype), device)
