"""Vibrations, dynamical stability and hulls at a temperature."""
