"""Packages that offer names of their modules and import each when it is first asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def attach(
    package: str, names: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return ``__getattr__``, ``__dir__`` and ``__all__`` of a package that offers names of its modules (PEP 562).

    Parameters
    ----------
    package
        Its ``__name__``.
    names
        What it offers, by the module that has them, relative to the package: ``{".hulls.hull": ["build_hull"]}``. The
        same names stand once more under ``if TYPE_CHECKING``, for type checkers; a test holds the two together.
    """
    modules = {name: module for module, offered in names.items() for name in offered}

    def get(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(modules[name], package), name)
        # Kept, so that it is looked up once.
        setattr(sys.modules[package], name, found)
        return found

    def names_of_package() -> list[str]:
        return sorted({*vars(sys.modules[package]), *modules})

    return get, names_of_package, sorted(modules)
