"""What is wrong with a workflow input, in one sentence: the key, its value, what is allowed, and an example."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from ..errors import nearest, shown

_QUOTED_WORD, _INSIDE = re.compile(r'"([A-Za-z][\w.+-]*)"'), r"\1"
_KIND_OF_TYPE = re.compile(r"[a-z-]+\[")  # as "function-after[...]" and "literal[...]"
_TELLING = {"value_error": 1, "extra_forbidden": 2}
_BOUNDS = {Gt: ("above", "gt"), Ge: ("at least", "ge"), Lt: ("below", "lt"), Le: ("at most", "le")}
# Each with one and with many of them.
_NAMES: dict[Any, tuple[str, str]] = {
    bool: ("true or false", "truth values"),
    int: ("a whole number", "whole numbers"),
    float: ("a finite number", "finite numbers"),
    str: ("a text", "texts"),
    Path: ("a path", "paths"),
}


def describe(error: ValidationError, model: type[BaseModel]) -> str:
    """Say in one sentence what pydantic found wrong first with the content of a model.

    Parameters
    ----------
    error
        What was raised.
    model
        The model that the content was checked against.
    """
    # A union reports each of its members, the wrong ones too: the deepest complaint comes from the one that was
    # meant, as does what a validator of ours says. The path then holds the members' names, which mean nothing to a
    # user. A misspelt key explains one that is missing beside it.
    first = max(error.errors(), key=lambda item: (len(item["loc"]), _TELLING.get(item["type"], 0)))
    kind, value = first["type"], first["input"]
    location = _user_location([str(part) for part in first["loc"]], model, key_last=kind == "extra_forbidden")
    if kind == "missing" and location[-1].isdecimal():  # an item of a list of fixed length
        kind, location = "too_short", location[:-1]
    where = ".".join(location)
    if kind == "extra_forbidden":
        return _unknown_key(location, model)
    if kind == "missing":
        example = _example(*_place(model, location)[1:])
        return f"the key {where!r} is missing{example and f'; give it, {example}'}"
    if kind in ("value_error", "assertion_error"):
        message = first["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        got = shown(value) if isinstance(value, str | int | float) else ""
        key = message.partition(": ")[0]  # a section names which of its keys is meant
        inside = any(key in one.model_fields for one in models_in(_place(model, location)[0]))
        where += ("." if inside else ": ") if where else ""
        return f"{where}{message}" + (f" (got {got})" if got and got not in message else "")
    if kind == "model_type" and value is None:
        return f"{where}: the section is empty; write {{}} for its defaults, or leave it out"
    annotation, field, name = _place(model, location)
    meaning = f" ({field.description})" if field is not None and field.description else ""
    example = "" if _names_all(annotation) else _example(field, name)
    quotes = "; quotes make a text of it" if kind == "string_type" and _needs_quotes(value) else ""
    allowed = f"{_allowed(annotation)}{meaning}{example and f', {example}'}"
    return f"{where}: {_said(value)} is not allowed; give {allowed}{quotes}"


def _user_location(parts: Sequence[str], model: type[BaseModel], *, key_last: bool) -> list[str]:
    """Return a path without the names by which pydantic tells the members of a union apart; the user's key stays."""
    members = _members_of_unions(model)
    kept = [part for part in parts if part not in members and not _KIND_OF_TYPE.match(part)]
    return [*kept[: -1 if kept[-1:] == [parts[-1]] else None], parts[-1]] if key_last else kept


def _unknown_key(location: Sequence[str], model: type[BaseModel]) -> str:
    """Name the nearest key that there is."""
    for name in location[:-1]:
        if not name.isdecimal():
            model = next(one for one in models_in(model) if name in one.model_fields)
            model = models_in(model.model_fields[name].annotation)[0]
    allowed = list(model.model_fields)
    close = nearest(location[-1], allowed)
    hint = f" Did you mean {close!r}?" if close else ""
    return f"unknown key {shown('.'.join(location))}.{hint} Allowed: {', '.join(allowed)}."


def _place(model: type[BaseModel], location: Iterable[str]) -> tuple[Any, FieldInfo | None, str]:
    """Return the type of what belongs at a place of the input, and the field and its name that it is or is part of."""
    annotation: Any = model
    field, name = None, ""
    for part in location:
        if part.isdecimal():
            annotation = _item_type(annotation, int(part))
            continue
        inside = next((one for one in models_in(annotation) if part in one.model_fields), None)
        if inside is None:
            break
        field, name = inside.model_fields[part], part
        annotation = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    return annotation, field, name


def _item_type(annotation: Any, number: int) -> Any:
    """Return the type of an item of a list."""
    for option in _options(annotation):
        items = get_args(_without_metadata(option)[0])
        if get_origin(_without_metadata(option)[0]) is tuple:
            return items[0] if items[-1] is Ellipsis else items[min(number, len(items) - 1)]
    return annotation


def _without_metadata(annotation: Any) -> tuple[Any, list[Any]]:
    """Return a type and what is annotated to it, whether by itself or by a field."""
    if get_origin(annotation) is not Annotated:
        return annotation, []
    bare, *annotated = get_args(annotation)
    metadata = [one for item in annotated for one in (item.metadata if isinstance(item, FieldInfo) else [item])]
    inner, more = _without_metadata(bare)
    return inner, [*more, *metadata]


def _options(annotation: Any) -> list[Any]:
    """Return the members of a union, with what is annotated to the whole; null is meant by leaving a key out."""
    bare, metadata = _without_metadata(annotation)
    if get_origin(bare) not in (Union, UnionType):
        return [annotation]
    found = [one for member in get_args(bare) if member is not NoneType for one in _options(member)]
    return [Annotated[(one, *metadata)] for one in found] if metadata else found


def _allowed(annotation: Any) -> str:
    """Say what a type takes."""
    *others, last = [_allowed_by(*_without_metadata(option)) for option in _options(annotation)]
    return f"{', '.join(others)} or {last}" if others else last


def _allowed_by(bare: Any, metadata: Sequence[Any]) -> str:
    if get_origin(bare) is Literal:
        return _one_of([shown(value) for value in get_args(bare)])
    if _is_enum(bare):
        return _one_of([shown(str(member.value)) for member in bare])
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        return f"a mapping of keys such as {', '.join(list(bare.model_fields)[:3])}"
    if get_origin(bare) is tuple:
        return _list_of(bare, metadata)
    name = _NAMES.get(bare, ("another value", ""))[0]
    return " ".join([name, *_bounds(metadata)])


def _list_of(bare: Any, metadata: Sequence[Any]) -> str:
    items = get_args(bare)
    inner, more = _without_metadata(items[0])
    names = _NAMES.get(inner, ("", ""))[1]
    if get_origin(inner) is tuple:
        names = f"lists, each {_list_of(inner, more).removeprefix('a list ')}"
    if items[-1] is not Ellipsis:
        return f"a list of {len(items)} {names}"
    least = next((item.min_length for item in metadata if isinstance(item, MinLen)), 0)
    names = " ".join([names or ("names or mappings" if models_in(inner) else "names"), *_bounds(more)])
    most = next((item.max_length for item in metadata if isinstance(item, MaxLen)), None)
    count = f"{least} to {most} " if most else "one or more " if least else ""
    return f"a list of {count}{names}"


def _bounds(metadata: Iterable[Any]) -> list[str]:
    found = [
        f"{words} {_plain(getattr(item, name))}"
        for item in metadata
        for kind, (words, name) in _BOUNDS.items()
        if isinstance(item, kind)
    ]
    return ["of " * found[0].startswith("at") + " and ".join(found)] if found else []


def _plain(limit: float) -> str:
    return str(limit) if isinstance(limit, int) else f"{limit:g}"


def _one_of(values: Sequence[str]) -> str:
    *others, last = values
    return f"{', '.join(others)} or {last}" if others else last


def _names_all(annotation: Any) -> bool:
    """Return whether what is allowed is one of a few values, all of which are named."""
    return all(get_origin(one) is Literal or one is bool or _is_enum(one) for one in map(_bare, _options(annotation)))


def _bare(annotation: Any) -> Any:
    return _without_metadata(annotation)[0]


def _is_enum(bare: Any) -> bool:
    return isinstance(bare, type) and issubclass(bare, Enum)


def _said(value: Any) -> str:
    """Return how a value is written in YAML, shortened."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, datetime.date):
        return f"the date {value}"
    if isinstance(value, dict):
        return f"the mapping {shown(value)}"
    return f"the list {shown(value)}" if isinstance(value, list) else shown(value)


def _needs_quotes(value: Any) -> bool:
    return isinstance(value, bool | int | float | datetime.date)


def _example(field: FieldInfo | None, name: str) -> str:
    """Return a line that would be right: the example of a field, or its default."""
    if field is None:
        return ""
    value = field.examples[0] if field.examples else None if field.is_required() else field.default
    if not isinstance(value, str | int | float | list | tuple) or isinstance(value, bool | Enum) or value == ():
        return ""
    text = json.dumps(value[:3] if isinstance(value, list | tuple) else value, ensure_ascii=False)
    return f"e.g. {name}: {_QUOTED_WORD.sub(_INSIDE, text)}"


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models that a type is made of, whatever they are nested in: unions, tuples, annotations."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in models_in(argument)]


def _members_of_unions(model: type[BaseModel]) -> set[str]:
    """Names by which pydantic tells the members of a union apart in the path of an error."""
    found = {"bool", "str", "float", "int", "tuple[str, ...]"}
    for info in model.model_fields.values():
        for inner in models_in(info.annotation):
            found |= {inner.__name__} | _members_of_unions(inner)
    return found
