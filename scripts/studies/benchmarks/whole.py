"""What whole commands take, now and in a former state of the project, in turns of one run."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import recorte

NOW, BEFORE = "now", "before"


class Taken(NamedTuple):
    """Of one run: seconds by the clock, and of the processor by all of its cores."""

    seconds: float
    worked: float


@dataclass(frozen=True, slots=True)
class Row:
    """A command to measure.

    Attributes:
        name: what it is called.
        words: of the command, after `recorte`.
        rounds: how often it is run.
        pieces: how many photos or frames it makes.
        unit: what they are.
    """

    name: str
    words: Sequence[str | Path]
    rounds: int
    pieces: int = 1
    unit: str = "photos"


def states(before: Path | None) -> dict[str, Path]:
    """Give the `src` folders to compare, by name."""
    here = {NOW: Path(recorte.__file__).parents[1]}
    return here if before is None else {BEFORE: before.absolute() / "src"} | here


def measure(row: Row, sources: Mapping[str, Path]) -> dict[str, Taken]:
    """Run a command in turns in each state, after a first time that does not count; medians, without who cannot do it.

    Args:
        row: the command.
        sources: the `src` folder of each state.
    """
    found: dict[str, list[Taken]] = {name: [] for name, source in sources.items() if _run(row, source)}
    if NOW not in found:
        raise RuntimeError(f"recorte {' '.join(map(str, row.words))} failed")
    for _ in range(row.rounds):
        for name, all_of_it in found.items():
            taken = _run(row, sources[name])
            if taken is None:
                raise RuntimeError(f"{name}: recorte {' '.join(map(str, row.words))} failed at a later time")
            all_of_it.append(taken)
    return {
        name: Taken(*(statistics.median(values) for values in zip(*all_of_it, strict=True)))
        for name, all_of_it in found.items()
    }


def tell(row: Row, taken: Mapping[str, Taken], sources: Mapping[str, Path], cores: int) -> None:
    """Print what a row took in each state, and how many times as fast it is now."""
    for name in sources:
        shown = f"{row.name}, {name}" if len(sources) > 1 else row.name
        if name not in taken:
            print(f"{shown}: -")
            continue
        seconds, worked = taken[name]
        many = f", {row.pieces / seconds:.2f} {row.unit}/s" if row.pieces > 1 else ""
        share = worked / (seconds * cores)
        print(f"{shown}: {seconds:.2f} s{many}; processor {worked:.2f} s, {cores} cores worked {share:.0%}")
    if BEFORE in taken and NOW in taken:
        ratios = (old / new for old, new in zip(taken[BEFORE], taken[NOW], strict=True))
        clock, worked = ratios
        print(f"  {clock:.2f} times as fast, {worked:.2f} times by the processor's time")


def _run(row: Row, source: Path) -> Taken | None:
    """Run a command of the state whose code lies in `source`; None if it fails."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(source), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "recorte", *row.words, "--overwrite"]
    before, began = _processor_seconds(), time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    return None if done.returncode else Taken(time.perf_counter() - began, _processor_seconds() - before)


def _processor_seconds() -> float:
    used = os.times()
    return used.children_user + used.children_system
