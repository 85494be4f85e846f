"""Convex hulls and voltages: pictures, findings, and several systems side by side."""
