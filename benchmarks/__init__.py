"""Benchmarks against other tools: ``python benchmarks/run.py``; not part of the installed package."""
