"""What training would take, told without training, and held against what it really takes."""

from pathlib import Path

import pytest
import torch

from commands import DRAWN, TINY, files, run

SMALL = [*TINY, *DRAWN]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Dry runs of two trainings by one command: the folder, and what each says."""
    cwd = tmp_path_factory.mktemp("dry")
    answer = run("train", cwd, "-m", "dry_run=true", *SMALL[1:], "hardware=cpu,rtx3080", "data.num_workers=999")
    assert answer.returncode == 0, answer.stderr
    texts = answer.stdout.split("Dry run of")[1:]
    return cwd, {profile: text for text in texts for profile in ("cpu", "rtx3080") if f"hardware={profile}" in text}


@pytest.mark.slow
def test_a_dry_run_tells_hardware_and_memory(shown: tuple[Path, dict[str, str]]) -> None:
    for words in (
        "Hardware profile cpu, 32-true, on the processor",
        "PyTorch 2.",
        "cores for 999 workers",
        "disk free",
        "Warning: data.num_workers=999",
        "Peak memory, counted",
    ):
        assert words in shown[1]["cpu"]


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a graphics card")
def test_a_dry_run_for_a_card_that_is_elsewhere(shown: tuple[Path, dict[str, str]]) -> None:
    text = shown[1]["rtx3080"]
    assert "for a GeForce RTX 3080, which is not in this machine: computed, not measured" in text
    assert "of the 9.70 GiB of the GeForce RTX 3080: fits" in text


@pytest.mark.slow
def test_a_dry_run_leaves_nothing_behind(shown: tuple[Path, dict[str, str]]) -> None:
    assert files(shown[0]) == []
    assert list(shown[0].iterdir()) == []


@pytest.mark.long
def test_the_count_agrees_with_what_training_allocates(tmp_path: Path) -> None:
    settings = ["--sizes", "16x128", "model.encoder=test_resnet.r160_in1k", "model.decoder_channels=[16,16,8,8]"]
    answer = run("studies/memory", tmp_path, "check", *settings)
    assert answer.returncode == 0, answer.stdout + answer.stderr  # 1 where it is off by more than 15 %
    row = next(line for line in answer.stdout.splitlines() if "16x128" in line)
    counted, allocated = (float(cell) for cell in row.split("│")[2:4])
    assert counted == pytest.approx(allocated, rel=0.15)


@pytest.mark.long
def test_every_profile_fits_its_card(tmp_path: Path) -> None:
    answer = run("studies/memory", tmp_path, "table")
    assert answer.returncode == 0, answer.stdout + answer.stderr  # 1 where one has less than 10 % to spare
    for profile in ("rtx4090", "rtx3080", "gtx1080", "gtx1060", "max_quality", "low_memory"):
        assert profile in answer.stdout
