"""What a run leaves, and going on with it."""
