"""Amalgams as electrodes: capacities, potentials, solubilities and self-healing."""
