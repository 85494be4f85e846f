"""One system with several potentials, side by side and beside measured values."""
