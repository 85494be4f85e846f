"""How far a workflow is: counts that add up, rates that give what was done, times that end at zero."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fireworks import Firework, Workflow
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.workflows.engine.launching import launch_workers
from amalgamics.workflows.engine.launchpad import open_launchpad
from amalgamics.workflows.engine.progress import RATE_WINDOW_S, progress_of, read_progress
from amalgamics.workflows.engine.reading import reading
from amalgamics.workflows.engine.worker_identity import own_name

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
STATES = ("COMPLETED", "RUNNING", "RESERVED", "READY", "WAITING", "FIZZLED")


def ago(seconds):
    return (NOW - timedelta(seconds=seconds)).isoformat()


def firework(fw_id, state, *, task="RunStep", study="hulls", step="relax", results=2, launch=True):
    spec: dict[str, Any] = {
        "_tasks": [{"_fw_name": f"{{{{amalgamics.workflows.tasks.{task}}}}}", "study": study, "step": step}]
    }
    if task == "RunStep":
        spec["structures"] = ["x"] * results
    launches = [fw_id] if launch and state in ("COMPLETED", "RUNNING") else []
    return {"fw_id": fw_id, "name": f"step {fw_id}", "state": state, "launches": launches, "spec": spec}


def launch(fw_id, state, begun, took=None, worker="host:1:2"):
    document = {"launch_id": fw_id, "fw_id": fw_id, "state": state, "fworker": {"name": worker}}
    document["time_start"] = ago(begun)
    if took is not None:
        document["time_end"] = ago(begun - took)
    document["state_history"] = [{"state": "RUNNING", "created_on": ago(begun), "updated_on": ago(begun / 2)}]
    return document


def workflow(fireworks, links=None, state="RUNNING"):
    nodes = [document["fw_id"] for document in fireworks]
    links = {str(key): value for key, value in (links or {}).items()}
    return {"nodes": nodes, "name": "job", "state": state, "updated_on": NOW, "metadata": {}, "links": links}


def progress(fireworks, launches=(), links=None, alive=lambda _: True, **more):
    return progress_of(workflow(fireworks, links), fireworks, launches, now=NOW, alive=alive, **more)


rows_of_steps = st.tuples(st.sampled_from(STATES), st.integers(0, 5), st.floats(1, 900), st.floats(0.01, 1))
made = st.lists(rows_of_steps, min_size=1, max_size=20)


@given(made, st.integers(1, 4))
def test_counts_add_up_and_the_rate_gives_what_was_done(rows, n_workers):
    fireworks = [firework(n, state, results=count) for n, (state, count, _, _) in enumerate(rows, 1)]
    launches = [
        launch(n, state, begun, begun * share if state == "COMPLETED" else None, worker=f"host:{n % n_workers}:0")
        for n, (state, _, begun, share) in enumerate(rows, 1)
        if state in ("COMPLETED", "RUNNING")
    ]
    found = progress(fireworks, launches)
    assert sum(found.counts.values()) == len(rows)
    assert found.calculations == sum(count for _, count, _, _ in rows)
    assert found.calculations_done == sum(count for state, count, _, _ in rows if state == "COMPLETED")
    assert sum(study.calculations_done for study in found.studies) == found.calculations_done
    recent = sum(
        count
        for state, count, begun, share in rows
        if state == "COMPLETED" and round(begun - begun * share, 5) <= round(found.window_s, 5)
    )
    assert found.rate_per_minute * found.window_s / 60 == pytest.approx(recent)
    assert 0 <= found.window_s <= RATE_WINDOW_S
    left = found.left
    assert left.low_s >= 0
    assert left.high_s is None or left.high_s >= left.low_s
    assert (left.high_s is None) == bool(left.unknown)


@given(st.lists(st.floats(1, 100), min_size=1, max_size=10))
def test_nothing_is_left_of_a_finished_workflow(times):
    fireworks = [firework(n, "COMPLETED") for n in range(1, len(times) + 1)]
    launches = [launch(n, "COMPLETED", 200, took) for n, took in enumerate(times, 1)]
    found = progress(fireworks, launches)
    assert (found.left.low_s, found.left.high_s) == (0, 0)
    assert found.over
    assert found.next_step == ""


@pytest.mark.parametrize("n_workers", [1, 2, 4])
def test_equal_steps_take_their_number_times_their_time(n_workers):
    done = [firework(n, "COMPLETED") for n in range(1, 5)]
    todo = [firework(n, "READY") for n in range(5, 13)]
    workers = [f"host:{n}:0" for n in range(n_workers)]
    found = progress([*done, *todo], [launch(n, "COMPLETED", 100, 30) for n in range(1, 5)], workers=workers)
    assert found.left.low_s == pytest.approx(8 * 30 / n_workers)
    assert found.left.high_s == pytest.approx(8 * 30 / n_workers)


def test_a_chain_is_not_shared_out():
    done = [firework(1, "COMPLETED"), firework(2, "COMPLETED")]
    chain = [firework(3, "READY"), firework(4, "WAITING"), firework(5, "WAITING")]
    launches = [launch(1, "COMPLETED", 100, 20), launch(2, "COMPLETED", 100, 20)]
    workers = [f"host:{n}:0" for n in range(8)]
    found = progress([*done, *chain], launches, {3: [4], 4: [5]}, workers=workers)
    assert found.left.low_s == pytest.approx(60)


def test_the_time_a_step_ran_is_taken_off():
    fireworks = [firework(1, "COMPLETED"), firework(2, "COMPLETED"), firework(3, "RUNNING")]
    launches = [launch(1, "COMPLETED", 100, 40), launch(2, "COMPLETED", 100, 40), launch(3, "RUNNING", 30)]
    assert progress(fireworks, launches).left.high_s == pytest.approx(10)


def test_scattered_times_give_a_range_around_their_mean():
    fireworks = [firework(n, "COMPLETED") for n in range(1, 5)] + [firework(5, "READY")]
    launches = [launch(n, "COMPLETED", 100, took) for n, took in enumerate((10, 20, 30, 40), 1)]
    left = progress(fireworks, launches).left
    assert left.low_s < 25 < left.high_s


def test_what_nobody_can_know_has_no_upper_end():
    planner = firework(2, "WAITING", task="PlanStudy", study="wetting", step="")
    done = firework(1, "COMPLETED")
    left = progress([done, planner], [launch(1, "COMPLETED", 100, 10)], {1: [2]}).left
    assert left.high_s is None
    assert "wetting" in left.unknown
    other = firework(2, "READY", step="quench")
    left = progress([done, other], [launch(1, "COMPLETED", 100, 10)]).left
    assert left.high_s is None
    assert "quench" in left.unknown


def test_what_waits_for_a_failure_is_held_and_not_counted_as_left():
    fireworks = [firework(1, "FIZZLED"), firework(2, "WAITING"), firework(3, "WAITING"), firework(4, "COMPLETED")]
    found = progress(fireworks, [launch(4, "COMPLETED", 100, 10)], {1: [2], 2: [3]})
    assert found.held == 2
    assert found.over
    assert (found.left.low_s, found.left.high_s) == (0, 0)


@pytest.mark.parametrize(
    ("states", "alive", "workers", "next_step"),
    [
        (["READY"], True, [], "amalgamics launch"),
        (["READY"], True, ["host:1:2"], ""),
        (["READY"], False, ["host:1:2"], "amalgamics launch"),
        (["RUNNING"], False, [], "amalgamics recover"),
        (["RUNNING"], None, [], ""),
        (["COMPLETED"], True, [], ""),
    ],
)
def test_the_next_step_follows_from_the_states(states, alive, workers, next_step):
    fireworks = [firework(n, state) for n, state in enumerate(states, 1)]
    launches = [launch(n, state, 50, 10 if state == "COMPLETED" else None) for n, state in enumerate(states, 1)]
    found = progress(fireworks, launches, workers=workers, alive=lambda _: alive)
    assert found.next_step.startswith(next_step)
    assert bool(found.next_step) == bool(next_step)


def test_workers_are_counted_by_host_each_once():
    running = [firework(1, "RUNNING"), firework(2, "RUNNING")]
    launches = [launch(1, "RUNNING", 5, worker="node1:10:5"), launch(2, "RUNNING", 5, worker="node2:11:6")]
    alive = {"node1:10:5": True, "node2:11:6": None, "node1:12:7": True, "node1:13:8": False}
    found = progress(running, launches, workers=[*alive], alive=alive.get)
    assert found.workers == {"node1": 2, "node2": 1}


def test_real_documents_are_read(url, tasks):
    module = importlib.import_module(tasks)
    launchpad = open_launchpad(url)
    bad = Firework([module.Fail()], name="bad", spec={"structures": ["a", "b"]})
    child = Firework([module.Fail()], name="never", spec={"structures": ["c"]})
    launchpad.add_wf(Workflow([bad, child], {bad: [child]}, name="fails"))
    with reading(url) as collections:
        (before,) = read_progress(collections)
        assert before.counts == {"READY": 1, "WAITING": 1}
        assert before.next_step.startswith("amalgamics launch")
        launch_workers(url, n_workers=1, allow=[tasks])
        (found,) = read_progress(collections)
    assert found.counts == {"FIZZLED": 1, "WAITING": 1}
    assert (found.calculations_done, found.calculations, found.held) == (0, 3, 1)
    assert [failure.message for failure in found.failures] == ["ValueError: this one fails"]
    assert "--retry-failed" in found.next_step
    assert found.workers == {}


def test_a_step_that_runs_is_seen_with_its_worker(url, tasks):
    module = importlib.import_module(tasks)
    launchpad = open_launchpad(url)
    launchpad.add_wf(Workflow([Firework([module.Fail()], name="runs")], name="one"))
    from fireworks import FWorker

    launchpad.checkout_fw(FWorker(name=own_name()), "/tmp")
    with reading(url) as collections:
        (found,) = read_progress(collections)
        (step,) = found.running
        assert (step.name, step.worker, step.alive) == ("runs", own_name(), True)
        assert timedelta() <= datetime.now(UTC) - step.since < timedelta(minutes=1)
        launchpad.launches.update_many({}, {"$set": {"fworker.name": own_name()[:-1] + "0" + own_name()[-1]}})
        (found,) = read_progress(collections)
    assert found.running[0].alive is False
    assert found.next_step.startswith("amalgamics recover")
