"""The studies that a job may ask for, in the order in which they run and stand in its report: the only list of them.

The keys of the input, what is checked before a job starts, its Fireworks, what ``--retry-failed`` tries again and the
sections of the report all follow from it.
"""

from __future__ import annotations

from typing import Any

from .equation_of_state_study import EquationOfStateStudy
from .hull_study import HullStudy
from .phonon_study import PhononStudy
from .solutions_study import SolutionsStudy
from .stability_study import StabilityStudy
from .study import Study
from .surfaces_study import SurfacesStudy
from .wetting_study import WettingStudy

STUDIES: tuple[type[Study[Any, Any]], ...] = (
    HullStudy,
    SolutionsStudy,
    PhononStudy,
    EquationOfStateStudy,
    StabilityStudy,
    SurfacesStudy,
    WettingStudy,
)


def get_study_class(name: str) -> type[Study[Any, Any]]:
    """Return the study of that name.

    Raises
    ------
    KeyError
        There is none.
    """
    return {study.name: study for study in STUDIES}[name]
