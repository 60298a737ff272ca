"""What a run did, epoch by epoch: the table, the curves, and a line in the log."""

import csv
import io
import logging
import re
import time
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import ModelCheckpoint

from recorte.files import write_whole
from recorte.model.figures import FIGURES, figure_of
from recorte.training.figures.beside import Beside
from recorte.training.figures.plots import write_confusion_matrix, write_metrics_evolution, write_training_curves
from recorte.training.figures.text import duration, plain

log = logging.getLogger(__name__)

LOSSES = {"train/loss": "training loss", "val/loss": "validation loss"}
OF_A_STEP = re.compile("lr-.*|loss|mean")
"""Names of what is of a step: a run that goes on may have come to none yet when its epoch ends."""
TOLD = ("dice", "accuracy")
"""Of the validation, what the line of an epoch tells beside its loss and what is monitored."""


class RunRecord(pl.Callback):
    """Keeps one row an epoch, in the checkpoint too, and writes metrics.csv and the curves from it.

    The curves are drawn in a thread, while the next epoch begins; what it fails of is told after that epoch.

    Args:
        run_dir: the run's folder.
    """

    def __init__(self, run_dir: str) -> None:
        self.run_dir = Path(run_dir)
        self.rows: list[dict[str, float | None]] = []
        self.started, self.earlier = 0.0, 0.0
        self.validated = False
        self.beside, self.drawn = Beside(), False

    def state_dict(self) -> dict[str, Any]:
        """Give the rows so far, and the seconds of the epoch that is under way, as plain data."""
        return {"rows": self.rows, "seconds": self._seconds()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the rows of an earlier part of the run."""
        self.rows, self.earlier = list(state_dict["rows"]), state_dict["seconds"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock, perhaps in the middle of an epoch."""
        self.started = time.monotonic()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note that the figures are of this epoch: those of an earlier one stay where Lightning keeps them."""
        self.validated = True

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Add the epoch's row, after its validation, and write everything anew."""
        figures = plain(trainer.callback_metrics, prefix="")
        row: dict[str, float | None] = {"epoch": trainer.current_epoch + 1, "step": trainer.global_step}
        of_this = [name for name in figures if self.validated or not name.startswith("val/")]
        row |= {name: figures[name] for name in of_this if not OF_A_STEP.fullmatch(name)}
        self.validated = False
        row["lr"] = trainer.optimizers[0].param_groups[0]["lr"]
        row["seconds"] = round(self._seconds(), 3)
        self.started, self.earlier = time.monotonic(), 0.0
        self.rows.append(row)
        losses = {name: value for name, value in row.items() if name.startswith("train/") and value is not None}
        for logger in trainer.loggers:  # not by Lightning, which would come too late for the checkpoint of the epoch
            logger.log_metrics(losses, step=trainer.global_step - 1)
        if trainer.is_global_zero:
            segmenter: Any = pl_module  # of which Lightning's type knows less than is there
            self._write(*chosen_by(trainer))
            self._draw(*chosen_by(trainer), segmenter.confusion_matrix)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Wait for the curves; a run that was killed while they were drawn, and had no epoch left, draws them now."""
        if stage == "fit" and trainer.is_global_zero and self.rows:
            if not self.drawn:
                self._draw(*chosen_by(trainer), None)
            self.beside.wait()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Wait for the curves of a run that is stopped."""
        self.beside.wait_after(exception)

    def _draw(self, monitor: str, mode: str | None, confusion_matrix: list[list[int]] | None) -> None:
        figure, plots, rows = figure_of(monitor, mode), self.run_dir / "plots", list(self.rows)

        def draw() -> None:
            write_training_curves(rows, plots / "training_curves.png")
            best = max(rows, key=lambda row: figure.rank(row.get(monitor)))
            write_metrics_evolution(rows, best, plots / "metrics_evolution.png")
            if confusion_matrix is not None:
                write_confusion_matrix(confusion_matrix, plots / "confusion_matrix.png", f"Epoch {rows[-1]['epoch']}")

        self.beside.draw(draw)
        self.drawn = True

    def _seconds(self) -> float:
        return self.earlier + time.monotonic() - self.started

    def _write(self, monitor: str, mode: str | None) -> None:
        figure = figure_of(monitor, mode)
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        table = io.StringIO()
        writer = csv.DictWriter(table, names)
        writer.writeheader()
        writer.writerows(self.rows)
        write_whole(self.run_dir / "metrics.csv", table.getvalue())
        row, best = self.rows[-1], max(self.rows, key=lambda row: figure.rank(row.get(monitor)))
        said = [f"{words} {row[name]:.4f}" for name, words in LOSSES.items() if row.get(name) is not None]
        if monitor in row:
            said.append(f"{monitor} {figure.text(row[monitor])} (best {figure.text(best.get(monitor))})")
        said += [f"{name} {row[f'val/{name}']:.4f}" for name in TOLD if row.get(f"val/{name}") is not None]
        said.append(f"{duration(row['seconds'] or 0.0)}{_speed(row)}")
        log.info("Epoch %d: %s", row["epoch"], ", ".join(said))


def chosen_by(trainer: pl.Trainer) -> tuple[str, str | None]:
    """Give the figure that a run's best checkpoint is chosen by, and which way; without such a checkpoint the first."""
    for callback in trainer.callbacks:  # type: ignore[attr-defined]  # the trainer's helpers set it
        if isinstance(callback, ModelCheckpoint) and callback.monitor:
            return callback.monitor, callback.mode
    return f"val/{FIGURES[0].name}", None


def _speed(row: dict[str, float | None]) -> str:
    photos, waiting = row.get("throughput/photos_per_second"), row.get("throughput/waiting")
    return "" if photos is None else f", {photos:.3g} photos/s, {waiting:.0%} of the time waiting for data"
