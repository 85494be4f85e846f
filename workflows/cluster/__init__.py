"""Batch systems: the files of pilot workers, their checks, and their way into the queue."""
