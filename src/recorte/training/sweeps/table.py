"""What came out of a sweep: a table of its jobs, and of cross validation the mean and the spread."""

import csv
import io
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from recorte.files import write_whole
from recorte.model.figures import MAIN, figure_of
from recorte.training.runs.cells import state_cell, time_cell, value_cell
from recorte.training.runs.listing import Run, find_runs

FOLD = "data.fold"


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation (of the sample, so with n - 1) of what the folds of one setting reached.

    Attributes:
        setting: the overrides that the folds have in common, as far as they vary in the sweep.
        folds: how many are finished.
        asked: how many jobs there are.
        figures: mean and standard deviation by name.
    """

    setting: dict[str, str]
    folds: int
    asked: int
    figures: dict[str, tuple[float, float]]

    def __str__(self) -> str:
        """Say it in a line, such as "photo_iou 0.512 ± 0.013 over 5 folds"."""
        values = ", ".join(f"{name} {_spread(name, self.figures[name])}" for name in MAIN if name in self.figures)
        setting = " ".join(f"{key}={value}" for key, value in self.setting.items())
        count = f"{self.folds}" if self.folds == self.asked else f"{self.folds} of {self.asked}"
        return f"{setting}{': ' if setting else ''}{values} over {count} folds"


def report(sweep_dir: Path) -> bool:
    """Print the table of a sweep and write it to `sweep.csv` in its folder.

    Returns:
        Whether every job in the folder is finished.
    """
    jobs = by_figure(find_runs(sweep_dir)) if sweep_dir.is_dir() else []
    if not jobs:
        return True
    varied = varied_keys(jobs)
    spreads = spreads_of(jobs, varied)
    write_whole(sweep_dir / "sweep.csv", _csv(jobs, spreads, sweep_dir))
    terminal = Console()
    console = terminal if terminal.is_terminal else Console(width=160)  # a log file does not wrap
    console.print(_table(jobs, varied, spreads, sweep_dir))
    for spread in spreads:
        console.print(Text(str(spread)), soft_wrap=True)
    console.print(Text(f"Written to {sweep_dir / 'sweep.csv'}"), soft_wrap=True)
    return all(job.state == "finished" for job in jobs)


def by_figure(jobs: Sequence[Run]) -> list[Run]:
    """Sort jobs, the best first; those without a figure come last."""
    return sorted(jobs, key=lambda job: (job.state != "finished", -job.rank, job.folder.name))


def varied_keys(jobs: Sequence[Run]) -> list[str]:
    """Name the keys that the jobs have different values of, in the order of the command line."""
    settings = [settings_of(job) for job in jobs]
    keys = dict.fromkeys(key for setting in settings for key in setting)
    return [key for key in keys if len({setting.get(key) for setting in settings}) > 1]


def settings_of(job: Run) -> dict[str, str]:
    """Give a job's overrides by key."""
    parts = (text.partition("=") for text in job.overrides)
    return {key.lstrip("+~"): value for key, _, value in parts}


def spreads_of(jobs: Sequence[Run], varied: Sequence[str]) -> list[Spread]:
    """Sum up cross validation: for each setting with two or more finished folds, all figures."""
    settings: dict[tuple[tuple[str, str], ...], list[Run]] = {}
    for job in jobs:
        setting = settings_of(job)
        if FOLD in setting:
            common = tuple((key, setting[key]) for key in varied if key != FOLD and key in setting)
            settings.setdefault(common, []).append(job)
    return [
        Spread(dict(setting), len(done), len(folds), _figures(done))
        for setting, folds in settings.items()
        if len(done := [job for job in folds if job.state == "finished"]) > 1
    ]


def _figures(jobs: Sequence[Run]) -> dict[str, tuple[float, float]]:
    values = {name: [value for job in jobs if (value := job.figures.get(name)) is not None] for name in jobs[0].figures}
    return {
        name: (statistics.fmean(of_all), statistics.stdev(of_all))
        for name, of_all in values.items()
        if len(of_all) == len(jobs)
    }


def _table(jobs: Sequence[Run], varied: Sequence[str], spreads: Sequence[Spread], sweep_dir: Path) -> Table:
    monitor = jobs[0].monitor
    names = [name for name in dict.fromkeys([monitor, *MAIN]) if any(name in job.figures for job in jobs)]
    table = Table(title=str(sweep_dir), title_justify="left")
    for name in ["job", *varied]:
        table.add_column(name, overflow="fold")
    for name in [*names, "time"]:
        table.add_column(name.replace("_", "\n"), justify="right", no_wrap=True)
    table.add_column("state", overflow="fold")
    for job in jobs:
        setting = settings_of(job)
        figures = (figure_of(name).text(job.figures.get(name)) for name in names)
        values = (value_cell(setting.get(key, "")) for key in varied)
        table.add_row(*map(Text, [job.folder.name, *values, *figures, time_cell(job), state_cell(job)]))
    table.add_section()
    for spread in spreads:
        setting = {FOLD: f"{spread.folds} of {spread.asked}"} | spread.setting
        figures = (_spread(name, spread.figures[name]) if name in spread.figures else "-" for name in names)
        table.add_row(*map(Text, ["mean", *(setting.get(key, "") for key in varied), *figures]))
    return table


def _csv(jobs: Sequence[Run], spreads: Sequence[Spread], sweep_dir: Path) -> str:
    keys = list(dict.fromkeys(key for job in jobs for key in settings_of(job)))
    figures = list(dict.fromkeys([jobs[0].monitor, *(name for job in jobs for name in job.figures)]))
    content = io.StringIO()
    writer = csv.writer(content)
    writer.writerow([*keys, *figures, "epochs", "seconds", "state", "reason", "folder"])
    for job in jobs:
        values = [*map(settings_of(job).get, keys), *map(job.figures.get, figures)]
        folder = job.folder.relative_to(sweep_dir)
        writer.writerow([*values, job.epochs, round(job.seconds, 3), job.state, job.reason, folder])
    for spread in spreads:
        for place, name in enumerate(("mean", "standard deviation")):
            setting = [name if key == FOLD else spread.setting.get(key) for key in keys]
            values = [spread.figures[figure][place] if figure in spread.figures else None for figure in figures]
            writer.writerow([*setting, *values, None, None, f"over {spread.folds} of {spread.asked} folds", None, None])
    return content.getvalue()


def _spread(name: str, value: tuple[float, float]) -> str:
    mean, deviation = value
    return f"{figure_of(name).text(mean)} ± {deviation:.{figure_of(name).digits}f}"
