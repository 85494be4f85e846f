"""SevenNet as a lean evaluator: the same weights and outputs as sevenn's own calculator."""
