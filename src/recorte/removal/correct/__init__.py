"""Mending an alpha by touches: what must be kept, and what must go."""
