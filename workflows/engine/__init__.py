"""FireWorks: the LaunchPad and its embedded store, workers, recovery, and which tasks may run."""
