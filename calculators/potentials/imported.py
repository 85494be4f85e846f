"""Names of energies that were computed elsewhere and imported: ``dft:`` and a label, as in ``dft:pbe``."""

from __future__ import annotations

import re

PREFIX = "dft:"
LABEL_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9_.+-]{0,39}")
"""A letter, then letters, digits and ``_ . + -``: nothing that a query or a folder reads otherwise."""
LABEL_RULE = "start with a letter, and use letters, digits and _ . + -, at most 40, e.g. pbe"


def is_imported(name: str) -> bool:
    """Return whether a name is that of imported energies."""
    return name.startswith(PREFIX)


def is_label(label: str) -> bool:
    """Return whether imported energies can be called so.

    Examples
    --------
    >>> from amalgamics.calculators.potentials.imported import is_label
    >>> is_label("pbe+u"), is_label("my label")
    (True, False)
    """
    return LABEL_PATTERN.fullmatch(label) is not None
