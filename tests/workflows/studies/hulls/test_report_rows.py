"""Reports need rows."""

from __future__ import annotations

import pytest

from amalgamics.errors import NotStoredError
from amalgamics.workflows.studies.hulls.analysis import hull_report


def test_a_report_of_nothing_says_what_is_not_stored() -> None:
    with pytest.raises(NotStoredError, match=r"^Amalgams: the database has no relaxed structure of Li-Hg, Na-Hg$"):
        hull_report("Amalgams", ["Li-Hg", "Na-Hg"], [])
