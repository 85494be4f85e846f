"""Outline of a drop on a flat solid, true to its contact angle."""

from __future__ import annotations

import math
from dataclasses import dataclass

SHEET_DEG = 1.0
"""Below this angle a drop is drawn as a sheet."""


@dataclass(frozen=True)
class DropShape:
    """A spherical cap standing on the line y = 0, centred at x = 0; lengths in the unit it was asked for.

    Attributes
    ----------
    theta_deg
        Contact angle, measured through the liquid.
    half_width
        Half the length of the contact line in the drawing; 0 at 180°.
    radius
        Of the circle; infinite for a sheet.
    height
        Of the drop.
    """

    theta_deg: float
    half_width: float
    radius: float
    height: float

    @property
    def is_sheet(self) -> bool:
        """Whether the liquid spreads and has no cap to draw."""
        return math.isinf(self.radius)

    def outline(self, n: int = 96) -> list[tuple[float, float]]:
        """Points of the closed outline, from the right end of the contact line over the top to the left one."""
        if self.is_sheet:
            a, h = self.half_width, self.height
            return [(a, 0.0), (a, h), (-a, h), (-a, 0.0)]
        theta = math.radians(self.theta_deg)
        centre = -self.radius * math.cos(theta)
        angles = (theta * (1.0 - 2.0 * i / n) for i in range(n + 1))
        return [(self.radius * math.sin(a), centre + self.radius * math.cos(a)) for a in angles]

    def svg_path(self) -> str:
        """The outline as SVG path data, with y downwards."""
        if self.is_sheet:
            a, h = self.half_width, self.height
            return f"M{-a:.2f} 0V{-h:.2f}H{a:.2f}V0Z"
        if self.half_width < 1e-3 * self.radius:
            r = self.radius
            return f"M0 0A{r:.2f} {r:.2f} 0 1 1 0 {-2 * r:.2f}A{r:.2f} {r:.2f} 0 1 1 0 0Z"
        large = int(self.theta_deg > 90.0)
        a, r = self.half_width, self.radius
        return f"M{-a:.2f} 0A{r:.2f} {r:.2f} 0 {large} 1 {a:.2f} 0Z"


def drop_shape(theta_deg: float, sphere_radius: float, max_half_width: float) -> DropShape:
    """Return the drop that a free sphere of ``sphere_radius`` becomes, made smaller where it would be too wide.

        V = pi r^3 (2 - 3 cos theta + cos^3 theta) / 3

    Parameters
    ----------
    theta_deg
        Contact angle.
    sphere_radius
        Of the free drop, in the unit of the result.
    max_half_width
        Room to each side.
    """
    if theta_deg < SHEET_DEG:
        return DropShape(0.0, max_half_width, math.inf, 0.12 * sphere_radius)
    theta = math.radians(theta_deg)
    cosine = math.cos(theta)
    radius = sphere_radius * (4.0 / (2.0 - 3.0 * cosine + cosine**3)) ** (1.0 / 3.0)
    extent = radius if theta_deg > 90.0 else radius * math.sin(theta)
    radius *= min(1.0, max_half_width / extent)
    return DropShape(theta_deg, radius * math.sin(theta), radius, radius * (1.0 - cosine))
