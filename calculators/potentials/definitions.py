"""Potentials of which a job says more than a name: a mapping, or a file, read and checked without importing anything.

The name that rows, folders and reports know such a potential by is a text like any other, and carries what it stands
for (:class:`PotentialName`). So whatever hands a name on hands its definition on as well, and what only knows the text,
a row in the database, is told apart by the identity.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ...addresses import has_password
from ...errors import InputError, shown, unknown_name
from ...files import usable_path
from .dispersion_methods import DISPERSION_METHODS, FUNCTIONALS
from .targets import Target, UnknownPotentialError, code_path, split_file

KEYS = ("calculator", "kwargs", "functional", "dispersion", "device", "name")
DEVICES = ("cpu", "cuda")
NO_ARGUMENTS = "{}"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}", re.ASCII)
_LARGEST = 2**63
_MAX_DEPTH = 10
# FireWorks makes times of texts that can be read in one of these ways.
_TIMES: tuple[Callable[[str], datetime], ...] = (
    datetime.fromisoformat,
    lambda text: datetime.strptime(text, "%Y-%m-%dT%H:%M:%S"),
    lambda text: datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f"),
)


@dataclass(frozen=True)
class Definition:
    """What a potential is made of.

    Attributes
    ----------
    calculator
        ``module:attribute``, ``/path/to/file.py:attribute``, or the name of a model without dispersion.
    arguments
        Keyword arguments of the call, as JSON with sorted keys.
    functional
        Density functional of the model, lower case; None where its card tells it, or nobody.
    dispersion
        Method; None for none.
    device
        ``cpu`` or ``cuda``; None where it was not given. It does not change the energies.
    label
        The name that the user gave.
    """

    calculator: str
    arguments: str = NO_ARGUMENTS
    functional: str | None = None
    dispersion: str | None = None
    device: str | None = None
    label: str | None = None

    @property
    def target(self) -> Target | None:
        """The attribute of a module or file, None for a model by name."""
        return Target.parse(self.calculator) if ":" in self.calculator else None

    @property
    def kwargs(self) -> dict[str, Any]:
        """Keyword arguments of the call."""
        found: dict[str, Any] = json.loads(self.arguments)
        return found

    @property
    def is_plain(self) -> bool:
        """Whether its name says all."""
        target = self.target
        if target is not None and target.file is not None:
            return False
        is_told = self.functional is None or (target is not None and self.dispersion is not None)
        return is_told and self.device is None and self.label is None and self.arguments == NO_ARGUMENTS

    @property
    def text(self) -> str:
        """Its name: the model, and what dispersion is added with the parameters of which functional."""
        target = self.target
        model = self.label or (target.name if target else self.calculator)
        if self.dispersion is None:
            return model
        return f"{model}+{self.dispersion}" + (f"@{self.functional}" if self.functional else "")

    @property
    def named(self) -> str:
        """Its name, which carries the definition where it does not say all."""
        return self.text if self.is_plain else PotentialName(self.text, self)

    def document(self) -> dict[str, Any]:
        """Return it as plain JSON, from which `read_definition` makes it again."""
        content = {"calculator": self.calculator, "kwargs": self.kwargs, "name": self.label}
        content |= {"functional": self.functional, "dispersion": self.dispersion, "device": self.device}
        return {key: value for key, value in content.items() if value not in (None, {})}


class PotentialName(str):
    """The name of a potential that carries its definition; in all else a text.

    Parameters
    ----------
    text
        The name.
    definition
        What it stands for.
    """

    __slots__ = ("definition",)
    definition: Definition

    def __new__(cls, text: str, definition: Definition) -> PotentialName:
        """Return the name."""
        made = super().__new__(cls, text)
        made.definition = definition
        return made

    def __getnewargs__(self) -> tuple[str, Definition]:  # type: ignore[override]  # for copies and other processes
        return str(self), self.definition


def definition_of(name: str) -> Definition | None:
    """Return the definition that a name carries, None for one that says all itself."""
    return name.definition if isinstance(name, PotentialName) else None


def read_definition(given: str | Mapping[str, Any], folder: Path | None = None) -> Definition | None:
    """Return what a mapping or a name with a colon defines; None for the name of a model.

    Parameters
    ----------
    given
        A name; or a mapping with ``calculator`` and perhaps ``kwargs``, ``functional``, ``dispersion``, ``device`` and
        ``name``.
    folder
        Where relative paths start; None for the current folder.

    Raises
    ------
    InputError
        A key is unknown, missing or not allowed.
    """
    if isinstance(given, str):
        found = definition_of(given)
        if found is not None or ":" not in given:
            return found
        model, suffix = _split(given, folder)
        return _with_suffix(_checked(Definition(model)), suffix)
    _check_keys(given)
    model, suffix = _split(given["calculator"], folder)
    definition = Definition(
        model,
        read_arguments(given.get("kwargs") or {}, folder, ":" not in model),
        _functional(given.get("functional")),
        device=_device(given.get("device")),
        label=_label(given.get("name")),
    )
    if suffix is not None and given.get("dispersion") is not None:
        raise InputError(f"dispersion: {shown(given['calculator'])} names one already; keep one")
    definition = _with_suffix(_checked(definition), suffix)
    return definition if given.get("dispersion") is None else _with_dispersion(definition, given["dispersion"])


def _split(text: str, folder: Path | None) -> tuple[str, str | None]:
    """Return what a name says before and behind the plus sign; None where there is none."""
    split = split_file(text, folder)
    if split is not None:
        return split
    model, plus, suffix = text.partition("+")
    return model, suffix if plus else None


def _checked(definition: Definition) -> Definition:
    """Return a definition whose target, if it has one, is one."""
    _ = definition.target
    return definition


def _check_keys(given: Mapping[str, Any]) -> None:
    for key in given:
        if key not in KEYS:
            raise InputError(unknown_name("key", str(key), KEYS))
    calculator = given.get("calculator")
    if not isinstance(calculator, str) or not calculator.strip():
        raise InputError(
            "the key 'calculator' is missing; give a text or a mapping, e.g. {calculator: my_package:MyCalculator}"
            if calculator is None
            else f"calculator: {shown(calculator)} is not allowed; give module:attribute, file.py:attribute or a name"
        )
    kwargs = given.get("kwargs")
    if kwargs is not None and not isinstance(kwargs, Mapping):
        raise InputError(f"kwargs: {shown(kwargs)} is not allowed; give a mapping, e.g. {{cutoff: 6.0}}")


def _with_suffix(definition: Definition, suffix: str | None) -> Definition:
    """Add the dispersion that stands behind the plus sign of a name."""
    if suffix is None:
        return definition
    method, at, functional = suffix.partition("@")
    if method not in DISPERSION_METHODS or (at and functional not in FUNCTIONALS):
        raise UnknownPotentialError(
            f"potential {shown(f'{definition.text}+{suffix}')}: dispersion is given as +METHOD@FUNCTIONAL, such as"
            f" +d3@FUNCTIONAL, with METHOD one of {', '.join(DISPERSION_METHODS)} and FUNCTIONAL one of"
            f" {', '.join(FUNCTIONALS)}"
        )
    if at and definition.functional not in (None, functional):
        raise InputError(f"functional: {definition.functional} is not {functional}, which the name says; keep one")
    return _with_dispersion(replace(definition, functional=functional) if at else definition, method)


def _with_dispersion(definition: Definition, method: Any) -> Definition:
    if method not in DISPERSION_METHODS:
        raise InputError("dispersion: " + unknown_name("method", str(method), DISPERSION_METHODS))
    if definition.functional is None and definition.target is not None:
        raise UnknownPotentialError(
            f"potential {shown(definition.text)}: dispersion {method} needs the functional whose parameters it takes,"
            " given as functional: FUNCTIONAL, or behind the name as +d3@FUNCTIONAL, with FUNCTIONAL one of"
            f" {', '.join(FUNCTIONALS)}"
        )
    return replace(definition, dispersion=method)


def _functional(given: Any) -> str | None:
    if given is None:
        return None
    name = str(given).lower()
    if name not in FUNCTIONALS:
        raise InputError("functional: " + unknown_name("functional", str(given), FUNCTIONALS))
    return name


def _device(given: Any) -> str | None:
    if given is not None and given not in DEVICES:
        raise InputError(f"device: {shown(given)} is not allowed; give {' or '.join(DEVICES)}")
    return None if given is None else str(given)


def _label(given: Any) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str) or not _NAME.fullmatch(given) or _reads_as_value(given) or given.endswith(".py"):
        raise InputError(
            f"name: {shown(given)} is not allowed; give a letter and then letters, digits, '.', '_' or '-', at most 60"
            " characters, e.g. name: my-model"
        )
    return given


def _reads_as_value(text: str) -> bool:
    """Return whether a text is one that databases read as a number or truth value."""
    try:
        float(text)
    except ValueError:
        return text.lower() in ("true", "false", "none", "null")
    return True


def read_arguments(given: Mapping[str, Any], folder: Path | None, is_model: bool) -> str:
    """Return keyword arguments as JSON with sorted keys; paths are taken from ``folder``.

    Parameters
    ----------
    given
        Names and values.
    folder
        Of the job. Weights of a model start there, or in the current folder; of other calls, texts that name a file
        there become its absolute path.
    is_model
        Whether they are for a model by name.

    Raises
    ------
    InputError
        A name cannot be that of an argument, or a value is no plain YAML value.
    """
    for key in given:
        if not isinstance(key, str) or not key.isidentifier() or key.startswith("_"):
            raise InputError(f"kwargs: {shown(key)} is not allowed; give names of arguments, which begin with a letter")
    if "device" in given:
        raise InputError("kwargs: device stands beside kwargs and not in it, as it does not change the energies")
    content = {key: _plain(value, f"kwargs.{key}") for key, value in given.items()}
    if is_model and isinstance(content.get("weights"), str):
        try:
            content["weights"] = str(code_path(content["weights"], folder))
        except InputError as error:
            raise InputError(f"kwargs.weights: {error}") from None
    elif folder is not None and not is_model:
        content = _with_files(content, folder)
    return json.dumps(content, sort_keys=True, allow_nan=False)


def _with_files(value: Any, folder: Path) -> Any:
    """Return plain values with the absolute path in place of each text that names a file of a folder.

    The text must be written as a relative path with an ending or a slash: a word such as ``medium`` stays one, also
    beside a file of that name.
    """
    if isinstance(value, dict):
        return {key: _with_files(item, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_files(item, folder) for item in value]
    if not isinstance(value, str) or not (Path(value).suffix or "/" in value) or value.startswith(("/", "~")):
        return value
    try:
        path = (folder / usable_path(value)).absolute()
        return str(path) if path.is_file() else value
    except (InputError, OSError):  # it can be no path
        return value


def _plain(value: Any, key: str, depth: int = 0) -> Any:
    """Return a plain YAML value as it is, or refuse what a stored job would not give back as it was."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        if not (abs(value) < _LARGEST if isinstance(value, int) else math.isfinite(value)):
            raise InputError(f"{key}: {shown(value)} is not allowed; give a finite number of at most 63 bits")
        return value
    if isinstance(value, str):
        return _plain_text(value, key)
    if depth >= _MAX_DEPTH:
        raise InputError(f"{key}: more than {_MAX_DEPTH} levels are not allowed")
    if isinstance(value, list | tuple):
        return [_plain(item, key, depth + 1) for item in value]
    if isinstance(value, Mapping):
        for name in value:
            _check_inner_key(name, key)
        return {name: _plain(item, f"{key}.{name}", depth + 1) for name, item in value.items()}
    raise InputError(
        f"{key}: {shown(value)} is not allowed; give plain values of YAML: texts, numbers, true, false, null, lists and"
        " mappings"
    )


def _check_inner_key(name: Any, key: str) -> None:
    if not isinstance(name, str) or not name or name[0] in "@$_" or "." in name or "\0" in name:
        raise InputError(
            f"{key}: the key {shown(name)} is not allowed; give a text without '.' that does not begin with '@', '$'"
            " or '_'"
        )


def _plain_text(text: str, key: str) -> str:
    if has_password(text):
        raise InputError(f"{key}: it holds a password, and arguments are stored; let your own code read it elsewhere")
    if "T" in text and any(_can_read(text, read) for read in _TIMES):
        raise InputError(f"{key}: {shown(text)} is stored as a time and not as a text; write it in another way")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{key}: {shown(text)} holds half a character") from None
    return text


def _can_read(text: str, read: Callable[[str], datetime]) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def on_device(potential: Any, device: str) -> Any:
    """Return a potential as a job gives it, a name or mapping, to compute on a device; another thing as it is."""
    definition = definition_of(potential)
    if definition is not None:
        potential = definition.document()
    if isinstance(potential, str):
        potential = {"calculator": potential}
    return {**potential, "device": device} if isinstance(potential, Mapping) else potential


def check_labels(names: Iterable[str]) -> None:
    """Refuse two potentials of one job that have the same name and are not the same.

    Raises
    ------
    InputError
        Naming it.
    """
    known: dict[str, Definition | None] = {}
    for name in names:
        said = definition_of(name)
        found = replace(said, device=None) if said else None
        if found is not None and found.is_plain:
            found = None
        if known.setdefault(str(name), found) != found:
            raise InputError(f"two potentials are called {str(name)!r} and differ; give one of them a name: of its own")
