"""The studies, each with a room or a file of its own; ``registry`` has the only list of them."""
