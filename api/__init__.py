"""The public face: a dozen functions for notebooks and scripts, without YAML and without FireWorks.

They only put together what the other packages have: each takes names, files or ASE Atoms, checks them before anything
is computed, and returns a small frozen dataclass with its provenance. The root package offers them by name.
"""
