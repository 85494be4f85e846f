"""From adhesion and interface energies to the contact angle of a solution on a solid."""
