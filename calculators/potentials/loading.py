"""How the potentials that come with the package are loaded, once per process."""

from __future__ import annotations

import functools
import threading
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.stress import full_3x3_to_voigt_6_stress

from ...errors import InputError, unknown_name
from .cards import MODEL_CARDS
from .silence import silenced
from .weights import checked_weights

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator


_OPTIONS = {"ase": ("asap_cutoff",), "chgnet": ("device",), "sevenn": ("device",)}
_LOAD_LOCK = threading.RLock()


def build_calculator(model: str, *, evaluator: str = "auto", **options: Any) -> Calculator:
    """Return a new calculator of one of ``MODEL_CARDS``, without dispersion; calculators share the loaded model.

    Parameters
    ----------
    model
        Name of the model.
    evaluator
        ``auto`` for the lean evaluators of CHGNet and SevenNet, ``stock`` for the calculators of their packages.
    options
        ``device`` for the machine-learning potentials: ``cpu`` (default), ``cuda`` or ``auto`` (``cuda`` where there
        is one); ``asap_cutoff`` for EMT.

    Raises
    ------
    InputError
        An option is unknown, there is no such device, or the weights are missing.
    """
    card = MODEL_CARDS[model]
    for key in options:
        if key not in _OPTIONS[card.package]:
            raise InputError(f"{model}: " + unknown_name("option", key, _OPTIONS[card.package]))
    if card.package == "ase":
        from ase.calculators.emt import EMT

        return EMT(**options)
    device = usable_device(options.get("device", "cpu"))
    if card.package == "chgnet" and evaluator == "auto":
        from .chgnet.evaluator import LeanCHGNet

        return LeanCHGNet(model, device=device)
    if card.package == "sevenn" and evaluator == "auto":
        from .sevennet.evaluator import LeanSevenNet

        return LeanSevenNet(model, device=device)
    loaded = load_model(model, device)
    with silenced():
        arguments: dict[str, Any]
        if card.package == "chgnet":
            # A lone atom is an honest question (a vapour, a cohesive energy); chgnet would print at every call.
            arguments = {"use_device": device, "on_isolated_atoms": "ignore"}
        else:
            arguments = {"file_type": "model_instance", "device": device, "modal": card.modal}
        calculator: Calculator = _double_class(card.package)(model=loaded, **arguments)
        return calculator


def load_model(model: str, device: str = "cpu") -> Any:
    """Return the loaded torch module of a machine-learning potential, the same object at every call.

    Parameters
    ----------
    model
        Name of the model.
    device
        ``cpu`` or ``cuda``.

    Raises
    ------
    WeightsNotFoundError
        The weights are not on this machine. Nothing is ever downloaded.
    DamagedWeightsError
        They are another file than the one that is expected.
    """
    with _LOAD_LOCK:
        return _load_model(model, device)


@functools.cache
def _load_model(model: str, device: str) -> Any:
    if MODEL_CARDS[model].package == "sevenn":
        from .sevennet.evaluator import new_model

        return new_model(model, device)
    card = MODEL_CARDS[model]
    checked_weights(card.package, card.weights or "", card.sha256)
    # Printed at the first evaluation of each process; chgnet takes the volume of the cell as a number on purpose.
    warnings.filterwarnings("ignore", message="Converting a tensor with requires_grad=True to a scalar")
    with silenced():
        from chgnet.model.model import CHGNet

        return CHGNet.load(model_name=card.version or "", use_device=device, verbose=False)


def usable_device(device: str) -> str:
    """Return ``cpu`` or ``cuda`` for a device that a user gave (``auto``: ``cuda`` where there is one).

    Raises
    ------
    InputError
        It is none of these, or there is no such device on this machine.
    """
    if device == "cpu":
        return device
    if device not in ("cuda", "auto"):
        raise InputError(f"device: {device!r} is not allowed; give cpu, cuda or auto")
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if device == "cuda":
        raise InputError(f"device: 'cuda' is not there, torch {torch.__version__} finds none on this machine; give cpu")
    return "cpu"


class _DoublePrecision:
    """Turns the single-precision results of a calculator into double precision, and the stress into Voigt order.

    Databases and optimisers expect the former, and all but ``Atoms.get_stress`` the latter.
    """

    results: dict[str, Any]

    def calculate(self, *args: Any, **kwargs: Any) -> None:
        super().calculate(*args, **kwargs)  # type: ignore[misc]  # the class it is mixed into has it
        for key, value in self.results.items():
            if isinstance(value, np.ndarray | np.floating):
                self.results[key] = np.asarray(value, dtype=np.float64) if value.ndim else float(value)
        if self.results["stress"].shape == (3, 3):
            self.results["stress"] = full_3x3_to_voigt_6_stress(self.results["stress"])


@functools.cache
def _double_class(package: str) -> type:
    # Made here rather than written as a class, because its base must not be imported with this file.
    if package == "chgnet":
        from chgnet.model.dynamics import CHGNetCalculator

        Base: type = CHGNetCalculator
    else:
        from sevenn.calculator import SevenNetCalculator

        Base = SevenNetCalculator
    return type(Base.__name__, (_DoublePrecision, Base), {"__doc__": f"{Base.__name__} in double precision."})
