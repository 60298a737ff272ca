"""From samples to batches: augmentation, mixing, keeping, and the data module that a training is given."""
