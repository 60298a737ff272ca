"""Where samples come from: sources of photographs with people, augmentation, batches."""
