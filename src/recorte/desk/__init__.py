"""The dataset desk: what `scripts/dataset.py` does, a verb a module."""
