"""Pure functions of numbers: hulls, voltages, vibrations, surfaces, amalgams, stability, wetting.

The names in ``__all__`` are those of the pages in ``docs/``; each is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import attach

# One line a name for type checkers, and once more for Python; a test holds the two together.
if TYPE_CHECKING:
    from .amalgams.choose_solution import key_compositions as key_compositions
    from .amalgams.choose_solution import pinned_solution as pinned_solution
    from .amalgams.choose_solution import solution_for as solution_for
    from .amalgams.choose_solution import solution_warning as solution_warning
    from .amalgams.dilute import DiluteSolution as DiluteSolution
    from .amalgams.electrochemistry import amalgam_potential as amalgam_potential
    from .amalgams.electrochemistry import get_electrode as get_electrode
    from .amalgams.measured_solutions import LI_IN_HG as LI_IN_HG
    from .amalgams.phase_fractions import isotherm as isotherm
    from .amalgams.self_healing import ConsistencyLimits as ConsistencyLimits
    from .amalgams.self_healing import composition_range as composition_range
    from .amalgams.self_healing import interface_at as interface_at
    from .amalgams.self_healing import interface_steps as interface_steps
    from .amalgams.self_healing import self_healing_map as self_healing_map
    from .amalgams.self_healing import step_between as step_between
    from .amalgams.solubility import compare_solubility as compare_solubility
    from .amalgams.solubility import liquidus_for as liquidus_for
    from .amalgams.solubility import list_solubilities as list_solubilities
    from .amalgams.solubility import saturated_emf as saturated_emf
    from .amalgams.solubility import solubility_at as solubility_at
    from .cycling.cell import Contact as Contact
    from .cycling.cell import symmetric_cell as symmetric_cell
    from .cycling.cycle import CurrentStep as CurrentStep
    from .cycling.cycle import run_steps as run_steps
    from .cycling.diffusivities import Diffusivities as Diffusivities
    from .cycling.film import composition_profile as composition_profile
    from .cycling.healing import Protocol as Protocol
    from .cycling.healing import healing_points as healing_points
    from .cycling.healing import least_thickness_m as least_thickness_m
    from .cycling.initial_films import applied_film as applied_film
    from .cycling.initial_films import equilibrium_film as equilibrium_film
    from .cycling.phases import phase_chain as phase_chain
    from .hulls.equilibria import phase_equilibria as phase_equilibria
    from .hulls.finite_temperature import SolidPhase as SolidPhase
    from .hulls.finite_temperature import finite_temperature_hull as finite_temperature_hull
    from .hulls.fusion import get_fusion as get_fusion
    from .hulls.hull import PhaseEntry as PhaseEntry
    from .hulls.hull import build_hull as build_hull
    from .hulls.voltage import voltage_profile as voltage_profile
    from .stability.electrolyte_window import electrolyte_window as electrolyte_window
    from .stability.reactivity import interface_reaction as interface_reaction
    from .stability.reactivity import reaction_hull as reaction_hull
    from .surfaces.energies import OpenSurface as OpenSurface
    from .surfaces.energies import check_surface_energy as check_surface_energy
    from .surfaces.energies import fit_thickness as fit_thickness
    from .surfaces.open_surfaces import fit_surface_line as fit_surface_line
    from .surfaces.wulff import wulff_shape as wulff_shape
    from .uncertainty import block_average as block_average
    from .vibrations.harmonic import ModeSpectrum as ModeSpectrum
    from .vibrations.harmonic import thermal_properties as thermal_properties
    from .vibrations.quasi_harmonic import quasi_harmonic as quasi_harmonic
    from .wetting.adhesion import AdhesionSample as AdhesionSample
    from .wetting.adhesion import average_adhesion as average_adhesion
    from .wetting.adhesion import check_work_of_adhesion as check_work_of_adhesion
    from .wetting.contact_angle import Drop as Drop
    from .wetting.contact_angle import SurfaceTension as SurfaceTension
    from .wetting.contact_angle import cassie_angle_deg as cassie_angle_deg
    from .wetting.lattice_gas import LatticeGas as LatticeGas
    from .wetting.model import WettingModel as WettingModel
    from .wetting.panel_errors import known_errors as known_errors
    from .wetting.panel_errors import leading_method as leading_method
    from .wetting.parameters import WettingParameters as WettingParameters
    from .wetting.reversible_work import integrate_lambda as integrate_lambda
    from .wetting.reversible_work import reversible_work as reversible_work
    from .wetting.samples import parameters_from_samples as parameters_from_samples
    from .wetting.sensitivity import sensitivity as sensitivity
else:
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {
            ".amalgams.choose_solution": ["key_compositions", "pinned_solution", "solution_for", "solution_warning"],
            ".amalgams.dilute": ["DiluteSolution"],
            ".amalgams.electrochemistry": ["amalgam_potential", "get_electrode"],
            ".amalgams.measured_solutions": ["LI_IN_HG"],
            ".amalgams.phase_fractions": ["isotherm"],
            ".amalgams.self_healing": [
                "ConsistencyLimits",
                "composition_range",
                "interface_at",
                "interface_steps",
                "self_healing_map",
                "step_between",
            ],
            ".amalgams.solubility": [
                "compare_solubility",
                "liquidus_for",
                "list_solubilities",
                "saturated_emf",
                "solubility_at",
            ],
            ".cycling.cell": ["Contact", "symmetric_cell"],
            ".cycling.cycle": ["CurrentStep", "run_steps"],
            ".cycling.diffusivities": ["Diffusivities"],
            ".cycling.film": ["composition_profile"],
            ".cycling.initial_films": ["applied_film", "equilibrium_film"],
            ".cycling.healing": ["Protocol", "healing_points", "least_thickness_m"],
            ".cycling.phases": ["phase_chain"],
            ".hulls.equilibria": ["phase_equilibria"],
            ".hulls.finite_temperature": ["SolidPhase", "finite_temperature_hull"],
            ".hulls.fusion": ["get_fusion"],
            ".hulls.hull": ["PhaseEntry", "build_hull"],
            ".hulls.voltage": ["voltage_profile"],
            ".stability.electrolyte_window": ["electrolyte_window"],
            ".stability.reactivity": ["interface_reaction", "reaction_hull"],
            ".surfaces.energies": ["OpenSurface", "check_surface_energy", "fit_thickness"],
            ".surfaces.open_surfaces": ["fit_surface_line"],
            ".surfaces.wulff": ["wulff_shape"],
            ".uncertainty": ["block_average"],
            ".vibrations.harmonic": ["ModeSpectrum", "thermal_properties"],
            ".vibrations.quasi_harmonic": ["quasi_harmonic"],
            ".wetting.adhesion": ["AdhesionSample", "average_adhesion", "check_work_of_adhesion"],
            ".wetting.contact_angle": ["Drop", "SurfaceTension", "cassie_angle_deg"],
            ".wetting.lattice_gas": ["LatticeGas"],
            ".wetting.model": ["WettingModel"],
            ".wetting.parameters": ["WettingParameters"],
            ".wetting.panel_errors": ["known_errors", "leading_method"],
            ".wetting.reversible_work": ["integrate_lambda", "reversible_work"],
            ".wetting.samples": ["parameters_from_samples"],
            ".wetting.sensitivity": ["sensitivity"],
        },
    )
