"""Teaching Recorte on the page what was put aside, and choosing the model that is in use."""
