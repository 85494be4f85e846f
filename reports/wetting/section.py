"""The section on wetting: the drops, why the liquid wets, the curve, the interfaces, and every number behind them."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from ...thermodynamics.wetting.curve import Limit
from ..figures.drop_shape import drop_shape
from ..film_motion import motion_table
from ..notation import couple
from ..sections import (
    Block,
    Bullets,
    Card,
    Columns,
    Definitions,
    Drawing,
    Drawings,
    Figure,
    Lead,
    ReportSection,
    SectionPicture,
    Table,
    Verdicts,
    provenance_card,
)
from .conclusions import limits_sentence, verdict_groups, verdicts, wetting_headline
from .diagram import key_angles
from .energy_tables import (
    adhesion_table,
    coverage_table,
    dilute_table,
    dispersion_table,
    state_table,
    surface_table,
)
from .export import wetting_csv, wetting_json_text, wetting_summary
from .findings import curve_range, origins, paragraphs
from .interactive import wetting_figure
from .model import WettingReport
from .pictures import draw_interface
from .png import wetting_png
from .reduction import reduction_card
from .tables import (
    composition_table,
    consistency_table,
    face_table,
    limit_kind,
    member_table,
    sensitivity_table,
)
from .wording import (
    KeyPoint,
    band,
    band_name,
    before,
    composition,
    element_name,
    finite_supply,
    has_both_limits,
    how,
    is_calibrated,
    is_model_band,
    key_points,
    limit_definitions,
    limit_label,
    not_computed,
    saturation,
    set_bands,
    set_name,
    solid,
    statistical_name,
)

_DROP_RADIUS, _DROP_ROOM = 26.0, 66.0


def wetting_section(report: WettingReport, *, pictures: bool = True) -> ReportSection:
    """Return the section, which leads the report; without ``pictures`` nothing is drawn as PNG.

    Raises
    ------
    InputError
        An observed composition is not on the curve.
    """
    blocks: tuple[Block, ...] = (
        *_cautions(report),
        _drops(report),
        _reasons(report),
        Card(blocks=(_figure(report, pictures),)),
        *_interfaces(report),
        _origins(report),
        *_tables(report),
        provenance_card("Provenance and settings of the wetting", report.provenance, report.settings),
    )
    return ReportSection(
        anchor="wetting",
        title="Wetting",
        blocks=blocks,
        lead=Lead(wetting_headline(report), _facts(report), report.warnings),
        files={"wetting.csv": wetting_csv(report).encode(), "wetting.json": wetting_json_text(report).encode()},
        summary={"wetting": wetting_summary(report)},
        units="Angles in degrees, measured through the liquid; interface energies in J/m².",
    )


def _facts(report: WettingReport) -> tuple[tuple[str, str], ...]:
    facts = (
        ("solid", solid(report)),
        ("potential", report.default.potential),
        ("temperature", f"{report.curve.temperature_K:g} K"),
        ("preset", report.preset),
        ("angles", how(report)),
        ("in brackets", band_name(report)),
        ("supply", "a drop that runs out" if finite_supply(report.curve) else f"endless {element_name(report.solute)}"),
        ("conditions", report.conditions_text),
    )
    return tuple(fact for fact in facts if fact[1])


def _cautions(report: WettingReport) -> list[Card]:
    """What has to be read before any angle."""
    card = reduction_card(report)
    found = [] if card is None else [card]
    if is_calibrated(report):
        text = Markup(
            "<b>Calibrated.</b> W_ad(0) was set from a measured angle of the pure solvent; all angles below are "
            "calibrated, not predicted."
        )
        found.append(Card(blocks=(text,), kind="warnings"))
    if not has_both_limits(report):
        text = Markup("<b>One limit only.</b> {} The fresh limit alone is a lower bound, not the angle.")
        found.append(Card(blocks=(text.format(not_computed(report)),), kind="warnings"))
    if report.warnings:
        label = "Warnings about the wetting"
        found.append(Card("Warnings", (Bullets(report.warnings),), label=label, kind="warnings"))
    return found


def _drops(report: WettingReport) -> Card:
    caption = how(report).capitalize()
    if report.conditions_text:
        caption += f", {report.conditions_text}"
    if before(report):
        caption += f"; with {report.solute}, {before(report)}"
    caption += (
        f". Below each angle its {band_name(report)}. Filled: the equilibrated limit; dashed outline: the fresh one."
    )
    drops = tuple(_drop(report, key, number) for number, key in enumerate(key_points(report), start=1))
    limits = tuple(
        (limit_label(report, limit), text, limit_kind(limit)) for limit, text in limit_definitions(report).items()
    )
    label = f"Drops at the {how(report)} angles in both limits"
    return Card(blocks=(Drawings(drops, "drops", caption), Definitions(limits)), label=label)


def _drop(report: WettingReport, key: KeyPoint, number: int) -> Drawing:
    """One composition: filled the equilibrated limit, or the pure liquid; outlined the fresh one."""
    angles = key_angles(key)
    outlines = {
        one.limit: drop_shape(one.theta_deg, _DROP_RADIUS, _DROP_ROOM).svg_path()
        for one in angles
        if one.theta_deg is not None
    }
    filled = outlines.get(None if key.x == 0.0 else Limit.EQUILIBRATED, "")
    volts = key.point.fresh.voltage_V
    caption = composition(key.x, report.solute) if key.x > 0.0 else f"pure {report.solvent}"
    return Drawing(
        svg=_drop_svg(filled, outlines.get(Limit.FRESH, ""), number),
        caption=caption if volts is None else f"{caption} · {volts:.3f} V",
        note=f"observed: {key.observed}" if key.observed else "",
        numbers=tuple((one.text, one.word, _band(key, one.limit), limit_kind(one.limit)) for one in angles),
    )


def _drop_svg(filled: str, outlined: str, number: int) -> str:
    """A drop on a solid, its face at y = 0, from outlines as path data, "" for none; ``number`` tells drops apart."""
    body = f'<path d="{filled}" fill="url(#drop-light-{number})" class="drop"/>' if filled else ""
    line = f'<path d="{outlined}" class="outline"/>' if outlined else ""
    return (
        '<svg viewBox="-72 -62 144 70" aria-hidden="true"><defs>'
        f'<radialGradient id="drop-light-{number}" cx="0.36" cy="0.28" r="0.85">'
        '<stop offset="0" class="light"/><stop offset="1" class="shade"/></radialGradient></defs>'
        f'<rect class="solid" x="-600" y="0" width="1200" height="8"/>{body}'
        f'<line class="face" x1="-600" x2="600" y1="0" y2="0"/>{line}</svg>'
    )


def _band(key: KeyPoint, limit: Limit | None) -> str:
    point = key.point.of(limit or Limit.FRESH)
    return "" if point is None else band(point)


def _reasons(report: WettingReport) -> Columns:
    said = "Against what is observed" if report.observed else "What the curves show"
    told = tuple(filter(None, [limits_sentence(report), *paragraphs(report)]))
    left = Card("What drives the wetting, and what depends on the limit", told, kind="prose")
    right = Card(f"{said}, limit by limit", (Verdicts(tuple(verdict_groups(verdicts(report)))),))
    return Columns(((left,), (right,)))


def _figure(report: WettingReport, pictures: bool) -> Figure:
    said = f", {before(report)}" if before(report) else ""
    description = (
        f"Contact angle ({how(report)}) of {report.solvent} with {report.solute} on {solid(report)}{said} against "
        f"composition and voltage, by limit of the dry face: {curve_range(report.curve)}. Below it the work of "
        "adhesion, the changes of the interface energies and the coverages. The table below holds the numbers."
    )
    data = wetting_figure(report)
    names = {"composition": "composition", "voltage": f"voltage vs {couple(report.solute, report.electrons_per_ion)}"}
    calibrated = " (calibrated)" if is_calibrated(report) else ""
    return Figure(
        figure_id="wetting-curve",
        data=data,
        title=f"Contact angle in both limits, and what it is made of{calibrated}",
        description=description,
        caption=_figure_caption(report),
        axes=tuple((name, names[name]) for name in data["alternatives"]),
        picture=SectionPicture("wetting.png", wetting_png(report), description) if pictures else None,
    )


def _figure_caption(report: WettingReport) -> str:
    said = f", {before(report)}" if before(report) else ""
    others = "; thin lines: the other sets" if len(report.faces[0].members) > 1 else ""
    bands = (
        f"Light: model band of this face, the envelope of {set_bands(report)}; darker: the {statistical_name(report)} "
        f"of the thick line alone{others}."
        if is_model_band(report)
        else "Band: statistical, of this one parameter set; another potential or dispersion model is not in it."
    )
    conditions = f" Conditions: {report.conditions_text}." if report.conditions_text else ""
    if report.finite_drop is not None:
        solute = element_name(report.solute)
        bands += (
            f" Thick: an endless supply of {solute}. Dotted: the same energies {report.finite_drop.label} (radius), "
            f"which loses {solute} to the surfaces, so that the angle changes only where enough is left."
        )
    most = saturation(report.curve)
    shaded = "" if most is None else f" Shaded: saturated liquid, above {composition(most, report.solute)}."
    return (
        f"Thick lines: {set_name(report.default.parameters.name)} in each limit of the dry face{said}. {bands} "
        "The lower panels belong to the thick lines; without solute, where both limits are one, everything stands "
        f"apart on the left.{conditions}{shaded}"
    )


def _interfaces(report: WettingReport) -> list[Card]:
    drawn = tuple(draw_interface(picture, number) for number, picture in enumerate(report.pictures, start=1))
    caption = (
        "From the side, the solid at the bottom; below, the solid's top layer seen from the film, which is left out. "
        "Dashed, where the images of a narrow cell are drawn beside it, is the cell, which holds the atoms named. "
        f"{report.solute} from the liquid is drawn in front of everything."
    )
    # Elements of all drawings, each once, the solute last.
    entries = dict.fromkeys(entry for drawing in drawn for entry in drawing.legend)
    legend = tuple(sorted(entries, key=lambda entry: " from " in entry[0]))
    return [Card("Relaxed interfaces", (Drawings(drawn, "pictures", caption, legend),))] if drawn else []


def _origins(report: WettingReport) -> Card:
    lists = [Bullets(tuple(statements), kind) for kind, statements in origins(report)]
    # What is assumed is about as long as the other two.
    return Card("Where the numbers come from", (Columns((tuple(lists[:-1]), tuple(lists[-1:])), "columns small"),))


def _tables(report: WettingReport) -> tuple[Block, ...]:
    above = (
        composition_table(report),
        face_table(report),
        member_table(report),
        adhesion_table(report),
        dispersion_table(report),
        coverage_table(report),
        consistency_table(report),
    )
    beside = Columns(tuple((one,) for one in _present((state_table(report), dilute_table(report)))))
    motions = motion_table(report.motions).with_texts() if report.motions else None
    return (*_present(above), beside, *_present((sensitivity_table(report), surface_table(report), motions)))


def _present(tables: Iterable[Table | None]) -> tuple[Table, ...]:
    return tuple(table for table in tables if table is not None)
