"""Cutting out photos from the command line: which ones, where to, and what is told."""
