"""The structure database: rows found again by their fingerprint, queried, exported, and computed by need."""
