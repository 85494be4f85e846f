"""Work of adhesion of two parts, from their energies or from their structures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from ..arguments import choice, refusal, whole_number
from ..errors import InputError
from ..thermodynamics.surfaces.energies import ImplausibleValueError
from ..thermodynamics.uncertainty import Estimate
from ..thermodynamics.wetting.adhesion import AdhesionSample, check_work_of_adhesion
from .display import drawn, html_table, with_version
from .energies import DEFAULT_POTENTIAL, Potential, as_potential
from .quantities import AREA, ENERGY, FORCE
from .structures import as_atoms

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from ase import Atoms

    from ..calculators.potentials.names import Potential as NamedPotential
    from ..reports.figures.interactive import Figure
    from .structures import StructureLike

Treatment = Literal["relaxed", "rigid"]
_SAME_CELL = 0.01
"""Å by which the in-plane vectors of the three cells may differ."""


@dataclass(frozen=True)
class Adhesion:
    """The work of adhesion of a film on a solid: positive where they are bound.

    Attributes
    ----------
    work_of_adhesion_J_m2
        (E_solid + E_film - E_interface) / A.
    dispersion_J_m2, potential_J_m2
        Its parts from the dispersion correction and from the rest; None where they are not known.
    solid, film, interface
        eV per cell.
    area
        Å² of one interface.
    n_interfaces
        In the cell: 1 with a vacuum, 2 in a periodic stack.
    treatment
        ``rigid``: the parts keep their positions; ``relaxed``: each is relaxed on its own.
    warnings
        Why not to trust it; empty where nothing speaks against it.
    potential, settings, provenance
        None and empty where energies were given.
    """

    work_of_adhesion_J_m2: float
    dispersion_J_m2: float | None
    potential_J_m2: float | None
    solid: float
    film: float
    interface: float
    area: float
    n_interfaces: int
    treatment: str
    warnings: tuple[str, ...]
    potential: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)

    def plot(self) -> go.Figure:
        """Return the work of adhesion and its parts as bars, as a plotly figure."""
        return drawn(_bars(self), f"Work of adhesion, {self.potential or 'given energies'}", height=360)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON: the numbers, settings and provenance."""
        return with_version({item.name: getattr(self, item.name) for item in fields(self)})

    def _repr_html_(self) -> str:
        rows = [
            ("work of adhesion (J/m²)", self.work_of_adhesion_J_m2),
            ("of it dispersion (J/m²)", self.dispersion_J_m2),
            ("bound", self.work_of_adhesion_J_m2 > 0.0),
            ("treatment", self.treatment),
            ("area (Å²)", self.area),
            ("potential", self.potential or "given energies"),
        ]
        return html_table("Work of adhesion", (), rows, self.warnings)


def work_of_adhesion(
    solid: float | StructureLike,
    film: float | StructureLike,
    interface: float | StructureLike,
    *,
    area: float | None = None,
    potential: str | NamedPotential | None = None,
    treatment: Treatment = "relaxed",
    n_interfaces: int = 1,
    fmax: float = 0.05,
    max_steps: int = 500,
) -> Adhesion:
    """Return what it takes to part a film from a solid: W = (E_solid + E_film - E_interface) / A.

    Parameters
    ----------
    solid, film, interface
        Three energies (eV per cell, of one potential), or three structures in one in-plane cell: upright, with the
        interface horizontal, and in the interface exactly the atoms of the two parts.
    area
        Å² of one interface: for energies. Structures have it in their cell.
    potential
        For structures, by default ``chgnet+d3``.
    treatment
        ``relaxed``: the atoms of each of the three are relaxed, their cells are not. ``rigid``: the energies of the
        structures as they are. Of energies it only says how they were obtained.
    n_interfaces
        1 for a film with vacuum, 2 for a periodic stack without.
    fmax, max_steps
        Of the relaxations.

    Returns
    -------
    Adhesion
        In J/m², with its sign: above 0 for what is bound.

    Raises
    ------
    InputError
        Energies and structures mixed, no area or one that is not positive, a number that is not finite, or structures
        that do not belong together; nothing was computed.
    RelaxationError
        A relaxation did not converge.

    Examples
    --------
    >>> import amalgamics
    >>> bound = amalgamics.work_of_adhesion(solid=-100.0, film=-50.0, interface=-151.0, area=49.0)
    >>> print(f"{bound.work_of_adhesion_J_m2:.3f} J/m²")
    0.327 J/m²

    Two layers of copper on two more, by the same two layers twice: parting them costs two surfaces.

    >>> from ase.build import fcc111
    >>> four = fcc111("Cu", (1, 1, 4), vacuum=8.0, periodic=True)
    >>> z = four.positions[:, 2]
    >>> lower, upper = four[z < z.mean()], four[z > z.mean()]
    >>> parted = amalgamics.work_of_adhesion(lower, upper, four, potential="emt", treatment="rigid")
    >>> print(f"{parted.work_of_adhesion_J_m2:.2f} J/m²")
    2.08 J/m²
    """
    given: dict[str, Any] = {"solid": solid, "film": film, "interface": interface}
    not_numbers = [name for name, item in given.items() if isinstance(item, bool) or not isinstance(item, Real)]
    if 0 < len(not_numbers) < len(given):
        odd = not_numbers[0]
        raise refusal(odd, given[odd], "three energies or three structures, not some of each")
    treatment = choice("treatment", treatment, get_args(Treatment))
    n_interfaces = whole_number("n_interfaces", n_interfaces, most=2)
    if not not_numbers:
        if potential is not None:
            raise InputError("potential: energies were given, there is nothing to compute")
        if area is None:
            raise InputError("area: it is missing; energies need the area of the interface, Å²")
        AREA.check("area", area)
        on_solid, of_film, joined = (ENERGY.check(name, energy) for name, energy in given.items())
        sample = AdhesionSample(on_solid, of_film, joined, area, treatment, n_interfaces=n_interfaces)
        return _adhesion(sample, None, {}, {})
    if area is not None:
        raise InputError("area: structures have it in their cell; leave it out")
    parts = [as_atoms(item, name) for name, item in given.items()]
    found = _shared_area(parts)
    known = as_potential(potential if potential is not None else DEFAULT_POTENTIAL, parts[2])
    FORCE.check("fmax", fmax)
    (alone, free, joined), parts, settings = _energies(parts, known, treatment, fmax, max_steps)
    sample = AdhesionSample(alone, free, joined, found, treatment, _dispersion(parts, known), n_interfaces)
    return _adhesion(sample, known.name, settings, {**known.provenance(), "identity": known.identity})


def _shared_area(parts: list[Atoms]) -> float:
    """Return the area of the cell that solid, film and interface share, Å²."""
    from ..structures.slabs.planar_frame import check_upright, planar_area

    solid, film, interface = parts
    for name, atoms in zip(("solid", "film", "interface"), parts, strict=True):
        check_upright(atoms, f"cell of the {name}")
        if not atoms.pbc[:2].all():
            raise InputError(f"{name}: {atoms.symbols} is not periodic along the interface; give a slab, not a cluster")
        if np.abs(atoms.cell.array[:2] - interface.cell.array[:2]).max() > _SAME_CELL:
            raise InputError(f"{name}: its in-plane cell is not that of the interface; the three share one cell")
    if sorted([*solid.numbers, *film.numbers]) != sorted(interface.numbers):
        raise InputError(
            f"interface: {interface.symbols} does not hold the atoms of {solid.symbols} and {film.symbols} together"
        )
    return planar_area(interface.cell.array)


def _energies(
    parts: list[Atoms], potential: Potential, treatment: str, fmax: float, max_steps: int
) -> tuple[list[float], list[Atoms], dict[str, Any]]:
    """Return the energies (eV), the structures they belong to, and the settings."""
    from ..calculators.relaxation.relax import RelaxationSettings, check_relaxable, relax

    settings = RelaxationSettings(fmax=fmax, relax_cell=False, max_steps=max_steps)
    if treatment == "relaxed":
        for atoms in parts:
            check_relaxable(atoms, settings)
        results = [relax(atoms, potential.name, settings) for atoms in parts]
        return [result.energy for result in results], [result.atoms for result in results], settings.as_dict()
    energies = []
    for atoms in parts:
        atoms.set_constraint()
        atoms.calc = potential.calculator()
        energies.append(float(atoms.get_potential_energy()))
    return energies, parts, {}


def _dispersion(parts: list[Atoms], potential: Potential) -> tuple[float, float, float] | None:
    """Return the dispersion correction's share of the three energies, eV."""
    if potential.dispersion is None:
        return None
    from ..calculators.potentials.dispersion import dispersion_energy

    solid, film, interface = (
        dispersion_energy(atoms, potential.dispersion, potential.functional or "") for atoms in parts
    )
    return solid, film, interface


def _adhesion(
    sample: AdhesionSample, potential: str | None, settings: Mapping[str, Any], provenance: Mapping[str, Any]
) -> Adhesion:
    warnings = []
    try:
        check_work_of_adhesion(Estimate(sample.total_J_m2), "given")
    except ImplausibleValueError as error:
        warnings.append(str(error).removeprefix("interface 'given': "))
    return Adhesion(
        work_of_adhesion_J_m2=sample.total_J_m2,
        dispersion_J_m2=sample.dispersion_J_m2,
        potential_J_m2=sample.potential_J_m2,
        solid=sample.solid,
        film=sample.film,
        interface=sample.interface,
        area=sample.area,
        n_interfaces=sample.n_interfaces,
        treatment=sample.treatment,
        warnings=tuple(warnings),
        potential=potential,
        settings=settings,
        provenance=provenance,
    )


def _bars(adhesion: Adhesion) -> Figure:
    from ..reports.figures.interactive import base_layout

    parts = {
        "work of adhesion": adhesion.work_of_adhesion_J_m2,
        "dispersion": adhesion.dispersion_J_m2,
        "without it": adhesion.potential_J_m2,
    }
    known = {name: value for name, value in parts.items() if value is not None}
    layout = base_layout()
    layout["yaxis"] |= {"title": {"text": "J/m²"}, "zeroline": True}
    return {
        "data": [
            {
                "type": "bar",
                "x": list(known),
                "y": list(known.values()),
                "text": [f"{value:.3f}" for value in known.values()],
                "marker": {"color": ["--stable", "--volume", "--prototype"][: len(known)]},
                "width": 0.5,
            }
        ],
        "layout": layout | {"showlegend": False},
    }
