"""What is told about a machine before a run starts, on machines that are made up."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from omegaconf import DictConfig, OmegaConf

from recorte.errors import ConfigError
from recorte.training.machine import inspection as facts
from recorte.training.machine.inspection import (
    Card,
    Machine,
    check_machine,
    description,
    has_kernels,
    look,
    problems,
    warnings,
)

# As get_arch_list() gives them in PyTorch's builds for CUDA 12.6 and 13.0.
CU126 = ["sm_50", "sm_60", "sm_70", "sm_75", "sm_80", "sm_86", "sm_90"]
CU130 = ["sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_110", "sm_120", "compute_120"]
GTX1080 = Card("GTX 1080", 7.9, 6.1)
RTX3080 = Card("RTX 3080", 9.7, 8.6)
RTX5090 = Card("RTX 5090", 31.4, 12.0)
DESKTOP = Machine(RTX3080, "580.65", "2.14.1+cu130", "13.0", CU130, cores=16, memory=64, free_disk=100)
GIB = 2**30


def config_of(
    precision: str = "bf16-mixed", accelerator: str = "gpu", workers: int = 8, run_dir: str = "."
) -> DictConfig:
    trainer = {"accelerator": accelerator, "precision": precision, "devices": 1}
    data = {"num_workers": workers}
    return OmegaConf.create({"hardware_profile": "mine", "run_dir": run_dir, "trainer": trainer, "data": data})


@pytest.mark.parametrize(
    ("capability", "kernels", "runs"),
    [
        (6.1, CU126, True),  # machine code for 6.0 runs on 6.1
        (6.1, CU130, False),
        (7.0, CU130, False),
        (7.5, CU130, True),
        (8.9, CU130, True),
        (12.0, CU130, True),
        (12.0, CU126, False),  # no portable code in it
        (12.1, CU130, True),
        (13.0, CU130, True),  # compiled by the driver from compute_120
        (8.0, ["sm_86"], False),  # not for a lower minor number
        (9.0, ["sm_90a"], True),
        (9.1, ["sm_90a"], False),
        (10.3, ["sm_100f"], True),
        (12.0, ["sm_100f", "compute_100f"], False),
        (12.0, ["compute_90"], True),
        (8.6, [], False),
    ],
)
def test_which_builds_run_on_which_cards(capability: float, kernels: list[str], runs: bool) -> None:
    assert has_kernels(capability, kernels) is runs


def test_nothing_is_wrong_with_a_machine_that_fits() -> None:
    assert problems(config_of(), DESKTOP, checkpoint=GIB) == []
    assert warnings(config_of(), DESKTOP, checkpoint=GIB) == []
    text = "\n".join(description(config_of(), DESKTOP, checkpoint=GIB))
    for words in ("RTX 3080, 9.7 GiB", "8.6", "bf16: yes", "2.14.1+cu130", "580.65", "16 cores for 8 workers", "100.0"):
        assert words in text


def test_pascal_with_a_build_for_newer_cards_is_told_what_to_install() -> None:
    (problem,) = problems(config_of("32-true"), replace(DESKTOP, card=GTX1080))
    assert "2.14.1+cu130 has no code for this GTX 1080 (capability 6.1)" in problem
    assert "pip install torch==2.14.1 torchvision==0.29.1 --index-url" in problem
    assert problem.endswith("/cu126")
    assert problems(config_of("32-true"), replace(DESKTOP, card=GTX1080, kernels=CU126)) == []


def test_a_new_card_with_an_old_build_is_told_what_to_install() -> None:
    (problem,) = problems(config_of(), replace(DESKTOP, card=RTX5090, torch="2.14.1+cu126", kernels=CU126))
    assert "no code for this RTX 5090 (capability 12.0)" in problem
    assert problem.endswith("/cu130")


def test_bf16_that_a_card_does_not_have() -> None:
    pascal = replace(DESKTOP, card=GTX1080, kernels=CU126)
    (problem,) = problems(config_of("bf16-mixed"), pascal)
    assert problem.startswith("trainer.precision=bf16-mixed: this GTX 1080")
    assert problem.endswith("trainer.precision=32-true")
    (problem,) = problems(config_of("bf16-mixed"), replace(pascal, card=Card("T4", 14.6, 7.5)))
    assert problem.endswith("trainer.precision=16-mixed")  # Turing is fast in it
    assert problems(config_of("bf16-mixed", accelerator="cpu"), pascal) == []


@pytest.mark.parametrize(
    ("driver", "cuda", "words"),
    [
        (None, "13.0", ["hardware=mine", "sees no graphics card", "hardware=cpu", "hardware=auto"]),
        ("580.65", None, ["a build for processors only", "pip install torch torchvision", "cu130"]),
        ("470.10", "13.0", ["driver 470.10 may be too old for CUDA 13.0", "CUDA_VISIBLE_DEVICES", "cu126"]),
    ],
)
def test_no_card_where_one_is_asked_for(driver: str | None, cuda: str | None, words: list[str]) -> None:
    bare = replace(DESKTOP, card=None, driver=driver, cuda=cuda, kernels=[])
    (problem,) = problems(config_of(), bare)
    for word in words:
        assert word in problem
    assert problems(config_of("32-true", accelerator="auto"), bare) == []


def test_the_disk() -> None:
    full = replace(DESKTOP, free_disk=0.3)
    (problem,) = problems(config_of(run_dir="outputs/1"), full, checkpoint=GIB // 2)
    assert "outputs/1: 0.30 GiB are free" in problem
    assert "one checkpoint needs 0.50 GiB" in problem
    tight = replace(DESKTOP, free_disk=1.0)
    assert problems(config_of(), tight, checkpoint=GIB // 2) == []
    (warning,) = warnings(config_of(), tight, checkpoint=GIB // 2)
    assert "the run needs up to 2.00 GiB" in warning
    assert warnings(config_of(), tight) == []  # where no checkpoints are written


def test_more_workers_than_cores() -> None:
    (warning,) = warnings(config_of(workers=12), replace(DESKTOP, cores=4))
    assert "data.num_workers=12" in warning
    assert "data.num_workers=3" in warning


def test_bf16_on_a_processor_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    bare, config = replace(DESKTOP, card=None), config_of(accelerator="cpu")
    monkeypatch.setattr(facts, "cpu_precision", lambda: "32-true")
    (warning,) = warnings(config, bare)
    assert warning.startswith("trainer.precision=bf16-mixed")
    monkeypatch.setattr(facts, "cpu_precision", lambda: "bf16-mixed")
    assert warnings(config, bare) == []


def test_looking_at_this_machine(tmp_path: Path) -> None:
    machine = look(tmp_path / "not" / "yet" / "there")
    assert machine.torch == torch.__version__
    assert machine.cores >= 1
    assert machine.free_disk > 0
    assert (machine.card is None) is not torch.cuda.is_available()


def test_a_run_is_refused_on_a_card_without_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Properties:
        name, total_memory, major, minor = "NVIDIA GeForce GTX 1080", 8 * GIB, 6, 1

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: Properties)
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: CU130)
    with pytest.raises(ConfigError) as caught:
        check_machine(config_of("bf16-mixed", run_dir=str(tmp_path)))
    first, second = str(caught.value).splitlines()
    assert "no code for this NVIDIA GeForce GTX 1080 (capability 6.1)" in first
    assert "trainer.precision=bf16-mixed" in second
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: CU126)
    check_machine(config_of("32-true", run_dir=str(tmp_path)))
