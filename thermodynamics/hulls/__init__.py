"""Convex hulls, at 0 K or at a temperature, and the voltages that follow from them."""
