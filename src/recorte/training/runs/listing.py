"""The runs below a folder, as far as their files tell. Looks without importing torch."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from recorte.model.figures import Figure, figure_of
from recorte.training.runs import failure
from recorte.training.runs.resume import state_of


@dataclass(frozen=True)
class Run:
    """What is known about a run.

    Attributes:
        folder: everything about it is there.
        state: running, finished, failed or interrupted.
        reason: why it failed; empty if it did not.
        overrides: what the command line set, as `key=value`.
        started: when, in local time.
        config: its config.yaml.
        monitor: the figure that its best epoch was chosen by, such as `photo_iou`.
        figures: by name: those of the best weights, or of the best epoch so far.
        epochs: trained so far.
        seconds: that they took.
    """

    folder: Path
    state: str
    reason: str
    overrides: Sequence[str]
    started: datetime
    config: dict[str, Any]
    monitor: str
    figures: dict[str, float | None] = field(default_factory=dict)
    epochs: int = 0
    seconds: float = 0.0

    @property
    def best(self) -> float | None:
        """The value of the monitor."""
        return self.figures.get(self.monitor)

    @property
    def rank(self) -> float:
        """The greater, the better the value of the monitor."""
        return figure_of(self.monitor, self.setting("callbacks.checkpoint.mode")).rank(self.best)

    def setting(self, key: str) -> Any:
        """Look a dotted key up in the config; None where there is none."""
        node: Any = self.config
        for part in key.split("."):
            node = node.get(part) if isinstance(node, dict) else None
        return node


def find_runs(root: Path) -> list[Run]:
    """Find the runs in a folder and in all below, newest first."""
    folders = {path.parent for name in ("config.yaml", failure.NAME) for path in root.rglob(name)}
    return sorted(map(read_run, folders), key=lambda run: run.started, reverse=True)


def read_run(folder: Path) -> Run:
    """Read what a run's folder tells; what is missing or damaged counts as absent."""
    config = _read(folder / "config.yaml", _yaml)
    failed = _read(folder / failure.NAME, json.loads)
    result = _read(folder / "metrics.json", json.loads)
    rows = _rows(folder / "metrics.csv")
    state = state_of(folder)
    checkpoint = (config.get("callbacks") or {}).get("checkpoint") or {}
    monitor = result.get("monitor") or checkpoint.get("monitor") or "val/photo_iou"
    seconds = (_number(row.get("seconds")) for row in rows)
    return Run(
        folder=folder,
        state=_state(state, failed, result),
        reason=str(failed.get("reason", "")),
        overrides=[str(text) for text in config.get("overrides") or failed.get("overrides") or []],
        started=_started(folder),
        config=config,
        monitor=monitor.removeprefix("val/"),
        figures=result.get("metrics") or _best_row(rows, monitor, figure_of(monitor, checkpoint.get("mode"))),
        epochs=len(rows),
        seconds=sum(value for value in seconds if value is not None),
    )


def _state(state: str, failed: dict[str, Any], result: dict[str, Any]) -> str:
    if state == "running" or (state == "finished" and "metrics" in result):
        return state
    return "failed" if failed else "interrupted"


def _best_row(rows: list[dict[str, str]], monitor: str, figure: Figure) -> dict[str, float | None]:
    known = [row for row in rows if _number(row.get(monitor)) is not None]
    best = max(known, key=lambda row: figure.rank(_number(row[monitor])), default={})
    return {name.removeprefix("val/"): _number(value) for name, value in best.items() if name.startswith("val/")}


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error):
        return []


def _read(path: Path, parse: Any) -> dict[str, Any]:
    try:
        content = parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}


def _yaml(text: str) -> Any:
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # five times as fast in C


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _started(folder: Path) -> datetime:
    """Take the time of the first line of train.log, `[2026-01-31 12:00:00,123]...`; else of the folder's change."""
    try:
        with (folder / "train.log").open(encoding="utf-8") as file:
            return datetime.fromisoformat(file.readline()[1:20])
    except (OSError, ValueError):
        return datetime.fromtimestamp(folder.stat().st_mtime if folder.exists() else 0)
