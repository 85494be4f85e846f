"""The C sources are compiled once, kept where only the user can write, and left out wherever that fails."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from amalgamics.calculators.native import library
from amalgamics.calculators.native.library import SWITCH, find_compiler, native_code

needs_compiler = pytest.mark.skipif(find_compiler() is None, reason="there is no C compiler")


@pytest.fixture(autouse=True)
def fresh(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(SWITCH, raising=False)
    native_code.cache_clear()
    yield
    native_code.cache_clear()


def compiled_files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "amalgamics").glob("*"))


@needs_compiler
def test_compiled_once_and_kept(tmp_path, monkeypatch):
    assert native_code().library.convolve
    (kept,) = compiled_files(tmp_path)
    assert kept.stat().st_mode & 0o777 == 0o700
    native_code.cache_clear()
    monkeypatch.setattr(library, "compile_sources", lambda *_: pytest.fail("compiled a second time"))
    assert native_code().library.convolve


@needs_compiler
@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_others_can_write_is_not_loaded(tmp_path, what):
    native_code()
    (kept,) = compiled_files(tmp_path)
    kept.unlink()  # not written over: it is loaded
    kept.write_bytes(b"not a library")
    (kept if what == "file" else kept.parent).chmod(0o777)
    native_code.cache_clear()
    assert native_code().library.convolve
    if what == "folder":  # nothing is put there either
        assert kept.read_bytes() == b"not a library"


@needs_compiler
@pytest.mark.parametrize("size", [0, 5, 1000])
def test_half_of_it_is_not_loaded(tmp_path, monkeypatch, size):
    native_code()
    (kept,) = compiled_files(tmp_path)
    whole = kept.read_bytes()
    kept.unlink()
    kept.write_bytes(whole[:size])
    kept.chmod(0o700)
    native_code.cache_clear()
    assert native_code().library.convolve
    assert kept.read_bytes() == whole
    native_code.cache_clear()
    monkeypatch.setattr(library, "compile_sources", lambda *_: pytest.fail("compiled a third time"))
    assert native_code().library.convolve


@needs_compiler
def test_no_place_to_keep_it(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert native_code().library.convolve


@needs_compiler
def test_another_processor_never_meets_it(tmp_path, monkeypatch):
    native_code()
    native_code.cache_clear()
    monkeypatch.setattr(library, "_processor", lambda: "another")
    native_code()
    assert len(compiled_files(tmp_path)) == 2


def test_a_damaged_file_is_no_library(tmp_path, monkeypatch):
    compiler = tmp_path / "cc"
    compiler.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo one && exit\nwhile [ "$1" != -o ]; do shift; done\n: > "$2"\n'
    )
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    assert native_code().library is None


def test_without_a_compiler_or_switched_off(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert native_code().library is None
    assert "no C compiler" in native_code().reason
    native_code.cache_clear()
    monkeypatch.setenv(SWITCH, "0")
    assert SWITCH in native_code().reason


def test_a_compiler_that_fails(tmp_path, monkeypatch):
    compiler = tmp_path / "cc"
    compiler.write_text("#!/bin/sh\n[ $1 = --version ] && echo one && exit\necho no such header >&2\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", f"{compiler} -m32")
    found = native_code()
    assert found.library is None
    assert found.reason == f"{compiler} could not compile it: no such header"
