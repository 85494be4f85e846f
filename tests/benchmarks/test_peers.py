from __future__ import annotations

import pytest
from ase.build import bulk

from amalgamics.benchmarks import peers
from amalgamics.benchmarks.crystals import _judge
from amalgamics.benchmarks.peers import RawOutcome, relax_ours, relax_with_ase
from amalgamics.calculators.potentials.names import get_calculator


def test_ours_and_the_ase_loop_relax_to_the_same_place() -> None:
    structures = [bulk("Cu", a=3.5), bulk("Au", a=4.2)]
    ours, loop = relax_ours(structures, "emt"), relax_with_ase(structures, get_calculator("emt"))
    row = _judge(["Cu", "Au"], ours, loop)
    assert row["converged"] == "2 of 2"
    assert row["max |ΔE| (meV/atom)"] < 1e-6
    assert row["same space group"] == "2 of 2"
    assert row["same number of steps"] == "2 of 2"


def test_differences_are_found() -> None:
    copper, other = bulk("Cu"), bulk("Cu", "hcp", a=2.6)
    base = [RawOutcome(copper, -3.0, 5), RawOutcome(copper, -3.0, 5), RawOutcome(copper, -3.0, 5)]
    mine = [RawOutcome(copper, -3.0, 5), RawOutcome(other, -6.01, 7), None]
    row = _judge(["a", "b", "c"], mine, base)
    assert row["converged"] == "2 of 3"
    assert row["max |ΔE| (meV/atom)"] == pytest.approx(5.0)
    assert row["median |ΔE| (meV/atom)"] == pytest.approx(2.5)
    assert row["same space group"] == "1 of 2"
    assert row["same number of steps"] == "1 of 2"
    assert row["largest ΔE in"] == "b"


def test_absent_peers_are_said_to_be_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers.importlib.util, "find_spec", lambda _: None)
    assert "matcalc is not installed" in (peers.matcalc_missing() or "")
    assert "torch-sim is left out" in peers.torch_sim_note()
