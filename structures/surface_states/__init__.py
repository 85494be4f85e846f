"""What the face of a solid carries: hydroxyl, water, a thin layer of another crystal."""
