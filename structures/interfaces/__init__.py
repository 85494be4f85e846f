"""A film on a solid: coherent crystals, liquids, solute atoms and the sites they may take."""
