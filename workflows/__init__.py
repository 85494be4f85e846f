"""FireWorks: input spec, tasks, LaunchPad, structure database, recovery."""
