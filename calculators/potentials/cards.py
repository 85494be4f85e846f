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


_SEVENN = "pretrained_potentials"

MODEL_CARDS: dict[str, ModelCard] = {
    "emt": ModelCard("ase", None, element_sets.EMT, cutoff=5.4),
    "chgnet": ModelCard(
        "chgnet", "pbe", element_sets.MPTRJ, "pretrained/0.3.0/chgnet_0.3.0_e29f68s314m37.pth.tar", "0.3.0", cutoff=6.0
    ),
    "chgnet-r2scan": ModelCard(
        "chgnet",
        "r2scan",
        element_sets.MP_R2SCAN,
        "pretrained/r2scan/chgnet_r2scan_transfer_learning_e15f36s161m23.pth.tar",
        "r2scan",
        cutoff=6.0,
    ),
    "7net-0": ModelCard(
        "sevenn",
        "pbe",
        element_sets.MPTRJ,
        f"{_SEVENN}/SevenNet_0__11Jul2024/checkpoint_sevennet_0.pth",
        "11Jul2024",
        cutoff=5.0,
    ),
    "7net-l3i5": ModelCard(
        "sevenn", "pbe", element_sets.MPTRJ, f"{_SEVENN}/SevenNet_l3i5/checkpoint_l3i5.pth", "l3i5", cutoff=5.0
    ),
    "7net-mf-r2scan": ModelCard(
        "sevenn",
        "r2scan",
        element_sets.MP_R2SCAN,
        f"{_SEVENN}/SevenNet_MF_0/checkpoint_sevennet_mf_0.pth",
        "mf-0",
        modal="R2SCAN",
        cutoff=5.0,
    ),
}
