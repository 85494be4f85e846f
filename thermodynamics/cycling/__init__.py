"""An amalgam film between a metal and an electrolyte, in time: diffusion, moving fronts, voltage, contact."""
