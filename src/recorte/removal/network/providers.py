"""What computes a network: ONNX Runtime's execution providers, of which the processor's is always there."""

import contextlib
import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

import onnxruntime

from recorte.errors import RecorteError

VARIABLE = "RECORTE_PROVIDERS"

NAMES = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}
"""The short names of some; ONNX Runtime's own names do for all."""

BUILDS = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino")
"""Packages that all bring a module `onnxruntime`: the last one installed overwrote the others."""

Providers = str | Sequence[str] | None
"""One or several, by the names above; in text with commas between them."""


def there() -> list[str]:
    """List the providers that the ONNX Runtime here was built with, by their short names where they have one."""
    # Azure's computes nothing itself: it asks a server.
    return [_short(name) for name in onnxruntime.get_available_providers() if name != "AzureExecutionProvider"]


def chosen(given: Providers) -> list[str]:
    """Give ONNX Runtime's names of the providers asked for, in the order in which they are to be tried; the CPU last.

    Args:
        given: as the user says it; None = what the variable `RECORTE_PROVIDERS` says, else the CPU alone.

    Raises:
        RecorteError: one of them is not there; the message lists those that are.
    """
    words = os.environ.get(VARIABLE, "") if given is None else given
    words = words.split(",") if isinstance(words, str) else words
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
        raise RecorteError(f"providers must be a name such as 'cuda', or a list of them, not {given!r}")
    asked = [NAMES.get(word.strip().lower(), word.strip()) for word in words if word.strip()]
    available = onnxruntime.get_available_providers()
    if missing := [_short(name) for name in asked if name not in available]:
        source = VARIABLE if given is None else "provider"
        door = (
            both_builds()
            or f"builds for {', '.join(list(NAMES)[1:])} are packages of their own, see docs/cutting-out.md"
        )
        raise RecorteError(
            f"{source} {', '.join(missing)}: the ONNX Runtime that is installed has {', '.join(there())}; {door}"
        )
    if {NAMES["cuda"], NAMES["tensorrt"]} & {*asked}:
        with contextlib.redirect_stdout(sys.stderr):  # stdout may be a picture
            onnxruntime.preload_dlls()  # CUDA and cuDNN as pip installs them, where the loader does not look
    return list(dict.fromkeys([*asked, NAMES["cpu"]]))


def _short(name: str) -> str:
    return next((short for short, long in NAMES.items() if long == name), name)


def both_builds() -> str | None:
    """Say that several builds of ONNX Runtime are installed, and what to do; None: there are not."""
    found = []
    for name in BUILDS:
        with contextlib.suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    if len(found) < 2:
        return None
    names = [build.split()[0] for build in found]
    return (
        f"{' and '.join(found)} are both installed and overwrite each other; keep one: "
        f"pip uninstall -y {' '.join(names)}, then pip install {names[-1]}"
    )
