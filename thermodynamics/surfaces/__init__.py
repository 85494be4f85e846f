"""Surface energies of solids and the equilibrium shape of a crystal."""
