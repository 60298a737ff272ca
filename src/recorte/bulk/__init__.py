"""People cut out of very many photos, on all machines of a Ray cluster."""
