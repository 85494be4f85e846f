"""What fixes the energies of a user's own calculator, so that results of another one behind the same name are not used.

An import path says where a calculator comes from, not what it computes. Its identity is made of the text of the user's
modules, the versions of installed packages, the calculator's class and settings, the content of files it names and the
weights it has loaded. Nothing of it depends on the process: no addresses, no folders. What of a calculator nobody can
look into is named beside it.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import json
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from .weights import file_sha256

# Attributes that say where and how a calculator works, or what it did last, and not what it computes.
_STATE = frozenset(
    ("atoms", "results", "directory", "label", "prefix", "command", "device", "txt", "log", "logfile", "verbose")
    + ("nproc", "pid", "host", "port", "timer", "implemented_properties", "get_spin_polarized", "use_cache")
)
# What they give depends on a program, and on its version.
_OF_PROGRAMS = frozenset(
    f"ase.calculators.{name}"
    for name in ("calculator.FileIOCalculator", "genericfileio.GenericFileIOCalculator", "lammpslib.LAMMPSlib")
    + ("lammpsrun.LAMMPS", "socketio.SocketIOCalculator", "vasp.vasp.Vasp")
)
_SIMPLE = frozenset(("ase", "numpy", "scipy", "torch"))  # whose objects besides networks hold no fitted numbers
_MAX_DEPTH = 6
_SHORT_ARRAY = 64
_OWN_PACKAGE = __name__.partition(".")[0]


@dataclass(frozen=True)
class Description:
    """What fixes the energies of a calculator, plain JSON, and what of it cannot be known, in words."""

    record: dict[str, Any]
    unknown: tuple[str, ...]


def describe_calculator(module: str, calculator: Any, kwargs: Mapping[str, Any] | None = None) -> Description:
    """Return what fixes the energies of a calculator that the attribute of a module gave.

    Parameters
    ----------
    module
        Name of the imported module.
    calculator
        The calculator, best as it is before its first energy.
    kwargs
        What it was built with, plain values.

    Returns
    -------
    Description
        Its record holds ``code`` (SHA-256 of the text of each of the user's modules: the one named, that of the
        calculator's class, and what these import), ``constants`` (plain values at the top of these), ``packages``
        (versions of installed ones that bring the calculator), ``class``, ``settings`` (its parameters and plain
        attributes, weights as SHA-256) and ``files`` (name and SHA-256 of those named in constants, settings and
        arguments, or in the code by absolute path or beside it); where there are arguments, ``kwargs``. Unknown is what
        other programs compute, code that is in no file, and, where there are neither weights nor files, objects of
        other packages that tell nothing but their class.
    """
    settings = _Settings()
    values = settings.plain(calculator)
    given = {"kwargs": settings.all_of(kwargs)} if kwargs else {}
    modules = {module, *settings.modules}
    code = dict(_own_code(modules))
    for _, path in code.values():
        settings.files |= _files_named_in(path)
    constants = {name: found for name in sorted(code) if (found := settings.constants(name))}
    record = {
        "code": {name: digest for name, (digest, _) in sorted(code.items())},
        "constants": constants,
        "packages": _installed(modules - code.keys()),
        "class": _name_of(type(calculator)),
        "settings": values,
        **given,
        "files": sorted([path.name, file_sha256(path)] for path in settings.files),
    }
    closed = () if settings.has_weights or settings.files else (f"what is in {one}" for one in sorted(settings.opaque))
    no_files = (f"the code of module {name}, which is in no file" for name in sorted(modules) if _is_without_file(name))
    return Description(record, (*sorted(settings.programs), *closed, *no_files))


class _Settings:
    """Plain JSON of a calculator and of those it is made of; gathers the files and modules it meets."""

    def __init__(self) -> None:
        self.files: set[Path] = set()
        self.modules: set[str] = set()
        self.programs: set[str] = set()
        self.opaque: set[str] = set()
        self.has_weights = False
        self._above: list[int] = []

    def plain(self, value: Any) -> Any:
        """Return ``value`` as plain JSON in which nothing depends on the process."""
        if value is None or isinstance(value, bool | int | float | complex | np.generic):
            return str(value) if isinstance(value, complex) else getattr(value, "tolist", lambda: value)()
        if isinstance(value, str | Path):
            return self._text(str(value))
        if isinstance(value, np.ndarray):
            is_short = value.size <= _SHORT_ARRAY and value.dtype != object
            return value.tolist() if is_short else _digest_arrays({"": value})
        if id(value) in self._above or len(self._above) >= _MAX_DEPTH:
            return None
        self._above.append(id(value))
        try:
            return self._compound(value)
        finally:
            self._above.pop()

    def all_of(self, value: Any) -> Any:
        """Return plain values, those that only say where and how included; of a file no more than its name."""
        if isinstance(value, Mapping):
            return {key: self.all_of(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.all_of(item) for item in value]
        return self._text(value) if isinstance(value, str) else value

    def constants(self, module: str) -> dict[str, Any]:
        """Return the plain values that an imported module holds under names of its own."""
        kinds = (bool, int, float, str, list, tuple, dict, np.ndarray, np.generic)
        content = vars(sys.modules[module]) if module in sys.modules else {}
        names = [name for name, value in content.items() if isinstance(value, kinds) and not name.startswith("__")]
        return {name: self.plain(content[name]) for name in sorted(names) if name not in _STATE}

    def _compound(self, value: Any) -> Any:  # noqa: PLR0911 - one line for each kind of value
        if isinstance(value, Mapping):
            return {str(key): self.plain(value[key]) for key in value if str(key) not in _STATE}
        if isinstance(value, set | frozenset):
            return sorted(json.dumps(self.plain(item), sort_keys=True) for item in value)
        if isinstance(value, list | tuple):
            return [self.plain(item) for item in value]
        if isinstance(value, functools.partial):
            return [self.plain(value.func), self.plain(value.args), self.plain(value.keywords)]
        if isinstance(value, type | FunctionType | MethodType | ModuleType):
            if isinstance(value, ModuleType):
                return value.__name__
            self.modules.add(value.__module__)
            closed = self._closed_over(value)
            return [_name_of(value), closed] if closed else _name_of(value)
        return self._object(value, type(value))

    def _object(self, value: Any, kind: type[Any]) -> Any:
        """Return a network as its weights, an object of the user's or a calculator as its attributes."""
        if callable(getattr(value, "state_dict", None)):
            self.modules.add(kind.__module__)
            self.has_weights = True
            return {"class": _name_of(kind), "weights": _digest_weights(value)}
        is_calculator = hasattr(value, "get_property") or kind.__module__ == "ase.calculators.mixing"
        if not is_calculator and not _is_own(kind.__module__):
            if kind.__module__.partition(".")[0] not in _SIMPLE | sys.stdlib_module_names:
                self.opaque.add(_name_of(kind))
            return _name_of(kind)
        if _OF_PROGRAMS & {_name_of(one) for one in kind.__mro__}:
            self.programs.add(f"the program that {kind.__name__} runs")
        self.modules.add(kind.__module__)
        content = {key: item for key, item in vars(value).items() if key.lstrip("_") not in _STATE}
        methods = vars(kind).values() if _is_own(kind.__module__) else ()
        closed = [found for method in methods if (found := self._closed_over(method))]
        if closed:
            content["closed over"] = closed
        return {"class": _name_of(kind), **{key: self.plain(item) for key, item in sorted(content.items())}}

    def _closed_over(self, function: Any) -> list[Any]:
        """Return the values that a function took from the one around it, and its defaults."""
        cells = [cell for cell in getattr(function, "__closure__", None) or () if cell != CellType()]
        values = [*(cell.cell_contents for cell in cells), *(getattr(function, "__defaults__", None) or ())]
        return [self.plain(value) for value in values if not isinstance(value, type)]

    def _text(self, text: str) -> str | None:
        """Return a text; of a path no more than the file's name, as the same file may lie elsewhere."""
        for word in {text, *text.split()}:
            path = _existing_file(word)
            if path is not None:
                self.files.add(path)
                text = text.replace(word, path.name)
        return None if text.startswith(("/", "~")) else text


def _is_without_file(name: str) -> bool:
    """Return whether a module was defined in this process, as in a notebook, or is gone."""
    top = name.partition(".")[0]
    return _file_of(name) is None and top not in sys.stdlib_module_names - {"__main__"} and _version(top) is None


def _existing_file(text: str, folder: Path | None = None) -> Path | None:
    if not 0 < len(text) < 1000 or "\n" in text:
        return None
    try:
        path = Path(text).expanduser()
        path = folder / path if folder and not path.is_absolute() else path
        return path.resolve() if path.is_file() else None
    except (OSError, ValueError, RuntimeError):
        return None


def _digest_weights(network: Any) -> str:
    state = network.state_dict()
    return _digest_arrays({key: _array(value) for key, value in state.items()})


def _array(value: Any) -> Any:
    """Return a tensor as an array; reduced precision, which NumPy lacks, as single."""
    if not hasattr(value, "detach"):
        is_plain = isinstance(value, np.ndarray | np.generic | int | float)
        return value if is_plain else np.array(_name_of(type(value)))
    tensor = value.detach().cpu()
    try:
        return tensor.numpy()
    except TypeError:
        return tensor.float().numpy()


def _digest_arrays(arrays: Mapping[str, Any]) -> str:
    digest = hashlib.sha256()
    for key in sorted(arrays):
        array = np.ascontiguousarray(arrays[key])
        content = array.tobytes() if array.dtype != object else str(array.shape).encode()
        digest.update(f"{key} {array.dtype} {array.shape}".encode() + content)
    return digest.hexdigest()


def _name_of(found: Any) -> str:
    return f"{found.__module__}.{found.__qualname__}"


def _own_code(modules: set[str]) -> Iterator[tuple[str, tuple[str, Path]]]:
    """Yield the user's modules among these and those that they import, with SHA-256 and file."""
    todo, seen = sorted(modules), set(modules)
    while todo:
        name = todo.pop()
        path = _file_of(name)
        if path is None or not _is_own(name):
            continue
        yield name, (file_sha256(path), path)
        for other in _imports(name, path):
            if other not in seen:
                seen.add(other)
                todo.append(other)


def _imports(name: str, path: Path) -> Iterator[str]:
    """Yield the modules that a module imports anywhere in its text, and the packages that it and they are in."""
    module = sys.modules.get(name)
    package = getattr(module, "__package__", None) or name.rpartition(".")[0]
    found = [name]
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = node.module or ""
            if node.level:
                start = ".".join([*package.split(".")[: len(package.split(".")) - node.level + 1], *start.split(".")])
            found += [start.strip("."), *(f"{start.strip('.')}.{alias.name}" for alias in node.names)]
    for one in found:
        parts = one.split(".")
        yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _files_named_in(path: Path) -> set[Path]:
    """Return the files that a module names in its text, by absolute path or beside it."""
    texts = {node.value for node in ast.walk(_tree(path)) if isinstance(node, ast.Constant)}
    found = {_existing_file(text, path.parent) for text in texts if isinstance(text, str)}
    return {file for file in found if file is not None and file != path.resolve()}


def _tree(path: Path) -> ast.AST:
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):  # a compiled module
        return ast.Module([], [])


def _file_of(name: str) -> Path | None:
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if module is None and "." not in name:
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            return None
        file = spec.origin if spec and spec.has_location else None
    path = Path(file) if file else None
    return path if path and path.is_file() else None


def _is_own(name: str) -> bool:
    """Return whether a module is the user's, and neither part of Python nor an installed package nor this one."""
    path = _file_of(name)
    if path is None or name.partition(".")[0] == _OWN_PACKAGE:
        return False
    library = Path(sysconfig.get_paths()["stdlib"])
    return library not in path.parents and not {"site-packages", "dist-packages"} & set(path.parts)


def _installed(modules: set[str]) -> dict[str, str]:
    """Return the versions of the installed packages that bring these modules; Python's own are left out."""
    tops = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names
    versions: dict[str, str] = {}
    for top in sorted(tops):
        for package in [top] if _version(top) else packages_distributions().get(top, ()):
            versions[package] = _version(package) or ""
    return versions


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
