"""Files of finished calculations, as small as programs would never write them, with the settings of a test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.units import Bohr, Hartree, Ry


def _vectors(name: str, rows: Any) -> str:
    lines = "".join(f"<v>{' '.join(f'{value:.10f}' for value in row)}</v>" for row in rows)
    return f'<varray name="{name}">{lines}</varray>'


def _item(name: str, value: Any, kind: str = "") -> str:
    return f'<i name="{name}"{f" type={kind!r}" if kind else ""}>{value}</i>'.replace("'", '"')


def vasprun(
    atoms: Atoms,
    energy: float,
    *,
    gga: str = "PE",
    encut: float = 400.0,
    titles: Mapping[str, str] | None = None,
    nelm: int = 60,
    electronic_steps: int = 3,
    nsw: int = 0,
    ionic_steps: int = 1,
    incar: Mapping[str, str] | None = None,
    forces: Any = None,
) -> str:
    """Return a ``vasprun.xml``; ``energy`` (eV) is that extrapolated to zero smearing."""
    symbols = atoms.get_chemical_symbols()
    kinds = list(dict.fromkeys(symbols))
    titles = titles or {}
    numbers = "".join(f"<rc><c>{one}</c><c>{kinds.index(one) + 1}</c></rc>" for one in symbols)
    types = "".join(
        f"<rc><c>{symbols.count(one)}</c><c>{one}</c><c>1.0</c><c>1.0</c>"
        f"<c>{titles.get(one, f'PAW_PBE {one} 01Jan2000')}</c></rc>"
        for one in kinds
    )
    structure = (
        f"<crystal>{_vectors('basis', atoms.cell.array)}"
        f'<i name="volume">{atoms.get_volume():.6f}</i>{_vectors("rec_basis", atoms.cell.reciprocal())}</crystal>'
        + _vectors("positions", atoms.get_scaled_positions())
    )
    energies = "".join(_item(key, f"{energy + shift:.8f}") for key, shift in _OF_VASP.items())
    step = f"<scstep><energy>{energies}</energy></scstep>"
    forces = np.zeros((len(atoms), 3)) if forces is None else forces
    calculation = (
        f"<calculation>{step * electronic_steps}<structure>{structure}</structure>{_vectors('forces', forces)}"
        f"<energy>{energies}</energy></calculation>"
    )
    own = "".join(_item(key, value, "string") for key, value in (incar or {}).items())
    parameters = (
        _item("ENMAX", f"{encut:.2f}")
        + _item("GGA", gga, "string")
        + _item("NELM", nelm, "int")
        + _item("NSW", nsw, "int")
        + _item("IBRION", 2 if nsw else -1, "int")
        + _item("ISIF", 3, "int")
        + _item("LHFCALC", "F", "logical")
        + _item("LDAU", "F", "logical")
        + _item("AEXX", 0.0)
        + _item("HFSCREEN", 0.0)
    )
    return f"""<?xml version="1.0" encoding="ISO-8859-1"?>
<modeling>
<generator>{_item("program", "vasp", "string")}{_item("version", "6.3.2", "string")}</generator>
<incar>{own}</incar>
<kpoints><generation param="Gamma"><v type="int" name="divisions">2 2 2</v></generation>
{_vectors("kpointlist", [[0, 0, 0]])}{_vectors("weights", [[1.0]])}</kpoints>
<parameters>{parameters}</parameters>
<atominfo><atoms>{len(atoms)}</atoms><types>{len(kinds)}</types>
<array name="atoms"><set>{numbers}</set></array><array name="atomtypes"><set>{types}</set></array></atominfo>
<structure name="initialpos">{structure}</structure>
{calculation * ionic_steps}
<structure name="finalpos">{structure}</structure>
</modeling>
"""


_OF_VASP = {"e_fr_energy": -0.02, "e_wo_entrp": 0.02, "e_0_energy": 0.0}


def pw_output(
    atoms: Atoms,
    energy: float,
    *,
    functional: str = "PBE",
    cutoff_Ry: float = 60.0,
    converged: bool = True,
    done: bool = True,
) -> str:
    """Return an output of ``pw.x``; ``energy`` is in eV."""
    alat = 10.0
    cell = atoms.cell.array / Bohr / alat
    places = atoms.positions / Bohr / alat
    kinds = list(dict.fromkeys(atoms.get_chemical_symbols()))
    axes = "\n".join(
        f"               a({n}) = ( {' '.join(f'{value:10.6f}' for value in row)} )" for n, row in enumerate(cell, 1)
    )
    sites = "\n".join(
        f"         {n}           {symbol}   tau({n:4d}) = ( {' '.join(f'{value:11.7f}' for value in row)}  )"
        for n, (symbol, row) in enumerate(zip(atoms.get_chemical_symbols(), places, strict=True), 1)
    )
    species = "\n".join(
        f"        {one}             1.00    {Atoms(one).get_masses()[0]:.5f}     {one}( 1.00)" for one in kinds
    )
    potentials = "\n".join(
        f"     PseudoPot. # {n} for {one} read from file:\n     /some/where/{one}.pbe.UPF"
        for n, one in enumerate(kinds, 1)
    )
    end = (
        "     convergence has been achieved in   7 iterations"
        if converged
        else "     convergence NOT achieved after 100"
    )
    return f"""
     Program PWSCF v.6.8 starts on  1Jan2026 at  1: 1: 1

     bravais-lattice index     =            0
     lattice parameter (alat)  =      {alat:.4f}  a.u.
     number of atoms/cell      =            {len(atoms)}
     number of atomic types    =            {len(kinds)}
     kinetic-energy cutoff     =      {cutoff_Ry:.4f}  Ry
     Exchange-correlation= {functional}
                           (   1   4   3   4   0   0   0)

     celldm(1)=  {alat:.6f}  celldm(2)=   0.000000  celldm(3)=   0.000000
     celldm(4)=   0.000000  celldm(5)=   0.000000  celldm(6)=   0.000000

     crystal axes: (cart. coord. in units of alat)
{axes}

{potentials}

     atomic species   valence    mass     pseudopotential
{species}

     Cartesian axes

     site n.     atom                  positions (alat units)
{sites}

     number of k points=     1
                       cart. coord. in units 2pi/alat
        k(    1) = (   0.0000000   0.0000000   0.0000000), wk =   2.0000000

     Self-consistent Calculation

     End of self-consistent calculation

          k = 0.0000 0.0000 0.0000 (   531 PWs)   bands (ev):

    -5.0000   1.0000

     the Fermi energy is     2.0000 ev

!    total energy              =    {energy / Ry:.8f} Ry

{end}

{"   JOB DONE." if done else ""}
"""


def pw_xml(atoms: Atoms, energy: float, *, cutoff_Ry: float = 60.0, converged: bool = True) -> str:
    """Return a ``data-file-schema.xml`` of ``pw.x``; ``energy`` is in eV."""
    kinds = list(dict.fromkeys(atoms.get_chemical_symbols()))
    sites = "".join(
        f'<atom name="{symbol}" index="{n}">{" ".join(f"{value:.10f}" for value in row / Bohr)}</atom>'
        for n, (symbol, row) in enumerate(zip(atoms.get_chemical_symbols(), atoms.positions, strict=True), 1)
    )
    cell = "".join(
        f"<a{n}>{' '.join(f'{value:.10f}' for value in row / Bohr)}</a{n}>" for n, row in enumerate(atoms.cell.array, 1)
    )
    species = "".join(f'<species name="{one}"><pseudo_file>{one}.pbe.UPF</pseudo_file></species>' for one in kinds)
    achieved = str(converged).lower()
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<qes:espresso xmlns:qes="http://www.quantum-espresso.org/ns/qes/qes-1.0">
<general_info><creator NAME="PWSCF" VERSION="6.8">XML file generated by PWSCF</creator></general_info>
<input><control_variables><calculation>scf</calculation></control_variables></input>
<output>
<convergence_info><scf_conv><convergence_achieved>{achieved}</convergence_achieved></scf_conv></convergence_info>
<atomic_species ntyp="{len(kinds)}">{species}</atomic_species>
<atomic_structure nat="{len(atoms)}"><atomic_positions>{sites}</atomic_positions><cell>{cell}</cell></atomic_structure>
<dft><functional>PBE</functional></dft>
<basis_set><ecutwfc>{cutoff_Ry * Ry / Hartree:.8f}</ecutwfc></basis_set>
<total_energy><etot>{energy / Hartree:.10f}</etot></total_energy>
<band_structure><nks>8</nks></band_structure>
<forces rank="2" dims="3 {len(atoms)}">{" ".join(["0.0"] * 3 * len(atoms))}</forces>
</output>
</qes:espresso>
"""


def write(path: Path, text: str) -> Path:
    """Write a file, and the folders that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
