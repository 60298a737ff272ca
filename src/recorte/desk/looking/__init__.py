"""What the verbs of the desk look for in data."""
