"""Made-up films with round numbers."""

import pytest

from amalgamics.thermodynamics.cycling.phases import FilmPhase, PhaseChain


def make_chain(compounds=((1 / 3, 1.7e-5, 0.9), (1.0, 2.0e-5, 0.4), (3.0, 3.6e-5, 0.0)), **changes):
    """Ratio, volume and the voltage to the next richer phase of each compound; the liquid is much like that of Li."""
    given = {
        "solubility": 0.0135,
        "D_liquid": 1e-9,
        "D_solid": 1e-15,
        "electrons": 1,
        "dissolved": 1.3e-5,
        "slope": 0.0,
        "first": 0.95,
    } | changes
    liquid = FilmPhase("Hg", True, given["solubility"], 1.48e-5, given["D_liquid"])
    solids = tuple(FilmPhase(f"c{i}", False, r, v, given["D_solid"]) for i, (r, v, _) in enumerate(compounds))
    volts = (given["first"], *(volt for *_, volt in compounds)) if compounds else (0.0,)
    return PhaseChain(
        "Li", "Hg", given["electrons"], 298.15, (liquid, *solids), volts, 1.3e-5, given["dissolved"], given["slope"]
    )


@pytest.fixture
def chain():
    return make_chain()
