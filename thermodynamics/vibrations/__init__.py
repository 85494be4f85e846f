"""Harmonic and quasi-harmonic free energies from phonon frequencies."""
