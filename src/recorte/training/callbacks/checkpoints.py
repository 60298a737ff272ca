"""Checkpoints: written whole or not at all, read as plain data, and the best of them."""

import io
import os
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.io import CheckpointIO
from lightning.pytorch.callbacks import ModelCheckpoint

from recorte.errors import ConfigError
from recorte.files import write_whole
from recorte.model.export import read_checkpoint
from recorte.model.figures import figure_of


class WholeFiles(CheckpointIO):
    """Writes checkpoints whole or not at all, and reads nothing but plain data from them."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | os.PathLike[str], storage_options: None = None
    ) -> None:
        """Write a checkpoint; there are no options of the storage.

        Raises:
            DiskFullError: no room; an earlier checkpoint of the same name is still there.
        """
        # Not straight into the file: torch's writer would hide what the system says, such as a full disk.
        content = io.BytesIO()
        torch.save(checkpoint, content)
        write_whole(path, content.getbuffer())

    def load_checkpoint(
        self, path: str | os.PathLike[str], map_location: Any = "cpu", weights_only: bool | None = True
    ) -> dict[str, Any]:
        """Read a checkpoint, whatever Lightning asks for as plain data on the CPU.

        Raises:
            ModelError: not there, damaged, or more in it than plain data.
        """
        return read_checkpoint(path)

    def remove_checkpoint(self, path: str | os.PathLike[str]) -> None:
        """Remove a checkpoint, if it is there."""
        Path(path).unlink(missing_ok=True)


class BestCheckpoint(ModelCheckpoint):
    """Lightning's, which also knows its best value when the run's folder has been moved.

    Args:
        dirpath: folder of the checkpoint.
        filename: without suffix.
        monitor: the figure that chooses.
        mode: `max` or `min`.
        options: others of Lightning's.

    Raises:
        ConfigError: a figure that cannot choose, or the wrong way to its best value.
    """

    def __init__(self, dirpath: str, filename: str, monitor: str, mode: str = "max", **options: Any) -> None:
        figure = figure_of(monitor, mode)
        if figure.best == "nearest to 0":
            raise ConfigError(
                f"callbacks.checkpoint.monitor={monitor}: its best value is that nearest to 0, by which no checkpoint "
                "can be chosen; give a figure whose highest or lowest value is best, such as val/photo_iou"
            )
        if mode != figure.mode:
            raise ConfigError(
                f"callbacks.checkpoint.mode={mode}: the {figure.best} value of {monitor} is the best; leave it out"
            )
        super().__init__(dirpath, filename, monitor, mode=mode, **options)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the best value so far."""
        folder = self.dirpath
        assert folder is not None  # known before a state is loaded

        def here(path: str) -> str:
            return os.path.join(folder, Path(path).name) if path else path  # noqa: PTH118 (Lightning compares text)

        best = {here(path): score for path, score in state_dict["best_k_models"].items()}
        paths = {name: here(state_dict[name]) for name in ("best_model_path", "kth_best_model_path", "last_model_path")}
        super().load_state_dict({**state_dict, **paths, "best_k_models": best, "dirpath": self.dirpath})
