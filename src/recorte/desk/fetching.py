"""`download`: COCO 2017, as far as it is missing."""

import sys
from pydoc import locate

from omegaconf import DictConfig
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from recorte.data.coco import CocoPersons
from recorte.data.download.coco import download
from recorte.errors import ConfigError


def fetch_data(config: DictConfig) -> int:
    """Download what `config.parts` names into the root of the COCO source of `config.data`.

    Returns:
        Status: 0.

    Raises:
        ConfigError: the data are not COCO's.
        RecorteError: nothing to be had; see `recorte.data.download.coco.download`.
    """
    # By what the name leads to: a class may be had from its folder and from its own module.
    roots = [source.root for source in config.data.sources.values() if locate(source._target_) is CocoPersons]
    if len(roots) != 1:
        raise ConfigError("download: knows where to get COCO 2017 only; give data=coco data.root=<its folder>")
    with _Bars() as bars:
        try:
            arrived = download(roots[0], bars, config.parts, config.keep_archives, config.server)
        except KeyboardInterrupt:
            print(f"{roots[0]}: what has arrived stays; the same command goes on from there", file=sys.stderr)
            raise
    print(f"{roots[0]}: {', '.join(arrived)} fetched" if arrived else f"{roots[0]}: nothing was missing")
    return 0


class _Bars:
    """Bars on a terminal, and elsewhere a line for each piece of work."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        self.bar: Progress | None = None

    def __enter__(self) -> "_Bars":
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()

    def begin(self, what: str, unit: str) -> None:
        """Show the next piece of work, counted in bytes or files."""
        self.__exit__()
        if not self.console.is_terminal:
            print(what, flush=True)
            return
        count = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
        self.bar = Progress(TextColumn(what), BarColumn(), count, TimeRemainingColumn(), console=self.console)
        self.bar.start()
        self.bar.add_task("", total=None)

    def reached(self, done: int, total: int) -> None:
        """Move the bar."""
        if self.bar is not None:
            self.bar.update(self.bar.task_ids[0], completed=done, total=total)
