"""What electrolytes become in contact with metals and amalgams."""
