"""X-ray powder patterns: computed, measured and published."""
