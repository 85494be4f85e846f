"""Where the rows of a structure database are kept: a file of SQLite, or a PostgreSQL server."""
