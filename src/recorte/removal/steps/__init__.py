"""From the alpha of a network to a picture: steps that know nothing of files."""
