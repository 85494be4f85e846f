"""Published and measured facts, every one once, with unit, source and confidence; the lowest layer."""
