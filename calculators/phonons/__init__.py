"""Harmonic phonons by finite displacements, at one volume or at several."""
