"""What `recorte` can be asked to do, a verb a module."""
