"""Mercury on MgO(001): functionals, dispersion corrections and potentials compared on the same rigid structures.

python benchmarks/mercury_on_mgo.py [--only gpaw dispersion potentials]

Energies go to mercury_on_mgo.json beside this file, after each structure; only what is missing is computed. Then the
table is printed and written there as well, and the picture of docs/mercury-on-mgo.md is drawn. Needs GPAW for ``gpaw``.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ase import Atoms

from amalgamics.benchmarks.adhesion_comparison import (
    Geometry,
    against_functional,
    compare,
    draw_comparison,
    table,
    trends,
)
from amalgamics.benchmarks.report import markdown_table
from amalgamics.benchmarks.timing import say
from amalgamics.calculators.potentials.dispersion import dispersion_energy
from amalgamics.calculators.potentials.gpaw import GPAW_DEFAULTS
from amalgamics.calculators.potentials.names import get_calculator
from amalgamics.calculators.threads import set_threads

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "mercury_on_mgo.json"
PICTURE = HERE.parent / "docs" / "images" / "mercury-on-mgo.png"

EDGE = 4.212 / 2**0.5  # Å, of the square cell with one Mg and one O in a layer; measured lattice constant of MgO
MGO_SPACING, HG_SPACING = 4.212 / 2, 2.6  # Å; with 2.6 Å mercury has its measured 23.0 Å^3/atom
LAYERS = 3
DISTANCES = (2.6, 2.9, 3.2, 3.6, 4.1)  # Å between the planes of nuclei
HEIGHT = 30.0  # Å of the cell
SLAB_KPOINTS, CRYSTAL_KPOINTS = [6, 6, 1], [6, 6, 4]
SITES = {"O": (0.0, 0.0), "Mg": (0.5, 0.5)}  # fractions of the edge, in the uppermost layer of MgO

GEOMETRY = Geometry(EDGE**2, film_atoms=LAYERS, crystal_atoms=2, sites=tuple(SITES), distances=DISTANCES)
SETTINGS: dict[str, Any] = {
    "edge": round(EDGE, 4),
    "spacings": [MGO_SPACING, HG_SPACING],
    "layers": LAYERS,
    "height": HEIGHT,
    "kpoints": {"crystal": CRYSTAL_KPOINTS, "slab": SLAB_KPOINTS},
    "gpaw": {key: value for key, value in GPAW_DEFAULTS.items() if key != "txt"},
}
MEASURED_U_J_M2 = 0.547  # of liquid mercury, gamma - T dgamma/dT

# What GPAW evaluates on the density of PBE, besides PBE itself.
ON_PBE_DENSITY = {
    "r2SCAN": "MGGA_X_R2SCAN+MGGA_C_R2SCAN",
    **{name: name for name in ("vdW-DF2", "optPBE-vdW", "optB88-vdW", "C09-vdW", "BEEF-vdW")},
}
DISPERSIONS = {
    "D3": ("d3", "pbe"),
    "D3(ATM)": ("d3atm", "pbe"),
    "D4(ATM)": ("d4", "pbe"),
    "r2SCAN's D4(ATM)": ("d4", "r2scan"),
}
POTENTIALS = ("chgnet", "7net-0", "chgnet-r2scan", "7net-mf-r2scan")


def build_structures(distances: Sequence[float] = DISTANCES) -> dict[str, Atoms]:
    """Return the slab, the film, its crystal, and the interfaces at ``distances``; named as in :class:`Geometry`."""
    solid, film = _mgo(), _mercury(0.0, SITES["O"])
    crystal = Atoms("Hg2", scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)], cell=[EDGE, EDGE, 2 * HG_SPACING], pbc=True)
    found = {"solid": solid, "film": film, "crystal": crystal}
    for distance in distances:
        for site, shift in SITES.items():
            found[Geometry.interface(site, distance)] = solid + _mercury(distance, shift)
    return found


def _mgo() -> Atoms:
    slab = Atoms(cell=[EDGE, EDGE, HEIGHT], pbc=True)
    for layer in range(LAYERS):
        oxygen, magnesium = ((0.0, 0.5), (0.5, 0.0))[(LAYERS - 1 - layer) % 2]
        height = 6.0 - MGO_SPACING * (LAYERS - 1 - layer)
        slab += Atoms("OMg", [(oxygen * EDGE, oxygen * EDGE, height), (magnesium * EDGE, magnesium * EDGE, height)])
    return slab


def _mercury(distance: float, shift: Sequence[float]) -> Atoms:
    film = Atoms(cell=[EDGE, EDGE, HEIGHT], pbc=True)
    for layer in range(LAYERS):
        x, y = ((part + 0.5 * layer) % 1.0 * EDGE for part in shift)
        film += Atoms("Hg", [(x, y, 6.0 + distance + layer * HG_SPACING)])
    return film


def gpaw_energies(atoms: Atoms) -> dict[str, float]:
    """Return PBE's energy, and those of the other functionals on its density, eV."""
    grid = SLAB_KPOINTS if atoms.cell.lengths()[2] == HEIGHT else CRYSTAL_KPOINTS
    calculator = get_calculator("gpaw", kpts={"size": grid})
    pbe = calculator.get_property("energy", atoms)
    energies = {name: pbe + calculator.gpaw.get_xc_difference(code) for name, code in ON_PBE_DENSITY.items()}  # type: ignore[attr-defined]
    return {"PBE": float(pbe)} | {name: float(energy) for name, energy in energies.items()}


def dispersion_energies(atoms: Atoms) -> dict[str, float]:
    """Return the corrections alone, eV."""
    return {name: dispersion_energy(atoms, *which) for name, which in DISPERSIONS.items()}


def potential_energies(atoms: Atoms) -> dict[str, float]:
    """Return the energies of the potentials without dispersion, eV."""
    return {name: float(get_calculator(name).get_property("energy", atoms)) for name in POTENTIALS}


PARTS: dict[str, tuple[Callable[[Atoms], dict[str, float]], tuple[str, ...]]] = {
    "dispersion": (dispersion_energies, tuple(DISPERSIONS)),
    "potentials": (potential_energies, POTENTIALS),
    "gpaw": (gpaw_energies, ("PBE", *ON_PBE_DENSITY)),
}


def fill(
    energies: dict[str, dict[str, float]], part: str, structures: Mapping[str, Atoms], save: Callable[[], None]
) -> None:
    """Compute what is missing of a part of :data:`PARTS`, and save after each structure."""
    compute, names = PARTS[part]
    for number, (name, atoms) in enumerate(structures.items(), start=1):
        known = energies.setdefault(name, {})
        if not known.keys() >= set(names):
            start = time.process_time()
            known |= {key: round(energy, 6) for key, energy in compute(atoms).items()}
            save()
            say(f"[{number}/{len(structures)}] {part}, {name}: {time.process_time() - start:.0f} s of CPU")


def main(arguments: Sequence[str] | None = None) -> None:
    """Compute what is missing, then write and print the tables and draw the picture."""
    parser = argparse.ArgumentParser(description="Adhesion of mercury to MgO(001) by many methods, on one thread.")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS), help="compute only these")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    set_threads(1)
    results = read_results()

    def save() -> None:
        scratch = RESULTS.with_suffix(".tmp")
        scratch.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        scratch.replace(RESULTS)

    for part in options.only:
        fill(results["energies"], part, build_structures(), save)
    comparisons = compare(results["energies"], GEOMETRY)
    results["table"], results["against_functional"] = table(comparisons), against_functional(comparisons)
    results["trends"] = trends(comparisons)
    save()
    print(*(markdown_table(results[name]) for name in ("table", "against_functional", "trends")), sep="\n\n")
    PICTURE.write_bytes(draw_comparison(comparisons, MEASURED_U_J_M2))


def read_results() -> dict[str, Any]:
    """Return what earlier runs found with the same settings, or an empty frame."""
    if RESULTS.is_file():
        stored: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
        if stored["settings"] == SETTINGS:
            return stored
        say("the settings have changed: all is computed again")
    return {"settings": SETTINGS, "energies": {}}


if __name__ == "__main__":
    main()
