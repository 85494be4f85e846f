"""Pure liquid on many clean solids: the panel by which methods of adhesion are judged."""
