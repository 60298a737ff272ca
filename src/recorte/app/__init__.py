"""The web page and the HTTP service."""
