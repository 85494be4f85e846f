"""What a report shows of surfaces: plain data, filled from the structure database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...structures.symmetry import MillerIndex, reduced_index

if TYPE_CHECKING:
    from ...structures.symmetry import ConventionalCell
    from ...thermodynamics.hulls.equilibria import Equilibrium
    from ...thermodynamics.surfaces.open_surfaces import SurfaceLine
    from ...thermodynamics.surfaces.wulff import WulffShape
    from ..wetting.model import SurfaceRecord


@dataclass(frozen=True)
class LatticeRecord:
    """Cell of a relaxed crystal beside the measured one.

    Attributes
    ----------
    phase, formula, space_group
        Of the relaxed crystal; the symbol is that in the axes of the cell.
    edges
        Name, computed and measured length (Å) of each edge that fixes the conventional cell.
    axes
        Whose they are.
    note
        What symmetrising changed, where that is noticeable.
    volume_per_atom, measured_volume_per_atom
        Å³.
    source, confidence
        Of the measured cell; see :class:`~amalgamics.structures.library.phases.Phase`.
    """

    phase: str
    formula: str
    space_group: str
    edges: tuple[tuple[str, float, float | None], ...]
    volume_per_atom: float
    measured_volume_per_atom: float | None
    source: str = ""
    confidence: str = ""
    axes: str = ""
    note: str = ""


@dataclass(frozen=True)
class OpenSurfaceRecord:
    """A face whose slab has not the composition of the crystal: its energy is a line in the chemical potentials.

    Attributes
    ----------
    miller_index, termination
        The plane and the composition of its outermost layer.
    line
        Surface energy against chemical potentials.
    n_slabs
        Behind it.
    charged
        Whether its formal charges do not add up to zero; None where there are none.
    """

    miller_index: tuple[int, int, int]
    termination: str
    line: SurfaceLine
    n_slabs: int
    charged: bool | None = None


@dataclass(frozen=True)
class ShapeAtPotentials:
    """The equilibrium shape at one set of chemical potentials.

    Attributes
    ----------
    equilibrium
        The chemical potentials, and what the phase coexists with there.
    terminations
        Of each plane that one which has the lowest energy there.
    shape
        None where there is none, and then ``no_shape`` says why.
    """

    equilibrium: Equilibrium
    terminations: dict[tuple[int, int, int], str]
    shape: WulffShape | None = None
    no_shape: str = ""


@dataclass(frozen=True)
class PhaseSurfaces:
    """The surface energies of one phase and its equilibrium shape.

    Attributes
    ----------
    phase, formula, potential
        Name and reduced formula of the crystal, and the potential.
    surfaces
        One for each plane and termination, lowest energy first.
    space_group_number
        Of the crystal; 0 where its relaxation is not in the database.
    shape
        Of the faces that need no chemical potentials. None where there is none, and then ``no_shape`` says why.
    cell
        What the planes refer to; None where the relaxation is not in the database.
    open_surfaces
        Faces with an excess of some element.
    shapes
        With these faces as well, at the ends and the middle of the range of chemical potentials; empty without any, or
        where ``no_range`` says why there is no range.
    """

    phase: str
    formula: str
    potential: str
    surfaces: tuple[SurfaceRecord, ...]
    space_group_number: int = 0
    shape: WulffShape | None = None
    no_shape: str = ""
    cell: ConventionalCell | None = field(default=None, repr=False, compare=False)
    open_surfaces: tuple[OpenSurfaceRecord, ...] = ()
    shapes: tuple[ShapeAtPotentials, ...] = ()
    no_range: str = ""

    def share_of(self, record: SurfaceRecord) -> float | None:
        """Return the share of the equilibrium shape that a face has; None for faces that are not on it.

        Of several terminations of a plane the lowest that is not polar appears.
        """
        if self.shape is None:
            return None
        family = self.family(record.miller_index)
        alike = [each for each in self.surfaces if not each.polar and self.family(each.miller_index) == family]
        return self.shape.area_fractions.get(record.miller_index) if alike and alike[0] is record else None

    def family(self, plane: Sequence[int]) -> MillerIndex:
        """Return one plane for all that the symmetry of the crystal makes of it, opposite faces included."""
        h, k, i = reduced_index(plane)
        if self.cell is not None:
            return self.cell.representative((h, k, i))
        return max((h, k, i), (-h, -k, -i))


SELF_ADHESION_J_M2 = 0.05
"""An interface of a crystal with itself that has more energy is no continuation of it."""


@dataclass(frozen=True)
class InterfaceRecord:
    """Two crystals joined along a plane.

    Attributes
    ----------
    film, substrate
        Names of the crystals, the film strained to fit.
    film_plane, substrate_plane
        As ``(111)``.
    film_termination, substrate_termination
        Compositions of the two layers that face each other; empty where they were not kept.
    potential
        Of the energies.
    area
        Of the common cell, Å².
    n_atoms
        In it.
    film_strain, film_max_strain
        Mean relative change of a length of the film in the plane, positive where stretched, and the largest one.
    relaxed_J_m2, rigid_J_m2
        Work of adhesion with the two sides relaxed alone, and with the positions they have at the interface.
    surface_energies_J_m2
        Of film and substrate, unstrained, where the same faces were computed.
    n_registries
        Placements of the film that were relaxed; this is the lowest.
    n_placements, n_orientations
        Placements of which single points chose these, and ways to lay the film on the substrate among them; 0 where
        that was not kept.
    continued
        Whether one of them makes one crystal of the two.
    same_plane
        Whether both are the same crystal, joined along equivalent planes.
    """

    film: str
    substrate: str
    film_plane: str
    substrate_plane: str
    potential: str
    area: float
    n_atoms: int
    film_strain: float
    film_max_strain: float
    relaxed_J_m2: float
    rigid_J_m2: float
    surface_energies_J_m2: tuple[float | None, float | None] = (None, None)
    n_registries: int = 1
    film_termination: str = ""
    substrate_termination: str = ""
    n_placements: int = 0
    n_orientations: int = 0
    continued: bool = False
    same_plane: bool = False

    @property
    def placements(self) -> str:
        """How many were relaxed, of how many in how many orientations."""
        if not self.n_placements:
            return str(self.n_registries)
        ways = "1 orientation" if self.n_orientations == 1 else f"{self.n_orientations} orientations"
        return f"{self.n_registries} of {self.n_placements}, {ways}"

    @property
    def warning(self) -> str:
        """Why not to trust the interface of a crystal with itself; empty where nothing speaks against it."""
        energy = self.interface_energy_J_m2
        if not self.same_plane or energy is None or abs(energy) <= SELF_ADHESION_J_M2:
            return ""
        told = f"the interface of a crystal with itself has {energy:.2f} J/m² and not 0"
        if self.continued:
            return f"{told}, although one placement continues the crystal: lower fmax, or take thicker slabs"
        return f"{told}: no placement continues the crystal; faces that one cut makes would"

    @property
    def interface_energy_J_m2(self) -> float | None:
        """Energy of the interface, gamma_film + gamma_substrate - W, with the strain of the film in it."""
        film, substrate = self.surface_energies_J_m2
        return None if film is None or substrate is None else film + substrate - self.relaxed_J_m2
