"""Writing films: in parts that are joined, so that what was stopped goes on."""
