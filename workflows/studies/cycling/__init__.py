"""The study of amalgam films while a cell strips and plates."""
