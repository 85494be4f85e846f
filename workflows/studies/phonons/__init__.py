"""Phonons of the phases that are or may become stable."""
