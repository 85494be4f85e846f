"""Sharing out the cores of a machine."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.calculators import threads
from amalgamics.calculators.threads import ThreadLayout, available_cores, choose_layout, current_threads, set_threads
from amalgamics.errors import InputError


@given(n_tasks=st.integers(1, 1000), cores=st.integers(1, 256), memory_gb=st.floats(0.1, 1000))
def test_layout_never_asks_for_more_than_there_is(n_tasks, cores, memory_gb):
    layout = choose_layout(n_tasks, cores=cores, memory_gb=memory_gb)
    assert 1 <= layout.workers <= min(n_tasks, cores)
    assert layout.threads >= 1
    assert layout.workers * layout.threads <= cores
    assert layout.workers == 1 or layout.workers * threads._MEMORY_PER_WORKER_GB <= memory_gb


def test_layouts():
    assert choose_layout(100, cores=8, memory_gb=64) == ThreadLayout(8, 1)
    assert choose_layout(2, cores=8, memory_gb=64) == ThreadLayout(2, 4)
    assert choose_layout(100, cores=8, memory_gb=4) == ThreadLayout(2, 4)
    assert choose_layout(1).workers == 1


def test_quota_of_a_container_limits_the_cores(tmp_path, monkeypatch):
    quota = tmp_path / "cpu.max"
    monkeypatch.setattr(threads, "_CPU_MAX", quota)
    everything = available_cores()
    for text, cores in [
        ("100000 100000", 1),
        ("50000 100000", 1),
        ("max 100000", everything),
        ("nonsense", everything),
    ]:
        quota.write_text(text)
        assert available_cores() == cores


def test_threads_are_set_in_the_environment_and_in_torch(monkeypatch):
    import torch

    told: list[Any] = []
    monkeypatch.setattr(torch, "set_num_threads", told.append)
    for name in threads.thread_environment(3):
        monkeypatch.setenv(name, "7")
    set_threads(3)
    assert threads.os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    assert told == [3]
    assert all(threads.os.environ[name] == "3" for name in threads.THREAD_VARIABLES)


def test_threads_in_use_are_those_that_were_set_or_all(monkeypatch):
    monkeypatch.setattr(threads, "available_cores", lambda: 11)
    for text, found in [("3", 3), ("4,2", 4), ("", 11), ("0", 11), ("many", 11)]:
        monkeypatch.setenv("OMP_NUM_THREADS", text)
        assert current_threads() == found
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert current_threads() == 11


@pytest.mark.parametrize("call", [lambda: choose_layout(0), lambda: choose_layout(3, cores=0), lambda: set_threads(0)])
def test_refuses_less_than_one(call):
    with pytest.raises(InputError, match="at least 1"):
        call()
