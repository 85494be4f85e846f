"""Surface energies of crystals from slabs of growing thickness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from ..arguments import flag, text, whole_number
from ..errors import InputError
from ..structures.slabs.lattice_planes import MAX_SLAB_ATOMS
from ..workflows.progress_bar import progress_bar
from .display import drawn, html_table, with_version
from .energies import DEFAULT_POTENTIAL, Relaxed, as_potential, relax, same_potential
from .quantities import FORCE, LENGTH
from .structures import as_crystal, name_of

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from ase import Atoms

    from ..calculators.potentials.names import Potential as NamedPotential
    from ..calculators.relaxation.relax import RelaxationSettings
    from ..calculators.relaxation.results import RelaxationResult
    from ..reports.figures.interactive import Figure
    from ..structures.slabs.slab import Slab
    from ..structures.symmetry import ConventionalCell
    from ..thermodynamics.surfaces.energies import ThicknessFit
    from .structures import StructureLike

_BULK_FMAX = 0.02
"""eV/Å to which the crystal is relaxed: an error of its energy grows with the thickness of a slab."""


@dataclass(frozen=True, eq=False)
class SurfaceEnergy:
    """The surface energy of one plane of a crystal.

    Attributes
    ----------
    name, miller_index
        What the crystal is called; the plane, in the axes of its conventional cell.
    axes
        Which these are, such as ``Pmma, as given``.
    termination
        Composition of the outermost layer; both, with a bar between, where the faces differ: then their mean is given.
    surface_energy_J_m2, standard_error_J_m2
        Of one face, from a line through the energies of all slabs; no error with two slabs.
    bulk_energy_per_atom, fitted_bulk_energy_per_atom
        eV/atom, of the relaxed crystal and as the slope of that line: they agree where the slabs are thick enough.
    area
        Of one face, Å².
    n_atoms, slab_energies
        Atoms and energy (eV) of each slab.
    slabs
        The relaxed slabs.
    polar
        Whether formal charges leave a charge or dipole; None where there are no formal charges.
    warnings
        Why not to trust it; empty where nothing speaks against it.
    potential, settings, provenance
        Name of the potential, how slabs were relaxed, and what fixes the energies.
    """

    name: str
    miller_index: tuple[int, int, int]
    axes: str
    termination: str
    surface_energy_J_m2: float
    standard_error_J_m2: float | None
    bulk_energy_per_atom: float
    fitted_bulk_energy_per_atom: float
    area: float
    n_atoms: tuple[int, ...]
    slab_energies: tuple[float, ...]
    slabs: tuple[Atoms, ...] = field(repr=False)
    polar: bool | None
    warnings: tuple[str, ...]
    potential: str
    settings: Mapping[str, Any] = field(repr=False)
    provenance: Mapping[str, Any] = field(repr=False)

    def plot(self) -> go.Figure:
        """Return the energies of the slabs beyond the crystal's, with the line whose intercept is 2 γ, in plotly."""
        h, k, i = self.miller_index
        return drawn(_fit_figure(self), f"{self.name} ({h} {k} {i}), {self.potential}", height=420)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON: the numbers, settings and provenance, without the slabs."""
        return with_version({item.name: getattr(self, item.name) for item in fields(self) if item.name != "slabs"})

    def _repr_html_(self) -> str:
        h, k, i = self.miller_index
        rows = [
            ("surface energy (J/m²)", self.surface_energy_J_m2),
            ("standard error (J/m²)", self.standard_error_J_m2),
            ("axes", self.axes),
            ("termination", self.termination),
            ("atoms of the slabs", ", ".join(map(str, self.n_atoms))),
            ("bulk, relaxed (eV/atom)", self.bulk_energy_per_atom),
            ("bulk, from the slabs (eV/atom)", self.fitted_bulk_energy_per_atom),
            ("potential", self.potential),
        ]
        return html_table(f"Surface of {self.name} ({h} {k} {i})", (), rows, self.warnings)


def surface_energy(
    crystal: StructureLike,
    miller_index: Sequence[int],
    potential: str | NamedPotential = DEFAULT_POTENTIAL,
    *,
    termination: str | None = None,
    min_slab_size: float = 9.0,
    n_sizes: int = 3,
    fmax: float = 0.05,
    max_steps: int = 500,
    max_slab_atoms: int = MAX_SLAB_ATOMS,
    progress: bool = True,
) -> SurfaceEnergy:
    """Return the surface energy of a plane: E_slab(N) = 2 A γ + N E_bulk, fitted over slabs of several thicknesses.

    The crystal is relaxed first, cell and all, to 0.02 eV/Å or ``fmax`` if that is lower; a `Relaxed` one is taken as
    it is. Slabs are stoichiometric; their atoms are relaxed, their cell is not.

    Parameters
    ----------
    crystal
        Name of a phase, file, ase.Atoms, pymatgen Structure, or `Relaxed` with the same potential.
    miller_index
        Three whole numbers, or four hexagonal ones, in the axes of ``crystal`` where these are conventional axes of its
        space group, rhombohedral ones included; else in those of the standard setting of the International Tables.
    potential
        Name of a potential, or what `potential` returned.
    termination
        Composition of the outermost layer, such as ``TiO2``; by default one that is not polar, if there is one.
    min_slab_size
        Thickness of the thinnest slab, Å.
    n_sizes
        How many thicknesses, at least 2.
    fmax, max_steps
        Of the slabs.
    max_slab_atoms
        Larger slabs are refused before they are cut: planes of high indices have large cells.
    progress
        Show a bar.

    Returns
    -------
    SurfaceEnergy
        In J/m², with the slabs behind it.

    Raises
    ------
    InputError
        Anything that is not allowed, such as a Miller index of zeros, a molecule, or a plane whose slabs all have an
        excess of one element; nothing was computed. Or a slab collapsed.
    RelaxationError
        The crystal or a slab did not converge.

    References
    ----------
    V. Fiorentini and M. Methfessel, J. Phys.: Condens. Matter 8, 6525 (1996), doi:10.1088/0953-8984/8/36/005

    Examples
    --------
    >>> import amalgamics
    >>> copper = amalgamics.surface_energy("Cu_fcc", (1, 1, 1), potential="emt")
    >>> print(f"{copper.surface_energy_J_m2:.2f} J/m², from slabs of {copper.n_atoms} atoms")
    1.04 J/m², from slabs of (5, 6, 7) atoms
    """
    from ..calculators.relaxation.relax import RelaxationSettings
    from ..structures.slabs.lattice_planes import check_slab_size
    from ..thermodynamics.surfaces.energies import fit_thickness

    atoms = as_crystal(crystal, "surface_energy")
    name = name_of(crystal, atoms)
    known = as_potential(potential, atoms)
    FORCE.check("fmax", fmax)
    settings = RelaxationSettings(fmax=fmax, relax_cell=False, max_steps=max_steps)
    LENGTH.check("min_slab_size", min_slab_size)
    n_sizes = whole_number("n_sizes", n_sizes, least=2)
    if termination is not None:
        text("termination", termination, "the composition of the outermost layer, such as TiO2")
    flag("progress", progress)
    cut = partial(_cut, name, miller_index, min_slab_size=min_slab_size, n_sizes=n_sizes, termination=termination)
    # Whatever is wrong with the plane is said before the crystal is relaxed.
    check_slab_size(
        _conventional(atoms).atoms,
        miller_index,
        min_slab_size=min_slab_size,
        n_sizes=n_sizes,
        max_slab_atoms=whole_number("max_slab_atoms", max_slab_atoms),
    )
    cut(atoms)
    if isinstance(crystal, Relaxed):
        bulk = same_potential(crystal, known, name)
    else:
        bulk = relax(atoms, known, fmax=min(fmax, _BULK_FMAX), max_steps=max_steps)
    slabs = cut(bulk.atoms)
    relaxed = _relax(name, slabs, known, settings, progress)
    first = slabs[0]
    fit = fit_thickness(
        [item.energy for item in relaxed],
        [len(item.atoms) for item in relaxed],
        first.area,
        bulk_energy_per_atom=bulk.energy_per_atom,
    )
    return SurfaceEnergy(
        name=name,
        miller_index=first.miller_index,
        axes=_conventional(bulk.atoms).description,
        termination=first.termination if first.symmetric else f"{first.termination}|{first.bottom_termination}",
        surface_energy_J_m2=fit.surface_energy_J_m2,
        standard_error_J_m2=fit.standard_error_J_m2,
        bulk_energy_per_atom=bulk.energy_per_atom,
        fitted_bulk_energy_per_atom=fit.bulk_energy_per_atom,
        area=first.area,
        n_atoms=tuple(len(item.atoms) for item in relaxed),
        slab_energies=tuple(item.energy for item in relaxed),
        slabs=tuple(item.atoms for item in relaxed),
        polar=first.polar,
        warnings=_warnings(fit, first, f"{name}{first.miller_index}"),
        potential=known.name,
        settings=settings.as_dict(),
        provenance={**known.provenance(), "identity": known.identity},
    )


def _conventional(crystal: Atoms) -> ConventionalCell:
    """Return the cell of a crystal that is relaxed, or about to be."""
    from ..structures.symmetry import conventional_cell
    from ..structures.symmetry_tolerances import relaxed_symprec

    return conventional_cell(crystal, symprec=relaxed_symprec(crystal))


def _cut(name: str, miller_index: Sequence[int], crystal: Atoms, **options: Any) -> list[Slab]:
    """Return the slabs of a plane in the axes of the conventional cell."""
    from ..workflows.studies.surfaces.phase_surfaces import slabs_of_plane

    found = slabs_of_plane(_conventional(crystal).atoms, miller_index, **options)
    if not found:
        raise InputError(
            f"miller_index: every slab of {name} along {tuple(miller_index)!r} has an excess of one element; its"
            " surface energy depends on chemical potentials (OpenSurface)"
        )
    return found


def _relax(
    name: str, slabs: Sequence[Slab], potential: NamedPotential, settings: RelaxationSettings, progress: bool
) -> list[RelaxationResult]:
    """Relax the slabs; one that fails or collapses is an error."""
    from ..calculators.relaxation.batch import relax_many
    from ..calculators.relaxation.results import RelaxationError
    from ..structures.slabs.checks import check_slab

    with progress_bar(f"slabs of {name}", len(slabs), wanted=progress) as show:
        done = count(1)
        outcomes = relax_many(
            [slab.atoms for slab in slabs], potential.name, settings, on_result=lambda *_: show(next(done))
        )
    relaxed = []
    for slab, outcome in zip(slabs, outcomes, strict=True):
        if isinstance(outcome, RelaxationError):
            raise RelaxationError(f"{name}, slab of {slab.n_layers} layers: {outcome.reason}", outcome.atoms)
        check_slab(outcome.atoms, slab.atoms)
        relaxed.append(outcome)
    return relaxed


def _warnings(fit: ThicknessFit, slab: Slab, title: str) -> tuple[str, ...]:
    from ..thermodynamics.surfaces.energies import ImplausibleValueError, check_surface_energy

    found = [fit.warning] if fit.warning else []
    try:
        check_surface_energy(fit.surface_energy_J_m2, title)
    except ImplausibleValueError as error:
        found.append(str(error))
    if not slab.symmetric:
        found.append("the two faces differ; their mean is given")
    if slab.polar:
        found.append("the slab is polar: as it was cut, it is not a property of a real face")
    return tuple(found)


def _fit_figure(surface: SurfaceEnergy) -> Figure:
    from ..reports.figures.interactive import base_layout
    from ..thermodynamics.units import EV_PER_A2

    # Of what the slabs have beyond the crystal whose energy is their slope, both faces together.
    per_area = EV_PER_A2 / surface.area
    bulk = surface.bulk_energy_per_atom
    points = [(energy - n * bulk) * per_area for n, energy in zip(surface.n_atoms, surface.slab_energies, strict=True)]
    ends = [0.0, float(max(surface.n_atoms))]
    slope = (surface.fitted_bulk_energy_per_atom - bulk) * per_area
    line = [2.0 * surface.surface_energy_J_m2 + slope * n for n in ends]
    layout = base_layout()
    layout["xaxis"] |= {"title": {"text": "atoms of the slab"}, "rangemode": "tozero"}
    layout["yaxis"] |= {"title": {"text": "(E − N E<sub>bulk</sub>) / A (J/m²)"}, "rangemode": "tozero"}
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "name": "slabs",
                "x": list(surface.n_atoms),
                "y": points,
                "marker": {"color": "--stable", "size": 11},
            },
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"line; at N = 0 it is 2 γ = {line[0]:.3f} J/m²",
                "x": ends,
                "y": line,
                "line": {"color": "--stable", "width": 2},
            },
        ],
        "layout": layout,
    }
