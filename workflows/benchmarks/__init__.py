"""What a structure database holds to compare with published values."""
