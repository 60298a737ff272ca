"""A cluster of Ray's: the one that is named, or one of this machine alone."""

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Before Ray is imported: nothing is sent home, and what its parts log stays in its files.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")

import ray
from ray.data import DataContext

from recorte.errors import RecorteError
from recorte.removal.files.folder import usable_cores

STORE = 200_000_000
"""Bytes of shared memory for this machine alone: only names and rows go through it, never photos, and the model."""


@contextlib.contextmanager
def cluster(address: str | None) -> Iterator[str | None]:
    """Connect to a cluster, or start one on this machine, which ends with the block.

    Args:
        address: of the cluster's head; None: as `RAY_ADDRESS` says, which a job of a cluster has, else this machine.

    Yields:
        The address of Ray's dashboard, where it runs.

    Raises:
        RecorteError: there is no such cluster.
    """
    address = address or os.environ.get("RAY_ADDRESS")
    warnings.filterwarnings("ignore", module="ray")
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    own: dict[str, Any] = {"num_cpus": usable_cores(), "object_store_memory": STORE, "include_dashboard": False}
    try:
        with _silent_stderr():
            context = ray.init(address=address or "local", **quiet, **({} if address else own))
    except Exception as error:  # of many kinds, with a whole page of text
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        where = f"no cluster of Ray's at {address}" if address else "Ray cannot be started on this machine"
        raise RecorteError(f"{where} ({reason}); ray status says what runs") from error
    data = DataContext.get_current()
    data.enable_progress_bars = False
    data.print_on_execution_start = False
    data.execution_options.preserve_order = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    try:
        # Where machines die, Ray prints pages of their logs among the lines that programs read.
        with Path(os.devnull).open("w") as nothing, contextlib.redirect_stdout(nothing):
            yield context.dashboard_url or None
    finally:
        ray.shutdown()


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    """Keep away what Ray's C++ prints past Python: that a log level was set."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def machines() -> int:
    """Count the machines that have cores for workers."""
    nodes: list[dict[str, Any]] = ray.nodes()
    return sum(node["Alive"] and node["Resources"].get("CPU", 0) > 0 for node in nodes)


def cores() -> int:
    """Count the cores of the cluster as it is now."""
    resources: dict[str, float] = ray.cluster_resources()
    return int(resources.get("CPU", 0))
