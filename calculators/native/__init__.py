"""Inner loops in C, compiled on the user's machine where there is a compiler."""
