"""Bringing data from elsewhere."""
