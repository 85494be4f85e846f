from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from amalgamics.benchmarks.stopwatch import Stopwatch
from amalgamics.benchmarks.timing import Measurement, interleave, speedup


class FakeClock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def peer(clock: FakeClock, log: list[str], name: str, seconds: list[float]) -> Callable[[int], str]:
    def run(number: int) -> str:
        log.append(f"{name}{number}")
        clock.now += seconds[number]
        return f"{name} {number}"

    return run


def test_peers_take_turns_and_medians_are_taken() -> None:
    clock = FakeClock()
    log: list[Any] = []
    peers = {"a": peer(clock, log, "a", [1, 9, 2]), "b": peer(clock, log, "b", [10, 18, 40])}
    measured = interleave(peers, 3, cpu_clock=clock, wall_clock=clock)
    assert log == ["a0", "b0", "a1", "b1", "a2", "b2"]
    assert measured["a"].cpu_s == [1, 9, 2]
    assert measured["a"].cpu == 2
    assert measured["b"].wall == 18
    assert measured["b"].values == ["b 0", "b 1", "b 2"]
    # Ratios of the rounds are 10, 2 and 20; the ratio of the medians would be 9.
    assert speedup(measured["a"], measured["b"]) == 10
    assert speedup(measured["b"], measured["a"]) == pytest.approx(0.1)


def test_cpu_and_wall_time_are_told_apart() -> None:
    fast, slow = Measurement([1.0], [2.0]), Measurement([3.0], [8.0])
    assert speedup(fast, slow) == 3
    assert speedup(fast, slow, wall=True) == 4


def test_progress_only_with_a_label(capsys: pytest.CaptureFixture[str]) -> None:
    clock = FakeClock()
    interleave({"a": lambda _: None}, 1, cpu_clock=clock, wall_clock=clock)
    assert capsys.readouterr().err == ""
    interleave({"a": lambda _: None}, 1, label="slab", cpu_clock=clock, wall_clock=clock)
    assert "slab: round 1 of 1, a" in capsys.readouterr().err


@pytest.mark.parametrize(("peers", "rounds"), [({}, 1), ({"a": lambda _: None}, 0)])
def test_nothing_to_measure(peers: dict[str, Callable[[int], None]], rounds: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        interleave(peers, rounds)


def test_stopwatch_takes_inner_sections_from_outer_ones() -> None:
    cpu, wall = FakeClock(), FakeClock()
    watch = Stopwatch(cpu, wall)

    def pass_time(seconds: float) -> None:
        cpu.now += seconds
        wall.now += 2 * seconds

    class Engine:
        def step(self) -> None:
            pass_time(3)

    watch.watch(Engine, "step", "inner")
    pass_time(100)
    with watch.section("outer"):
        pass_time(1)
        Engine().step()
        Engine().step()
        pass_time(4)
    pass_time(100)
    assert watch.cpu_s == {"outer": 5, "inner": 6}
    assert watch.wall_s == {"outer": 10, "inner": 12}


def test_stopwatch_books_the_time_of_what_fails() -> None:
    clock = FakeClock()
    watch = Stopwatch(clock, clock)

    class Failing:
        def step(self) -> None:
            clock.now += 2
            raise RuntimeError("no")

    watch.watch(Failing, "step", "inner")
    with watch.section("outer"):
        with pytest.raises(RuntimeError):
            Failing().step()
        clock.now += 1
    assert watch.cpu_s == {"outer": 1, "inner": 2}
