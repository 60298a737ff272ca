"""What a graphics card really does, by one command on a machine that has one; nothing comes from the network.

`python scripts/studies/card.py --data data --minutes 30`
"""

import dataclasses
import json
import os
import platform
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.card.rows import Findings, Row
from benchmarks.card.setting import Setting
from recorte.cli.script import run
from recorte.errors import ConfigError
from recorte.training.machine.hardware import ask_driver

PARTS = ("numbers", "bf16", "compile", "cpu", "rtx4090", "rtx3080", "gtx1080", "gtx1060", "recipe")
SECONDS = 240
"""Most that a part may take, but for the recipe, which keeps to --minutes by itself."""
DONE = "part is over: "


def main(
    out: Annotated[Path | None, typer.Option(help="folder of the study; else outputs/card/<date>/<time>")] = None,
    data: Annotated[
        Path | None, typer.Option(help="persons/ as COCO has them, portraits/ as photos and masks; else drawn people")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.1, help="for all of it; what the checks leave trains the shipped weights' recipe on --data"),
    ] = None,
    parts: Annotated[str, typer.Option(help="which, with commas between")] = ",".join(PARTS),
    tiny: Annotated[bool, typer.Option(help="tiny network, tiny photos: does the study itself run?")] = False,
    pack: Annotated[Path | None, typer.Option(help="only copy --data there, smaller, to take it to the card")] = None,
    mib: Annotated[int, typer.Option(min=1, help="how large that copy may be")] = 40,
    child: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Check a card against the processor, memory against its count, and the speed of every hardware profile.

    card.txt, a table, and card.json hold what has been found so far, at any moment. Without a card, what it would do is
    computed or left out, and the table says so.
    """
    if child:
        _work(json.loads(child))
        return
    if data is not None:
        _check_data(data)
    if pack is not None:
        from benchmarks.card.pack import make_pack

        make_pack(data, pack, mib)
        return
    chosen = parts.split(",")
    if unknown := set(chosen) - set(PARTS):
        raise ConfigError(f"--parts: there is no {', '.join(sorted(unknown))}; valid are {', '.join(PARTS)}")
    folder = (out or Path("outputs/card") / datetime.now().strftime("%Y-%m-%d/%H-%M-%S")).absolute()
    if (folder / "card.json").exists():
        raise ConfigError(f"--out {folder}: another study is there already; give another folder")
    deadline = None if minutes is None else time.time() + 60 * minutes
    setting = Setting(folder, None if data is None else data.absolute(), tiny, deadline)
    findings = Findings(folder, _facts(setting))
    # A card that has failed once fails whatever the same process asks of it then, and what hangs takes the rest along.
    for group in [chosen] if tiny and not _card() else [[part] for part in chosen]:
        for row in _in_a_process(group, setting):
            findings.add(row)
    print(findings.table())
    print(f"Written to {folder}")
    raise typer.Exit(any(row.state in ("off", "failed") for row in findings.rows))


def _check_data(data: Path) -> None:
    missing = [name for name in ("persons", "portraits") if not (data / name).is_dir()]
    if missing:
        raise ConfigError(f"--data {data}: {' and '.join(missing)} is not in it; it needs persons/ and portraits/")


def _card() -> list[str] | None:
    return ask_driver("name", "memory.total", "driver_version")


def _facts(setting: Setting) -> dict[str, object]:
    card = _card()
    return {
        "begun": datetime.now().isoformat(timespec="seconds"),
        "card": "none: what is said of cards is computed, or left out" if card is None else ", ".join(card),
        "processor": f"{len(os.sched_getaffinity(0))} cores, {platform.machine()}",
        "python": platform.python_version(),
        "photos": str(setting.data or "drawn"),
        "size": "tiny: figures of speed and memory mean nothing" if setting.tiny else "as in use",
    }


def _in_a_process(parts: Sequence[str], setting: Setting) -> Iterator[Row]:
    """Let a process of their own work on some parts; whatever becomes of it, each part leaves a row."""
    limit = _limit(parts, setting)
    if limit <= 0:
        yield from (Row(part, "all of it", state="left out", how="-", note="no minutes left") for part in parts)
        return
    task = json.dumps({"parts": list(parts), **dataclasses.asdict(setting)}, default=str)
    log = setting.out / f"{parts[0]}.log"
    waiting = list(parts)
    with log.open("w") as stderr:
        process = subprocess.Popen([sys.executable, __file__, "--child", task], stdout=subprocess.PIPE, stderr=stderr,
                                   text=True, start_new_session=True)  # fmt: skip
        expired = threading.Event()
        timer = threading.Timer(limit, lambda: (expired.set(), _end(process)))
        timer.start()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith(DONE):
                    waiting.remove(line.removeprefix(DONE).strip())
                elif line.startswith('{"check"'):
                    yield Row(**json.loads(line))
        finally:
            timer.cancel()
            _end(process)
    for part in waiting:
        why = (
            f"stopped after {limit:.0f} s"
            if expired.is_set()
            else f"ended with status {process.returncode}, see {log.name}"
        )
        yield Row(part, "what is missing of it", state="failed", how="-", note=why)


def _limit(parts: Sequence[str], setting: Setting) -> float:
    """Give the seconds that some parts may take together."""
    own = float(sum(SECONDS for part in parts if part != "recipe"))
    if setting.deadline is None:
        return own or 60.0
    left = setting.deadline - time.time()
    return left + 60 if "recipe" in parts else min(own, left)


def _end(process: subprocess.Popen[str]) -> None:
    """End a process and those that it has started, if they are still there."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _work(task: dict[str, object]) -> None:
    """Do some parts, one after the other; a part that fails leaves its reason."""
    parts, data = task.pop("parts"), task.pop("data")
    setting = Setting(Path(str(task.pop("out"))), None if data is None else Path(str(data)), **task)  # type: ignore[arg-type]
    assert isinstance(parts, list)
    for part in parts:
        try:
            for row in _rows_of(part, setting):
                print(json.dumps(dataclasses.asdict(row)), flush=True)
        except Exception as error:  # whatever it is, the others go on
            traceback.print_exc()
            note = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            print(
                json.dumps(dataclasses.asdict(Row(part, "what is missing of it", state="failed", how="-", note=note)))
            )
        print(DONE + part, flush=True)


def _rows_of(part: str, setting: Setting) -> Iterator[Row]:
    if part == "recipe":
        from benchmarks.card.recipe import train_recipe

        return train_recipe(setting)
    from benchmarks.card.numbers import CHECKS
    from benchmarks.card.profiles import check_profile

    return CHECKS[part](setting) if part in CHECKS else check_profile(setting, part)


if __name__ == "__main__":
    run(main)
