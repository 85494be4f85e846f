"""Finished calculations of other programs: what a file says of a structure, its energy and how it was computed."""
