"""Slabs of growing thickness of one plane of a crystal: cut, relaxed, and found again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from ....structures.slabs.checks import check_slab
from ....structures.slabs.lattice_planes import MAX_SLAB_ATOMS, check_slab_size
from ....structures.slabs.slab import (
    Slab,
    TerminationError,
    canonical_label,
    enumerate_slabs,
    get_slab,
    slab_series,
)
from ....structures.slabs.terminations import Preference
from ....structures.symmetry import MillerIndex
from ...database.candidates import Candidate
from ...database.rows import miller_text

if TYPE_CHECKING:
    from ase import Atoms
    from ase.db.row import AtomsRow

    from ...database.calculations import Calculations

SURFACES = "surfaces"
"""Value of ``study`` of the rows of slabs, whatever study asked for them."""
STOICHIOMETRIC: Final = "stoichiometric"
ALL: Final = "all"
Terminations = str | tuple[str, ...]
"""``STOICHIOMETRIC``, ``ALL``, or the labels of faces."""
MIN_SLAB_SIZE = 9.0
N_SIZES = 3
SLAB_SYMPREC = 0.3
"""Relaxed crystals keep the symmetry of their planes only so far, Å; cuts alike within it are one termination.

It gives cuts one name and counts their slabs as symmetric. It moves no atom and chooses no cell: the primitive cell of
a slab is found within 0.05 Å, so that a distortion is never cut away.
"""


def slab_candidates(
    name: str, crystal: Atoms, miller_index: MillerIndex, *, min_slab_size: float = MIN_SLAB_SIZE
) -> list[Candidate]:
    """Return slabs of growing thickness of one plane of a crystal; a stoichiometric cut is preferred.

    A plane whose only slabs are non-stoichiometric has none: its energy would need chemical potentials.

    Parameters
    ----------
    name
        Of the crystal in names and labels.
    crystal, miller_index, min_slab_size
        As for :func:`slabs_of_plane`.
    """
    series = slabs_of_plane(crystal, miller_index, min_slab_size=min_slab_size)
    return [_candidate(name, miller_index, slab) for slab in series]


def slabs_of_plane(
    crystal: Atoms,
    miller_index: Sequence[int],
    *,
    min_slab_size: float = MIN_SLAB_SIZE,
    n_sizes: int = N_SIZES,
    termination: str | None = None,
) -> list[Slab]:
    """Return slabs of growing thickness of one plane of a crystal, stoichiometric; none where every cut has an excess.

    Parameters
    ----------
    crystal
        Any cell of it; the plane is in its axes.
    miller_index
        The plane.
    min_slab_size
        Thickness of the thinnest slab, Å.
    n_sizes
        How many.
    termination
        Of the upper face; by default one that is not polar, then one that is symmetric.

    Raises
    ------
    InputError
        The plane has no such termination, or an argument is not allowed.
    """
    slabs = enumerate_slabs(
        crystal, miller_index, min_slab_size=min_slab_size, prefer="stoichiometric", symprec=SLAB_SYMPREC
    )
    if termination is not None:
        wanted = get_slab(
            crystal,
            miller_index,
            termination=termination,
            min_slab_size=min_slab_size,
            prefer="stoichiometric",
            symprec=SLAB_SYMPREC,
        )
        slabs = [slab for slab in slabs if slab.termination == wanted.termination]
    whole = [slab for slab in slabs if slab.stoichiometric]
    if not whole:
        return []
    # A relaxed crystal may itself be a little polar; where there is a choice, a slab that is not goes first.
    chosen = min(whole, key=lambda slab: (bool(slab.polar), not slab.symmetric, slab.termination))
    return slab_series(
        crystal,
        miller_index,
        termination=chosen.termination,
        bottom_termination=chosen.bottom_termination,
        n_sizes=n_sizes,
        min_slab_size=min_slab_size,
        prefer="stoichiometric",
        symprec=SLAB_SYMPREC,
    )


def face_candidates(
    name: str,
    crystal: Atoms,
    miller_index: MillerIndex,
    terminations: Terminations = STOICHIOMETRIC,
    *,
    min_slab_size: float = MIN_SLAB_SIZE,
    max_slab_atoms: int = MAX_SLAB_ATOMS,
) -> list[list[Candidate]]:
    """Return slabs of growing thickness of each face of a plane of a crystal.

    Parameters
    ----------
    name
        Of the crystal in names and labels.
    crystal, miller_index, min_slab_size
        As for :func:`slabs_of_plane`.
    terminations
        ``stoichiometric``: the faces, or pairs of faces, of slabs with the composition of the crystal; polar ones only
        where all are. ``all``: also each face whose symmetric slab has an excess. Or labels of faces.
    max_slab_atoms
        Larger slabs are refused.

    Raises
    ------
    InputError
        The plane has no such termination, or its slabs are too large.
    """
    check_slab_size(
        crystal,
        miller_index,
        min_slab_size=min_slab_size,
        n_sizes=N_SIZES,
        max_slab_atoms=max_slab_atoms,
        name=f"surfaces: {name}",
    )
    found = []
    for slab, prefer in _faces(crystal, miller_index, terminations, min_slab_size):
        series = slab_series(
            crystal,
            miller_index,
            termination=slab.termination,
            bottom_termination=slab.bottom_termination,
            n_sizes=N_SIZES,
            min_slab_size=min_slab_size,
            prefer=prefer,
            symprec=SLAB_SYMPREC,
        )
        found.append([_candidate(name, miller_index, each) for each in series])
    return found


def _faces(
    crystal: Atoms, miller_index: MillerIndex, terminations: Terminations, min_slab_size: float
) -> list[tuple[Slab, Preference]]:
    """One slab for each face that is asked for, and what it prefers."""
    size = {"min_slab_size": min_slab_size, "symprec": SLAB_SYMPREC}
    symmetric = enumerate_slabs(crystal, miller_index, prefer="symmetric", **size)
    if not isinstance(terminations, str):
        known = [slab.termination for slab in symmetric]
        labels = {label: canonical_label(label, known) for label in terminations}
        chosen = [slab for slab in symmetric if slab.termination in labels.values()]
        if not chosen:
            raise TerminationError(
                f"surfaces.terminations: {', '.join(terminations)} is no face of ({miller_text(miller_index)}) of"
                f" {symmetric[0].formula}; there are {', '.join(known)}"
            )
        return [(slab, "symmetric") for slab in chosen]
    slabs = enumerate_slabs(crystal, miller_index, prefer="stoichiometric", **size)
    whole = [slab for slab in slabs if slab.stoichiometric]
    whole = [slab for slab in whole if not slab.polar] or whole
    faces: list[tuple[Slab, Preference]] = [
        (slab, "stoichiometric")
        for number, slab in enumerate(whole)
        # Where the normal can be reversed, a slab with two faces is found from either.
        if not (symmetric[0].symmetric and any(_is_turned(slab, other) for other in whole[:number]))
    ]
    if terminations == ALL:
        faces += [(slab, "symmetric") for slab in symmetric if slab.symmetric and not slab.stoichiometric]
    return faces


def _is_turned(slab: Slab, other: Slab) -> bool:
    return (slab.termination, slab.bottom_termination) == (other.bottom_termination, other.termination)


def relax_slabs(calculations: Calculations, slabs: Sequence[Candidate]) -> list[AtomsRow]:
    """Relax slabs as ``calculations`` does, and refuse those whose layers collapse."""
    return [calculations.relax(slab, verify=partial(check_slab, initial=slab.atoms)) for slab in slabs]


def _candidate(name: str, miller_index: MillerIndex, slab: Slab) -> Candidate:
    sides = slab.termination if slab.symmetric else f"{slab.termination}|{slab.bottom_termination}"
    return Candidate(
        name=f"{name}({miller_text(miller_index)}) {sides} slab, {slab.n_layers} layers",
        kind="slab",
        atoms=slab.atoms,
        source=f"cut from the relaxed {name}",
        labels={
            "study": SURFACES,
            "role": "surface",
            "substrate": name,
            "miller": f"({miller_text(miller_index)})",
            "termination": sides,
            "n_layers": slab.n_layers,
        },
    )
