"""Harmonic phonons of a crystal, relaxed first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..arguments import flag, whole_number
from ..errors import InputError
from ..workflows.progress_bar import progress_bar
from .display import Cell, drawn, html_table, with_version
from .energies import DEFAULT_POTENTIAL, Relaxed, as_potential, describe, origin, same_potential
from .quantities import DISPLACEMENT, FORCE, LENGTH, check
from .structures import as_crystal, name_of

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from ase.calculators.calculator import BaseCalculator

    from ..calculators.phonons.results import Phonons
    from ..calculators.potentials.names import Potential as NamedPotential
    from ..thermodynamics.vibrations.harmonic import ImaginaryTreatment
    from .structures import StructureLike


@dataclass(frozen=True, eq=False)
class PhononResult:
    """The harmonic phonons of a crystal.

    Attributes
    ----------
    name
        What the crystal is called.
    dynamically_stable, lowest_frequency_THz
        Whether no mode is imaginary beyond 0.1 THz; the lowest frequency, negative where it is imaginary.
    verdict
        The same in words.
    zero_point_energy_per_atom
        eV/atom; None for a crystal with imaginary modes, which has no harmonic energy.
    n_supercell_atoms
        Atoms of the supercell.
    phonons
        Everything: frequencies, bands, density of states, force constants.
    crystal
        The relaxed crystal.
    potential, settings, provenance
        Name of the potential, how it was done, and what fixes the energies.
    """

    name: str
    dynamically_stable: bool
    lowest_frequency_THz: float
    verdict: str
    zero_point_energy_per_atom: float | None
    n_supercell_atoms: int
    phonons: Phonons = field(repr=False)
    crystal: Relaxed = field(repr=False)
    potential: str
    settings: Mapping[str, Any] = field(repr=False)
    provenance: Mapping[str, Any] = field(repr=False)

    def free_energy_per_atom(self, temperature_K: float, *, imaginary: ImaginaryTreatment = "refuse") -> float:
        """Return the free energy of the vibrations, eV/atom, zero-point energy included.

        Parameters
        ----------
        temperature_K
            0 or more.
        imaginary
            What becomes of imaginary modes: ``refuse``, ``absolute`` or ``skip``; none of the latter two is right.

        Raises
        ------
        InputError
            A temperature below 0, or imaginary modes with ``refuse``.
        """
        from ..thermodynamics.vibrations.harmonic import ModeSpectrum, vibrational_free_energy

        spectrum = ModeSpectrum.from_phonons(self.phonons, self.name)
        return float(vibrational_free_energy(spectrum, temperature_K, imaginary=imaginary))

    def plot(self) -> go.Figure:
        """Return the band structure with the density of states beside it, as a plotly figure."""
        from ..reports.phonons.interactive import phonon_figure

        return drawn(phonon_figure(self.phonons), f"{self.name}, {self.potential}: {self.verdict}", height=460)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON: verdict, frequencies, bands, density of states, force constants, provenance."""
        return with_version(
            {
                "name": self.name,
                "dynamically_stable": self.dynamically_stable,
                "lowest_frequency_THz": self.lowest_frequency_THz,
                "verdict": self.verdict,
                "zero_point_energy_per_atom": self.zero_point_energy_per_atom,
                "potential": self.potential,
                "settings": self.settings,
                "provenance": self.provenance,
                "crystal": self.crystal.to_dict(),
                "phonons": self.phonons.as_dict(6),
            }
        )

    def _repr_html_(self) -> str:
        rows: list[tuple[str, Cell]] = [
            ("verdict", self.verdict),
            ("lowest frequency (THz)", self.lowest_frequency_THz),
            ("zero-point energy (eV/atom)", self.zero_point_energy_per_atom),
            ("space group", self.phonons.space_group),
            ("atoms of the supercell", self.n_supercell_atoms),
            ("potential", self.potential),
        ]
        return html_table(f"Phonons of {self.name}", (), rows)


def phonons(
    crystal: StructureLike,
    potential: str | NamedPotential | BaseCalculator = DEFAULT_POTENTIAL,
    *,
    min_supercell_length: float = 11.0,
    displacement: float = 0.01,
    fmax: float = 0.005,
    max_steps: int = 500,
    max_supercell_atoms: int = 2000,
    progress: bool = True,
) -> PhononResult:
    """Return the harmonic phonons of a crystal.

    It is relaxed first, cell and all, with its symmetry kept; one that is `Relaxed` is relaxed on to ``fmax``.

    Parameters
    ----------
    crystal
        Name of a phase, file, ase.Atoms, pymatgen Structure, or `Relaxed`.
    potential
        Name of a potential, what `potential` returned, or an ASE calculator.
    min_supercell_length
        Smallest distance between an atom and its periodic image, Å: about twice the reach of forces.
    displacement
        How far atoms are displaced, Å.
    fmax, max_steps
        Of the relaxation; phonons need a tight one.
    max_supercell_atoms
        A larger supercell is refused: most potentials run out of memory, and force constants grow with its square.
    progress
        Show a bar.

    Returns
    -------
    PhononResult
        Also for a crystal that is not stable.

    Raises
    ------
    InputError
        Anything that is not allowed; nothing was computed.
    RelaxationError, PhononError
        The crystal did not converge, or the potential failed.

    References
    ----------
    A. Togo, L. Chaput, T. Tadano and I. Tanaka, J. Phys. Condens. Matter 35, 353001 (2023),
    doi:10.1088/1361-648X/acd831

    Examples
    --------
    >>> import amalgamics
    >>> copper = amalgamics.phonons("Cu_fcc", potential="emt", min_supercell_length=5.0)
    >>> copper.verdict
    'dynamically stable: no imaginary mode beyond 0.1 THz'
    >>> print(f"{copper.zero_point_energy_per_atom:.3f} eV/atom, {copper.free_energy_per_atom(300.0):.3f} at 300 K")
    0.033 eV/atom, -0.014 at 300 K
    """
    from ..calculators.phonons.finite_displacements import PhononSettings, run_phonons
    from ..calculators.phonons.supercell import choose_supercell, idealised_primitive
    from ..calculators.relaxation.relax import RelaxationSettings
    from ..calculators.relaxation.relax import relax as relax_one
    from ..structures.symmetry_tolerances import relaxed_symprec

    atoms = as_crystal(crystal, "phonons")
    name = name_of(crystal, atoms)
    evaluator, called, provenance = origin(potential, atoms)
    if isinstance(crystal, Relaxed) and isinstance(evaluator, str):
        same_potential(crystal, as_potential(evaluator), name)
    check(
        min_supercell_length=(LENGTH, min_supercell_length),
        displacement=(DISPLACEMENT, displacement),
        fmax=(FORCE, fmax),
    )
    flag("progress", progress)
    settings = PhononSettings(min_supercell_length=min_supercell_length, displacement=displacement)
    tight = RelaxationSettings(fmax=fmax, max_steps=max_steps, keep_symmetry=True)
    primitive = idealised_primitive(atoms, relaxed_symprec(atoms))
    n_atoms = choose_supercell(primitive, settings.min_supercell_length, symprec=settings.symprec).n_atoms
    if n_atoms > whole_number("max_supercell_atoms", max_supercell_atoms):
        raise InputError(
            f"min_supercell_length: {min_supercell_length!r} needs a supercell of {n_atoms} atoms, and"
            f" max_supercell_atoms is {max_supercell_atoms}; give a shorter length, or a higher limit"
        )
    relaxed = relax_one(primitive, evaluator, tight)
    with progress_bar(f"displacements of {name}", None, wanted=progress) as show:
        found = run_phonons(relaxed.atoms, evaluator, settings, on_evaluation=show)
    return PhononResult(
        name=name,
        dynamically_stable=found.dynamically_stable,
        lowest_frequency_THz=found.lowest_frequency_THz,
        verdict=found.verdict,
        zero_point_energy_per_atom=_zero_point_energy(found),
        n_supercell_atoms=found.n_supercell_atoms,
        phonons=found,
        crystal=describe(relaxed, name, potential, tight),
        potential=called,
        settings=settings.as_dict(),
        provenance=provenance,
    )


def _zero_point_energy(found: Phonons) -> float | None:
    from ..thermodynamics.vibrations.harmonic import ModeSpectrum, zero_point_energy

    try:
        return float(zero_point_energy(ModeSpectrum.from_phonons(found)))
    except InputError:
        return None
