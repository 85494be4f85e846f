"""The kernels on processors with narrower registers than this one's: the same numbers, and never number by number."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from amalgamics.benchmarks.systems import supercell
from amalgamics.calculators.native import library
from amalgamics.calculators.native.library import SWITCH, find_compiler
from amalgamics.calculators.potentials.names import get_calculator

GCC = find_compiler()
FLAGS = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
TARGETS = {"nehalem": "sse4_2", "haswell": "avx2", "skylake-avx512": "avx512dq"}
"""Processors, and what this one must have to run what is compiled for them."""

pytestmark = pytest.mark.skipif(
    GCC is None or "sse4_2" not in FLAGS, reason="the kernels are compiled for other x86 processors here, by gcc"
)
POTENTIALS = ("chgnet+d3", "7net-0")
SCRIPT = """\
import json
from amalgamics.benchmarks.systems import supercell
from amalgamics.calculators.native.library import native_code
from amalgamics.calculators.potentials.names import get_calculator
assert native_code().library, native_code().reason
found = []
for potential in {potentials!r}:
    atoms = supercell("LiHg", 8)
    atoms.rattle(0.05, seed=1)
    atoms.calc = get_calculator(potential)
    found.append([atoms.get_potential_energy(), atoms.get_forces().tolist()])
print(json.dumps(found))
"""


@pytest.mark.parametrize("target", TARGETS)
def test_no_vector_is_wider_than_a_register(target: str, tmp_path: Path) -> None:
    assert GCC is not None
    sources = map(str, sorted(library.SOURCES.glob("*.c")))
    flags = [flag for flag in library.FLAGS if flag != "-w"]
    command = [GCC, *flags, f"-march={target}", "-Wvector-operation-performance", "-Wno-psabi"]
    done = subprocess.run(
        [*command, "-o", str(tmp_path / "kernels.so"), *sources], capture_output=True, text=True, check=False
    )
    if "unrecognized" in done.stderr or "unknown" in done.stderr:
        pytest.skip(f"{GCC} does not know the option or the processor")
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr


@pytest.mark.parametrize("target", TARGETS)
def test_numbers_are_the_same(target: str, tmp_path: Path) -> None:
    if TARGETS[target] not in FLAGS:
        pytest.skip(f"this processor has no {TARGETS[target]}")
    compiler = tmp_path / "cc"
    compiler.write_text(f'#!/bin/bash\nexec {GCC} "${{@/-march=native/-march={target}}}"\n', encoding="utf-8")
    compiler.chmod(0o755)
    environment = os.environ | {"CC": str(compiler), "XDG_CACHE_HOME": str(tmp_path)}
    environment.pop(SWITCH, None)
    command = [sys.executable, "-P", "-c", SCRIPT.format(potentials=POTENTIALS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    for potential, (energy, forces) in zip(POTENTIALS, json.loads(done.stdout.splitlines()[-1]), strict=True):
        atoms = supercell("LiHg", 8)
        atoms.rattle(0.05, seed=1)
        atoms.calc = get_calculator(potential)
        assert energy == pytest.approx(atoms.get_potential_energy(), abs=1e-5)
        np.testing.assert_allclose(forces, atoms.get_forces(), atol=1e-4)
