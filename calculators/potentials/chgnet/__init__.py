"""CHGNet as a lean evaluator: the same weights and outputs as chgnet's own calculator."""
