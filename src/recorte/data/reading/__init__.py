"""What sources of files share: the split and the size of a photo, and what is found wrong with it."""
