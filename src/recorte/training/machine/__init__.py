"""What the machine has, and what a run needs of it."""
