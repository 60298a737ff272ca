"""Reading films: files of all kinds, and folders of frames."""
