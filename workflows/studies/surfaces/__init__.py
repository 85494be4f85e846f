"""Surface energies of crystals, and two crystals joined and parted."""
