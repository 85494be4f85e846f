"""Amalgam phase stability, surfaces, adhesion and wetting from machine-learning potentials."""

__version__ = "0.1.0"
