"""Reading a workflow input as YAML: plain values only, each key once, and nothing that takes long.

YAML lets a file say more than a job needs: objects of the language, values that stand for others, several documents.
It also reads ``NO`` as a truth value, ``1:3`` as 63 and ``010`` as 8, and of a key that is given twice keeps the last.
What has no place in a job, or would be read as something else than what is written, is refused with its line.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ..errors import InputError, nearest, shown

MAX_BYTES = 1_000_000
"""Of an input: a thousand times what a job needs."""
_MAX_VALUES = 20_000  # keys and values; each takes time to look at
_MAX_DEPTH = 40
_MAX_NUMBER = 60  # characters
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_PLAIN = {_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge")}
_OCTAL = re.compile(r"[-+]?0[0-7_]+")


class SpecError(InputError):
    """The workflow input is not valid."""


class _Refused(Exception):  # noqa: N818 - never leaves this module
    """What is wrong, and on which line."""

    def __init__(self, where: Node | yaml.Event | None, message: str) -> None:
        mark: Any = where and where.start_mark
        super().__init__(f"line {mark.line + 1}: {message}" if mark else message)


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the keys of a YAML file.

    Raises
    ------
    SpecError
        Naming the file: it is missing, no text, no YAML or no mapping, gives a key twice, or holds more than a job can.
    """
    text = _read_text(path)
    try:
        node = _compose(text)
        return _mapping(node)
    except _Refused as error:
        raise SpecError(f"{path}: {error}") from None
    except yaml.YAMLError as error:
        raise SpecError(f"{path} is not valid YAML: {_yaml_problem(error, text)}") from None


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        siblings = [str(other) for other in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        close = nearest(str(path), siblings)
        raise SpecError(f"no such input file: {path}." + (f" Did you mean {close}?" if close else "")) from None
    except (OSError, ValueError) as error:
        raise SpecError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > MAX_BYTES:
        raise SpecError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB; a job file is a few lines of YAML")
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SpecError(f"{path} is no text in UTF-8: line {line} holds the byte {content[error.start]:#04x}") from None
    for match in re.finditer(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text):
        line = text.count("\n", 0, match.start()) + 1
        raise SpecError(f"{path} is no text: line {line} holds the character {match.group()!r}")
    return text


def _compose(text: str) -> Node | None:
    """Return the one document of a text, after a look at how deep it goes and how much it holds."""
    depth = documents = values = 0
    for event in yaml.parse(text, Loader=_LOADER):
        values += isinstance(event, yaml.NodeEvent)
        if values > _MAX_VALUES:
            raise _Refused(
                event, f"it holds more than {_MAX_VALUES} keys and values; a job file is a few lines of YAML"
            )
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _Refused(event, "a second document begins; a file is one job")
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                raise _Refused(event, f"it is nested more than {_MAX_DEPTH} deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    node: Node | None = yaml.compose(text, Loader=_LOADER)
    return node


def _mapping(node: Node | None) -> dict[str, Any]:
    """Return the content of a document that is a mapping."""
    if node is None or (isinstance(node, ScalarNode) and node.tag == _TAG + "null"):
        raise _Refused(None, "the file is empty; it needs keys such as name, systems and potential")
    _check_size(node)
    for inner in _each_once(node):
        _check(inner)
    if not isinstance(node, MappingNode):
        found = "a list" if isinstance(node, SequenceNode) else shown(node.value)
        raise _Refused(None, f"expected a mapping of keys such as name, systems and potential, not {found}")
    content: dict[str, Any] = SafeConstructor().construct_document(node)
    return content


def _children(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [inner for pair in node.value for inner in pair]
    return list(node.value) if isinstance(node, SequenceNode) else []


def _each_once(node: Node) -> Iterator[Node]:
    """Yield a node and all inside it, those that aliases (``*name``) repeat once."""
    seen: set[int] = set()
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += reversed(_children(one))


def _check_size(top: Node) -> None:
    """Refuse aliases that stand for more than a file may hold, are nested too deep, or for what they are part of."""
    sizes: dict[int, tuple[int, int] | None] = {}

    def measure(node: Node) -> tuple[int, int]:
        if id(node) not in sizes:
            sizes[id(node)] = None
            size, depth = len(node.value), 0
            for inner in _children(node):
                more, below = measure(inner)
                size, depth = size + 1 + more, max(depth, below + 1)
            sizes[id(node)] = size, depth
        found = sizes[id(node)]
        if found is None:
            raise _Refused(node, "an alias (*) stands for what it is part of")
        if found[0] > MAX_BYTES or found[1] > _MAX_DEPTH:
            raise _Refused(node, "its aliases (*) stand for more than a file may hold; write out what is meant")
        return found

    measure(top)


def _check(node: Node) -> None:
    if node.tag not in _PLAIN:
        tag = node.tag.replace(_TAG, "!!")
        raise _Refused(node, f"the tag {shown(tag)} is not allowed; give plain texts, numbers, lists and mappings")
    if isinstance(node, MappingNode):
        _check_keys(node)
    elif isinstance(node, ScalarNode):
        _check_scalar(node)


def _check_keys(node: MappingNode) -> None:
    """Refuse keys that are no texts, and those that are given twice, of which YAML would keep the last."""
    lines: dict[str, int] = {}
    for key, _ in node.value:
        if key.tag not in (_TAG + "str", _TAG + "merge") or not isinstance(key, ScalarNode):
            said = shown(key.value) if isinstance(key, ScalarNode) else "a list or mapping"
            raise _Refused(key, f"the key {said} is no text; a name that YAML reads as something else needs quotes")
        line = key.start_mark.line + 1
        if key.value in lines:
            first = lines[key.value]
            where = f"on lines {first} and {line}" if line != first else f"on line {line}"
            raise _Refused(None, f"the key {shown(key.value)} is given twice, {where}; keep one")
        lines[key.value] = line


def _check_scalar(node: ScalarNode) -> None:
    """Refuse what cannot be made into what its tag says, and numbers that do not mean what they seem to."""
    kind = node.tag.removeprefix(_TAG)
    if kind == "merge":  # of the mapping that it is a key of
        return
    if kind in ("int", "float"):
        if len(node.value) > _MAX_NUMBER:
            raise _Refused(node, f"a number of {len(node.value)} digits; none here needs more than {_MAX_NUMBER}")
        if ":" in node.value:
            raise _Refused(node, f"YAML reads {node.value} as a number to the base 60; put it in quotes")
        if kind == "int" and _OCTAL.fullmatch(node.value):
            raise _Refused(node, f"YAML reads {node.value} as a number to the base 8; leave out the zero in front")
    try:
        SafeConstructor().construct_object(node)
    except (ValueError, KeyError, AttributeError, TypeError, OverflowError):
        raise _Refused(node, f"{shown(node.value)} is no {'date' if kind == 'timestamp' else kind}") from None


def _yaml_problem(error: yaml.YAMLError, text: str) -> str:
    """Return in words what the parser stumbled over, and where."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it cannot be parsed"
    if mark is None:
        return problem
    lines = text.splitlines()
    if mark.line < len(lines) and lines[mark.line][: mark.column + 1].isspace() and "\t" in lines[mark.line]:
        problem = "a tab cannot indent; use blanks"
    return f"{problem} at line {mark.line + 1}, column {mark.column + 1}"
