"""What may be asked of the stored energies of a wetting study, and the conditions in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ....thermodynamics.wetting.contact_angle import Drop

ROOM_TEMPERATURE_K = 298.15


@dataclass(frozen=True)
class WettingOptions:
    """What may be asked of the same energies.

    Attributes
    ----------
    temperature_K
        Of the drop.
    gamma_LV_J_m2
        Surface tension of the pure solvent; None for the measured one.
    drop
        A drop of finite size; None for an unlimited supply of solute.
    roughness
        Wenzel's ratio of true to projected area.
    terminations, potentials
        Which members; empty for all.
    measured_angle_deg
        Angle of the pure solvent to calibrate W_ad(0) with; None predicts.
    computed_solution
        Take the chemical potential of the solute from the computed insertion energy, not from measurements.
    x
        Compositions to show besides the usual ones.
    """

    temperature_K: float = ROOM_TEMPERATURE_K
    gamma_LV_J_m2: float | None = None
    drop: Drop | None = None
    roughness: float = 1.0
    terminations: tuple[str, ...] = ()
    potentials: tuple[str, ...] = ()
    measured_angle_deg: float | None = None
    computed_solution: bool = False
    x: tuple[float, ...] = ()


def options_for(
    solvent: str,
    options: WettingOptions,
    *,
    temperature_K: float | None = None,
    drop_radius_mm: float | None = None,
    solute_into_solid_per_nm2: float = 0.0,
) -> WettingOptions:
    """Return options with a temperature and a drop that belong to a solvent.

    Parameters
    ----------
    solvent
        The liquid metal.
    options
        Everything else.
    temperature_K
        None for 298.15 K or, if higher, where the solvent melts.
    drop_radius_mm
        None for an unlimited supply of solute.
    solute_into_solid_per_nm2
        Solute atoms per nm² of contact that a drop loses to the solid.

    Raises
    ------
    InputError
        The liquid, its temperature or the radius is not allowed.
    """
    from ....structures.library.liquids import get_liquid
    from ....thermodynamics.wetting.contact_angle import Drop

    liquid = get_liquid(solvent)
    kelvin = max(ROOM_TEMPERATURE_K, liquid.melting_point_K) if temperature_K is None else temperature_K
    drop = None
    if drop_radius_mm is not None:
        volume = 1.0 / liquid.number_density(kelvin)
        drop = Drop(drop_radius_mm, volume_per_atom=volume, absorbed_per_nm2=solute_into_solid_per_nm2)
    return replace(options, temperature_K=kelvin, drop=drop)


def conditions_text(options: WettingOptions) -> str:
    """Return drop, roughness and calibration as they belong beside every angle; empty where each is the usual one.

    For example ``drop of 0.5 mm, roughness 1.2, calibrated to 140°``; the length is the radius of the drop.
    """
    said = []
    if options.drop is not None:
        lost = f" losing {options.drop.absorbed_per_nm2:g} atoms per nm² to the solid"
        said.append(f"drop of {options.drop.radius_mm:g} mm" + (lost if options.drop.absorbed_per_nm2 else ""))
    if options.roughness != 1.0:
        said.append(f"roughness {options.roughness:g}")
    if options.measured_angle_deg is not None:
        said.append(f"calibrated to {options.measured_angle_deg:g}°")
    if options.computed_solution:
        said.append("computed chemical potential")
    return ", ".join(said)
