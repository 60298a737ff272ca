from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from recorte.errors import TrainingError
from recorte.training.callbacks.finite_loss import FiniteLoss


def trainer(step: int = 0, last: bool = False) -> SimpleNamespace:
    source = SimpleNamespace(name=lambda index: f"{index:03}.jpg")
    loader = SimpleNamespace(dataset=SimpleNamespace(source=source))
    return SimpleNamespace(global_step=step, log_every_n_steps=3, is_last_batch=last, train_dataloader=loader)


def after_batch(callback: FiniteLoss, loss: float, step: int = 0, photos: int = 2, last: bool = False) -> None:
    batch = {"index": torch.arange(step, step + photos)}
    callback.on_train_batch_end(trainer(step, last), None, {"loss": torch.tensor(loss)}, batch, 0)


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), -float("inf")])
def test_a_loss_that_is_no_number_stops_the_run_with_the_photos_of_its_batch(loss: float, tmp_path: Path) -> None:
    callback = FiniteLoss(str(tmp_path))
    after_batch(callback, 1.0, step=5)
    after_batch(callback, loss, step=7)
    with pytest.raises(
        TrainingError, match=r"Step 7: the loss became -?(nan|inf), on the photos 007.jpg, 008.jpg\."
    ) as error:
        after_batch(callback, 1.0, step=9)
    assert "no checkpoint yet" in str(error.value)


def test_the_end_of_an_epoch_does_not_wait_for_more(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="Step 1"):
        after_batch(FiniteLoss(str(tmp_path)), float("nan"), step=1, last=True)


def test_no_checkpoint_is_written_after_a_bad_loss_and_the_last_good_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "last.ckpt").touch()
    callback = FiniteLoss(str(tmp_path))
    after_batch(callback, float("nan"), step=3)
    with pytest.raises(TrainingError, match=r"last good checkpoint is .*last\.ckpt"):
        callback.on_save_checkpoint(trainer(), None, {})


def test_an_exploding_loss(tmp_path: Path) -> None:
    callback = FiniteLoss(str(tmp_path), most=10)
    for loss in (1.0, 2.0, 3.0, 19.9, 1.0, 1.0):  # the mean of the first three is 2
        after_batch(callback, loss)
    assert callback.mean == pytest.approx((1 + 2 + 3 + 19.9 + 1 + 1) / 6)
    with pytest.raises(TrainingError, match=r"exploded to 47, over 10 times its mean so far, 4\.65"):
        after_batch(callback, 47.0, last=True)


def test_a_resumed_run_knows_the_mean(tmp_path: Path) -> None:
    one, other = FiniteLoss(str(tmp_path), most=10), FiniteLoss(str(tmp_path), most=10)
    after_batch(one, 0.5, last=True)
    other.load_state_dict(one.state_dict())
    with pytest.raises(TrainingError, match="exploded"):
        after_batch(other, 5.1, last=True)


def test_many_photos_are_not_all_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"007\.jpg and 12 more\."):
        after_batch(FiniteLoss(str(tmp_path)), float("nan"), photos=20, last=True)
