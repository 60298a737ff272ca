"""Teaching a model some photos with their masks. Only `learning`, which is a process of its own, loads torch."""
