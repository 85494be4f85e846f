"""What the name of a crystal in an input stands for: a structure of the job, a formula, or a phase of the library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...errors import InputError, nearest
from ...structures.compositions import parse_formula
from ...structures.input.names import plain_name
from ...structures.library.phases import Phase, list_phases
from ..database.candidates import gather_candidates
from ..database.measures import reduced_formula

if TYPE_CHECKING:
    from ..database.candidates import Candidate
    from ..spec import WorkflowSpec


def check_name(spec: WorkflowSpec, name: str) -> list[str]:
    """Return the elements of the phase that ``name`` stands for.

    Raises
    ------
    InputError
        Neither the job nor the phase library has it.
    """
    phase = library_phase(name)
    if phase is not None:
        return sorted(phase.elements)
    candidates, _ = gather_candidates(spec)
    formula = formula_of(name)
    for candidate in candidates:
        if candidate.name in (name, plain_name(name)) or (formula and formula == reduced_formula(candidate.atoms)):
            return sorted(set(candidate.atoms.get_chemical_symbols()))
    library = [word for phase in list_phases(buildable=True) for word in (phase.key, phase.formula) if word]
    close = nearest(name, [*(candidate.name for candidate in candidates), *library])
    hint = f" Did you mean {close}?" if close else ""
    raise InputError(f"surfaces: neither the job nor the phase library has {name!r}.{hint}")


def candidates_of(spec: WorkflowSpec, name: str | None = None) -> list[Candidate]:
    """Return the crystals, not relaxed, that a name may stand for once their energies are known; None: all of the job.

    Empty for a name that is not known; see :func:`check_name`.
    """
    candidates, _ = gather_candidates(spec)
    if name is None:
        return list(candidates)
    formula = formula_of(name)
    found = [one for one in candidates if one.name in (name, plain_name(name))] or [
        one for one in candidates if formula and formula == reduced_formula(one.atoms)
    ]
    phase = library_phase(name)
    return found or ([] if phase is None else [library_candidate(spec, phase)])


def library_candidate(spec: WorkflowSpec, phase: Phase) -> Candidate:
    """Return the candidate of a library phase, the same that a job with it has."""
    only = spec.structures.model_copy(update={"library": (phase.key,), "prototypes": False, "files": ()})
    return gather_candidates(spec.model_copy(update={"structures": only}))[0][0]


def check_names_of_job(spec: WorkflowSpec, names: Sequence[str], key: str) -> None:
    """Refuse names that are neither that of a structure of the job nor its formula.

    Raises
    ------
    InputError
        Naming the key of the input and the nearest name there is.
    """
    candidates, _ = gather_candidates(spec)
    known = [item.name for item in candidates] + [reduced_formula(item.atoms) for item in candidates]
    for name in names:
        if name not in known and plain_name(name) not in known:
            close = nearest(name, known)
            hint = f" Did you mean {close}?" if close else ""
            raise InputError(f"{key}: the job has no structure {name!r}.{hint}")


def formula_of(name: str) -> str | None:
    """Return the reduced formula that a name is, None where it is none."""
    from pymatgen.core import Composition

    try:
        parse_formula(name)
    except InputError:
        return None
    return str(Composition(name).reduced_formula)


def library_phase(name: str) -> Phase | None:
    """Return the phase of the library with this key, or the first of this formula that can be built."""
    phases = list_phases(buildable=True)
    for phase in phases:
        if phase.key == name:
            return phase
    formula = formula_of(name)
    fitting = [phase for phase in phases if formula and phase.formula and formula_of(phase.formula) == formula]
    return min(fitting, key=lambda phase: phase.role != "phase", default=None)
