"""A page in the browser over the structure database and the LaunchPad: bound to this machine, and read only."""
