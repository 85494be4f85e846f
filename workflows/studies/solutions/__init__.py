"""What one atom of a metal gains in a liquid metal."""
