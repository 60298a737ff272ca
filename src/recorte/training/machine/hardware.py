"""Which hardware profile fits this machine. Looks without importing torch, so that mistakes are told at once."""

import functools
import logging
import shutil
import subprocess
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

import recorte
from recorte.model.figures import figure_of
from recorte.training.machine.cluster import run_name

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


def register_resolvers() -> None:
    """Make `${auto_hardware:key}`, `${cpu_precision:}`, `${run_name:}` and `${mode_of:figure}` known to the configs."""
    OmegaConf.register_new_resolver("auto_hardware", _profile_value, replace=True)
    OmegaConf.register_new_resolver("cpu_precision", cpu_precision, replace=True)
    OmegaConf.register_new_resolver("run_name", run_name, replace=True, use_cache=True)
    OmegaConf.register_new_resolver("mode_of", lambda monitor: figure_of(monitor).mode, replace=True)


def _profile_value(key: str) -> Any:
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
    if shutil.which("nvidia-smi") is None:
        return None
    query = ["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):  # a driver that hangs
        return None
    lines = answer.stdout.splitlines() if answer.returncode == 0 else []
    values = [value.strip() for value in lines[0].split(",")] if lines else []
    return values if len(values) == len(fields) else None


def _first_card() -> tuple[float, float] | None:
    try:
        memory, capability = ask_driver("memory.total", "compute_cap") or ("", "")
        return float(memory) / 1024, float(capability)
    except ValueError:  # no card, or a driver that is too old
        return None
