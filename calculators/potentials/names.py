"""Potentials by name: what each is and covers, its provenance, and its ASE calculator.

A name is a model, alone or with a dispersion correction:

- ``emt``;
- ``chgnet``, ``chgnet-r2scan``, ``7net-0``, ``7net-l3i5``, ``7net-mf-r2scan``, each alone or with one of ``+d3``,
  ``+d3atm``, ``+d4``, ``+d4pair`` (see :mod:`~amalgamics.calculators.potentials.dispersion`);
- ``gpaw`` (optional extra; PBE, plane waves), likewise;
- ``mace-mp-0``, ``orb-v3`` and other foundation models, from packages of their own (see
  :mod:`~amalgamics.calculators.potentials.foundation`), likewise;
- ``module:attribute`` or ``path/to/file.py:attribute``, any ASE calculator: a class or function to call, or a
  calculator. A dispersion correction is added with the functional whose parameters it takes:
  ``my_package.calculators:MyCalculator+d3@pbe``;
- ``dft:label``, energies that were computed elsewhere and imported under that label: they are found in the database,
  and nothing can be computed with them.

A mapping says more: arguments of the call, the device, a short name (see
:mod:`~amalgamics.calculators.potentials.definitions`).

Naming, checking and describing a bundled potential loads no model and imports no torch.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ase.data import atomic_numbers

from ...errors import InputError, shown, unknown_name
from .cards import MODEL_CARDS, ModelCard
from .custom import build_own, describe_own, module_of
from .definitions import Definition, read_definition
from .dispersion import get_dispersion_calculator
from .dispersion_methods import (
    DISPERSION_ELEMENTS,
    DISPERSION_METHODS,
    DISPERSION_PACKAGES,
    dispersion_provenance,
    pair_method,
)
from .elements import describe
from .foundation import FOUNDATION_MODELS, check_arguments, other_potentials
from .gpaw import GPAW_ELEMENTS, build_gpaw, check_gpaw, gpaw_settings
from .imported import LABEL_RULE, PREFIX, is_imported, is_label
from .loading import build_calculator, usable_device
from .targets import Target
from .targets import UnknownPotentialError as UnknownPotentialError
from .weights import checked_weights, file_sha256

if TYPE_CHECKING:
    from ase.calculators.calculator import BaseCalculator

_GPAW_CARD = ModelCard("gpaw", "pbe", GPAW_ELEMENTS)
# In the order in which they are recommended when another one does not do.
EVALUATORS = ("auto", "stock")
_SUGGESTIONS = ("chgnet+d3", "7net-l3i5+d3", "chgnet", "gpaw")


class UnsupportedElementError(InputError):
    """A potential was asked for an element it does not cover."""


@dataclass(frozen=True)
class Potential:
    """A potential as its name describes it; nothing is loaded.

    Attributes
    ----------
    name
        Full name, such as ``chgnet+d3``.
    model
        Name without the dispersion correction.
    dispersion
        ``d3``, ``d3atm``, ``d4``, ``d4pair`` or None.
    functional
        Density functional of the model and of the dispersion parameters; None where it is not known or has none.
    elements
        Symbols it covers; None when that is not known.
    definition
        What the name stands for, where it does not say all itself.
    shared
        What all imported energies of this name share, as JSON; "" for a potential that computes.
    """

    name: str
    model: str
    dispersion: str | None
    functional: str | None
    elements: frozenset[str] | None
    definition: Definition | None = None
    shared: str = ""

    @property
    def cutoff(self) -> float | None:
        """Radius within which an atom sees others, Å, dispersion left aside; None where it is not known."""
        return _card(self._calculator).cutoff

    @property
    def device(self) -> str | None:
        """Where it computes, ``cpu`` or ``cuda``; None where that is not for us to say."""
        if self.definition is not None and self.definition.device is not None:
            return self.definition.device
        foundation = FOUNDATION_MODELS.get(self._calculator)
        has_device = foundation is not None and foundation.device is not None
        return "cpu" if has_device or _card(self._calculator).weights is not None else None

    @property
    def _calculator(self) -> str:
        """Name of its card, or ``module:attribute``."""
        return self.definition.calculator if self.definition else str(self.model)

    @property
    def own(self) -> Definition | None:
        """What builds it, where that is no bundled model."""
        is_own = ":" in self._calculator or self._calculator in FOUNDATION_MODELS
        return (self.definition or Definition(self._calculator)) if is_own else None

    @property
    def relaxation_name(self) -> str:
        """Name of the potential whose forces move the atoms: this one, without the three-body term of its dispersion.

        That term takes a hundred times as long as all the rest, and hardly changes a structure.
        """
        return self.with_dispersion(pair_method(self.dispersion)).name if self.dispersion else self.name

    def with_dispersion(self, method: str) -> Potential:
        """Return the same model with another dispersion model, of the same functional as its own.

        Raises
        ------
        InputError
            There is no such method.
        """
        if self.definition is not None:
            return _defined(replace(self.definition, dispersion=method))
        _, _, suffix = self.name.partition("+")
        return get_potential(f"{self.model}+{method}{suffix.removeprefix(self.dispersion or '')}")

    def check_elements(self, symbols: Iterable[str]) -> None:
        """Refuse elements that the potential does not cover.

        Raises
        ------
        UnsupportedElementError
            At least one of ``symbols`` is not covered; the message names it and a potential that would do.
        """
        if self.elements is None:
            return
        wanted = set(symbols)
        unknown = sorted(wanted - atomic_numbers.keys())
        if unknown:
            raise UnsupportedElementError(f"{', '.join(unknown)}: not the symbol of an element")
        missing = sorted(wanted - self.elements, key=lambda symbol: atomic_numbers[symbol])
        if missing:
            raise UnsupportedElementError(
                f"potential {self.name!r} does not cover {', '.join(missing)} (it covers {describe(self.elements)});"
                f" use for example {_suggestion(wanted)!r}"
            )

    def check_available(self) -> None:
        """Check that the potential can be used on this machine: packages, weights, and what ``module:attribute`` names.

        Raises
        ------
        InputError
            Something is missing; the message says how to get it. Or it is the name of imported energies.
        """
        if is_imported(self.model):
            raise UnknownPotentialError(
                f"potential {self.name!r} is a name of imported energies, and nothing can be computed with it; ask for"
                " them with amalgamics query, hull, report or electrochemistry"
            )
        if self.definition is not None and self.definition.device is not None:
            usable_device(self.definition.device)
        if self.own is not None:
            describe_own(self.own)
        elif self._calculator == "gpaw":
            check_gpaw()
        else:
            self._weights()

    def provenance(self) -> dict[str, Any]:
        """Return what fixes the energies, as plain JSON: the same on every machine and at every time.

        Returns
        -------
        dict
            ``name``, ``model``, ``version`` and ``weights`` (file name and SHA-256) of the model, ``modal``,
            ``settings``, ``functional``, ``dispersion`` (method, functional, damping, three-body term, and with it
            what relaxations use), ``elements``, ``device`` and ``packages`` (versions), of which the last two are not
            part of its identity. Of what is not bundled also ``calculator``: what is behind that name, see
            :func:`~.custom_identity.describe_calculator`.

        Raises
        ------
        WeightsNotFoundError
            The weights are not on this machine.
        UnknownPotentialError
            What ``module:attribute`` names cannot be imported.
        """
        if is_imported(self.model):
            shared = json.loads(self.shared) if self.shared else None
            return {"name": self.name, "imported": shared, "functional": self.functional, "packages": {}}
        card = _card(self._calculator)
        settings = gpaw_settings() if self._calculator == "gpaw" else card.settings
        return {
            **({"calculator": describe_own(self.own).record} if self.own else {}),
            "name": str(self.name),
            "model": str(self.model),
            "version": card.version,
            "weights": self._weights(),
            "modal": card.modal,
            "settings": dict(settings) if settings else None,
            "functional": self.functional,
            "dispersion": dispersion_provenance(self.dispersion, self.functional or "") if self.dispersion else None,
            "elements": None if self.elements is None else describe(self.elements),
            **({"device": self.device} if self.device else {}),
            "packages": self._packages(card.package),
        }

    @property
    def unknown(self) -> tuple[str, ...]:
        """What of that which fixes the energies cannot be known, in words; empty for most.

        Raises
        ------
        InputError
            As :meth:`provenance`.
        """
        # A foundation model is known by its package, its name and the files that it is given.
        own = self.own
        return () if own is None or own.target is None else describe_own(own).unknown

    def _weights(self) -> dict[str, str] | None:
        card = _card(self._calculator)
        if card.weights is None:
            return None
        path = checked_weights(card.package, card.weights, card.sha256)
        return {"file": path.name, "sha256": file_sha256(path)}

    def _packages(self, package: str) -> dict[str, str]:
        names = {"ase", package}
        if _card(self._calculator).weights is not None:
            names.add("torch")
        if self.dispersion:
            names.add(DISPERSION_PACKAGES[self.dispersion])
        if self._calculator == "gpaw":
            names.add("gpaw-data")
        return {name: found for name in sorted(names) if name and (found := _version(name)) is not None}


def list_potentials() -> list[str]:
    """Return the names of the potentials that come with the package; others come from packages of their own."""
    return [name for model in (*MODEL_CARDS, "gpaw") for name in _variants(model)]


def _variants(model: str) -> list[str]:
    methods = DISPERSION_METHODS if _card(model).functional else ()
    return [model, *(f"{model}+{method}" for method in methods)]


def get_potential(name: str | Mapping[str, Any], folder: Path | None = None) -> Potential:
    """Return what is known of a potential by its name (see the module's text), without loading it.

    Parameters
    ----------
    name
        Its name; or a mapping with ``calculator`` and perhaps ``kwargs``, ``functional``, ``dispersion``, ``device``
        and ``name``.
    folder
        Where relative paths of files start; None for the current folder.

    Raises
    ------
    UnknownPotentialError
        There is no such potential; the message names the nearest.
    InputError
        A key of the mapping is unknown, or its value not allowed.
    """
    if not isinstance(name, str | Mapping):
        raise UnknownPotentialError(f"potential: {name!r} is not a name; known: {', '.join(list_potentials())}")
    if isinstance(name, str) and is_imported(name):
        return imported_potential(name.removeprefix(PREFIX))
    definition = read_definition(name, folder)
    if definition is not None:
        return _defined(definition)
    model, plus, suffix = str(name).partition("+")
    known = [*list_potentials(), *(one for foundation in FOUNDATION_MODELS for one in _variants(foundation))]
    if name not in known:
        if plus and model == "emt":
            raise UnknownPotentialError(
                f"unknown potential {name!r}: emt is not fitted to a density functional, so no dispersion goes with it"
            )
        raise UnknownPotentialError(f"{unknown_name('potential', str(name), known)} {other_potentials()}")
    card = _card(model)
    return Potential(str(name), model, suffix or None, card.functional, _covered(card.elements, suffix or None))


def imported_potential(label: str, shared: Mapping[str, Any] | None = None) -> Potential:
    """Return what is known of energies that were imported under a label.

    Parameters
    ----------
    label
        Without ``dft:``.
    shared
        What all of them share, plain JSON: it fixes their identity. None where it is not known.

    Raises
    ------
    UnknownPotentialError
        Nothing can be called so.
    """
    if not is_label(label):
        raise UnknownPotentialError(f"potential {PREFIX + shown(label)[1:-1]!r}: {LABEL_RULE}")
    text = json.dumps(shared, sort_keys=True) if shared else ""
    functional = (shared or {}).get("functional")
    return Potential(PREFIX + label, PREFIX + label, None, functional, None, shared=text)


def _defined(definition: Definition) -> Potential:
    """Return the potential of a definition, once it is sure that this process may use it."""
    if definition.label in (*MODEL_CARDS, "gpaw", *FOUNDATION_MODELS):
        raise InputError(f"name: {definition.label} is that of another potential; give one of your own")
    elements, functional = None, definition.functional
    if definition.target is not None:
        definition.target.check(definition.arguments)
    else:
        _check_named(definition)
        card = _card(definition.calculator)
        elements, functional = card.elements, card.functional or functional
        if card.functional:  # its name need not say it
            definition = replace(definition, functional=None)
    bare = replace(definition, dispersion=None)
    return Potential(
        definition.named,
        bare.named,
        definition.dispersion,
        functional,
        _covered(elements, definition.dispersion),
        None if definition.is_plain else definition,
    )


def _check_named(definition: Definition) -> None:
    """Refuse what does not go with a model that has a name already."""
    model = definition.calculator
    if model not in (*MODEL_CARDS, "gpaw", *FOUNDATION_MODELS):
        known = unknown_name("model", model, [*MODEL_CARDS, "gpaw", *FOUNDATION_MODELS])
        raise UnknownPotentialError(f"calculator: {known} {other_potentials()}")
    card = _card(model)
    if definition.functional not in (None, card.functional) and card.functional is not None:
        raise InputError(f"functional: {model} was trained on {card.functional}, not on {definition.functional}")
    if definition.dispersion is not None and (card.functional or definition.functional) is None:
        raise InputError(f"dispersion: {model} has no functional whose parameters it could take")
    if model in FOUNDATION_MODELS:
        check_arguments(model, definition.kwargs, definition.device)
        return
    if definition.kwargs:
        raise InputError(f"kwargs: {model} takes none; they are for calculators of your own and foundation models")
    if definition.label is not None:
        raise InputError(f"name: {model} has one already; leave it out")
    if definition.device is not None and card.weights is None:
        raise InputError(f"device: {model} has none; leave it out")


def get_calculator(name: str | Mapping[str, Any], *, evaluator: str = "auto", **options: Any) -> BaseCalculator:
    """Return a new ASE calculator for a potential.

    A model is loaded at its first use and shared by all its calculators in the process. With a dispersion correction
    that has a three-body term, energy, forces and stress have it, too; relaxations use ``relaxation_name`` instead.

    Parameters
    ----------
    name
        Name of the potential, or a mapping; see :func:`get_potential`.
    evaluator
        ``auto``: the fastest there is, equal to the model's own calculator to 1e-6 eV/atom and 1e-4 eV/Å (CHGNet
        without magnetic moments); or ``stock``: that calculator.
    options
        Of the model: ``device`` (``cpu``, ``cuda`` or ``auto``) for the machine-learning potentials, the keywords of
        ``gpaw.GPAW``, or the arguments of what ``module:attribute`` names.

    Raises
    ------
    UnknownPotentialError
        There is no such potential.
    InputError
        An option is not allowed, or a package or weight file is missing.
    """
    potential = get_potential(name)
    if is_imported(potential.model):
        potential.check_available()
    if evaluator not in EVALUATORS:
        raise InputError("evaluator: " + unknown_name("evaluator", str(evaluator), EVALUATORS))
    model = str(potential.model)
    if potential.definition is not None and potential.definition.device is not None:
        options.setdefault("device", usable_device(potential.definition.device))
    if (own := potential.own) is not None:
        calculator = build_own(own, options)
    elif model == "gpaw":
        if potential.dispersion and str(options.get("xc", "PBE")).lower() != potential.functional:
            raise InputError(f"{name}: option xc={options['xc']!r} does not go with dispersion parameters for PBE")
        calculator = build_gpaw(**options)
    else:
        calculator = build_calculator(model, evaluator=evaluator, **options)
    if potential.dispersion is None:
        return calculator
    from ase.calculators.mixing import SumCalculator

    return SumCalculator([calculator, get_dispersion_calculator(potential.dispersion, potential.functional or "")])


def _suggestion(symbols: set[str]) -> str:
    for name in _SUGGESTIONS:
        elements = get_potential(name).elements
        if elements is None or symbols <= elements:
            return name
    return "module:attribute"


def _card(model: str) -> ModelCard:
    if ":" in model:
        return ModelCard(module_of(Target.parse(model), model), None, None)
    if (found := FOUNDATION_MODELS.get(model)) is not None:
        return ModelCard(module_of(None, model), found.functional, found.elements)
    return _GPAW_CARD if model == "gpaw" else MODEL_CARDS[model]


def _covered(elements: frozenset[str] | None, dispersion: str | None) -> frozenset[str] | None:
    if dispersion is None:
        return elements
    known = DISPERSION_ELEMENTS[dispersion]
    return known if elements is None else elements & known


@functools.cache
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
