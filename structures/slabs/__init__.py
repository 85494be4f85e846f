"""Crystals cut along a plane: terminations, slabs of any thickness, and whether they held."""
