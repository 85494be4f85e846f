"""Finished calculations of users in the structure database, as if they had been computed with another potential."""
