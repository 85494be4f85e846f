"""What measured data alone refuse of a film, before there is a hull of it."""

from __future__ import annotations

from ...arguments import number, whole_number
from ...errors import InputError
from ...reference.metals import metal as metal_facts
from ..amalgams.solubility import solubility_at
from ..checks import positive

LEAST_THICKNESS_M = 1e-8
"""Some 30 layers of atoms: in a thinner film phases and diffusion are not those of the bulk."""
MOST_THICKNESS_M = 1e-2


def check_thickness(name: str, value: float) -> float:
    """Return the thickness of a film, m.

    Raises
    ------
    InputError
        It is not between `LEAST_THICKNESS_M` and `MOST_THICKNESS_M`.
    """
    found = positive("film", name, value)
    if not LEAST_THICKNESS_M <= found <= MOST_THICKNESS_M:
        raise InputError(
            f"film: {name} is {value:g}; it must lie between {LEAST_THICKNESS_M:g}, below which phases and diffusion"
            f" are not those of the bulk, and {MOST_THICKNESS_M:g} m"
        )
    return found


def check_cells(owner: str, value: int) -> int:
    """Return the number of finite volumes of the liquid.

    Raises
    ------
    InputError
        It is no whole number from 4 to 200.
    """
    return whole_number(f"{owner}: cells", value, least=4, most=200)


def check_fraction(owner: str, value: float | None) -> float | None:
    """Return the overall mole fraction of the metal in a film; None is the saturated liquid.

    Raises
    ------
    InputError
        It does not lie between 0 and 1.
    """
    return None if value is None else number(f"{owner}: x", value, above=0.0, below=1.0)


def check_temperature(metal: str, host: str, temperature_K: float) -> float:
    """Return a temperature (K) at which a liquid host can lie on a solid metal.

    Parameters
    ----------
    metal, host
        Symbols, such as ``Li`` and ``Hg``.
    temperature_K
        Of the film.

    Raises
    ------
    InputError
        The host is solid or boils there, the metal is liquid, or it dissolves in mercury without limit.
    """
    kelvin = positive(f"film of {metal} and {host}", "temperature_K", temperature_K)
    name = f"film of {metal} and {host} at {kelvin:g} K"
    one, other = metal_facts(host), metal_facts(metal)
    if kelvin < one.melting_point_K:
        raise InputError(f"{name}: {host} is solid; it melts at {one.melting_point_K:g} K")
    if one.boiling_point is not None and kelvin >= one.boiling_point.value:
        raise InputError(f"{name}: {host} boils at {one.boiling_point.value:g} K")
    if kelvin >= other.melting_point_K:
        raise InputError(f"{name}: {metal} is liquid; it melts at {other.melting_point_K:g} K")
    if host == "Hg" and solubility_at(metal, kelvin)[0] >= 1.0:
        raise InputError(f"{name}: {metal} dissolves without limit, carried there by its heat of solution")
    return kelvin
