"""Correcting a cut-out on the page, and putting aside what was corrected."""
