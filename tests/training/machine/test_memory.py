"""The count of memory against sums made by hand; against real allocations it is held in tests/end_to_end."""

from dataclasses import replace

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from torch._subclasses.fake_tensor import FakeTensorMode

from recorte.errors import ConfigError
from recorte.training.command.config import resolved
from recorte.training.machine.hardware import PROFILES, register_resolvers
from recorte.training.machine.inspection import GIB, Card
from recorte.training.machine.memory import LiveBytes, Need, checkpoint_bytes, count_need
from recorte.training.machine.memory_advice import memory_lines, on_card, smaller_batch, told_when_out_of_memory

TINY = [
    "hardware=cpu", "trainer.precision=32-true", "data=synthetic", "data.image_size=64", "data.batch_size=4",
    "model.encoder=test_resnet.r160_in1k", "model.decoder_channels=[16,16,8,8]",
]  # fmt: skip


def config_of(*overrides: str) -> DictConfig:
    register_resolvers()
    with initialize_config_dir(str(PROFILES.parent), version_base="1.3"):
        return resolved(compose("train", ["run_dir=.", *overrides]))


def test_tensors_are_counted_as_long_as_they_live() -> None:
    with FakeTensorMode(), LiveBytes() as live:
        one = torch.empty(1024)
        assert live.now == 4096
        other = one + 1
        view = other[:10]
        assert live.now == 8192  # a view has no memory of its own
        del other
        assert live.now == 8192
        del view
        assert live.now == 4096
        small = torch.empty(3)
        assert live.now == 4096 + 512  # blocks of 512 bytes
        del one, small
    assert (live.now, live.peak) == (0, 8192)


def test_what_stays_between_steps_is_known_exactly() -> None:
    config = config_of(*TINY)
    need = count_need(config)
    assert need.batch == 4 * (3 + 1 + 1) * 64 * 64 * 4
    assert need.gradients <= need.weights  # which have buffers beside, and the frozen encoder
    assert need.gradients * 2 <= need.optimizer <= need.gradients * 2.01  # two averages, and a count for each weight
    assert need.gradients <= need.averages <= need.gradients * 1.1  # with the buffers
    assert need.checkpoint == checkpoint_bytes(config)
    assert need.checkpoint == pytest.approx(need.gradients * 4, rel=0.1)  # weights, two averages of AdamW, our average


def test_what_passes_grows_with_the_photos_and_shrinks_with_the_precision() -> None:
    plain, double, short = (
        count_need(config_of(*TINY, *more)) for more in ([], ["data.batch_size=8"], ["trainer.precision=bf16-mixed"])
    )
    assert 1.8 * plain.passing < double.passing <= 2.05 * plain.passing
    assert replace(double, passing=0, batch=0) == replace(plain, passing=0, batch=0)
    assert 0.5 * plain.passing < short.passing < plain.passing


def test_switches_change_what_is_kept() -> None:
    plain, sparing = (
        count_need(config_of(*TINY)),
        count_need(config_of(*TINY, "callbacks.averaging=null", "optimizer=sgd")),
    )
    assert sparing.averages == 0
    assert sparing.optimizer == sparing.gradients == plain.gradients  # the momentum
    frozen = count_need(config_of(*TINY, "freeze_encoder=-1"))
    assert frozen.passing < plain.passing
    several = count_need(config_of(*TINY, "trainer.devices=2"))
    assert several.gradients == 2 * plain.gradients


def need_of(peak: float) -> Need:
    return Need(0, 0, 0, 0, 0, passing=round(peak * GIB), checkpoint=0)


def test_what_a_count_means_for_a_card() -> None:
    config, card = config_of(*TINY, "data.batch_size=24"), Card("RTX 3080", 10.0, 8.6)
    assert on_card(need_of(5)) == 6.5 * GIB  # half a GiB for CUDA, and a fifth on top
    text = " ".join(memory_lines(config, need_of(5), card))
    assert "6.50 of the 10.00 GiB of the RTX 3080: fits, 35% to spare" in text
    assert "batch_size" not in text
    text = " ".join(memory_lines(config, need_of(7.5), card))
    assert "fits, 5% to spare" in text
    assert "data.batch_size=12 trainer.accumulate_grad_batches=2" in text
    text = " ".join(memory_lines(config, need_of(10), card))
    assert "does not fit, 25% too much" in text
    assert "card" not in " ".join(memory_lines(config, need_of(5), None))


@pytest.mark.parametrize(
    ("batch", "gathered", "proposal"),
    [
        (24, 1, "data.batch_size=12 trainer.accumulate_grad_batches=2"),
        (4, 4, "data.batch_size=2 trainer.accumulate_grad_batches=8"),
        (3, 1, "data.batch_size=1 trainer.accumulate_grad_batches=3"),
        (1, 8, "data.image_size"),
    ],
)
def test_a_smaller_batch_for_the_same_step(batch: int, gathered: int, proposal: str) -> None:
    settings = [f"data.batch_size={batch}", f"trainer.accumulate_grad_batches={gathered}"]
    assert proposal in smaller_batch(config_of(*TINY, *settings))


def test_running_out_of_memory_says_what_to_change() -> None:
    config = config_of(*TINY)
    with pytest.raises(ConfigError) as caught, told_when_out_of_memory(config):
        torch.empty(2**60, dtype=torch.uint8)  # the real error of the processor's allocator
    for words in ("data.batch_size=4", "data.batch_size=2 trainer.accumulate_grad_batches=2", "dry_run=true"):
        assert words in str(caught.value)
    for error in (
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)"),
        RuntimeError("MPS backend out of memory (MPS allocated: 5 GB)"),
        MemoryError(),
    ):
        with pytest.raises(ConfigError, match=r"give data\.batch_size=2"), told_when_out_of_memory(config):
            raise error
    with pytest.raises(RuntimeError, match="another"), told_when_out_of_memory(config):
        raise RuntimeError("another")
