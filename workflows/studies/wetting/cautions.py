"""What the surface of a stored wetting study leaves to be careful about, whatever its energies say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....errors import InputError
from ....structures.glass.thiophosphate import AMORPHOUS
from ....structures.slabs.slab import get_slab
from ...database.rows import atoms_of
from ..films.cells import Role
from ..films.study import COMPENSATED
from ..surfaces.phase_surfaces import SLAB_SYMPREC
from .stored import StoredStudy

# A thinner cut than the stored slab, so that the same number of layers is found again after relaxation.
_THINNER = 0.8


def polarity_warnings(study: StoredStudy, terminations: Sequence[str] = ()) -> list[str]:
    """Return one sentence for each termination of the study that is polar by the formal charges of its ions.

    The slab is cut again from the stored crystal, as the study cut it, so that studies stored before are judged as
    well. Nothing is said of a solid without formal charges, of an amorphous one, of faces that lack their surplus ions,
    or where the crystal is not stored.

    Parameters
    ----------
    study
        With its rows.
    terminations
        Only these; empty for all that have films.
    """
    names = list(dict.fromkeys(termination for termination, _ in study.members()))
    return [
        f"{name}: polar, this cut carries a charge or a dipole across the slab that a real surface compensates, with"
        " vacancies, adsorbates or another structure; its work of adhesion and contact angle are those of the bare"
        " cut, not a property of a real face"
        for name in names
        if (not terminations or name in terminations) and _is_polar(study, name)
    ]


def solid_notes(study: StoredStudy) -> list[str]:
    """Return how the file of the solid was read, such as the ordering of its partly filled sites; none without."""
    notes = dict.fromkeys(str(row.data["candidate"].get("note", "")) for row in study.rows(Role.SUBSTRATE))
    return [f"{study.substrate}: {note}" for note in notes if note]


def _is_polar(study: StoredStudy, termination: str) -> bool:
    crystals = study.rows(Role.SUBSTRATE)
    if termination == AMORPHOUS or not crystals or f"){COMPENSATED}" in study.key:
        return False
    # The study goes on from the lowest of its relaxed variants.
    row = min(crystals, key=lambda row: row.energy)
    plane = row.data["candidate"].get("plane", study.miller_index)
    try:
        slab = get_slab(
            atoms_of(row),
            plane,
            termination=termination,
            min_slab_size=_thickness(study, termination),
            symprec=SLAB_SYMPREC,
        )
    except InputError:  # the crystal is not one that has this face
        return False
    return bool(slab.polar)


def _thickness(study: StoredStudy, termination: str) -> float:
    """Thickness to cut to, Å: that of the stored slab as far as there is one."""
    slabs = study.rows(Role.SLAB, termination=termination)
    return max(_THINNER * float(np.ptp(slabs[0].positions[:, 2])), 1.0) if slabs else 12.0
