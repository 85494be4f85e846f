"""A pure liquid on many clean solids, beside measured contact angles."""
