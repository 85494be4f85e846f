"""Where a computed phase diagram and the measured one disagree, and why where that is known."""
