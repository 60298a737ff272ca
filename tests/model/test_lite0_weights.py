import importlib.util

import pytest
import skimage
import timm
import torch
from torch.nn import functional

from recorte.model.encoder_weights import load_encoder_weights
from recorte.model.lite0_weights import NAME, lite0_weights


@pytest.mark.parametrize(("picture", "number"), [("chelsea", 285), ("coffee", 967)])  # Egyptian cat, espresso
def test_the_network_with_these_weights_knows_what_it_sees(picture: str, number: int) -> None:
    model = timm.create_model(NAME).eval()
    model.load_state_dict(lite0_weights(), strict=True)
    photo = torch.from_numpy(getattr(skimage.data, picture)()).permute(2, 0, 1)[None].float() / 255
    photo = functional.interpolate(photo, (224, 224), mode="bilinear", antialias=True)
    with torch.inference_mode():
        chances = model((photo - 0.5) / 0.5).softmax(dim=1)[0]
    assert chances.argmax() == number
    assert chances[number] > 0.5


def test_an_encoder_takes_them_without_a_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timm.models, "load_pretrained", lambda *_, **__: pytest.fail("the hub was asked"))
    encoder = timm.create_model(NAME, features_only=True)
    load_encoder_weights(encoder, NAME, "imagenet")
    torch.testing.assert_close(encoder.conv_stem.weight.data, lite0_weights()["conv_stem.weight"])


def test_without_the_package_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert lite0_weights() is None
