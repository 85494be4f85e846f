"""The ``panel`` section of a workflow input: which liquid on which solids, how large, how often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from ....errors import InputError
from ..films.settings import FilmOnSolidSettings, FilmSettings, SubstrateSettings

if TYPE_CHECKING:
    from ...spec import WorkflowSpec

# The face by which a name alone is meant: where the crystal cleaves, or the one that is computed most.
FACES: dict[str, dict[str, Any]] = {
    "graphite": {"miller_index": (0, 0, 1)},
    "BN_hexagonal": {"miller_index": (0, 0, 1)},
    "Al2O3_corundum": {"miller_index": (0, 0, 1), "termination": "Al-2"},  # half a layer of Al: neutral
    "CaCO3_calcite": {"miller_index": (1, 0, 4), "termination": "CaCO3"},
    "SiO2_quartz": {"miller_index": (0, 0, 1), "termination": "O-2"},
    "MgO": {"miller_index": (0, 0, 1)},
    "NaCl": {"miller_index": (0, 0, 1)},
    "KCl": {"miller_index": (0, 0, 1)},
    "LiF": {"miller_index": (0, 0, 1)},
    "CaF2": {"miller_index": (1, 1, 1), "termination": "F"},
    "TiO2_rutile": {"miller_index": (1, 1, 0)},
    "ZnO_zincite": {"miller_index": (1, 0, 0), "termination": "ZnO"},
    "brucite": {"miller_index": (0, 0, 1), "termination": "HO"},
    "LiOH": {"miller_index": (0, 0, 1), "termination": "HO"},
    "Li2CO3": {"miller_index": (0, 0, 1), "termination": "Li2CO3"},
    "Li2O": {"miller_index": (1, 1, 1), "termination": "Li"},
    "Li3PO4_gamma": {"miller_index": (1, 0, 0), "termination": "LiPO4"},
    "LLTO": {"miller_index": (0, 0, 1), "termination": "TiO2"},
    "LLTO-vacancies": {"miller_index": (0, 0, 1), "termination": "TiO2"},
    "LLTO-lithiated": {"miller_index": (0, 0, 1), "termination": "TiO2"},
    "Li3PS4-beta": {"miller_index": (1, 0, 0), "termination": "Li"},
    "Li3PS4-gamma": {"miller_index": (0, 1, 0), "termination": "Li"},
    "LiHg3": {"miller_index": (0, 0, 1)},
}


class PanelSolidSettings(SubstrateSettings):
    """A solid of the panel: one face of it, and the measured angle where the project knows none.

    Attributes
    ----------
    measured_angle_deg
        Angle of the pure liquid: one number, or the smallest and largest that are reported.
    measured_source
        Where that comes from.
    stands_for
        What it means beside a wetting study in the same job: the ``lithiated`` solid, or the ``product`` that
        precipitates from the saturated liquid and covers the solid. A face of the same substrate that carries something
        stands for the solid as handled.
    """

    measured_angle_deg: tuple[Annotated[float, Field(ge=0, le=180)], Annotated[float, Field(ge=0, le=180)]] | None = (
        None
    )
    measured_source: str = "given in the input"
    stands_for: Literal["lithiated", "product"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _face_of_name(cls, content: Any) -> Any:
        content = {"name": content} if isinstance(content, str) else content
        if not isinstance(content, dict):
            return content
        angle = content.get("measured_angle_deg")
        if isinstance(angle, bool):
            raise ValueError(f"measured_angle_deg: {angle!r} is no angle; give degrees, as 140 or [135, 140]")
        if isinstance(angle, int | float):
            content = {**content, "measured_angle_deg": (angle, angle)}
        return FACES.get(str(content.get("name")), {}) | content

    @model_validator(mode="after")
    def _range_rises(self) -> PanelSolidSettings:
        if self.measured_angle_deg is not None and self.measured_angle_deg[0] > self.measured_angle_deg[1]:
            raise ValueError("measured_angle_deg: give the smaller angle first")
        return self

    @property
    def substrate(self) -> SubstrateSettings:
        """The face alone."""
        return SubstrateSettings(**{key: getattr(self, key) for key in SubstrateSettings.model_fields})


class PanelSettings(FilmSettings):
    """Films of the pure liquid on each solid.

    Attributes
    ----------
    solids
        Names of electrolytes or crystals of the library, or sections as those of a wetting study's substrate. A name
        alone stands for its usual face.
    """

    # Layers of every solid are to reach two cutoffs of a potential, whatever their spacing.
    min_slab_size: Annotated[float, Field(gt=0, le=60)] = 13.0
    solids: Annotated[tuple[PanelSolidSettings, ...], Field(min_length=1, examples=[["graphite", "LLTO"]])]

    def of(self, solid: PanelSolidSettings) -> FilmOnSolidSettings:
        """Return the settings of the films on one solid."""
        shared = {key: getattr(self, key) for key in FilmSettings.model_fields}
        return FilmOnSolidSettings(**shared, substrate=solid.substrate)

    def identity(self) -> Any:
        """Return nothing: each solid has an identity of its own."""
        return {}

    def check(self, spec: WorkflowSpec) -> None:
        """Refuse what the fields alone cannot tell.

        Raises
        ------
        InputError
            A face is named twice, a solid stands for something without a wetting study, a potential does not cover a
            solid or is not installed, the liquid is solid, a solid has no such termination or cannot carry what it
            should, or its slab is thinner than two cutoffs.
        """
        self.check_liquid("panel")
        seen: set[tuple[Any, ...]] = set()
        for solid in self.solids:
            face = (solid.label, solid.miller_index, solid.terminations, solid.surface)
            if face in seen:
                raise InputError(f"panel.solids: {solid.label} {solid.miller_index} is named twice")
            seen.add(face)
        for solid in self.solids:
            if solid.stands_for and spec.wetting is None:
                raise InputError(
                    f"panel.solids: {solid.label} stands for the {solid.stands_for} of a wetting study, and the job has"
                    " no wetting section; leave out stands_for"
                )
        for solid in self.solids:
            self.check_substrate(solid.substrate, spec.potential, set(), "panel.solids")
