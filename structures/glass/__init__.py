"""Glasses of lithium thiophosphate: a random start, slabs, and what a glass is like."""
