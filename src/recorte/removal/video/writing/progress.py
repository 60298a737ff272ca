"""How far a video is: what is kept of it beside its parts, so that what was stopped goes on."""

import contextlib
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from recorte.files import whole_file


@dataclass
class Progress:
    """How far a video is.

    Attributes:
        job: what is made of what; another job begins anew.
        times: of all frames in finished parts, in ticks of the source.
        parts: how many are finished.
    """

    job: str
    times: list[int] = field(default_factory=list)
    parts: int = 0

    def save(self, folder: Path) -> None:
        """Keep it in a folder, whole or not at all."""
        with whole_file(folder / "progress.npz") as path:
            np.savez(path, job=self.job, times=np.array(self.times, np.int64), parts=self.parts)

    @classmethod
    def load(cls, folder: Path, job: str) -> "Progress | None":
        """Give what is kept of this job; None where there is nothing, or it is of another."""
        # Nothing there, or not what this version writes: begun anew, which costs time and loses nothing.
        with (
            contextlib.suppress(OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile),
            np.load(folder / "progress.npz", allow_pickle=False) as kept,
        ):
            if str(kept["job"]) == job:
                return cls(job, kept["times"].tolist(), int(kept["parts"]))
        return None
