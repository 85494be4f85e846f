"""Pure functions of numbers: convex hulls, voltage profiles, metals dissolved in mercury."""
