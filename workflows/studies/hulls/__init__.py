"""The convex hulls of a job, and what follows from its crystals alone."""
