"""What gives energies and forces: the potential registry and relaxations."""
