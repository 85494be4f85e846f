"""Foundation models of the field, loaded from packages of their own: what each is, known without importing it.

Their packages are not installed with this one, as most pin other versions of the same libraries. Class, keywords and
models are those of the versions named in ``docs/potentials.md``; elements and functional are given as far as the
package itself or its documentation tells them.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ...errors import InputError, shown
from ...permissions import check_file_code
from . import elements as element_sets
from .targets import is_installed, said


@dataclass(frozen=True)
class FoundationModel:
    """Facts about a model, and how its package makes an ASE calculator of it.

    Attributes
    ----------
    distribution
        What ``pip install`` calls the package.
    module, attribute
        What is called.
    functional
        Density functional of its training data; None where the package does not tell.
    elements
        Elements it was trained on; None where the package does not tell.
    arguments
        Of the call: which model, and what keeps its energies the same everywhere.
    weights
        Argument that takes a file, or folder, of weights in place of those that the package downloads.
    replaced
        Arguments that are left out then.
    device
        Argument that takes ``cpu`` or ``cuda``; None where the package chooses itself.
    options
        Arguments that a job may give besides.
    finish
        Makes the calculator of what the call gave and the device, where that is none yet.
    brings_weights
        Whether the package holds the weights, so that nothing is downloaded.
    extra
        Extra of this package that installs it beside the rest; empty where the pins do not go together.
    """

    distribution: str
    module: str
    attribute: str
    functional: str | None = None
    elements: frozenset[str] | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    weights: str = ""
    replaced: tuple[str, ...] = ()
    device: str | None = "device"
    options: tuple[str, ...] = ()
    finish: Callable[[Any, str], Any] | None = None
    brings_weights: bool = False
    extra: str = ""

    @property
    def is_installed(self) -> bool:
        """Whether Python finds its package."""
        return is_installed(self.module.partition(".")[0])

    @property
    def how_to_install(self) -> str:
        """The command, and where."""
        if self.extra:
            return f"pip install 'amalgamics[{self.extra}]'"
        return (
            f"pip install {self.distribution} (in an environment of its own, as its pins may not go with those of here)"
        )

    @property
    def state(self) -> str:
        """Whether it is installed and where its weights come from, in words."""
        if not self.is_installed:
            return f"not installed: {self.how_to_install}"
        weights = "with its weights" if self.brings_weights else "downloads its weights at the first use"
        try:
            return f"{self.distribution} {version(self.distribution)}, {weights}"
        except PackageNotFoundError:
            return f"{self.distribution}, {weights}"


def _orb_calculator(model: Any, device: str) -> Any:
    calculator = importlib.import_module("orb_models.forcefield.calculator").ORBCalculator
    return calculator(model, device=device)


_MACE = FoundationModel(
    "mace-torch",
    "mace.calculators",
    "mace_mp",
    "pbe",
    element_sets.MPTRJ,
    {"model": "medium", "default_dtype": "float64"},
    weights="model",
    options=("default_dtype",),
)
_MATTERSIM = "MatterSim-v1.0.0-{}.pth"
_OMNI = ("sevenn", "sevenn.calculator", "SevenNetCalculator")

FOUNDATION_MODELS: dict[str, FoundationModel] = {
    "mace-mp-0": _MACE,
    "orb-v3": FoundationModel(
        "orb-models",
        "orb_models.forcefield.pretrained",
        "orb_v3_conservative_inf_omat",
        "pbe",
        arguments={"precision": "float32-highest", "compile": False},
        weights="weights_path",
        options=("precision",),
        finish=_orb_calculator,
    ),
    "mattersim": FoundationModel(
        "mattersim",
        "mattersim.forcefield",
        "MatterSimCalculator",
        arguments={"load_path": _MATTERSIM.format("1M")},
        weights="load_path",
    ),
    "mattersim-5m": FoundationModel(
        "mattersim",
        "mattersim.forcefield",
        "MatterSimCalculator",
        arguments={"load_path": _MATTERSIM.format("5M")},
        weights="load_path",
    ),
    "7net-omni": FoundationModel(*_OMNI, "pbe", arguments={"model": "7net-omni", "modal": "mpa"}, weights="model"),
    "7net-omni-r2scan": FoundationModel(
        *_OMNI, "r2scan", arguments={"model": "7net-omni", "modal": "matpes_r2scan"}, weights="model"
    ),
    "grace-2l-oam": FoundationModel(
        "tensorpotential",
        "tensorpotential.calculator",
        "grace_fm",
        "pbe",
        arguments={"model": "GRACE-2L-OAM"},
        device=None,
    ),
    "pet-mad": FoundationModel(
        "upet",
        "upet.ase",
        "UPETCalculator",
        "r2scan",
        arguments={"model": "pet-mad-s", "version": "1.6.0"},
        weights="checkpoint_path",
        replaced=("model", "version"),
    ),
    "nequix-mp": FoundationModel(
        "nequix",
        "nequix.calculator",
        "NequixCalculator",
        "pbe",
        element_sets.MPTRJ,
        {"model_name": "nequix-mp-1", "backend": "jax", "use_kernel": False},
        weights="model_path",
        device=None,
    ),
    "diep": FoundationModel(
        "diep",
        "diep.pretrained",
        "make_calculator",
        "r2scan",
        element_sets.MPTRJ,
        weights="path",
        brings_weights=True,
        extra="diep",
    ),
}


def other_potentials() -> str:
    """Say what there is besides the bundled potentials, and whether it is installed."""
    text = "Or give module:attribute, or file.py:attribute."
    for there, words in ((True, "installed"), (False, "not installed")):
        names = [name for name, model in FOUNDATION_MODELS.items() if model.is_installed == there]
        text += f" From other packages, {words}: {', '.join(names)}." if names else ""
    return text


def check_arguments(name: str, kwargs: Mapping[str, Any], device: str | None) -> None:
    """Refuse arguments that a foundation model does not take; its package need not be there.

    Raises
    ------
    InputError
        Naming the argument.
    """
    model = FOUNDATION_MODELS[name]
    allowed = (*(["weights"] if model.weights else []), *model.options)
    for key in kwargs:
        if key not in allowed:
            known = f"{name} takes {', '.join(allowed)}" if allowed else f"{name} takes none"
            raise InputError(f"kwargs: unknown argument {shown(key)}; {known}; for others name its class by its module")
    if device is not None and model.device is None:
        raise InputError(f"device: {name} takes none; its package {model.distribution} chooses by itself")
    weights = kwargs.get("weights", "")
    if not isinstance(weights, str):
        raise InputError(f"kwargs.weights: {shown(weights)} is not allowed; give the path of a file or folder")


def check_foundation(name: str, kwargs: Mapping[str, Any]) -> None:
    """Refuse a foundation model whose package is not there, or weights that are not, or may not be loaded here.

    Raises
    ------
    InputError
        Naming the package to install, or the weights.
    """
    model = FOUNDATION_MODELS[name]
    if not model.is_installed:
        raise InputError(f"potential {name!r} needs the package {model.distribution}, which is {model.state}")
    if "weights" in kwargs:
        check_file_code(kwargs["weights"], f"potential {name!r}")
        if not Path(kwargs["weights"]).exists():
            raise InputError(f"kwargs.weights: there is no file or folder {shown(kwargs['weights'])}")


def build_foundation(name: str, kwargs: Mapping[str, Any], device: str | None) -> Any:
    """Return a new ASE calculator of a foundation model.

    Parameters
    ----------
    name
        One of ``FOUNDATION_MODELS``.
    kwargs
        ``weights``, a file or folder in place of what the package downloads, and ``options`` of the model.
    device
        ``cpu`` (also for None) or ``cuda``.

    Raises
    ------
    InputError
        As `check_arguments` and `check_foundation`; or the package cannot be imported, or cannot load the model.
    """
    check_arguments(name, kwargs, device)
    check_foundation(name, kwargs)
    model = FOUNDATION_MODELS[name]
    given = dict(kwargs)
    weights = given.pop("weights", None)
    arguments = {**model.arguments, **given}
    if weights is not None:
        arguments = {key: value for key, value in arguments.items() if key not in model.replaced}
        arguments[model.weights] = weights
    if model.device is not None:
        arguments[model.device] = device or "cpu"
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = getattr(importlib.import_module(model.module), model.attribute)(**arguments)
            return model.finish(made, device or "cpu") if model.finish else made
    except (ImportError, AttributeError) as error:
        raise InputError(
            f"potential {name!r}: the package {model.distribution} that is installed cannot be used, or is another"
            f" version than the one known here: {said(error)}"
        ) from error
    except Exception as error:  # whatever its package does, above all where it cannot download
        hint = "" if weights or not model.weights else "; give a file of weights instead, kwargs: {weights: path}"
        raise InputError(f"potential {name!r} cannot be loaded: {said(error)}{hint}") from error
