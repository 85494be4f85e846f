"""The potentials that come with the package: what each is, known without loading it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import elements as element_sets


@dataclass(frozen=True)
class ModelCard:
    """Facts about a potential, known without loading it.

    Attributes
    ----------
    package
        Package that brings it.
    functional
        Density functional of its training data, which also picks the dispersion parameters; None for EMT.
    elements
        Elements it was trained on; None when that is not known.
    weights
        Weight file, relative to the package; None when there is none.
    sha256
        Of the weight file; another file is refused.
    version
        Version of the weights.
    modal
        Fidelity of a model trained on several functionals.
    settings
        Other settings that fix its energies.
    cutoff
        Radius within which an atom sees others, Å, dispersion left aside; None when that is not known.
    """

    package: str
    functional: str | None
    elements: frozenset[str] | None
    weights: str | None = None
    version: str | None = None
    modal: str | None = None
    settings: dict[str, Any] | None = None
    cutoff: float | None = None
    sha256: str = ""


_SEVENN = "pretrained_potentials"

MODEL_CARDS: dict[str, ModelCard] = {
    "emt": ModelCard("ase", None, element_sets.EMT, cutoff=5.4),
    "chgnet": ModelCard(
        "chgnet",
        "pbe",
        element_sets.MPTRJ,
        "pretrained/0.3.0/chgnet_0.3.0_e29f68s314m37.pth.tar",
        "0.3.0",
        cutoff=6.0,
        sha256="d14ab7c0f093efe64b60a7bcd540bca10e74fb7f46c86108a079af60524659d1",
    ),
    "chgnet-r2scan": ModelCard(
        "chgnet",
        "r2scan",
        element_sets.MP_R2SCAN,
        "pretrained/r2scan/chgnet_r2scan_transfer_learning_e15f36s161m23.pth.tar",
        "r2scan",
        cutoff=6.0,
        sha256="8eba3db0f35a2788bb3ae22885ad340591e27996f213c6643af522a633b50dad",
    ),
    "7net-0": ModelCard(
        "sevenn",
        "pbe",
        element_sets.MPTRJ,
        f"{_SEVENN}/SevenNet_0__11Jul2024/checkpoint_sevennet_0.pth",
        "11Jul2024",
        cutoff=5.0,
        sha256="7052cb42b7b3be42b40b97fa0d21077a48c54b5548948fc4dcf346629f813c36",
    ),
    "7net-l3i5": ModelCard(
        "sevenn",
        "pbe",
        element_sets.MPTRJ,
        f"{_SEVENN}/SevenNet_l3i5/checkpoint_l3i5.pth",
        "l3i5",
        cutoff=5.0,
        sha256="a7ff190d41efe5b8317a03d20a468e4036a1a3e64e0b14fdbab64ac3f4bfc09d",
    ),
    "7net-mf-r2scan": ModelCard(
        "sevenn",
        "r2scan",
        element_sets.MP_R2SCAN,
        f"{_SEVENN}/SevenNet_MF_0/checkpoint_sevennet_mf_0.pth",
        "mf-0",
        modal="R2SCAN",
        cutoff=5.0,
        sha256="81791329b37d445f46b531578c182c41792d98c7814222c9e5dde276402225fd",
    ),
}
