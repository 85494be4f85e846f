"""Distinct terminations of a crystal along a plane normal, and the slabs that show them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from ase.data import chemical_symbols

from .bonds import NON_METALS
from .stacking import Stacking

Preference = Literal["symmetric", "stoichiometric"]

_RARE_EARTHS = frozenset([
    "Sc", "Y", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu",
])  # fmt: skip


@dataclass(frozen=True)
class Termination:
    """A face of the crystal that looks up: the cuts that give it, and the cuts below which its mirror image looks down.

    Attributes
    ----------
    label
        Reduced composition of the top layer; made unique by ``-2``, ``-3`` where several share it.
    cuts
        Indices of the equivalent cuts.
    mirrors
        Cuts whose lower face is equivalent to it.
    """

    label: str
    cuts: tuple[int, ...]
    mirrors: tuple[int, ...]


@dataclass(frozen=True)
class Cutting:
    """One way to cut a slab: between two heights, with the faces it gets.

    ``low`` and ``high`` in Å; ``bottom`` is the label of the lower face.
    """

    low: float
    high: float
    bottom: str
    symmetric: bool
    stoichiometric: bool

    @property
    def thickness(self) -> float:
        """Distance between the two cuts, Å."""
        return self.high - self.low


def find_terminations(stacking: Stacking) -> list[Termination]:
    """Sort the cuts of a crystal into distinct terminations, by label."""
    classes: dict[int, tuple[int, ...]] = {}
    for cut in range(len(stacking.cuts)):
        if not any(cut in members for members in classes.values()):
            classes[cut] = tuple(sorted(stacking.images(cut, 1) | {cut}))
    plain = {cut: _layer_label(stacking, cut) for cut in classes}
    labels = _unique(stacking, plain)
    found = [
        Termination(labels[cut], members, tuple(sorted(stacking.images(cut, -1)))) for cut, members in classes.items()
    ]
    return sorted(found, key=lambda termination: (plain[termination.cuts[0]], termination.label))


def _layer_label(stacking: Stacking, cut: int) -> str:
    return reduced_formula(Counter(chemical_symbols[number] for number in stacking.numbers[stacking.layer(cut)]))


def _unique(stacking: Stacking, plain: Mapping[int, str]) -> dict[int, str]:
    """Number the terminations that share a label: the wider the gap above, the lower the number."""
    gaps = {cut: _gap(stacking, cut) for cut in plain}
    n_cuts = len(stacking.cuts)
    layers = [_layer_label(stacking, cut) for cut in range(n_cuts)]
    # Cuts through layers are left out, so that opening one renames no other.
    below = {
        cut: [layers[k % n_cuts] for k in range(cut - 1, cut - n_cuts, -1) if k % n_cuts not in stacking.opened]
        for cut in plain
    }
    seen: Counter[str] = Counter()
    unique = {}
    for cut in sorted(plain, key=lambda cut: (-round(gaps[cut], 2), below[cut], cut)):
        seen[plain[cut]] += 1
        unique[cut] = plain[cut] if seen[plain[cut]] == 1 else f"{plain[cut]}-{seen[plain[cut]]}"
    return unique


def _gap(stacking: Stacking, cut: int) -> float:
    above = (stacking.heights - stacking.cuts[cut]) % stacking.period
    return float(above.min() + (stacking.period - above.max()))


def cuttings(
    stacking: Stacking,
    terminations: Sequence[Termination],
    termination: Termination,
    *,
    min_slab_size: float,
    n_sizes: int = 1,
    prefer: Preference = "symmetric",
    bottom: str | None = None,
) -> list[Cutting]:
    """Ways to cut a slab with a termination on top, all of one kind, from thin to thick.

    Kinds are tried in order: symmetric and stoichiometric; then symmetric or stoichiometric, as ``prefer`` says. The
    last always exists: whole periods of the crystal.

    Parameters
    ----------
    min_slab_size
        Least distance between the cuts, Å.
    n_sizes
        Number of thicknesses.
    bottom
        Only slabs with this label on the lower face; None allows all.

    Returns
    -------
    list of Cutting
        ``n_sizes`` long; empty when no slab has ``bottom`` on its lower face.
    """
    kinds: dict[tuple[bool, bool], list[tuple[int, str]]] = {}
    top = termination.cuts[0]
    for cut in range(len(stacking.cuts)):
        symmetric = cut in termination.mirrors
        stoichiometric = _is_stoichiometric(stacking, cut, top)
        label = termination.label if symmetric else _lower_label(stacking, terminations, cut)
        if (symmetric or stoichiometric) and bottom in (None, label):
            kinds.setdefault((symmetric, stoichiometric), []).append((cut, label))
    second, third = ((True, False), (False, True)) if prefer == "symmetric" else ((False, True), (True, False))
    for kind in ((True, True), second, third):
        if kind in kinds:
            return _thicknesses(stacking, top, kinds[kind], kind, min_slab_size, n_sizes)
    return []


def _thicknesses(
    stacking: Stacking,
    top: int,
    bottoms: list[tuple[int, str]],
    kind: tuple[bool, bool],
    min_slab_size: float,
    n_sizes: int,
) -> list[Cutting]:
    """The thinnest cuttings of one kind; all have the lower face and the excess of the thinnest."""
    found = []
    for cut, label in bottoms:
        offset = float(stacking.cuts[top] - stacking.cuts[cut])
        periods = math.ceil((min_slab_size - offset) / stacking.period - 1e-6)
        while offset + periods * stacking.period < 1e-3:
            periods += 1
        for extra in range(n_sizes):
            high = float(stacking.cuts[top]) + (periods + extra) * stacking.period
            found.append((Cutting(float(stacking.cuts[cut]), high, label, *kind), cut))
    found.sort(key=lambda item: (round(item[0].thickness, 3), item[1]))
    first, first_cut = found[0]
    alike = {cut for cut, label in bottoms if label == first.bottom and _is_stoichiometric(stacking, cut, first_cut)}
    return [cutting for cutting, cut in found if cut in alike][:n_sizes]


def _lower_label(stacking: Stacking, terminations: Sequence[Termination], cut: int) -> str:
    """Label of the face that looks down from above a cut."""
    for termination in terminations:
        if cut in termination.mirrors:
            return termination.label
    return _layer_label(stacking, (cut + 1) % len(stacking.cuts))


def _is_stoichiometric(stacking: Stacking, low: int, high: int) -> bool:
    """Whether the atoms between two cuts have the proportions of the crystal; whole periods do not matter."""
    heights = (stacking.heights - stacking.cuts[low]) % stacking.period
    inside = heights < (stacking.cuts[high] - stacking.cuts[low]) % stacking.period
    total = Counter(stacking.numbers.tolist())
    part = Counter(stacking.numbers[inside].tolist())
    size, whole = sum(part.values()), len(stacking.numbers)
    return all(part[number] * whole == total[number] * size for number in total)


def reduced_formula(counts: Mapping[str, float]) -> str:
    """Formula without common factors: metals first, rare earths before the others, each by electronegativity.

    ``LaLiTi2O6``, ``Li3PS4``, ``LiHg3``.
    """
    whole = {symbol: round(number) for symbol, number in counts.items() if round(number)}
    divisor = math.gcd(*whole.values())
    ordered = formula_order(whole)
    return "".join(symbol + (str(whole[symbol] // divisor) if whole[symbol] > divisor else "") for symbol in ordered)


def formula_order(symbols: Iterable[str]) -> list[str]:
    """Elements in the order in which formulas list them."""
    from pymatgen.core import Element

    def key(symbol: str) -> tuple[int, float, str]:
        electronegativity = float(Element(symbol).X)
        kind = 0 if symbol in _RARE_EARTHS else 2 if symbol in NON_METALS else 1
        return kind, 9.9 if np.isnan(electronegativity) else electronegativity, symbol

    return sorted(symbols, key=key)
