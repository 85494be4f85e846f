"""How far computed works of adhesion are from those that measured contact angles stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...arguments import whole_number
from ...errors import InputError
from ...reference.adhesion_panel import adhesion_panel
from ...reference.measured import ROOM_TEMPERATURE_K
from ..checks import finite, not_negative, positive
from ..uncertainty import standard_draws
from .contact_angle import measured_tension, work_from_angle_J_m2, young_dupre_angle_deg

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OWNER = "errors of adhesion"


@dataclass(frozen=True)
class Comparison:
    """One solid: the computed work of adhesion, and the measured contact angle as a range.

    Attributes
    ----------
    solid
        Name.
    work_of_adhesion_J_m2
        Computed.
    measured_low_deg, measured_high_deg
        Smallest and largest angle that is reported; the same where there is one.

    Raises
    ------
    InputError
        A value not finite, an angle outside [0, 180], or a range the wrong way round.
    """

    solid: str
    work_of_adhesion_J_m2: float
    measured_low_deg: float
    measured_high_deg: float

    def __post_init__(self) -> None:
        finite(_OWNER, f"work of adhesion on {self.solid}", self.work_of_adhesion_J_m2)
        low, high = self.measured_low_deg, self.measured_high_deg
        if not 0.0 <= low <= high <= 180.0:
            raise InputError(f"{_OWNER}: the angle on {self.solid} is {low!r} to {high!r}°; give 0 to 180, rising")

    @property
    def measured_deg(self) -> float:
        """Middle of the range."""
        return 0.5 * (self.measured_low_deg + self.measured_high_deg)

    def work_error_J_m2(self, gamma_LV_J_m2: float) -> float:
        """Return computed minus measured W, the latter gamma (1 + cos theta) of the middle of the range."""
        return self.work_of_adhesion_J_m2 - float(work_from_angle_J_m2(self.measured_deg, gamma_LV_J_m2))

    def angle_error_deg(self, gamma_LV_J_m2: float) -> float:
        """Return computed minus measured angle."""
        return float(young_dupre_angle_deg(self.work_of_adhesion_J_m2, gamma_LV_J_m2)) - self.measured_deg


@dataclass(frozen=True)
class AdhesionErrors:
    """Errors of a model over several solids: computed minus measured.

    Attributes
    ----------
    n_solids
        How many are compared.
    mean_J_m2, mean_absolute_J_m2, scatter_J_m2
        Of W: the systematic part, the mean size, and the standard deviation about the mean, which no shift of all
        solids alike takes away; None for one solid.
    mean_deg, mean_absolute_deg
        Of the angle.

    Raises
    ------
    InputError
        A value not finite, a negative scatter, or no solid.
    """

    n_solids: int
    mean_J_m2: float
    mean_absolute_J_m2: float
    scatter_J_m2: float | None
    mean_deg: float
    mean_absolute_deg: float

    def __post_init__(self) -> None:
        whole_number("n_solids", self.n_solids)
        for name in ("mean_J_m2", "mean_absolute_J_m2", "mean_deg", "mean_absolute_deg"):
            finite(_OWNER, name, getattr(self, name))
        if self.scatter_J_m2 is not None:
            not_negative(_OWNER, "scatter_J_m2", self.scatter_J_m2)

    @property
    def root_mean_square_J_m2(self) -> float:
        """The two parts together: what an angle on an unknown solid must be expected to be wrong by, in W."""
        scatter = self.scatter_J_m2 or 0.0
        return float(np.hypot(self.mean_J_m2, scatter * np.sqrt((self.n_solids - 1) / self.n_solids)))

    def draws_J_m2(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        """Return by how much W on one more solid, with a clean face, may be too large: draws, shape (n,).

            error = share x mean + scatter sqrt(1 + 1/n_solids) t

        The mean error over the panel has two causes that the panel cannot tell apart: the method, and what the faces
        carried on which angles were measured, which a computed clean face lacks. So the share of the method is drawn
        evenly from 0 to 1. The scatter of one more solid about a mean of n_solids is Student's t with n_solids - 1
        degrees of freedom.

        Parameters
        ----------
        rng
            Random numbers.
        n
            Draws.

        Raises
        ------
        InputError
            There is one solid, which shows no scatter.
        """
        if self.scatter_J_m2 is None:
            raise InputError(f"{_OWNER}: one solid shows no scatter; compare at least two")
        share = rng.uniform(0.0, 1.0, n)
        one_more = self.scatter_J_m2 * np.sqrt(1.0 + 1.0 / self.n_solids)
        drawn = standard_draws(rng, (n, 1), self.n_solids - 1)[:, 0]
        return np.asarray(share * self.mean_J_m2 + one_more * drawn)


def adhesion_errors(solids: Sequence[Comparison], gamma_LV_J_m2: float) -> AdhesionErrors:
    """Return the errors of one model over solids.

    Parameters
    ----------
    solids
        At least one.
    gamma_LV_J_m2
        Surface tension that turns angles into works, the measured one.

    Raises
    ------
    InputError
        No solids, or a tension that is not positive.

    Examples
    --------
    >>> from amalgamics.thermodynamics.wetting.panel_errors import Comparison, adhesion_errors
    >>> found = adhesion_errors([Comparison("graphite", 0.20, 150.0, 150.0)], 0.485)
    >>> round(found.mean_J_m2, 3), round(found.mean_deg)
    (0.135, -24)
    """
    positive(_OWNER, "gamma_LV_J_m2", gamma_LV_J_m2)
    if not solids:
        raise InputError(f"{_OWNER}: there is no solid with a measured angle")
    works = np.array([one.work_error_J_m2(gamma_LV_J_m2) for one in solids])
    angles = np.array([one.angle_error_deg(gamma_LV_J_m2) for one in solids])
    return AdhesionErrors(
        n_solids=len(solids),
        mean_J_m2=float(works.mean()),
        mean_absolute_J_m2=float(np.abs(works).mean()),
        scatter_J_m2=float(works.std(ddof=1)) if len(works) > 1 else None,
        mean_deg=float(angles.mean()),
        mean_absolute_deg=float(np.abs(angles).mean()),
    )


def known_errors(potential: str, solvent: str = "Hg") -> AdhesionErrors | None:
    """Return the errors of a potential on the solids of the stored panel; None where it has not been through it.

    Parameters
    ----------
    potential
        Name, as ``chgnet+d3``.
    solvent
        Symbol of the liquid.

    Examples
    --------
    >>> from amalgamics.thermodynamics.wetting.panel_errors import known_errors
    >>> errors = known_errors("chgnet+d3")
    >>> errors.mean_J_m2 > 0.2  # it makes mercury stick too well
    True
    >>> known_errors("emt") is None
    True
    """
    solids = adhesion_panel(solvent)
    compared = [
        Comparison(one.solid, one.works_J_m2[potential], *one.angle_deg)
        for one in solids
        if potential in one.works_J_m2
    ]
    if len(compared) < 2:
        return None
    return adhesion_errors(compared, measured_tension(solvent).at_J_m2(ROOM_TEMPERATURE_K))


def leading_method(potentials: Sequence[str], solvent: str = "Hg") -> str:
    """Return the name of the method that errs least on the panel, of the same model as the first one; else the first.

    The model relaxed the structures; dispersion models differ in single points on them. Another model's single points
    do not lead, however small their errors: they are not at their own minimum.

    Parameters
    ----------
    potentials
        Names, that of the potential that relaxed the structures first; "" for none.
    solvent
        Symbol of the liquid.

    Raises
    ------
    InputError
        One name instead of a list.

    Examples
    --------
    >>> from amalgamics.thermodynamics.wetting.panel_errors import leading_method
    >>> leading_method(["chgnet+d3", "chgnet+d4", "chgnet+d3atm", "7net-mf-r2scan+d4"])
    'chgnet+d3atm'
    >>> leading_method(["emt", "chgnet+d4"])
    'emt'
    """
    if isinstance(potentials, str):
        raise InputError(f"potentials: {potentials!r} is one name; give a list of names")
    first = next(iter(potentials), "")
    own = [name for name in potentials if name.partition("+")[0] == first.partition("+")[0]]
    errors = {name: found.root_mean_square_J_m2 for name in own if (found := known_errors(name, solvent)) is not None}
    return min(errors, key=errors.__getitem__) if first in errors else first
