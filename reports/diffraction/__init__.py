"""Powder patterns of the phases of a system."""
