"""Which hardware profile fits this machine. Looks without importing torch, so that mistakes are told at once."""

import functools
import logging
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

import recorte
from recorte.model.figures import figure_of
from recorte.training.machine.cluster import processes_here, run_name

log = logging.getLogger(__name__)

_INSTALLED = Path(recorte.__file__).parent / "conf"
CONF = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[4] / "conf"
"""The configs: a wheel brings them in the package, in a checkout they are beside `src`."""
PROFILES = CONF / "hardware"
OF_A_PROFILE = (
    *("data.batch_size", "data.image_size", "data.num_workers"),
    *("trainer.accelerator", "trainer.devices", "trainer.precision"),
    *("memory_format", "hardware_profile", "card"),
)
"""What every hardware profile sets."""


def register_resolvers(all_cards: bool = False) -> None:
    """Make `${auto_hardware:key}`, `${cpu_precision:}`, `${run_name:}` and `${mode_of:figure}` known to the configs.

    Args:
        all_cards: `hardware=auto` takes every card that is like the first one. Where Lightning cannot start a process
            for each of them by the same command (a sweep, a notebook, another program), it takes one.
    """
    OmegaConf.register_new_resolver("auto_hardware", functools.partial(_profile_value, all_cards), replace=True)
    OmegaConf.register_new_resolver("cpu_precision", cpu_precision, replace=True)
    OmegaConf.register_new_resolver("run_name", run_name, replace=True, use_cache=True)
    OmegaConf.register_new_resolver("mode_of", lambda monitor: figure_of(monitor).mode, replace=True)


def _profile_value(all_cards: bool, key: str) -> Any:
    if all_cards and key == "trainer.devices" and detect_profile() != "cpu":
        return processes_here() or _cards()
    return OmegaConf.select(_profile(detect_profile()), key)


@functools.cache
def _profile(name: str) -> DictConfig | ListConfig:
    return OmegaConf.load(PROFILES / f"{name}.yaml")


@functools.cache
def detect_profile() -> str:
    """Find the name of the profile for this machine's first graphics card, or `cpu`."""
    card = _first_card()
    profile = "cpu" if card is None else profile_for(*card)
    log.debug("hardware profile %s for %s", profile, card)
    return profile


def profile_for(memory: float, capability: float) -> str:
    """Choose the profile for a card.

    Args:
        memory: GiB.
        capability: CUDA compute capability; from 8.0 (Ampere) on the card computes in bf16.
    """
    if capability >= 8.0 and memory >= 9.5:
        return "rtx4090" if memory >= 22 else "rtx3080"
    return "gtx1080" if memory >= 7.5 else "gtx1060"


def cpu_precision(description: Path = Path("/proc/cpuinfo")) -> str:
    """Tell `bf16-mixed` if the processor computes in bf16 itself, else `32-true`.

    Args:
        description: Linux's description of the processor; where there is none, the answer is the careful one.
    """
    try:
        flags = description.read_text(encoding="utf-8")
    except OSError:
        return "32-true"
    return "bf16-mixed" if "avx512_bf16" in flags or "amx_bf16" in flags else "32-true"


def ask_driver(*fields: str) -> list[str] | None:
    """Ask the graphics driver for facts of the first card, by the names that `nvidia-smi --help-query-gpu` lists.

    None where there is no driver, or one that does not know.
    """
    return next(iter(_ask_of_all(*fields)), None)


def _ask_of_all(*fields: str) -> list[list[str]]:
    if shutil.which("nvidia-smi") is None:
        return []
    query = ["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):  # a driver that hangs
        return []
    lines = answer.stdout.splitlines() if answer.returncode == 0 else []
    cards = [[value.strip() for value in line.split(",")] for line in lines]
    return cards if all(len(values) == len(fields) for values in cards) else []


def _cards() -> int:
    """Count the cards that are like the first one, as far as `CUDA_VISIBLE_DEVICES` lets programs see them."""
    cards = _ask_of_all("memory.total", "compute_cap")
    alike = sum(card == cards[0] for card in cards)
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return alike if visible is None else max(1, min(alike, len(visible.split(","))))


def _first_card() -> tuple[float, float] | None:
    try:
        memory, capability = ask_driver("memory.total", "compute_cap") or ("", "")
        return float(memory) / 1024, float(capability)
    except ValueError:  # no card, or a driver that is too old
        return None
