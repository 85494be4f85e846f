"""Density functional theory with GPAW, an optional extra: plane waves, in this process.

The settings are meant for single points, on interface cells of some tens of atoms above all: see
:data:`GPAW_DEFAULTS` and :func:`choose_kpoints`.
"""

from __future__ import annotations

import importlib.util
import inspect
import os
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.calculators.calculator import Calculator, SCFError, all_changes, kptdensity2monkhorstpack
from ase.data import chemical_symbols

from ...errors import InputError, unknown_name

if TYPE_CHECKING:
    from ase import Atoms

# At 350 eV total energies are not converged (Hg: 0.2 eV too high), but their differences are (formation of LiHg: within
# 0.1 meV/atom of 500 eV). So cells should not be relaxed with it: the stress is the derivative of a total energy.
# GPAW's own limit for the energy, 0.5 meV per electron, would allow 0.1 eV in an interface cell. Crystals took 7 to 25
# steps, interfaces 19 to 25; a density that diverges should end early, at half a minute a step for 25 atoms.
GPAW_DEFAULTS: dict[str, Any] = {
    "mode": {"name": "pw", "ecut": 350.0},
    "xc": "PBE",
    "occupations": {"name": "fermi-dirac", "width": 0.1},
    "convergence": {"energy": 1e-5},
    "maxiter": 60,
    "txt": None,
}

# k-points per Å^-1. Formation of LiHg, meV/atom: -331 with 1.7, -385 with 2.5, -408 with 4, -409 with 6. A surface cell
# of 30 Å^2 gets 2 x 2 from 1.7, which compares structures of one cell at a sixth of the cost of 4.
KPOINT_DENSITY = 4.0
SLAB_KPOINT_DENSITY = 1.7
_VACUUM = 8.0  # Å without atoms

# The elements gpaw-data 1.2 has PBE datasets for.
GPAW_ELEMENTS = frozenset(chemical_symbols[1:87]) - {"Tc", "Po", "At"}


def check_gpaw() -> None:
    """Refuse to go on without GPAW or its PAW datasets.

    Raises
    ------
    InputError
        GPAW is not installed, or there are no datasets.
    """
    if importlib.util.find_spec("gpaw") is None:
        raise InputError(
            "potential 'gpaw' needs GPAW, which is not installed: CC=g++ pip install \"amalgamics[gpaw]\", with the"
            " libraries libxc and BLAS there to compile it (Debian: libxc-dev, libopenblas-dev; see docs/potentials.md)"
        )
    if paw_datasets() is None:
        raise InputError(
            "potential 'gpaw' needs PAW datasets, which are not installed: pip install gpaw-data, or set"
            " GPAW_SETUP_PATH to the directory that holds them"
        )


def paw_datasets() -> str | None:
    """Return which PAW datasets GPAW takes, such as ``gpaw-data 1.2.1``; None when there are none."""
    if folders := os.environ.get("GPAW_SETUP_PATH"):
        return Path(folders.split(os.pathsep)[0]).name
    try:
        return f"gpaw-data {version('gpaw-data')}"
    except PackageNotFoundError:
        return None


def gpaw_settings() -> dict[str, Any]:
    """Return what fixes the energies of the potential, as plain JSON."""
    settings = {key: value for key, value in GPAW_DEFAULTS.items() if key != "txt"}
    kpoints = {"density": KPOINT_DENSITY, "density_with_vacuum": SLAB_KPOINT_DENSITY}
    return {**settings, "kpts": kpoints, "paw_datasets": paw_datasets()}


def choose_kpoints(atoms: Atoms) -> dict[str, Any]:
    """Return the grid of k-points for a cell, as GPAW's ``kpts``.

    A crystal gets :data:`KPOINT_DENSITY` and a grid with the Gamma point. A cell with vacuum gets one point across the
    vacuum and :data:`SLAB_KPOINT_DENSITY` along it; there an even grid misses the Gamma point, which halves the work,
    unless the cell is oblique: in a hexagonal one such a grid would not have the symmetry of the lattice.
    """
    vacuum = _vacuum_axes(atoms)
    density = SLAB_KPOINT_DENSITY if vacuum.any() else KPOINT_DENSITY
    size = np.where(vacuum, 1, kptdensity2monkhorstpack(atoms, density, even=False))
    grid: dict[str, Any] = {"size": [int(number) for number in size]}
    oblique = not np.allclose(atoms.cell.angles(), 90.0, atol=5.0)
    return {**grid, "gamma": True} if oblique or not vacuum.any() else grid


def build_gpaw(**options: Any) -> PlaneWaveDFT:
    """Return a calculator with :data:`GPAW_DEFAULTS`, changed by ``options`` (any keyword of ``gpaw.GPAW``).

    Raises
    ------
    InputError
        GPAW or its PAW datasets are not installed, or GPAW has no such option.
    """
    check_gpaw()
    _check_options(options)
    return PlaneWaveDFT(**{**GPAW_DEFAULTS, **options})


class PlaneWaveDFT(Calculator):
    """GPAW with k-points for each cell, which computes only what is asked for.

    ``energy`` is extrapolated to zero smearing; ``free_energy`` is what the forces are the derivatives of.

    Parameters
    ----------
    options
        Keywords of ``gpaw.GPAW``; ``txt`` names a file for its log, and ``kpts`` is chosen where it is not given.

    Attributes
    ----------
    gpaw
        The GPAW calculator of the last calculation; None before the first.
    """

    implemented_properties = ["energy", "free_energy", "forces", "stress"]  # noqa: RUF012 - as ASE declares it
    atoms: Atoms

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.options = options
        self.gpaw: Any = None
        self._kpoints: dict[str, Any] = {}

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Compute the energies, and of forces and stress what ``properties`` name.

        Raises
        ------
        SCFError
            The density did not converge.
        """
        super().calculate(atoms, properties, system_changes)
        from gpaw import KohnShamConvergenceError  # type: ignore[import-not-found, unused-ignore]
        from gpaw.new.symmetry import SymmetryBrokenError  # type: ignore[import-not-found, unused-ignore]

        kpoints = {} if "kpts" in self.options else {"kpts": choose_kpoints(self.atoms)}
        if self.gpaw is None or kpoints != self._kpoints:
            self._start(kpoints)
        wanted = ["energy", "free_energy", *(name for name in ("forces", "stress") if name in properties)]
        try:
            try:
                self._compute(wanted)
            except SymmetryBrokenError:  # the atoms have left the symmetry that GPAW found at its start
                self._start(kpoints)
                self._compute(wanted)
        except KohnShamConvergenceError as error:
            self.gpaw = None
            raise SCFError(
                f"GPAW: the density of {self.atoms.get_chemical_formula()} did not converge in"
                f" {self.options.get('maxiter')} steps"
            ) from error

    def _start(self, kpoints: dict[str, Any]) -> None:
        from gpaw import GPAW

        self.gpaw = GPAW(**self.options, **kpoints)
        self._kpoints = kpoints

    def _compute(self, names: list[str]) -> None:
        for name in names:
            self.results[name] = self.gpaw.get_property(name, self.atoms)


def _vacuum_axes(atoms: Atoms) -> np.ndarray:
    """Return for each axis whether the cell has a wide gap along it, or does not repeat."""
    heights = 1.0 / np.linalg.norm(atoms.cell.complete().reciprocal(), axis=1)
    along = np.sort(atoms.get_scaled_positions(wrap=True), axis=0)
    gaps = np.diff(np.vstack([along, along[:1] + 1.0]), axis=0) * heights
    found: np.ndarray = (gaps.max(axis=0) > _VACUUM) | ~atoms.pbc
    return found


def _check_options(names: Iterable[str]) -> None:
    from gpaw.dft import GPAW  # type: ignore[import-not-found, unused-ignore]

    allowed = inspect.signature(GPAW).parameters
    for name in names:
        if name not in allowed:
            raise InputError("gpaw: " + unknown_name("option", name, allowed))
