"""Reactions of electrolytes with metals and amalgams."""
