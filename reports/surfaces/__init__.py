"""Crystals and their surfaces: energies, equilibrium shapes, work of adhesion."""
