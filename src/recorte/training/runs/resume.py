"""Going on with a run: in what state it is, and whether its config is the same. No torch here."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from omegaconf import DictConfig, OmegaConf

from recorte.errors import ConfigError
from recorte.files import PREFIX
from recorte.training.machine.loop import knows_the_length

try:
    import fcntl
except ImportError:  # Windows: there a run that is under way looks like an interrupted one
    fcntl = None  # type: ignore[assignment]

MAY_CHANGE = (
    "run_dir", "resume", "overrides", "config_dirs", "check", "dry_run", "data.num_workers", "callbacks.last.",
    "trainer.enable_progress_bar", "export",
)  # fmt: skip
"""Keys, and beginnings of keys, that a run may go on with another value of: the weights come out the same."""

OWN = "recorte."
"""What the names of our own classes begin with."""

_CLAIMED: set[Path] = set()
"""Folders of this process. It must not look at its own lock: closing the file a second time would lift it."""

State = Literal["none", "running", "unfinished", "finished"]


def state_of(run_dir: Path) -> State:
    """Tell whether there is a run in a folder, and whether it is under way, was interrupted, or has its results."""
    if not (run_dir / "config.yaml").is_file():
        return "none"
    if (run_dir / "metrics.json").is_file():
        return "finished"
    if run_dir.resolve() in _CLAIMED:
        return "running"
    try:
        with _claim(run_dir, create=False):
            return "unfinished"
    except OSError:
        return "running"


@contextlib.contextmanager
def claimed(run_dir: Path) -> Iterator[None]:
    """Keep a run's folder for this process, until the block or the process ends.

    Raises:
        ConfigError: another process trains in it.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(_claim(run_dir, create=True))
        except BlockingIOError:
            raise ConfigError(f"{run_dir}: another process is training there; wait for it, or stop it first") from None
        _CLAIMED.add(run_dir.resolve())
        stack.callback(_CLAIMED.discard, run_dir.resolve())
        yield


@contextlib.contextmanager
def _claim(run_dir: Path, create: bool) -> Iterator[None]:
    path = run_dir / ".running"
    if fcntl is None or not (create or path.exists()):
        yield
        return
    with path.open("a") as file:
        # The system lets go of it with the process, however that ends. Not flock: the processes that load data would
        # inherit that, and keep it for some seconds after the process itself was killed.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            yield
        finally:
            if create:
                path.unlink(missing_ok=True)


def differences(saved: DictConfig, wanted: DictConfig) -> list[str]:
    """List the keys in which a run's config and another differ, but for those that change nothing in the weights."""
    one, other = _comparable(saved), _comparable(wanted)
    absent = object()
    return [
        f"{key} is {_shown(one, key)} in the run, and {_shown(other, key)} now"
        for key in dict.fromkeys([*one, *other])
        if one.get(key, absent) != other.get(key, absent) and not key.startswith(MAY_CHANGE)
    ]


def moved(saved: DictConfig, wanted: DictConfig) -> bool:
    """Tell whether a run is of an earlier Recorte: classes of ours that its config names are elsewhere by now."""
    one, other = _comparable(saved), _comparable(wanted)
    keys = [key for key in one.keys() & other.keys() if key.endswith("_target_") and one[key] != other[key]]
    pairs = [(str(one[key]), str(other[key])) for key in keys]
    return any(
        old.rpartition(".")[2] == new.rpartition(".")[2] and old.startswith(OWN) and new.startswith(OWN)
        for old, new in pairs
    )


def find_unfinished(wanted: DictConfig, below: Path) -> Path | None:
    """Find the newest run below a folder that has this config, was interrupted or failed, and is not under way."""
    configs = sorted(below.rglob("config.yaml"), key=lambda path: path.stat().st_mtime, reverse=True)
    return next((path.parent for path in configs if _can_go_on(path.parent, wanted)), None)


def check_can_go_on(run_dir: Path, wanted: DictConfig) -> None:
    """Make sure that a run can go on with a config.

    Raises:
        ConfigError: no run, one that is under way or finished, or another config.
    """
    state = state_of(run_dir)
    if state == "none":
        raise ConfigError(f"resume={run_dir}: no run is there (no config.yaml); give a run's folder or its last.ckpt")
    if state == "running":
        raise ConfigError(f"resume={run_dir}: another process is training this run; wait for it, or stop it first")
    check_same_config(run_dir, wanted)
    exported = (run_dir / "best_model").is_dir() or not wanted.export
    if state == "finished" and exported and not is_longer(run_dir, wanted):
        raise ConfigError(
            f"resume={run_dir}: this run is finished; init={run_dir} starts a new one from its weights, and "
            "trainer.max_epochs=<more> makes it longer where its schedule allows that"
        )


def is_longer(run_dir: Path, wanted: DictConfig) -> bool:
    """Tell whether a run is to go on for more epochs than it was started with."""
    saved: Any = OmegaConf.load(run_dir / "config.yaml")
    before, now = saved.trainer.get("max_epochs"), wanted.trainer.get("max_epochs")
    return isinstance(before, int) and isinstance(now, int) and 0 < before < now


def check_same_config(run_dir: Path, wanted: DictConfig) -> None:
    """Make sure that a run was started with this config.

    Raises:
        ConfigError: another one; the message lists every key that differs.
    """
    saved: Any = OmegaConf.load(run_dir / "config.yaml")
    if moved(saved, wanted):
        raise ConfigError(f"resume={run_dir}: {_earlier(run_dir)}")
    found = differences(saved, wanted)
    only_longer = is_longer(run_dir, wanted) and len(found) == 1
    if only_longer and knows_the_length(wanted):
        raise ConfigError(
            f"resume={run_dir}: its schedule was laid out over {saved.trainer.max_epochs} epochs and is at its end "
            f"then; init={run_dir} starts a new run from its weights. With scheduler=constant runs can be made longer"
        )
    if found and not only_longer:
        raise ConfigError(
            f"resume={run_dir}: not the config that the run was started with: {'; '.join(found)}. Leave these out, or "
            "start another run"
        )


def clear_remains(run_dir: Path) -> None:
    """Remove unfinished files that a killed process left in a run's folder."""
    for path in [*run_dir.rglob(f"{PREFIX}*"), *run_dir.glob("hpc_ckpt_*.ckpt")]:
        path.unlink(missing_ok=True)


def why_none(wanted: DictConfig, below: Path) -> str:
    """Say why `find_unfinished` finds none: there is none, or in what the newest differs."""
    others = [path.parent for path in below.rglob("config.yaml") if state_of(path.parent) == "unfinished"]
    if not others:
        return f"there is no unfinished run below {below}"
    newest = max(others, key=lambda run_dir: (run_dir / "config.yaml").stat().st_mtime)
    with contextlib.suppress(Exception):  # whatever else is called config.yaml
        saved: Any = OmegaConf.load(newest / "config.yaml")
        if moved(saved, wanted):
            return f"the newest unfinished run, {newest}, is of an earlier Recorte"
        found = differences(saved, wanted)
        return f"the newest unfinished run, {newest}, had another config ({'; '.join(found[:3])})"
    return f"there is no unfinished run of this config below {below}"


def _can_go_on(run_dir: Path, wanted: DictConfig) -> bool:
    try:
        if state_of(run_dir) != "unfinished":
            return False
        check_can_go_on(run_dir, wanted)
    except Exception:  # whatever else lies below outputs and is called config.yaml
        return False
    return True


def _earlier(run_dir: Path) -> str:
    last = run_dir / "checkpoints" / "last.ckpt"
    return "an earlier Recorte started this run, and only that one can go on with it" + (
        f"; init={last} starts a new run from its weights" if last.is_file() else "; start another run"
    )


def _comparable(config: DictConfig) -> dict[str, Any]:
    content: Any = OmegaConf.to_container(config, resolve=True)
    return dict(_flat(content, str(content["run_dir"])))


def _flat(node: Any, run_dir: str, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping) and node:
        for name, value in node.items():
            yield from _flat(value, run_dir, f"{key}.{name}" if key else str(name))
    else:
        inside = isinstance(node, str) and (node == run_dir or node.startswith(f"{run_dir}{os.sep}"))
        yield key, node[len(run_dir) :] if inside else node


def _shown(values: Mapping[str, Any], key: str) -> str:
    return f"{values[key]}" if key in values else "not there"
