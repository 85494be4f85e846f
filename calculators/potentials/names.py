"""Potentials by name: what each is and covers, its provenance, and its ASE calculator.

A name is a model, alone or with a dispersion correction:

- ``emt``;
- ``chgnet``, ``chgnet-r2scan``, ``7net-0``, ``7net-l3i5``, ``7net-mf-r2scan``, each alone or with one of ``+d3``,
  ``+d3atm``, ``+d4``, ``+d4pair`` (see :mod:`~amalgamics.calculators.potentials.dispersion`);
- ``gpaw`` (optional extra; PBE, plane waves), likewise;
- ``module:attribute``, any ASE calculator: a class or function to call, or a calculator. A dispersion correction is
  added with the functional whose parameters it takes: ``my_package.calculators:MyCalculator+d3@pbe``;
- ``dft:label``, energies that were computed elsewhere and imported under that label: they are found in the database,
  and nothing can be computed with them.

Naming, checking and describing a potential loads no model and imports no torch.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from ase.data import atomic_numbers

from ...errors import InputError, shown, unknown_name
from ...permissions import check_import, check_member
from .cards import MODEL_CARDS, ModelCard
from .custom_identity import describe_calculator
from .dispersion import get_dispersion_calculator
from .dispersion_methods import (
    DISPERSION_ELEMENTS,
    DISPERSION_METHODS,
    DISPERSION_PACKAGES,
    FUNCTIONALS,
    dispersion_provenance,
    pair_method,
)
from .elements import describe
from .gpaw import GPAW_ELEMENTS, build_gpaw, check_gpaw, gpaw_settings
from .imported import LABEL_RULE, PREFIX, is_imported, is_label
from .loading import build_calculator
from .weights import checked_weights, file_sha256

if TYPE_CHECKING:
    from ase.calculators.calculator import BaseCalculator

_GPAW_CARD = ModelCard("gpaw", "pbe", GPAW_ELEMENTS)
# In the order in which they are recommended when another one does not do.
EVALUATORS = ("auto", "stock")
_SUGGESTIONS = ("chgnet+d3", "7net-l3i5+d3", "chgnet", "gpaw")


class UnknownPotentialError(InputError):
    """There is no potential of that name."""


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
    shared
        What all imported energies of this name share, as JSON; "" for a potential that computes.
    """

    name: str
    model: str
    dispersion: str | None
    functional: str | None
    elements: frozenset[str] | None
    shared: str = ""

    @property
    def cutoff(self) -> float | None:
        """Radius within which an atom sees others, Å, dispersion left aside; None where it is not known."""
        return _card(self.model).cutoff

    @property
    def relaxation_name(self) -> str:
        """Name of the potential whose forces move the atoms: this one, without the three-body term of its dispersion.

        That term takes a hundred times as long as all the rest, and hardly changes a structure.
        """
        if self.dispersion is None:
            return self.name
        model, _, suffix = self.name.partition("+")
        return f"{model}+{pair_method(self.dispersion)}{suffix.removeprefix(self.dispersion)}"

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
        if _is_custom(self.model):
            _custom_record(self.model)
        elif self.model == "gpaw":
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
            what relaxations use), ``elements``, and ``packages`` (versions). Of ``module:attribute`` also
            ``calculator``: what is behind that name, see :func:`~.custom_identity.describe_calculator`.

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
        card = _card(self.model)
        settings = gpaw_settings() if self.model == "gpaw" else card.settings
        return {
            **({"calculator": _custom_record(self.model)} if _is_custom(self.model) else {}),
            "name": self.name,
            "model": self.model,
            "version": card.version,
            "weights": self._weights(),
            "modal": card.modal,
            "settings": dict(settings) if settings else None,
            "functional": self.functional,
            "dispersion": dispersion_provenance(self.dispersion, self.functional or "") if self.dispersion else None,
            "elements": None if self.elements is None else describe(self.elements),
            "packages": self._packages(card.package),
        }

    def _weights(self) -> dict[str, str] | None:
        card = _card(self.model)
        if card.weights is None:
            return None
        path = checked_weights(card.package, card.weights, card.sha256)
        return {"file": path.name, "sha256": file_sha256(path)}

    def _packages(self, package: str) -> dict[str, str]:
        names = {"ase", package}
        if _card(self.model).weights is not None:
            names.add("torch")
        if self.dispersion:
            names.add(DISPERSION_PACKAGES[self.dispersion])
        if self.model == "gpaw":
            names.add("gpaw-data")
        return {name: found for name in sorted(names) if (found := _version(name)) is not None}


def list_potentials() -> list[str]:
    """Return the names of the potentials that come with the package; ``module:attribute`` adds any other."""
    names: list[str] = []
    for model, card in {**MODEL_CARDS, "gpaw": _GPAW_CARD}.items():
        names.append(model)
        if card.functional:
            names += [f"{model}+{method}" for method in DISPERSION_METHODS]
    return names


def get_potential(name: str) -> Potential:
    """Return what is known of a potential by its name (see the module's text), without loading it.

    Raises
    ------
    UnknownPotentialError
        There is no such potential; the message names the nearest.
    """
    if not isinstance(name, str):
        raise UnknownPotentialError(f"potential: {name!r} is not a name; known: {', '.join(list_potentials())}")
    if is_imported(name):
        return imported_potential(name.removeprefix(PREFIX))
    model, plus, suffix = name.partition("+")
    if _is_custom(model):
        return _custom_potential(name, model, suffix if plus else None)
    if name not in list_potentials():
        if plus and model == "emt":
            raise UnknownPotentialError(
                f"unknown potential {name!r}: emt is not fitted to a density functional, so no dispersion goes with it"
            )
        raise UnknownPotentialError(unknown_name("potential", name, list_potentials()) + " Or give module:attribute.")
    card = _card(model)
    return Potential(name, model, suffix or None, card.functional, _covered(card.elements, suffix or None))


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


def get_calculator(name: str, *, evaluator: str = "auto", **options: Any) -> BaseCalculator:
    """Return a new ASE calculator for a potential.

    A model is loaded at its first use and shared by all its calculators in the process. With a dispersion correction
    that has a three-body term, energy, forces and stress have it, too; relaxations use ``relaxation_name`` instead.

    Parameters
    ----------
    name
        Name of the potential.
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
    if _is_custom(potential.model):
        calculator = _build_custom(potential.model, options)
    elif potential.model == "gpaw":
        if potential.dispersion and str(options.get("xc", "PBE")).lower() != potential.functional:
            raise InputError(f"{name}: option xc={options['xc']!r} does not go with dispersion parameters for PBE")
        calculator = build_gpaw(**options)
    else:
        calculator = build_calculator(potential.model, evaluator=evaluator, **options)
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
    if _is_custom(model):
        return ModelCard(model.partition(":")[0].partition(".")[0], None, None)
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


def _is_custom(model: str) -> bool:
    return ":" in model and not is_imported(model)


def _custom_potential(name: str, model: str, suffix: str | None) -> Potential:
    module, _, attribute = model.partition(":")
    if not all(part.isidentifier() for part in [*module.split("."), *attribute.split(".")]):
        raise UnknownPotentialError(
            f"potential {name!r}: give module:attribute, such as ase.calculators.lj:LennardJones"
        )
    check_import(module, f"potential {name!r}")
    if _find_package(module.partition(".")[0]) is None:
        raise UnknownPotentialError(f"potential {name!r}: there is no module {module.partition('.')[0]!r} to import")
    if suffix is None:
        return Potential(name, model, None, None, None)
    method, _, functional = suffix.partition("@")
    if method not in DISPERSION_METHODS or functional not in FUNCTIONALS:
        raise UnknownPotentialError(
            f"potential {name!r}: dispersion is given as +METHOD@FUNCTIONAL, such as +d3@FUNCTIONAL, with METHOD one of"
            f" {', '.join(DISPERSION_METHODS)} and FUNCTIONAL one of {', '.join(FUNCTIONALS)}"
        )
    return Potential(name, model, method, functional, _covered(None, method))


def _find_package(package: str) -> Any:
    try:
        return importlib.util.find_spec(package)
    except ValueError:  # in sys.modules without a spec: defined in this process, such as __main__
        return True


def _custom_attribute(model: str) -> Any:
    module, _, attribute = model.partition(":")
    what = f"potential {model!r}"
    check_import(module, what)
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
            check_member(found, what)
        return found
    except ImportError as error:
        raise UnknownPotentialError(f"potential {model!r}: cannot import {module!r}: {error}") from error
    except AttributeError:
        raise UnknownPotentialError(f"potential {model!r}: {module!r} has no {attribute!r}") from None


@functools.cache
def _custom_record(model: str) -> dict[str, Any]:
    """Return what is behind ``module:attribute``, as it is when first asked for: later it has results and caches."""
    try:
        calculator = _build_custom(model, {})
    except InputError:
        raise
    except Exception as error:  # it is the user's code
        raise InputError(f"potential {model!r} cannot be built: {type(error).__name__}: {error}") from error
    return describe_calculator(model.partition(":")[0], calculator)


def _build_custom(model: str, options: dict[str, Any]) -> BaseCalculator:
    found = _custom_attribute(model)
    is_instance = hasattr(found, "get_property") and not isinstance(found, type)
    if is_instance and options:
        raise InputError(f"potential {model!r} is a calculator already and takes no options: {', '.join(options)}")
    try:
        calculator: BaseCalculator = found if is_instance else found(**options)
    except TypeError as error:
        raise InputError(f"potential {model!r} cannot be built with options {options}: {error}") from error
    if not hasattr(calculator, "get_property"):
        raise InputError(f"potential {model!r} gives a {type(calculator).__name__}, which is not an ASE calculator")
    return calculator
