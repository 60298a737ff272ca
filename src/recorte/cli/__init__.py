"""The command `recorte`: cutting people out of photographs.

Whatever takes long to import (NumPy, OpenCV, ONNX Runtime) is imported where it is used, so that help, a version
and most mistakes are answered at once.
"""

from recorte.cli.door import main

__all__ = ["main"]
