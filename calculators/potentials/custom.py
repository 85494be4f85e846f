"""The user's own calculators: built from what a module or file gives, and described for their identity."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...errors import InputError
from ...permissions import arguments_digest
from .custom_identity import Description, describe_calculator
from .definitions import NO_ARGUMENTS, Definition
from .foundation import FOUNDATION_MODELS, build_foundation, check_foundation
from .targets import Target, said

if TYPE_CHECKING:
    from ase.calculators.calculator import BaseCalculator


def build_own(definition: Definition, options: Mapping[str, Any] | None = None) -> BaseCalculator:
    """Return a calculator of what a definition names: an attribute of a module or file, or a foundation model.

    Parameters
    ----------
    definition
        Its dispersion is left aside.
    options
        More keyword arguments, or others in place of those of the definition.

    Raises
    ------
    InputError
        It cannot be imported or built so, takes no arguments or no device, or is no ASE calculator.
    """
    target = definition.target
    options = {**definition.kwargs, **(options or {})}
    device = options.pop("device", definition.device)
    if target is None:
        made = build_foundation(definition.calculator, options, device)
        name = definition.calculator
    else:
        name = target.name
        made = _called(name, target.load(definition.arguments), options, device)
    if not hasattr(made, "get_property"):
        raise InputError(f"potential {name!r} gives a {type(made).__name__}, which is not an ASE calculator")
    calculator: BaseCalculator = made
    return calculator


def _called(name: str, found: Any, options: dict[str, Any], device: str | None) -> Any:
    """Return what a class or function gives, or an object as it is."""
    if device is not None:
        if not takes_device(found):
            raise InputError(f"device: {name} takes no argument 'device'; leave it out, or let it take one")
        options["device"] = device
    if hasattr(found, "get_property") and not isinstance(found, type):
        if options:
            raise InputError(f"potential {name!r} is a calculator already and takes no options: {', '.join(options)}")
        return found
    try:
        return found(**options)
    except TypeError as error:
        given = ", ".join(options) or "none"
        raise InputError(
            f"potential {name!r} cannot be built with options {given}: {said(error, kind=False)}"
        ) from error


def takes_device(found: Any) -> bool:
    """Return whether a class, through itself or what it is made from, or a function has an argument ``device``."""
    makers: list[Any] = [vars(one).get("__init__") for one in found.__mro__] if isinstance(found, type) else [found]
    for maker in makers:
        try:
            if "device" in inspect.signature(maker).parameters:
                return True
        except (TypeError, ValueError):  # some that are compiled tell nothing
            continue
    return False


def describe_own(definition: Definition) -> Description:
    """Return what is behind a definition, as it is when first asked for: later it has results and caches.

    Device, dispersion and the name that the user gave do not count.

    Raises
    ------
    InputError
        As `build_own`.
    """
    target = definition.target
    if target is not None:
        target.check(definition.arguments)
    else:
        check_foundation(definition.calculator, definition.kwargs)
    # On the processor, wherever it will compute: a job is described on machines that have nothing else, too.
    device = None if definition.device is None else "cpu"
    found: Description = _described(replace(definition, functional=None, dispersion=None, device=device, label=None))
    return found


@functools.cache
def _described(definition: Definition) -> Description:
    target = definition.target
    try:
        calculator = build_own(definition)
    except InputError:
        raise
    except (Exception, SystemExit) as error:  # it is the user's code
        name = target.name if target else definition.calculator
        raise InputError(f"potential {name!r} cannot be built: {said(error)}") from error
    module = FOUNDATION_MODELS[definition.calculator].module if target is None else target.module
    return describe_calculator(module, calculator, json.loads(definition.arguments))


def code_of(definition: Definition) -> list[str]:
    """Return what a worker needs to be allowed to use it, and no more, as ``--allow-import`` takes it."""
    target = definition.target
    if target is None:
        weights = definition.kwargs.get("weights")
        return [weights] if weights else []
    if definition.arguments == NO_ARGUMENTS:
        return [target.place]
    return [f"{target.place}:{target.attribute}#{arguments_digest(definition.arguments)}"]


def module_of(target: Target | None, model: str) -> str:
    """Return the top-level package that a calculator comes from, empty for a file."""
    return target.package if target else FOUNDATION_MODELS[model].distribution
