"""The one style of all pictures: colours by what they mean, palettes for what is only told apart, and fonts."""

from __future__ import annotations

from typing import Any

STABLE = "#0b5c8a"
PROTOTYPE = "#8b95a3"
REFERENCE = "#c2410c"
INK = "#1f2933"
MUTED = "#5b6775"

# Of what is only told apart from what lies beside it, in the order in which they are taken.
CURVES = ("#0b5c8a", "#c2410c", "#4d7c0f", "#7c5295", "#b45309", "#0f766e", "#9f1239", "#5b6775")
PATTERNS = (STABLE, "#9c6644", "#4d7c0f", "#7c5295", "#0f766e", "#b45309", "#5b6775")
PRODUCTS = ("#5b6775", "#0b5c8a", "#0f766e", "#b45309", "#9f1239", "#7c5295", "#4d7c0f")
FACES = ("#2f7fb5", "#e08a3c", "#6a9f3d", "#8c6bb1", "#c8574b", "#3fa7a0", "#b8a13a", "#7a8794")

DPI = 200

STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 11,
    "mathtext.default": "regular",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.direction": "out",
    "ytick.direction": "out",
    "text.color": INK,
}
