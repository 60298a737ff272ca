"""Which files are made of which photos, and what became of each."""
