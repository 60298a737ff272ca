from collections.abc import Iterator
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from recorte.training.machine.hardware import cpu_precision, detect_profile, profile_for, register_resolvers


@pytest.fixture(autouse=True)
def _looked_at_anew() -> Iterator[None]:
    detect_profile.cache_clear()
    yield
    detect_profile.cache_clear()


@pytest.mark.parametrize(
    ("card", "mebibytes", "capability", "profile"),
    [
        ("RTX 4090", 24564, 8.9, "rtx4090"),
        ("RTX 3090", 24576, 8.6, "rtx4090"),
        ("A100 40 GB", 40960, 8.0, "rtx4090"),
        ("H100", 81559, 9.0, "rtx4090"),
        ("RTX 3080, 10 GB", 10240, 8.6, "rtx3080"),
        ("RTX 3080 as some drivers tell it", 10018, 8.6, "rtx3080"),
        ("RTX 3060, 12 GB", 12288, 8.6, "rtx3080"),
        ("RTX 4080", 16376, 8.9, "rtx3080"),
        ("RTX 3070", 8192, 8.6, "gtx1080"),
        ("T4: much memory, no bf16", 15360, 7.5, "gtx1080"),
        ("GTX 1080 Ti", 11264, 6.1, "gtx1080"),
        ("GTX 1080", 8192, 6.1, "gtx1080"),
        ("GTX 1080 as some drivers tell it", 8114, 6.1, "gtx1080"),
        ("V100, 32 GB, no bf16", 32768, 7.0, "gtx1080"),
        ("GTX 1060", 6144, 6.1, "gtx1060"),
        ("RTX 3050", 6144, 8.6, "gtx1060"),
    ],
)
def test_profile_for(card: str, mebibytes: int, capability: float, profile: str) -> None:
    assert profile_for(mebibytes / 1024, capability) == profile, card


@pytest.mark.parametrize(
    ("flags", "precision"),
    [
        ("fpu vme avx512f avx512_bf16 avx512vl", "bf16-mixed"),
        ("fpu amx_bf16 amx_tile amx_int8", "bf16-mixed"),
        ("fpu vme avx2 avx512f avx512_vnni amx_tile", "32-true"),
    ],
)
def test_cpu_precision(tmp_path: Path, flags: str, precision: str) -> None:
    description = tmp_path / "cpuinfo"
    description.write_text(f"processor\t: 0\nmodel name\t: A processor\nflags\t\t: {flags}\n")
    assert cpu_precision(description) == precision


def test_cpu_precision_without_a_description(tmp_path: Path) -> None:
    assert cpu_precision(tmp_path / "none") == "32-true"


def fake_nvidia_smi(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize(
    ("script", "profile"),
    [
        ("echo '24564, 8.9'", "rtx4090"),
        ("echo '10240, 8.6'; echo '24564, 8.9'", "rtx3080"),  # the first card is the one that is used
        ("echo '8192, 6.1'", "gtx1080"),
        ("echo '6144, 6.1'", "gtx1060"),
        ("echo 'NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver.'; exit 9", "cpu"),
        ("echo '[N/A], [N/A]'", "cpu"),
        ("echo '24564, 8.9, 7'", "cpu"),
        ("exit 0", "cpu"),
    ],
)
def test_detect_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, profile: str) -> None:
    fake_nvidia_smi(tmp_path, monkeypatch, script)
    assert detect_profile() == profile


def test_detect_profile_where_nvidia_smi_is_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_nvidia_smi(tmp_path, monkeypatch, "")
    (tmp_path / "nvidia-smi").write_bytes(b"\x00 not a program")
    assert detect_profile() == "cpu"


def test_detect_profile_without_nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert detect_profile() == "cpu"


def test_auto_takes_every_value_of_the_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_nvidia_smi(tmp_path, monkeypatch, "echo '8192, 6.1'")
    register_resolvers()
    folder = Path(__file__).parents[3] / "conf" / "hardware"
    auto, profile = (OmegaConf.load(folder / f"{name}.yaml") for name in ("auto", "gtx1080"))
    assert OmegaConf.to_container(auto, resolve=True) == OmegaConf.to_container(profile)


@pytest.mark.parametrize(
    ("cards", "environment", "devices"),
    [
        (["24564, 8.9"] * 2, {}, 2),
        (["24564, 8.9", "2048, 5.0"], {}, 1),  # a small one for the desktop
        (["24564, 8.9"] * 4, {"CUDA_VISIBLE_DEVICES": "1,3"}, 2),
        (["24564, 8.9"] * 4, {"SLURM_NTASKS_PER_NODE": "1", "SLURM_JOB_NAME": "people"}, 1),
        (["24564, 8.9"] * 4, {"LOCAL_WORLD_SIZE": "3"}, 3),
        ([], {}, 1),
    ],
)
def test_auto_takes_all_cards_of_one_kind_where_processes_can_be_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cards: list[str], environment: dict[str, str], devices: int
) -> None:
    fake_nvidia_smi(tmp_path, monkeypatch, "\n".join(f"echo '{card}'" for card in cards) or "exit 0")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    auto = Path(__file__).parents[3] / "conf" / "hardware" / "auto.yaml"
    for all_cards, expected in ((True, devices), (False, 1)):
        register_resolvers(all_cards)
        assert OmegaConf.load(auto).trainer.devices == expected
