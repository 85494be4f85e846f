"""A wetting report of realistic size in both limits of the dry face, and the pieces to build others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
from ase import Atoms

from amalgamics.reports.wetting.model import (
    AdhesionRecord,
    ConsistencyRecord,
    CoverageRecord,
    DiluteRecord,
    DispersionRecord,
    FallRecord,
    FiniteDrop,
    InterfacePicture,
    ReductionPoint,
    ReductionRecord,
    SurfaceRecord,
    WettingFace,
    WettingMember,
    WettingReport,
)
from amalgamics.structures.tags import LIQUID, SOLID, SOLUTE
from amalgamics.thermodynamics.amalgams.measured_solutions import LI_IN_HG
from amalgamics.thermodynamics.uncertainty import Estimate
from amalgamics.thermodynamics.wetting.adhesion import WorkOfAdhesion
from amalgamics.thermodynamics.wetting.contact_angle import Drop, SurfaceTension, young_dupre_angle_deg
from amalgamics.thermodynamics.wetting.curve import Limit, WettingCurve, composition_grid
from amalgamics.thermodynamics.wetting.lattice_gas import LatticeGas
from amalgamics.thermodynamics.wetting.model import WettingModel, WettingParameters
from amalgamics.thermodynamics.wetting.sensitivity import sensitivity

AREA_A2 = 59.0
KEY_X = (0.0, 3e-5, 0.0133)
GRID = composition_grid(LI_IN_HG.x_saturation, include=KEY_X[1:])


def wetting_parameters(
    name: str, work: float, energies: Sequence[float], error: float = 0.03, dry: Sequence[float] | None = None
) -> WettingParameters:
    """Energies of one potential and termination in a cell of 59 Å^2; they resemble computed ones, no more."""
    sites = [4, 6, 4, 1][: len(energies)]
    return WettingParameters(
        name,
        work,
        LatticeGas.from_series(
            AREA_A2,
            energies,
            sites,
            standard_errors=[0.08, 0.1, 0.12, 0.14][: len(energies)],
            standard_error_per_atom=0.03,
        ),
        LatticeGas.from_series(AREA_A2, [-0.04], [4], standard_errors=[0.03]),
        dry_face=None if dry is None else LatticeGas.from_series(AREA_A2, dry, sites, standard_error_per_atom=0.03),
        work_of_adhesion_standard_error_J_m2=error,
    )


MERCURY = SurfaceTension(0.4855, slope_J_m2_K=-2.049e-4, reference_K=298.15, source="experiment")

# Termination, potential, W_ad(0), energies of 1, 2, ... atoms under the liquid, and on the dry face; a potential with a
# star has single points on the structures of the first.
WETTING_SETS: tuple[tuple[Any, ...], ...] = (
    ("TiO2", "chgnet+d3", 0.508, (-1.45, -2.44, -3.01, -3.33), (-1.61, -2.52, -2.80, -2.76)),
    ("TiO2", "chgnet+d3atm*", 0.42, (-1.42, -2.38, -2.93, -3.22), (-1.60, -2.50, -2.78, -2.73)),
    ("TiO2", "7net-0+d3", 0.36, (-1.15, -1.90, -2.15, -2.20), (-1.20, -1.95, -2.05, -1.90)),
    ("LaLiO2", "chgnet+d3", 0.33, (-0.95, -1.50, -1.70), (-0.90, -1.30, -1.35)),
)


def interface_atoms(n_solute: int) -> Atoms:
    """A slab of rock-salt-like TiO2/LaLiO2 layers under a film of mercury: for drawing only."""
    rng = np.random.default_rng(n_solute)
    cell, symbols, positions, tags = (7.7, 7.7, 40.0), [], [], []
    for layer in range(6):
        kinds = ("Ti", "O", "O", "Ti") if layer % 2 else ("La", "O", "O", "Li")
        for i in range(4):
            for j in range(4):
                symbols.append(kinds[2 * (i % 2) + j % 2])
                positions.append((1.925 * i + 0.4, 1.925 * j + 0.4, 1.0 + 1.95 * layer))
                tags.append(SOLID)
    for layer in range(4):
        for i in range(9):
            place = n_solute > i and layer == 0
            symbols.append("Li" if place else "Hg")
            tags.append(SOLUTE if place else LIQUID)
            xy = np.array([i % 3, i // 3]) * 2.57 + rng.normal(0.0, 0.25, 2)
            positions.append((*xy, 12.4 + 2.9 * layer + rng.normal(0.0, 0.25) + (0.8 if not place else 0.0)))
    return Atoms(symbols, positions, cell=cell, pbc=True, tags=tags)


def _members(sets: Sequence[tuple[Any, ...]], model: WettingModel) -> list[WettingMember]:
    members = []
    for parameters, (termination, potential, work, energies, *dry) in zip(model.members, sets, strict=True):
        seeds = [
            wetting_parameters(f"seed {i}", work + shift, np.add(energies, 2.0 * shift).tolist(), 0.0, *dry)
            for i, shift in enumerate((-0.03, 0.0, 0.03))
        ]
        star = potential.endswith("*")
        members.append(
            WettingMember(
                termination,
                potential.removesuffix("*"),
                parameters,
                replace(model, members=(parameters,)).curve(GRID),
                () if star else tuple(replace(model, members=(seed,), n_draws=2).curve(GRID) for seed in seeds),
                structures_from=sets[0][1] if star else "",
            )
        )
    return members


def _faces(sets: Sequence[tuple[Any, ...]], model: WettingModel) -> tuple[WettingFace, ...]:
    members = _members(sets, model)
    faces = []
    for termination in dict.fromkeys(member.termination for member in members):
        own = tuple(member for member in members if member.termination == termination)
        curve = replace(model, members=tuple(member.parameters for member in own)).curve(GRID)
        faces.append(WettingFace(termination, own, curve))
    return tuple(faces)


def _adhesion(sets: Sequence[tuple[Any, ...]]) -> tuple[AdhesionRecord, ...]:
    return tuple(
        AdhesionRecord(
            termination,
            potential,
            treatment,
            WorkOfAdhesion(
                Estimate(work + extra, 0.03, 3),
                treatment,
                Estimate(0.92 * work, 0.01, 3),
                Estimate(0.08 * work + extra, 0.025, 3),
            ),
            (work + extra - 0.04, work + extra + 0.01, work + extra + 0.03),
        )
        for termination, potential, work, *_ in sets
        if not potential.endswith("*")
        for treatment, extra in (("relaxed", 0.0), ("rigid", 0.06))
    )


def _dispersion(sets: Sequence[tuple[Any, ...]]) -> tuple[DispersionRecord, ...]:
    records = []
    for termination, potential, work, *_ in sets:
        model, _, method = potential.removesuffix("*").partition("+")
        star = potential.endswith("*")
        source = sets[0][1] if star else ""
        if not star:
            records.append(DispersionRecord(termination, model, "", False, 0.08 * work, 0.02, potential))
        records.append(DispersionRecord(termination, model, method, method in ("d3atm", "d4"), work, 0.03, source))
    return tuple(records)


def _coverage(sets: Sequence[tuple[Any, ...]], parameters: Sequence[WettingParameters]) -> tuple[CoverageRecord, ...]:
    return tuple(
        CoverageRecord(
            termination,
            potential.removesuffix("*"),
            n,
            100.0 * n / AREA_A2,
            work,
            float(young_dupre_angle_deg(work, MERCURY.value_J_m2)),
        )
        for (termination, potential, *_), own in zip(sets, parameters, strict=True)
        for n, work in own.work_at_coverage_J_m2().items()
    )


def _consistency(model: WettingModel) -> ConsistencyRecord:
    def angles(tension: SurfaceTension) -> dict[Limit, tuple[float, ...]]:
        curve = replace(model, members=model.members[:1], surface_tension=tension, n_draws=2).curve(KEY_X)
        points = [curve.at(x) for x in KEY_X]
        return {limit: tuple(point.of(limit).theta_deg for point in points) for limit in curve.limits}

    tensions = [MERCURY, SurfaceTension(0.36), SurfaceTension(0.30)]
    return ConsistencyRecord("TiO2", "chgnet+d3", 0.36, 0.30, KEY_X, *map(angles, tensions))


# Below it lithium reduces LLTO; the energies are those of a reacted layer, J/m² for each nm.
REDUCTION = ReductionRecord(
    1.75,
    "computed with chgnet+d3 from the phases of its elements",
    computed=True,
    points=(ReductionPoint(3e-5, 1.1112, -0.72, 21.4), ReductionPoint(0.0133, 0.9438, -1.08, 24.9)),
)


def wetting_report(sets: Sequence[tuple[Any, ...]] = WETTING_SETS, **changes: Any) -> WettingReport:
    """A report as the workflow would make it; ``changes`` replace its fields."""
    parameters = [
        wetting_parameters(f"{t}, {p.removesuffix('*')}", work, energies, 0.03, *dry)
        for t, p, work, energies, *dry in sets
    ]
    model = WettingModel(LI_IN_HG, MERCURY, tuple(parameters), n_draws=60)
    faces = _faces(sets, model)
    first = replace(model, members=tuple(member.parameters for member in faces[0].members))
    limits = faces[0].curve.limits
    report = WettingReport(
        title="Wetting of LLTO by lithium amalgam",
        substrate="LLTO",
        substrate_formula="LaLiTi2O6",
        miller_index=(0, 0, 1),
        solvent="Hg",
        solute="Li",
        preset="standard",
        temperature_K=298.15,
        gamma_LV=MERCURY,
        faces=faces,
        adhesion=_adhesion(sets),
        falls=tuple(
            FallRecord(start, end, limit, first.fall(start, end, limit))
            for limit in limits
            for start, end in combinations(KEY_X, 2)
        ),
        surfaces=(
            SurfaceRecord("LLTO", (0, 0, 1), "TiO2", 1.08, 0.02, 3, "chgnet+d3", "mean with LaLiO2"),
            SurfaceRecord("Li", (1, 0, 0), "Li", 0.46, 0.004, 4, "chgnet+d3"),
            SurfaceRecord("LiHg", (1, 1, 0), "LiHg", 0.35, None, 1, "chgnet+d3"),
        ),
        dilute=(DiluteRecord("chgnet+d3", Estimate(-0.79, 0.02, 6), -0.8438, 0.021, 0.0133, "LiHg3"),),
        pictures=tuple(
            InterfacePicture(f"{n} Li at the interface", interface_atoms(n), n, "chgnet+d3") for n in range(4)
        ),
        key_x=KEY_X,
        sensitivity=tuple(row for limit in limits for row in sensitivity(first, KEY_X, limit=limit)),
        dispersion=_dispersion(sets),
        coverage=_coverage(sets, parameters),
        consistency=(_consistency(model),),
        reduction=REDUCTION,
        finite_drop=FiniteDrop(0.5, replace(model, members=model.members[:1], drop=Drop(0.5), n_draws=2).curve(GRID)),
        vapour=parameters[0].vapour,
        film_surface_energy=Estimate(0.36, 0.02, 6),
        observed={0.0: "does not wet", 3e-5: "wets better", 0.0133: "wets fully"},
        warnings=("LaLiO2, chgnet+d3: one of 3 seeds evaporated an atom and was left out",),
        provenance={"potential": {"name": "chgnet+d3", "weights_sha256": "3d0e7f5a9b1c" + "0" * 52}},
        settings={"preset": "standard", "n_seeds": 3},
        conditions={"temperature_K": 298.15, "drop_radius_mm": None, "roughness": 1.0},
        created="2026-01-15T09:30:00+00:00",
    )
    return replace(report, **changes)


def with_default_curve(report: WettingReport, curve: WettingCurve) -> WettingReport:
    """The report with another curve of its first face."""
    first, *others = report.faces
    return replace(report, faces=(replace(first, curve=curve), *others))


def without_dry_faces(sets: Sequence[tuple[Any, ...]] = WETTING_SETS) -> list[tuple[Any, ...]]:
    """The sets as an old database holds them."""
    return [own[:4] for own in sets]
