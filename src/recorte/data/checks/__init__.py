"""What may be wrong with data, looked for."""
