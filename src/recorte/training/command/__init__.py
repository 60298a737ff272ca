"""From a command line to a checked config and the folder of a run."""
