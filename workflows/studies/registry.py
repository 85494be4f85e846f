"""The studies that a job may ask for, in the order in which they run and stand in its report: the only list of them.

The keys of the input, what is checked before a job starts, its Fireworks, what ``--retry-failed`` tries again and the
sections of the report all follow from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import Study
from .cycling.study import CyclingStudy
from .equation_of_state import EquationOfStateStudy
from .hulls.study import HullStudy
from .panel.study import PanelStudy
from .phonons.study import PhononStudy
from .solutions.study import SolutionsStudy
from .stability.study import StabilityStudy
from .surfaces.study import SurfacesStudy
from .wetting.study import WettingStudy

if TYPE_CHECKING:
    from ..spec import WorkflowSpec

STUDIES: tuple[type[Study[Any, Any]], ...] = (
    HullStudy,
    SolutionsStudy,
    PhononStudy,
    EquationOfStateStudy,
    StabilityStudy,
    SurfacesStudy,
    WettingStudy,
    CyclingStudy,
    PanelStudy,
)


def studies_of(spec: WorkflowSpec) -> list[type[Study[Any, Any]]]:
    """Return the studies that an input asks for, in their order."""
    return [study for study in STUDIES if study.is_asked_for(spec)]


def get_study_class(name: str) -> type[Study[Any, Any]]:
    """Return the study of that name.

    Raises
    ------
    KeyError
        There is none.
    """
    return {study.name: study for study in STUDIES}[name]
