"""An evaluation does not fetch its memory from the system anew."""

from __future__ import annotations

import platform
import resource

import pytest

from amalgamics.calculators.native.memory import keep_freed_memory
from amalgamics.calculators.potentials.chgnet.evaluator import LeanCHGNet
from amalgamics.structures.library.phases import get_phase


@pytest.fixture
def asked_again(monkeypatch):
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    keep_freed_memory.cache_clear()
    yield monkeypatch
    keep_freed_memory.cache_clear()


def test_what_the_user_set_stays(asked_again):
    asked_again.setenv("MALLOC_ARENA_MAX", "2")
    assert keep_freed_memory() is False


def test_other_libraries_are_left_alone(asked_again):
    asked_again.setattr(platform, "libc_ver", lambda: ("musl", "1"))
    assert keep_freed_memory() is False


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc alone has these settings")
def test_pages_are_used_again(asked_again):
    asked_again.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    assert keep_freed_memory() is True
    calculator = LeanCHGNet()
    atoms = get_phase("LLTO_P4mmm_ordered").atoms().repeat((2, 2, 1))
    for _ in range(3):
        calculator.evaluate_batch([atoms])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    calculator.evaluate_batch([atoms])
    pages = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    assert pages * resource.getpagesize() < 8e6  # of some 40 MB
