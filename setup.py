"""The packages of the wheel: the repository root is ``amalgamics``, which pyproject.toml alone cannot search."""

from setuptools import find_packages, setup

setup(
    packages=["amalgamics", *(f"amalgamics.{name}" for name in find_packages(exclude=["benchmarks*", "tests*"]))],
    script_name="setup.py",  # which leaves this file out of the package it lies in
)
