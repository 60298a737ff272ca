"""A trained network on disk, and running it with ONNX Runtime."""

import json
import logging
import os
from pathlib import Path

import numpy as np
import onnxruntime

from recorte.errors import ModelError, RecorteError
from recorte.home import near, resolved
from recorte.removal.network.providers import Providers, chosen

log = logging.getLogger("recorte")

BUNDLED_WEIGHTS = Path(__file__).parents[1] / "weights"
"""A `best_model` folder inside the package: what is used when no model is named."""

FORMAT = 1
"""The newest `model.json` that this version reads."""

NOTE = "recorte"
"""Where an .onnx file itself notes what it needs of its `model.json`, for those who copy the file alone."""

DEFAULT_IMAGE_SIZE = 256
"""For an .onnx file that came without its `model.json` and has no note."""


class Network:
    """A network in ONNX form: photo in, alpha and foreground colours out. Usable from several threads at once.

    The file's contract: input `image` float32 `(N, 3, H, W)`, RGB in [0, 1], height and width multiples of 32;
    outputs `alpha` float32 `(N, 1, H, W)` and `foreground` float32 `(N, 3, H, W)`, both in [0, 1].

    Args:
        model: a `best_model` folder, a run's folder that contains one, an .onnx file, or the name of a model that
            `recorte teach` made; None = the bundled weights.
        threads: CPU threads for one photo; None leaves the choice to ONNX Runtime (one per core).
        providers: what computes it, as `BackgroundRemover` takes it.

    Attributes:
        path: the .onnx file.
        image_size: the side of the square that the network was trained on, in pixels.
        sure: what the alpha of a region must reach somewhere to be a person; see `drop_unsure`. 0 = nothing.

    Raises:
        ModelError: nothing there, a broken file, another kind of network, or one of a newer version of Recorte.
        RecorteError: `threads` is no number of threads, or a provider is not there.
    """

    def __init__(
        self, model: str | os.PathLike[str] | None = None, threads: int | None = None, providers: Providers = None
    ) -> None:
        self.path = find_model(model)
        description = _find_description(self.path, alone=model is not None and Path(model).is_file())
        asked = chosen(providers)
        self._session = _open_session(self.path, threads, asked)
        if description is None:
            noted = self._session.get_modelmeta().custom_metadata_map.get(NOTE)
            description = noted or json.dumps({"format": FORMAT, "image_size": DEFAULT_IMAGE_SIZE})
        self.image_size, self.sure = _read_description(self.path, description)
        _check_signature(self._session, self.path, self.image_size)
        log.info("opened %s, computed by %s", self.path, ", ".join(self.providers))
        if left := [name for name in asked if name not in self.providers]:  # ONNX Runtime goes on without
            log.warning("%s does not work on this machine; %s computes", ", ".join(left), self.providers[0])

    @property
    def providers(self) -> list[str]:
        """ONNX Runtime's names of what computes the network."""
        return list(self._session.get_providers())

    def alpha(self, canvas: np.ndarray) -> np.ndarray:
        """Find the people in `uint8 (S, S, 3)`, S the image size: `float32 (S, S)` in [0, 1]; see `alphas`."""
        alpha: np.ndarray = self.alphas(canvas[None])[0]
        return alpha

    def alphas(self, canvases: np.ndarray) -> np.ndarray:
        """Find the people in `uint8 (N, S, S, 3)`, S the image size: `float32 (N, S, S)` in [0, 1].

        Raises:
            ModelError: the network gives values that no alpha can have.
        """
        images = np.ascontiguousarray(canvases.transpose(0, 3, 1, 2), dtype=np.float32) / 255
        single = isinstance(self._session.get_inputs()[0].shape[0], int)  # exported for one photo at a time
        batches = np.split(images, len(images)) if single else [images]
        alpha = np.concatenate([self._session.run(["alpha"], {"image": batch})[0][:, 0] for batch in batches])
        # Written so that NaN fails too. The margin is for quantised networks.
        if not (alpha.min() >= -0.01 and alpha.max() <= 1.01):
            values = f"from {alpha.min():.3g} to {alpha.max():.3g}"
            raise ModelError(f"{self.path}: its alpha has values {values}, not in [0, 1]; export the model again")
        return alpha.clip(0, 1)


def find_model(model: str | os.PathLike[str] | None) -> Path:
    """Find the .onnx file that `model` means (see `Network`), as an absolute path.

    Raises:
        ModelError: there is none; the message says what to give instead.
    """
    if model is None:
        path = BUNDLED_WEIGHTS / "model.onnx"
        if not path.is_file():
            raise ModelError(
                f"{path}: the weights that come with Recorte are missing; install it again, or name a model with "
                "--model (in Python: BackgroundRemover(model))"
            )
        return path
    if not isinstance(model, str | os.PathLike):
        raise ModelError(f"a model must be given by its path, not as {type(model).__name__}")
    path = resolved(model).absolute()
    # os.path, since a Path fails on a name that is too long.
    folder = os.path.isdir(path)  # noqa: PTH112
    for candidate in [path / "model.onnx", path / "best_model" / "model.onnx"] if folder else [path]:
        if os.path.isfile(candidate):  # noqa: PTH113
            return candidate
    wanted = "give a best_model folder, the folder of a run that has one, an .onnx file, or the name of a taught model"
    if folder:
        raise ModelError(f"{model}: no model.onnx in this folder nor in its best_model; {wanted}")
    raise ModelError(f"{model}: no such model; {wanted}{near(model)}")


def _find_description(path: Path, alone: bool) -> str | None:
    """Read the `model.json` beside the network; only a file given `alone` may lack it."""
    description = path.with_name("model.json")
    try:
        return description.read_text(encoding="utf-8")
    except FileNotFoundError:
        if alone:
            return None
        raise ModelError(f"{description}: missing; copy the whole best_model folder") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{description}: broken ({error}); export the model again") from None


def _read_description(path: Path, text: str) -> tuple[int, float]:
    """Understand `image_size` and `sure` of a network's description."""
    description = path.with_name("model.json")
    try:
        content = json.loads(text)
        version, size, sure = content["format"], content["image_size"], content.get("sure", 0.0)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        raise ModelError(f"{description}: broken ({reason}); export the model again") from None
    if type(version) is not int or version < 1:
        raise ModelError(f"{description}: format must be a whole number from 1 on, not {version!r}")
    if version > FORMAT:
        raise ModelError(
            f"{description}: format {version} is of a newer Recorte, this one reads up to {FORMAT}; update Recorte"
        )
    if type(size) is not int or size < 32 or size % 32:
        raise ModelError(f"{description}: image_size must be a positive multiple of 32, not {size!r}")
    if not isinstance(sure, (int, float)) or not 0 <= sure <= 1:
        raise ModelError(f"{description}: sure must be a number from 0 to 1, not {sure!r}")
    return size, float(sure)


def _open_session(path: Path, threads: int | None, providers: list[str]) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong arrives as an exception; the log would say it twice
    # Weights of 8 bits become floats once, here, and not again for every photo.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    if threads is not None:
        if not isinstance(threads, int | np.integer) or threads < 1:
            raise RecorteError(f"threads must be a whole number from 1 on, or None, not {threads!r}")
        options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(path, options, providers=providers)
    except Exception as error:  # ONNX Runtime's exceptions have no common base
        reason = str(error).rpartition(":")[2].strip() or type(error).__name__
        raise ModelError(f"{path}: not an ONNX model, or a damaged one ({reason}); export or copy it again") from None


def _check_signature(session: onnxruntime.InferenceSession, path: Path, size: int) -> None:
    """Compare names, types and shapes with the contract; a named or unknown side fits every size."""
    found = [*session.get_inputs(), *session.get_outputs()]
    wanted = {"image": (1, 3, size, size), "alpha": (1, 1, size, size), "foreground": (1, 3, size, size)}
    fits = [node.name for node in session.get_inputs()] == ["image"]
    fits &= sorted(node.name for node in session.get_outputs()) == ["alpha", "foreground"]
    for node in found if fits else ():
        sides = zip(node.shape, wanted[node.name], strict=False)
        fits &= node.type == "tensor(float)" and len(node.shape) == 4
        fits &= all(not isinstance(side, int) or side == length for side, length in sides)
    if not fits:
        listed = ", ".join(f"{node.name} {node.type} {node.shape}" for node in found)
        raise ModelError(
            f"{path}: another kind of network ({listed}). It needs one input image float (N, 3, {size}, {size}) and "
            f"the outputs alpha (N, 1, {size}, {size}) and foreground (N, 3, {size}, {size}); export it with Recorte"
        )
