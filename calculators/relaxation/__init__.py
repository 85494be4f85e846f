"""Relaxation of one structure or of many together."""
