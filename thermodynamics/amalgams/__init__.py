"""Metals in liquid mercury: chemical potential, solubility, liquidus, and amalgams as electrodes."""
