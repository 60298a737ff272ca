"""A visit: what the browser tells of it, and the photos that are still there after a reload."""
