"""The way from a photo to its cut-out as one ONNX graph, for programs that have ONNX Runtime and no Recorte.

Every module says in a graph's operations what the step of the same name in `recorte.removal.steps` does.
"""
