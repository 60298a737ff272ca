"""What a visitor sees of a photo that was cut out, and wants its files to be."""
