"""A Li-Hg hull report and a wetting report of realistic size, and the pieces to build others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from ase.formula import Formula

from amalgamics.reports.model import PhaseRecord, Report, SystemReport
from amalgamics.reports.wetting.model import WettingReport
from amalgamics.tests.reports.wetting_examples import wetting_report, with_default_curve, without_dry_faces
from amalgamics.thermodynamics.hulls.hull import PhaseEntry, build_hull
from amalgamics.thermodynamics.hulls.voltage import voltage_profile
from amalgamics.thermodynamics.wetting.curve import WettingCurve

ELEMENT_ENERGIES = {"Li": -1.9570, "Na": -1.3100, "Mg": -1.5420, "Hg": -0.6660}

# name, formula, formation energy (eV/atom), volume (Å^3/atom), space group, further fields of the record
LI_HG_LIBRARY: list[tuple[str, str, float, float, str, dict[str, Any]]] = [
    ("Hg-alpha", "Hg", 0.0, 24.87, "R-3m", {"measured_volume_per_atom": 22.99, "confidence": "checked"}),
    ("Hg-beta", "Hg", 0.0077, 25.04, "I4/mmm", {"measured_volume_per_atom": 22.54, "confidence": "recalled"}),
    (
        "LiHg3",
        "LiHg3",
        -0.242,
        20.72,
        "P6_3/mmc",
        {
            "measured_volume_per_atom": 20.334,
            "lattice": (6.284, 6.284, 4.847, 90.0, 90.0, 120.0),
            "measured_lattice": (6.253, 6.253, 4.804, 90.0, 90.0, 120.0),
            "confidence": "checked",
        },
    ),
    (
        "LiHg",
        "LiHg",
        -0.437,
        16.79,
        "Pm-3m",
        {
            "measured_volume_per_atom": 17.757,
            "lattice": (3.226, 3.226, 3.226, 90.0, 90.0, 90.0),
            "measured_lattice": (3.287, 3.287, 3.287, 90.0, 90.0, 90.0),
            "confidence": "recalled",
        },
    ),
    (
        "Li3Hg",
        "Li3Hg",
        -0.368,
        14.78,
        "Fm-3m",
        {
            "measured_volume_per_atom": 17.652,
            "lattice": (6.184, 6.184, 6.184, 90.0, 90.0, 90.0),
            "measured_lattice": (6.561, 6.561, 6.561, 90.0, 90.0, 90.0),
            "confidence": "recalled",
        },
    ),
    ("Li", "Li", 0.0, 19.31, "Im-3m", {"measured_volume_per_atom": 21.60, "confidence": "recalled"}),
]

LI_HG_PROTOTYPES: list[tuple[str, float, float, str, str]] = [
    ("LiHg5", -0.138, 22.4, "P6/mmm", "A5B_hP6_191_cg_a"),
    ("LiHg4", -0.165, 21.9, "I4/m", "A4B_tI10_87_h_a"),
    ("LiHg4", -0.121, 22.3, "Cmcm", "A4B_oC20_63_acf_c"),
    ("LiHg3", -0.236, 20.79, "I4/mmm", "A3B_tI8_139_bd_a"),
    ("LiHg3", -0.229, 20.70, "Pm-3m", "AB3_cP4_221_a_c"),
    ("LiHg3", -0.128, 22.10, "Pmmn", "A3B_oP8_59_bf_a"),
    ("LiHg2", -0.291, 19.42, "P6/mmm", "AB2_hP3_191_a_d"),
    ("LiHg2", -0.279, 19.61, "I4/mmm", "A2B_tI6_139_e_a"),
    ("LiHg2", -0.196, 20.85, "Imma", "A2B_oI12_74_h_e"),
    ("Li2Hg3", -0.352, 18.30, "P-3m1", "A3B2_hP5_164_ad_d"),
    ("LiHg", -0.418, 16.95, "P4/mmm", "AB_tP2_123_a_d"),
    ("LiHg", -0.403, 17.10, "Fd-3m", "AB_cF16_227_a_b"),
    ("LiHg", -0.281, 19.90, "Fm-3m", "AB_cF8_225_a_b"),
    ("Li3Hg2", -0.397, 16.02, "P-3m1", "A3B2_hP5_164_ad_d"),
    ("Li2Hg", -0.383, 15.41, "P6/mmm", "AB2_hP3_191_a_d"),
    ("Li2Hg", -0.377, 15.52, "I4/mmm", "A2B_tI6_139_e_a"),
    ("Li2Hg", -0.312, 16.70, "Fm-3m", "AB2_cF12_225_a_c"),
    ("Li3Hg", -0.349, 14.92, "I4/mmm", "A3B_tI8_139_bd_a"),
    ("Li3Hg", -0.333, 15.03, "Pm-3m", "AB3_cP4_221_a_c"),
    ("Li4Hg", -0.281, 15.28, "I4/m", "A4B_tI10_87_h_a"),
    ("Li5Hg", -0.214, 15.90, "P6/mmm", "A5B_hP6_191_cg_a"),
    ("Li5Hg", 0.187, 19.90, "Pnma", "A5B_oP24_62_a5c"),
]

SystemFactory = Callable[..., SystemReport]


def make_system(
    system: str, records: list[tuple[PhaseEntry, dict[str, Any]]], working_ion: str | None, **extra: Any
) -> SystemReport:
    """Build the hull of the entries and the records that match it."""
    hull = build_hull(system, [entry for entry, _ in records])
    fields = {entry.name: more for entry, more in records}
    rows = tuple(
        PhaseRecord(
            name=phase.name,
            formula=phase.formula,
            space_group=phase.space_group,
            energy_per_atom=phase.energy_per_atom,
            formation_energy_per_atom=phase.formation_energy_per_atom,
            e_above_hull=phase.e_above_hull,
            volume_per_atom=phase.volume_per_atom,
            **{"kind": "library", **fields[phase.name]},
        )
        for phase in hull.phases
    )
    profile = voltage_profile(hull, working_ion) if working_ion else None
    return SystemReport(hull=hull, voltage=profile, records=rows, **extra)


def entry(
    name: str,
    formula: str,
    formation_energy: float,
    volume: float,
    space_group: str,
    elements: Mapping[str, float] = ELEMENT_ENERGIES,
) -> PhaseEntry:
    """A hull entry from its formation energy."""
    counts = Formula(formula).count()
    reference = sum(elements[symbol] * count for symbol, count in counts.items()) / sum(counts.values())
    return PhaseEntry(name, formula, counts, reference + formation_energy, volume, space_group, "test")


def li_hg_system() -> SystemReport:
    records = [
        (
            entry(name, formula, energy, volume, group),
            {
                "space_group_expected": group,
                "source": "Zintl & Brauer 1933" if formula == "LiHg" else "assessment",
                "n_steps": 24,
                "wall_time_s": 1.9,
                "row_id": row_id,
                "reused": row_id % 2 == 0,
                **more,
            },
        )
        for row_id, (name, formula, energy, volume, group, more) in enumerate(LI_HG_LIBRARY, start=1)
    ]
    records += [
        (
            entry(f"{formula}-{prototype}", formula, energy, volume, group),
            {"kind": "prototype", "prototype": prototype, "source": "AFLOW prototype", "n_steps": 61, "row_id": row_id},
        )
        for row_id, (formula, energy, volume, group, prototype) in enumerate(LI_HG_PROTOTYPES, start=50)
    ]
    return make_system(
        "Li-Hg",
        records,
        "Li",
        not_built=(("LiHg2", "coordinates are not known"), ("Li2Hg", "coordinates are not known")),
        failed=(("Li5Hg-A5B_oC24_63_acfg_c", "not converged: max force 0.08 eV/Å after 500 steps"),),
    )


def na_hg_system() -> SystemReport:
    phases = [
        ("Hg-alpha", "Hg", 0.0, 24.87, "R-3m"),
        ("NaHg2", "NaHg2", -0.262, 20.9, "P6/mmm"),
        ("NaHg", "NaHg", -0.2810, 21.6, "Cmcm"),
        ("NaHg-B2", "NaHg", -0.2840, 21.3, "Pm-3m"),
        ("Na3Hg2", "Na3Hg2", -0.2660, 22.4, "P4_2/mnm"),
        ("Na3Hg-alpha", "Na3Hg", -0.1790, 24.0, "P6_3/mmc"),
        ("Na", "Na", 0.0, 34.5, "Im-3m"),
    ]
    records = [(entry(*phase), {"kind": "prototype"} if "-B2" in phase[0] else {}) for phase in phases]
    return make_system("Na-Hg", records, "Na")


@dataclass(frozen=True)
class Examples:
    """Ready-made reports and the factories behind them."""

    li_hg: Report
    both: Report
    entry: Callable[..., PhaseEntry]
    make_system: SystemFactory


@pytest.fixture(scope="session")
def examples() -> Examples:
    """A report on Li-Hg alone and one on two systems."""
    shared: dict[str, Any] = {
        "potential": "chgnet+d3",
        "provenance": {
            "potential": {
                "name": "chgnet+d3",
                "weights_sha256": "3d0e7f5a9b1c" + "0" * 52,
                "dispersion": {"method": "D3", "damping": "BJ", "functional": "pbe"},
            },
            "versions": {"amalgamics": "0.1.0", "chgnet": "0.4.2", "ase": "3.29.0"},
        },
        "settings": {"fmax": 0.02, "relax_cell": True, "max_steps": 500, "systems": ["Li-Hg"]},
        "created": "2026-01-15T09:30:00+00:00",
    }
    li_hg, na_hg = li_hg_system(), na_hg_system()
    return Examples(
        li_hg=Report(title="Phase stability of lithium amalgam", systems=(li_hg,), **shared),
        both=Report(title="Alkali amalgams", systems=(li_hg, na_hg), warnings=("Na: no D3 for one entry",), **shared),
        entry=entry,
        make_system=make_system,
    )


@pytest.fixture(scope="session")
def wetting() -> WettingReport:
    """A wetting report of realistic size."""
    return wetting_report()


@pytest.fixture(scope="session")
def make_wetting() -> Callable[..., WettingReport]:
    """The factory behind ``wetting``, for other energies."""
    return wetting_report


@pytest.fixture(scope="session")
def fresh_only() -> WettingReport:
    """What an older database gives: the dry faces were never computed."""
    return wetting_report(without_dry_faces())


@pytest.fixture(scope="session")
def with_curve() -> Callable[[WettingReport, WettingCurve], WettingReport]:
    """Replace the curve of the first face."""
    return with_default_curve
