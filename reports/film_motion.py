"""How the films moved from which frames were taken: a table, and what speaks against their being independent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .sections import SectionTable


@dataclass(frozen=True)
class FilmMotion:
    """One film while it was sampled.

    Attributes
    ----------
    film
        Which one: surface, termination and seed.
    frames_apart_ps
        Time between its frames, ps.
    decorrelation_ps
        Time after which its atoms have left their places, ps; None where they did not while it was followed.
    diffusion_cm2_s, diffusion_error_cm2_s
        Diffusion coefficient in the plane, and its standard error, cm2/s.
    followed_ps
        For how long it was followed, ps.
    is_liquid
        Whether nothing speaks against a liquid.
    """

    film: str
    frames_apart_ps: float
    decorrelation_ps: float | None
    diffusion_cm2_s: float
    diffusion_error_cm2_s: float
    followed_ps: float
    is_liquid: bool


def motion_table(films: Sequence[FilmMotion]) -> SectionTable:
    """Return one row for each film."""
    columns = (
        "film",
        "frames apart (ps)",
        "forgets in (ps)",
        "D (10⁻⁵ cm²/s)",
        "error of D",
        "followed (ps)",
        "liquid",
    )
    rows = tuple(
        (
            one.film,
            one.frames_apart_ps,
            one.decorrelation_ps,
            1e5 * one.diffusion_cm2_s,
            1e5 * one.diffusion_error_cm2_s,
            one.followed_ps,
            "yes" if one.is_liquid else "not shown",
        )
        for one in films
    )
    note = (
        "A film forgets in the time in which its atoms move half the distance of neighbours away and most have left"
        " their places. Liquid: it forgets and diffuses, its second shell of neighbours is not that of a crystal, and"
        " its mean density is no lattice. Small periodic cells slow diffusion."
    )
    return SectionTable("How the films moved while they were sampled", columns, rows, digits=2, note=note)


def motion_problems(films: Sequence[FilmMotion]) -> list[str]:
    """Return one sentence for films whose frames are not independent, and one for those not shown to be liquid."""
    close = [one for one in films if one.decorrelation_ps is None or one.decorrelation_ps > one.frames_apart_ps]
    frozen = [one for one in films if not one.is_liquid]
    found = []
    if close:
        slowest = max(close, key=lambda one: one.decorrelation_ps or one.followed_ps)
        takes = "was not seen to" if slowest.decorrelation_ps is None else f"takes {slowest.decorrelation_ps:.1f} ps to"
        found.append(
            f"frames of {len(close)} of {len(films)} films are not independent: {slowest.film} {takes} forget where"
            f" its atoms were, and its frames are {slowest.frames_apart_ps:.1f} ps apart; raise"
            " sampling.steps_between_frames"
        )
    if frozen:
        names = ", ".join(one.film for one in frozen[:3]) + (" and more" if len(frozen) > 3 else "")
        found.append(f"not shown to be liquid while it was sampled: {names}; sample longer or hotter")
    return found
