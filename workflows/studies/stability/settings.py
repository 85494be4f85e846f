"""The ``stability`` section of a workflow input: which electrolytes meet which metals and amalgams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, field_validator, model_validator

from ....calculators.potentials.names import get_potential
from ....errors import InputError
from ....structures.compositions import parse_formula, parse_system
from ....structures.library.phases import list_phases
from ..settings import StudySettings
from ..solids import SolidSettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ase import Atoms

    from ...spec import WorkflowSpec


class StabilitySettings(StudySettings):
    """Reactions of electrolytes with the phases of an electrode.

    Attributes
    ----------
    electrolytes
        Names of electrolytes or phases of the library, files with a crystal, or mappings as
        :class:`~amalgamics.workflows.studies.solids.SolidSettings` has them.
    electrodes
        Keys of the phase library or formulas within metal and solvent; a formula stands for its lowest phase. Empty:
        the solvent, the compounds of both that turn out stable, and the metal.
    metal
        The metal that is stored, whose ion the electrolyte conducts.
    solvent
        What the metal is dissolved in.
    products
        Further phases that can form, such as compounds that the library lacks, and elements of which it has no crystal:
        names or files, as for ``electrolytes``.
    """

    electrolytes: Annotated[tuple[SolidSettings, ...], Field(min_length=1, examples=[["LLTO", "Li3PS4-beta"]])]
    electrodes: Annotated[tuple[str, ...], Field(examples=[["Hg", "LiHg3", "Li"]])] = ()
    metal: str = "Li"
    solvent: str = "Hg"
    products: tuple[SolidSettings, ...] = ()

    @field_validator("electrolytes", "products")
    @classmethod
    def _different_names(cls, values: tuple[SolidSettings, ...]) -> tuple[SolidSettings, ...]:
        names = [solid.label for solid in values]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name!r} is given more than once; leave it out or give the file a name")
        return values

    @model_validator(mode="after")
    def _phases_of_the_electrode(self) -> StabilitySettings:
        parse_system(f"{self.metal}-{self.solvent}")  # two different elements
        for electrode in self.electrodes:
            check_electrode(electrode, self.metal, self.solvent)
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """What the electrolytes are called in the database and the report."""
        return tuple(solid.label for solid in self.electrolytes)

    def crystals(self) -> dict[str, Atoms]:
        """Return the crystal of each electrolyte, by its name.

        Raises
        ------
        InputError
            A file cannot be read, is not a crystal, has atoms that overlap, or partly filled sites without an order.
        """
        return {solid.label: solid.crystal() for solid in self.electrolytes}

    def systems(self) -> dict[str, str]:
        """Return the chemical system of each electrolyte with metal and solvent, by its name."""
        return {
            name: "-".join(dict.fromkeys([self.metal, self.solvent, *crystal.get_chemical_symbols()]))
            for name, crystal in self.crystals().items()
        }

    def check(self, spec: WorkflowSpec) -> None:
        """Refuse what the fields alone cannot tell.

        Raises
        ------
        InputError
            A crystal cannot be read, holds nothing but metal and solvent, or comes from a file named like a library
            phase; library, products and hulls of the job have no crystal of one of its elements; the potential does not
            cover one; or cells are not relaxed.
        """
        if not spec.relaxation.relax_cell:
            raise InputError("stability: energies of crystals compare in relaxed cells only; set relaxation.relax_cell")
        keys = {phase.key for phase in list_phases()}
        systems = self.systems()
        self._check_products(systems.values(), keys)
        for solid, (name, system) in zip(self.electrolytes, systems.items(), strict=True):
            if solid.file is not None and name in keys:
                raise InputError(
                    f"stability.electrolytes: {name!r} is a phase of the library; give the file {solid.file} a name, as"
                    " in {file: my.cif, name: my-LLTO}"
                )
            elements = system.split("-")
            if not set(elements) - {self.metal, self.solvent}:
                raise InputError(f"stability.electrolytes: {name!r} holds {self.metal} and {self.solvent} only")
            get_potential(spec.potential).check_elements(sorted(elements))
            pure = {symbol for phase in list_phases(system, buildable=True) for symbol in _pure(phase.elements)}
            pure |= {symbol for solid in self.products for symbol in _pure(solid.crystal().get_chemical_symbols())}
            pure |= {symbol for hull in spec.systems for symbol in parse_system(hull)}  # refused where a hull lacks one
            if missing := [element for element in elements if element not in pure]:
                raise InputError(
                    f"stability.electrolytes: {name!r} needs the energy of pure {', '.join(missing)}, of which the "
                    f"phase library has no crystal; give a file with one, as in products: [{missing[0]}.cif]"
                )

    def _check_products(self, systems: Iterable[str], keys: Iterable[str]) -> None:
        """Refuse products that can form from no electrolyte, or whose name belongs to something else."""
        for solid in self.products:
            name = solid.label
            if name in self.names:
                raise InputError(f"stability.products: {name!r} is among the electrolytes too; leave it out here")
            if solid.file is not None and name in keys:
                raise InputError(
                    f"stability.products: {name!r} is a phase of the library, which is among the products anyway; leave"
                    f" it out, or give the file {solid.file} a name"
                )
            elements = set(solid.crystal().get_chemical_symbols())
            if not any(elements <= set(system.split("-")) for system in systems):
                raise InputError(
                    f"stability.products: {name!r} ({'-'.join(sorted(elements))}) cannot form from any of the"
                    f" electrolytes with {self.metal} and {self.solvent}"
                )


def check_electrode(electrode: str, metal: str, solvent: str) -> None:
    """Refuse what is neither the key of a library phase nor a formula within metal and solvent.

    Raises
    ------
    InputError
        It is neither.
    """
    keys = {phase.key: phase for phase in list_phases()}
    elements = set(keys[electrode].elements) if electrode in keys else set(parse_formula(electrode))
    if not elements <= {metal, solvent}:
        raise InputError(f"electrode {electrode!r}: it holds more than {metal} and {solvent}")


def _pure(elements: Iterable[str]) -> frozenset[str]:
    found = frozenset(elements)
    return found if len(found) == 1 else frozenset()
