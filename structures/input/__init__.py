"""Structures that users bring: one reader of their files, what it checks, and what it calls them."""
